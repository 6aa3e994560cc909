"""Everything canonical, and every message, survives JSON and is described by a schema."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no types

from crossdock import canonical
from crossdock.canonical import Canonical
from crossdock.canonical.moments import Moment
from crossdock.messages.envelope import Body
from crossdock.messages.registry import BODIES, decode, encode
from crossdock.processes.shipment_visibility_facts import Visibility


def below(kind: type[Canonical]) -> Iterator[type[Canonical]]:
    for each in kind.__subclasses__():
        yield each
        yield from below(each)


for module in pkgutil.iter_modules(canonical.__path__):
    importlib.import_module(f"{canonical.__name__}.{module.name}")
OBJECTS = sorted({*below(Canonical)}, key=lambda each: (each.__module__, each.__name__))

# What a partner can write: any instant with an offset, any text that JSON can carry.
instants = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]))
texts = st.text(st.characters(codec="utf-8"), max_size=12)
st.register_type_strategy(str, texts)
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=3)


def of(kind: Any) -> st.SearchStrategy[Any]:
    """Draw values of a type as msgspec describes it."""
    return _drawn(msgspec.inspect.type_info(kind))


def _drawn(told: Any) -> st.SearchStrategy[Any]:
    inspect = msgspec.inspect
    match told:
        case inspect.StructType():
            return st.builds(told.cls, **{each.name: _drawn(each.type) for each in told.fields})
        case inspect.VarTupleType():
            return st.lists(_drawn(told.item_type), max_size=2).map(tuple)
        case inspect.TupleType():
            return st.tuples(*(_drawn(each) for each in told.item_types))
        case inspect.DictType():
            return st.dictionaries(_drawn(told.key_type), _drawn(told.value_type), max_size=2)
        case inspect.UnionType():
            return st.one_of([_drawn(each) for each in told.types])
        case inspect.EnumType():
            return st.sampled_from(told.cls)
        case inspect.Metadata():
            return _drawn(told.type)
        case _:
            return SIMPLE[type(told)]


SIMPLE: dict[type[Any], st.SearchStrategy[Any]] = {
    msgspec.inspect.StrType: texts,
    msgspec.inspect.IntType: st.integers(-(2**63), 2**63 - 1),
    msgspec.inspect.BoolType: st.booleans(),
    msgspec.inspect.NoneType: st.none(),
    msgspec.inspect.DateTimeType: instants,
    msgspec.inspect.DateType: st.dates(),
    msgspec.inspect.DecimalType: decimals,
}
patient = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("kind", [*OBJECTS, Visibility], ids=lambda kind: kind.__name__)
@patient
@given(drawing=st.data())
def test_a_canonical_object_survives_json(kind: type[Canonical], drawing: st.DataObject) -> None:
    told = drawing.draw(of(kind))

    assert msgspec.json.decode(msgspec.json.encode(told), type=kind) == told


@pytest.mark.parametrize("name", sorted(BODIES))
@patient
@given(drawing=st.data())
def test_a_message_survives_being_stored_and_is_what_its_schema_describes(
    name: str, drawing: st.DataObject
) -> None:
    told: Body = drawing.draw(of(BODIES[name]))
    schema = Draft202012Validator(msgspec.json.schema(BODIES[name]))

    stored = encode(told)

    assert decode(name, told.schema, stored) == told
    assert encode(decode(name, told.schema, stored)) == stored
    assert list(schema.iter_errors(msgspec.json.decode(stored))) == []


@pytest.mark.parametrize("kind", [*OBJECTS, *BODIES.values()], ids=lambda kind: kind.__name__)
def test_every_object_and_message_has_a_schema(kind: type[Canonical | Body]) -> None:
    schema = msgspec.json.schema(kind)

    Draft202012Validator.check_schema(schema)

    assert schema["$ref"] == f"#/$defs/{kind.__name__}"
    assert schema["$defs"][kind.__name__]["description"]


def test_there_are_objects_and_messages_to_look_at() -> None:
    assert len(OBJECTS) >= 20
    assert len(BODIES) >= 30


def test_what_was_said_cannot_be_changed() -> None:
    kinds = (*OBJECTS, *BODIES.values())

    assert [kind.__name__ for kind in kinds if not kind.__struct_config__.frozen] == []


def test_a_time_without_a_zone_is_no_instant() -> None:
    told = b'{"at":"2026-03-29T02:30:00","text":"","zone":"","zone_source":"ASSUMED"}'

    with pytest.raises(msgspec.ValidationError, match="timezone"):
        msgspec.json.decode(told, type=Moment)

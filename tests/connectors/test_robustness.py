"""Whatever a partner sends, a document is read or Unreadable; nothing else ever happens."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.faults import Unreadable
from crossdock.messages.registry import decode, encode
from crossdock.ports import Reading
from crossdock.testing.connector_suite import Sample, every_sample

DOCUMENTS = [each for each in every_sample() if each.is_document]
JSON = [each for each in DOCUMENTS if each.given.name.endswith(".json") and each.reports()]
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just("1e9")
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)
)


def read(sample: Sample, raw: bytes) -> Reading | None:
    """Read a document; None where it is unreadable."""
    try:
        return sample.connector.documents[sample.name](raw, sample.settings())
    except Unreadable:
        return None


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value that something else could stand in."""
    match value:
        case dict():
            inside = list(value.items())
        case list():
            inside = list(enumerate(value))
        case _:
            return []
    return [(value, key) for key, _ in inside] + [p for _, each in inside for p in places(each)]


@given(sample=st.sampled_from(DOCUMENTS), cut=st.integers(min_value=0))
@settings(max_examples=300, deadline=None)
def test_a_document_cut_anywhere_is_read_or_unreadable(sample: Sample, cut: int) -> None:
    raw = sample.given.read_bytes()

    reading = read(sample, raw[: cut % len(raw)])

    assert reading is None or isinstance(reading, Reading)


@given(sample=st.sampled_from(DOCUMENTS), at=st.integers(min_value=0), wrong=st.binary(max_size=4))
@settings(max_examples=300, deadline=None)
def test_a_document_with_broken_bytes_is_read_or_unreadable(
    sample: Sample, at: int, wrong: bytes
) -> None:
    raw = sample.given.read_bytes()
    place = at % len(raw)

    reading = read(sample, raw[:place] + wrong + raw[place + 1 :])

    assert reading is None or isinstance(reading, Reading)


@given(sample=st.sampled_from(JSON), where=st.integers(min_value=0), value=ANYTHING)
@settings(max_examples=500, deadline=None)
def test_whatever_stands_in_a_field_is_told(sample: Sample, where: int, value: object) -> None:
    document = msgspec.json.decode(sample.given.read_bytes())
    found = places(document)
    inside, key = found[where % len(found)]
    inside[key] = value

    reading = read(sample, msgspec.json.encode(document))

    assert reading is None or reading.reports or reading.findings


@given(sample=st.sampled_from(DOCUMENTS), raw=st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_at_all_are_read_or_unreadable(sample: Sample, raw: bytes) -> None:
    reading = read(sample, raw)

    assert reading is None or isinstance(reading, Reading)


@pytest.mark.parametrize("sample", DOCUMENTS, ids=str)
def test_what_is_reported_can_be_stored_and_read_again(sample: Sample) -> None:
    reports = [each.report for each in sample.reports()]

    again = [decode(type(each).__name__, each.schema, encode(each)) for each in reports]

    assert again == reports

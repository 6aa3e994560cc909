"""Effects that are asked for again."""

from base64 import b32encode
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.flow.names import base32
from crossdock.messages.envelope import Key
from crossdock.ports import EffectClass
from crossdock.ports.store import Store
from tests.flow.kit import (
    LOST,
    MINUTE,
    NOON,
    REFUSAL,
    Chatty,
    Line,
    answered,
    ask,
    attempt,
    effects,
    house,
    lines,
    queue,
    told,
)


def again(version: int = 1, order: str = "SO-1", id_: str = "again") -> Line:
    return Line(id=id_, order=order, version=version, reason="ask")


def test_what_was_applied_is_answered_at_once(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)
    attempt(machine, NOON, answered())

    machine.receive([lines(again())], NOON + MINUTE)
    machine.run_to_quiescence(NOON + MINUTE)

    assert told(machine) == ("1 ask", "1 APPLIED DOC-1", "1 ask", "1 APPLIED DOC-1")
    assert attempt(machine, NOON + MINUTE) == []


def test_what_was_refused_waits_again_with_today_s_bytes(store: Store) -> None:
    before = house(store)
    ask(before, 1)
    attempt(before, NOON, REFUSAL)
    before.stop()
    machine = house(store, Chatty(path="/v2"))

    machine.receive([lines(again())], NOON + MINUTE)
    attempt(machine, NOON + MINUTE, answered())

    (row,) = effects(machine)
    assert b"/v2/SO-1/1" in row.request
    assert told(machine) == ("1 ask", "1 REFUSED", "1 ask", "1 APPLIED DOC-1")
    assert queue(machine) == []


def test_what_nobody_can_tell_stays_with_the_person_who_was_asked(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.NEITHER))
    ask(machine, 1)
    attempt(machine, NOON, LOST)

    machine.receive([lines(again())], NOON + MINUTE)

    assert attempt(machine, NOON + timedelta(days=1)) == []
    assert queue(machine) == [("effect", "EFFECT_UNRESOLVED", "TRANSPORTATION")]


def test_what_is_on_its_way_is_not_asked_for_twice(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)
    (work,) = machine.lease("tms", NOON).works

    machine.receive([lines(again())], NOON)

    assert machine.lease("tms", NOON).works == ()
    assert [row.id for row in effects(machine)] == [work.row.id]


@given(st.binary(min_size=16, max_size=16))
def test_names_are_spelt_in_base32_as_everybody_spells_it(raw: bytes) -> None:
    assert base32(raw) == b32encode(raw).decode().rstrip("=").lower()


@pytest.mark.parametrize("orders", [1, 3])
def test_what_an_effect_is_called_depends_on_nothing_but_what_it_does(
    store: Store, orders: int
) -> None:
    machine = house(store)
    for n in range(orders):
        ask(machine, 1, order=f"SO-{n}", at=NOON + n * MINUTE)

    with store.read() as reader:
        (row,) = reader.outbox_of("main", "counter", Key("order", "SO-0"))

    # b2sum -l 128 of ["main","tms.cancel","SO-0","1"], in base32
    assert row.idempotency_key == "uwpld7dehrl4ra6d74yvxnqybe"

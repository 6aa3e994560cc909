"""A transaction commits all or nothing, alone, and readers see what was committed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import cast

from crossdock.ports.store import Handled, Reader, Store, Unit
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN, NOON, ORDER, OTHER


class Abandoned(Exception):
    """A step that breaks off in the middle."""


def abandoned(store: Store, work: Callable[[Unit], object]) -> bool:
    """Work in a transaction and break off; answer whether the store let the breaking through."""

    def step() -> None:
        with store.write() as unit:
            work(unit)
            raise Abandoned

    try:
        step()
    except Abandoned:
        return True
    return False


def refused(attempt: Callable[[], object]) -> bool:
    """Try something the store must refuse as a mistake in the program."""
    try:
        attempt()
    except RuntimeError:
        return True
    return False


def everything(unit: Unit) -> None:
    """Write to every table."""
    unit.remember([rows.seen("e2")])
    unit.append([rows.message("m2")])
    unit.enqueue([rows.step("m2"), rows.step("m2", key=OTHER)])
    unit.finish([Handled(seq=1, revision=2, at=NOON)])
    unit.try_alone(1)
    unit.forgive(1)
    unit.park(MAIN, "order_release", ORDER, "it broke", NOON)
    unit.save([rows.state(2, stage="planned")])
    unit.ask([rows.effect("x2")])
    unit.lease(MAIN, "tms", NOON, NOON, 9)
    unit.note_attempts([rows.attempt(2)])
    unit.set_timers([rows.timer("later")])
    unit.due_timers(NOON, 1)
    unit.put_references([rows.number(rows.pro("2"))])
    unit.open_exceptions([rows.trouble(), rows.trouble("bb2")])
    unit.keep_documents([rows.document("d2")])
    unit.put_projections([rows.view("S-1/C-1", ("status", "DELIVERED"), body=b"2")])
    unit.drop_projections(MAIN, "shipment_view", ["S-2/C-1"])
    unit.save_breaker(unit.breaker(MAIN, "tms"), 0)
    unit.log([rows.line()])
    unit.bump(MAIN, {"received": 3})
    unit.keep_rules(MAIN, "abc", b"rules")
    unit.set_mark("clean_shutdown", "no")
    unit.next_control_number(MAIN, "tms", "interchange")
    unit.raise_control_floor(0)
    unit.doubt_effects("who knows", NOON)


MANY = 20  # calls: those of `everything` are more


class Breaking:
    """A unit whose n-th call is never made: the work breaks off there."""

    def __init__(self, unit: Unit, point: int) -> None:
        """Take the unit, and how many calls go well."""
        self._unit = unit
        self._left = point

    def __getattr__(self, name: str) -> object:
        """Give the unit's method, or break off."""
        if self._left == 0:
            raise Abandoned(name)
        self._left -= 1
        return getattr(self._unit, name)


def breaks_off(store: Store, point: int) -> bool:
    """Write to every table and break off before a call; answer False where there are no more."""
    try:
        with store.write() as unit:
            everything(cast("Unit", Breaking(unit, point)))
    except Abandoned:
        return True
    return False


def begun(unit: Unit) -> None:
    """Write what a store holds before the story."""
    unit.remember([rows.seen()])
    unit.append([rows.message()])
    unit.enqueue([rows.step()])
    unit.save([rows.state()])
    unit.ask([rows.effect()])
    unit.note_attempts([rows.attempt()])
    unit.set_timers([rows.timer()])
    unit.put_references([rows.number(rows.pro())])
    unit.open_exceptions([rows.trouble()])
    unit.keep_documents([rows.document()])
    unit.put_projections([rows.view("S-1/C-1", ("status", "PICKED_UP")), rows.view("S-2/C-1")])
    unit.bump(MAIN, {"received": 1})


def told(reader: Reader) -> list[object]:
    """All that a reader can be asked about these stories."""
    return [
        reader.seen(MAIN, "erp", "e2"),
        reader.messages(MAIN, ["m1", "m2"]),
        reader.count_messages(MAIN),
        reader.handled(MAIN, "order_release", ORDER),
        reader.unhandled(MAIN, "order_release", ORDER),
        reader.unhandled(MAIN, "order_release", OTHER),
        reader.parked(MAIN),
        reader.pending(),
        reader.list_processes(MAIN, "order_release", None, "", 9),
        reader.outbox(MAIN, ["x1", "x2"]),
        reader.attempts(MAIN, "x1"),
        reader.timers(MAIN, "order_release", ORDER),
        reader.search(MAIN, "2"),
        reader.exceptions(MAIN),
        reader.documents(MAIN),
        reader.find(MAIN, "shipment_view", {}),
        reader.find(MAIN, "shipment_view", {"status": "DELIVERED"}),
        reader.breaker(MAIN, "tms"),
        reader.audit(MAIN),
        reader.counters(MAIN),
        reader.rules(MAIN),
        reader.mark("clean_shutdown"),
    ]


class TransactionStories:
    """Stories about transactions and snapshots."""

    def test_a_transaction_that_breaks_off_leaves_no_trace(self, store: Store) -> None:
        with store.write() as unit:
            begun(unit)
            before = told(unit)

        broke_off = abandoned(store, everything)

        with store.read() as reader:
            assert (broke_off, told(reader)) == (True, before)

    def test_a_transaction_that_breaks_off_anywhere_leaves_no_trace(self, store: Store) -> None:
        with store.write() as unit:
            begun(unit)
            before = told(unit)

        point, traces = 0, []
        while breaks_off(store, point):
            with store.read() as reader:
                traces += [point] if told(reader) != before else []
            point += 1

        assert (traces, point > MANY) == ([], True)

    def test_what_broke_off_can_be_done_again(self, store: Store) -> None:
        with store.write() as unit:
            begun(unit)
        abandoned(store, everything)

        with store.write() as unit:
            everything(unit)
            number = unit.next_control_number(MAIN, "tms", "interchange")
            within = told(unit)

        with store.read() as reader:
            assert (number, told(reader)) == (2, within)

    def test_a_transaction_sees_what_it_wrote(self, store: Store) -> None:
        with store.write() as unit:
            unit.append([rows.message()])
            unit.enqueue([rows.step()])

            claimed = [each.message for each in unit.claim(1)]

        assert claimed == [rows.message()]

    def test_a_snapshot_does_not_move(self, store: Store) -> None:
        with store.read() as reader:
            before = reader.messages(MAIN, ["m1"])
            with store.write() as unit:
                unit.append([rows.message()])
            during = reader.messages(MAIN, ["m1"])

        with store.read() as reader:
            assert (before, during, reader.messages(MAIN, ["m1"])) == (
                {},
                {},
                {"m1": rows.message()},
            )

    def test_a_step_cannot_open_a_second_transaction(self, store: Store) -> None:
        with store.write() as unit:
            inner = refused(lambda: store.write().__enter__())
            unit.append([rows.message()])

        with store.read() as reader:
            assert (inner, reader.messages(MAIN, ["m1"])) == (True, {"m1": rows.message()})

    def test_a_step_cannot_read_beside_its_transaction(self, store: Store) -> None:
        with store.write():
            inner = refused(lambda: store.read().__enter__())

        assert inner

    def test_writers_take_turns(self, store: Store) -> None:
        def count() -> None:
            for _ in range(50):
                with store.write() as unit:
                    unit.bump(MAIN, {"turns": 1})

        threads = [threading.Thread(target=count) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        with store.read() as reader:
            assert reader.counters(MAIN) == {"turns": 200}

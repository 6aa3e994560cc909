"""States move by compare-and-set; timers are replaced by name."""

from __future__ import annotations

from crossdock.messages.envelope import Key
from crossdock.ports.store import ProcessRow, StageCount, Stale, Store
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN, MINUTE, NOON, ORDER, OTHER


def stale(store: Store, *states: ProcessRow) -> bool:
    """Save states in a transaction; answer whether another worker was faster."""
    try:
        with store.write() as unit:
            unit.save(states)
    except Stale:
        return True
    return False


class StateStories:
    """Stories about states and timers."""

    def test_states_are_found_by_tenant_subscriber_and_key(self, store: Store) -> None:
        saved = [
            rows.state(),
            rows.state(key=OTHER),
            rows.state(subscriber="shipment_visibility"),
            rows.state(tenant="acme"),
        ]
        with store.write() as unit:
            unit.save(saved)

        wanted = [(row.tenant, row.subscriber, row.key) for row in saved[1:]]
        with store.read() as reader:
            found = reader.processes([*wanted, (MAIN, "order_release", Key("load", "SO-1"))])
            assert found == dict(zip(wanted, saved[1:], strict=True))

    def test_a_state_moves_one_revision_at_a_time(self, store: Store) -> None:
        second = rows.state(2, state=b"[2]", schema=2, stage="done", updated_at=NOON + MINUTE)
        with store.write() as unit:
            unit.save([rows.state(1)])
            unit.save([second])

        with store.read() as reader:
            found = reader.processes([(MAIN, "order_release", ORDER)])
            assert found == {(MAIN, "order_release", ORDER): second}

    def test_two_revisions_can_be_saved_in_one_batch(self, store: Store) -> None:
        was_stale = stale(store, rows.state(1), rows.state(1, key=OTHER), rows.state(2))

        with store.read() as reader:
            listed = reader.list_processes(MAIN, "order_release", None, "", 9)
            assert (was_stale, listed) == (False, [rows.state(2), rows.state(1, key=OTHER)])

    def test_a_slower_worker_is_told_that_it_is_stale(self, store: Store) -> None:
        first = stale(store, rows.state(1))

        verdicts = [stale(store, rows.state(revision)) for revision in (1, 3, 2, 2)]

        assert (first, verdicts) == (False, [True, True, False, True])

    def test_a_state_cannot_begin_in_the_middle(self, store: Store) -> None:
        assert stale(store, rows.state(2))

    def test_a_stale_state_takes_the_whole_step_with_it(self, store: Store) -> None:
        with store.write() as unit:
            unit.save([rows.state(1)])

        was_stale = stale(store, rows.state(1, key=OTHER), rows.state(1))

        with store.read() as reader:
            listed = reader.list_processes(MAIN, "order_release", None, "", 9)
            assert (was_stale, listed) == (True, [rows.state(1)])

    def test_states_are_listed_by_key_in_pages(self, store: Store) -> None:
        saved = [rows.state(key=Key("order", id_)) for id_ in ("A", "B", "C", "D")]
        with store.write() as unit:
            unit.save([*reversed(saved), rows.state(subscriber="reference_binding")])

        with store.read() as reader:
            first = reader.list_processes(MAIN, "order_release", None, "", 3)
            rest = reader.list_processes(MAIN, "order_release", None, "C", 3)
            assert (first, rest) == (saved[:3], saved[3:])

    def test_states_are_listed_by_stage(self, store: Store) -> None:
        saved = [rows.state(key=Key("order", id_), stage=id_[0]) for id_ in ("a1", "b1", "a2")]
        with store.write() as unit:
            unit.save(saved)

        with store.read() as reader:
            first = reader.list_processes(MAIN, "order_release", "a", "", 1)
            rest = reader.list_processes(MAIN, "order_release", "a", "a1", 9)
            assert (first, rest) == ([saved[0]], [saved[2]])

    def test_the_board_counts_states_by_stage_and_age(self, store: Store) -> None:
        saved = [
            rows.state(key=Key("order", "1"), updated_at=NOON + MINUTE),
            rows.state(key=Key("order", "2")),
            rows.state(key=Key("order", "3"), stage="done"),
            rows.state(key=Key("order", "4"), tenant="acme"),
        ]
        with store.write() as unit:
            unit.save(saved)

        with store.read() as reader:
            assert reader.stages(MAIN) == [
                StageCount(subscriber="order_release", stage="done", count=1, oldest=NOON),
                StageCount(subscriber="order_release", stage="planning", count=2, oldest=NOON),
            ]

    def test_a_timer_of_the_same_name_is_replaced(self, store: Store) -> None:
        later = rows.timer(due_at=NOON + MINUTE, message_id="m2", correlation_id="c2")
        other = rows.timer("remind", due_at=NOON + 2 * MINUTE)
        with store.write() as unit:
            unit.set_timers([other, rows.timer(), rows.timer(key=OTHER)])
            unit.set_timers([later])

        with store.read() as reader:
            assert reader.timers(MAIN, "order_release", ORDER) == [later, other]
            assert reader.timers(MAIN, "order_release", OTHER) == [rows.timer(key=OTHER)]

    def test_due_timers_are_taken_oldest_first(self, store: Store) -> None:
        early, noon, late = (
            rows.timer(each, due_at=NOON + shift * MINUTE)
            for each, shift in (("c", -1), ("b", 0), ("a", 1))
        )
        with store.write() as unit:
            unit.set_timers([late, noon, early])
            taken = [unit.due_timers(NOON, 1), unit.due_timers(NOON, 9), unit.due_timers(NOON, 9)]

        with store.read() as reader:
            left = reader.timers(MAIN, "order_release", ORDER)
            assert (taken, left) == ([[early], [noon], []], [late])

    def test_the_next_timer_of_anyone_is_known(self, store: Store) -> None:
        with store.write() as unit:
            nobody = unit.next_timer()
            unit.set_timers([rows.timer(due_at=NOON + MINUTE), rows.timer(tenant="acme")])
            someone = unit.next_timer()

        assert (nobody, someone) == (None, NOON)

    def test_a_cancelled_timer_wakes_nobody(self, store: Store) -> None:
        with store.write() as unit:
            unit.set_timers([rows.timer("confirm"), rows.timer("remind")])
            unit.cancel_timers(
                [(MAIN, "order_release", ORDER, name) for name in ("confirm", "unknown")]
            )

            assert unit.due_timers(NOON, 9) == [rows.timer("remind")]

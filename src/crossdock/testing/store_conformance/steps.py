"""Steps are taken in order, each once, and a parked key holds up nobody else."""

from __future__ import annotations

from msgspec.structs import replace

from crossdock.ports.store import Handled, HandledStep, InboxRow, Step, Store, Unit
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN, MINUTE, NOON, ORDER, OTHER


def queued(unit: Unit, *steps: InboxRow) -> list[Step]:
    """Append steps with their messages; answer them as they must be claimed."""
    for row in steps:
        unit.append([rows.message(row.message_id, tenant=row.tenant)])
    unit.enqueue(steps)
    return [
        Step(row=replace(row, seq=seq), message=rows.message(row.message_id, tenant=row.tenant))
        for seq, row in enumerate(steps, start=1)
    ]


class StepStories:
    """Stories about the inbox."""

    def test_steps_are_claimed_in_the_order_they_came(self, store: Store) -> None:
        with store.write() as unit:
            expected = queued(unit, rows.step("m2"), rows.step("m1"), rows.step("m3", key=OTHER))

        with store.write() as unit:
            assert (unit.claim(2), unit.claim(9)) == (expected[:2], expected)

    def test_a_step_said_twice_is_taken_once(self, store: Store) -> None:
        with store.write() as unit:
            expected = queued(unit, rows.step("m1"), rows.step("m2"))
            unit.enqueue([rows.step("m2"), rows.step("m1", lane=7)])

            assert unit.claim(9) == expected

    def test_one_message_is_a_step_for_each_subscriber_and_key(self, store: Store) -> None:
        with store.write() as unit:
            expected = queued(
                unit,
                rows.step(),
                rows.step(key=OTHER),
                rows.step(subscriber="shipment_visibility"),
                rows.step(tenant="acme"),
            )

            assert unit.claim(9) == expected

    def test_a_worker_claims_its_own_lanes(self, store: Store) -> None:
        with store.write() as unit:
            expected = queued(
                unit, rows.step("m1", lane=3), rows.step("m2", lane=5), rows.step("m3", lane=8)
            )

            assert unit.claim(9, [3, 8]) == [expected[0], expected[2]]
            assert unit.claim(9, []) == []

    def test_a_handled_step_is_not_claimed_again(self, store: Store) -> None:
        with store.write() as unit:
            expected = queued(unit, rows.step("m1"), rows.step("m2"))
            unit.finish([Handled(seq=1, revision=1, at=NOON)])

        with store.write() as unit:
            assert (unit.claim(9), unit.pending()) == (expected[1:], 1)

    def test_a_handled_step_said_again_stays_handled(self, store: Store) -> None:
        with store.write() as unit:
            queued(unit, rows.step())
            unit.finish([Handled(seq=1, revision=1, at=NOON)])
            unit.enqueue([rows.step()])

            assert (unit.claim(9), unit.pending()) == ([], 0)

    def test_a_process_tells_its_past_and_its_future(self, store: Store) -> None:
        done = [
            Handled(seq=2, revision=2, at=NOON + MINUTE, facts=b"[]"),
            Handled(seq=1, revision=1, at=NOON),
        ]
        with store.write() as unit:
            first, second, third, _ = queued(
                unit, rows.step("m1"), rows.step("m2"), rows.step("m3"), rows.step("m4", key=OTHER)
            )
            unit.finish(done)

        with store.read() as reader:
            assert reader.unhandled(MAIN, "order_release", ORDER) == [third]
            assert reader.handled(MAIN, "order_release", ORDER) == [
                HandledStep(step=first, revision=1, at=NOON, facts=b""),
                HandledStep(step=second, revision=2, at=NOON + MINUTE, facts=b"[]"),
            ]

    def test_a_step_taken_at_once_never_waits_and_comes_after_those_that_did(
        self, store: Store
    ) -> None:
        at_once = rows.step("m2")
        with store.write() as unit:
            first, *_ = queued(unit, rows.step("m1"), rows.step("m2", key=OTHER))
            unit.finish(
                [
                    Handled(seq=1, revision=1, at=NOON),
                    Handled(row=at_once, revision=2, at=NOON, facts=b"[]"),
                ]
            )

        with store.write() as unit:
            unit.enqueue([at_once])
            (_, second) = unit.handled(MAIN, "order_release", ORDER)
            assert (unit.claim(9, [7]), unit.pending(), first.row.seq) == ([], 1, 1)
            assert second == HandledStep(
                step=Step(
                    row=replace(at_once, seq=second.step.row.seq), message=rows.message("m2")
                ),
                revision=2,
                at=NOON,
                facts=b"[]",
            )
            assert second.step.row.seq > 1

    def test_it_can_be_asked_which_keys_are_parked(self, store: Store) -> None:
        steps = [rows.step("m1"), rows.step("m2", key=OTHER), rows.step("m1", key=OTHER)]
        with store.write() as unit:
            before = unit.held_back(steps)
            unit.park(MAIN, "order_release", OTHER, "it broke", NOON)

            parked = frozenset({(MAIN, "order_release", OTHER)})
            assert (before, unit.held_back(steps)) == (frozenset(), parked)

    def test_a_key_parked_after_a_claim_holds_back_what_comes_for_it(self, store: Store) -> None:
        steps = [rows.step("m0", key=ORDER), rows.step("m1", key=OTHER)]

        with store.write() as unit:
            claimed = unit.claim(9)
            before = unit.held_back(steps)
            unit.park(MAIN, "order_release", OTHER, "it broke", NOON)
            after = unit.held_back(steps)

        parked = frozenset({(MAIN, "order_release", OTHER)})
        assert (claimed, before, after) == ([], frozenset(), parked)

    def test_a_parked_key_lets_the_others_go_on(self, store: Store) -> None:
        with store.write() as unit:
            expected = queued(unit, rows.step("m1"), rows.step("m2", key=OTHER), rows.step("m3"))
            unit.park(MAIN, "order_release", ORDER, "it broke", NOON)

        with store.write() as unit:
            assert unit.claim(9) == [expected[1]]
            assert unit.parked(MAIN) == [("order_release", ORDER)]
            assert (unit.parked("acme"), unit.pending(), unit.pending("acme")) == ([], 3, 0)
            assert unit.unhandled(MAIN, "order_release", ORDER) == [expected[0], expected[2]]

    def test_what_comes_for_a_parked_key_waits_too(self, store: Store) -> None:
        with store.write() as unit:
            unit.park(MAIN, "order_release", ORDER, "it broke", NOON)
            unit.park(MAIN, "order_release", ORDER, "it broke again", NOON)
            expected = queued(
                unit, rows.step("m1"), rows.step("m1", subscriber="reference_binding")
            )

        with store.write() as unit:
            assert unit.claim(9) == [expected[1]]

    def test_a_released_key_goes_on_where_it_stood(self, store: Store) -> None:
        with store.write() as unit:
            expected = queued(unit, rows.step("m1"), rows.step("m2", key=OTHER), rows.step("m3"))
            unit.park(MAIN, "order_release", ORDER, "it broke", NOON)

        with store.write() as unit:
            released = unit.release(MAIN, "order_release", ORDER)
            again = unit.release(MAIN, "order_release", ORDER)

            assert (released, again) == (True, False)
            assert (unit.claim(9), unit.parked(MAIN)) == (expected, [])

    def test_a_parked_step_that_was_handled_is_not_waiting(self, store: Store) -> None:
        with store.write() as unit:
            queued(unit, rows.step())
            unit.park(MAIN, "order_release", ORDER, "it broke", NOON)
            unit.finish([Handled(seq=1, revision=1, at=NOON)])
            unit.release(MAIN, "order_release", ORDER)

            assert (unit.claim(9), unit.pending(MAIN)) == ([], 0)

    def test_tries_of_a_step_are_counted(self, store: Store) -> None:
        with store.write() as unit:
            (expected,) = queued(unit, rows.step())
            counts = [unit.try_alone(1), unit.try_alone(1), unit.try_alone(9)]

        with store.write() as unit:
            tried = replace(expected, row=replace(expected.row, attempts=2))
            assert (counts, unit.claim(9)) == ([1, 2, 0], [tried])

    def test_a_step_that_is_forgiven_is_as_new(self, store: Store) -> None:
        with store.write() as unit:
            (expected,) = queued(unit, rows.step())
            unit.try_alone(1)
            unit.forgive(1)
            unit.forgive(9)

        with store.write() as unit:
            assert (unit.claim(9), unit.try_alone(1)) == ([expected], 1)

    def test_waiting_steps_are_counted_for_one_tenant_or_all(self, store: Store) -> None:
        with store.write() as unit:
            queued(unit, rows.step(), rows.step(tenant="acme"), rows.step("m2", tenant="acme"))

        with store.read() as reader:
            counts = (reader.pending(), reader.pending(MAIN), reader.pending("acme"))
            assert counts == (3, 1, 2)

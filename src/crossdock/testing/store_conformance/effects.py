"""Effects are leased one worker at a time, in order where order is asked for."""

from __future__ import annotations

from msgspec.structs import replace

from crossdock.messages.envelope import Key
from crossdock.ports.store import BreakerRow, BreakerState, OutboxStatus, Store, Unit
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN, MINUTE, NOON, ORDER, was_leased

UNTIL = NOON + MINUTE


def leased_ids(unit: Unit, endpoint: str = "tms", limit: int = 9) -> list[str]:
    """Lease what is due at noon, for a minute; answer the ids."""
    return [row.id for row in unit.lease(MAIN, endpoint, NOON, UNTIL, limit)]


def ended(unit: Unit, id: str, status: OutboxStatus) -> bool:  # noqa: A002 - the row's word
    """End an effect under its present fence."""
    (row,) = unit.outbox(MAIN, [id])
    return unit.settle([replace(row, status=status)]) == [True]


class EffectStories:
    """Stories about effects, attempts, breakers and control numbers."""

    def test_effects_are_found_as_they_were_asked_for(self, store: Store) -> None:
        asked = [rows.effect("x2", finished_at=NOON), rows.effect("x1", sequence_key="q")]
        with store.write() as unit:
            unit.ask([*asked, rows.effect("x3", key=Key("load", "L-1"))])

        second, first = (replace(row, seq=seq) for seq, row in enumerate(asked, start=1))
        with store.read() as reader:
            assert reader.outbox(MAIN, ["x1", "x9", "x2"]) == [first, second]
            assert reader.outbox_of(MAIN, "order_release", ORDER) == [second, first]
            assert reader.outbox("acme", ["x1"]) == []

    def test_the_same_effect_is_asked_for_once(self, store: Store) -> None:
        same = rows.effect("x2", idempotency_key="key-x1")
        shadow = rows.effect("x3", idempotency_key="key-x1", endpoint="tms-shadow")
        with store.write() as unit:
            unit.ask([rows.effect("x1"), same, shadow])
            unit.ask([rows.effect("x1", request=b"other", idempotency_key="other")])

            listed = unit.outbox_of(MAIN, "order_release", ORDER)

        assert [replace(row, seq=0) for row in listed] == [rows.effect("x1"), shadow]

    def test_due_effects_are_leased_oldest_first(self, store: Store) -> None:
        with store.write() as unit:
            unit.ask([rows.effect(each) for each in ("x3", "x1", "x2")])
            unit.ask([rows.effect("later", due_at=UNTIL), rows.effect("erp", endpoint="erp")])
            unit.ask([rows.effect("foreign", tenant="acme")])

            assert [leased_ids(unit, limit=2), leased_ids(unit)] == [["x3", "x1"], ["x2"]]

    def test_a_lease_shows_the_effect_as_it_was_under_a_new_fence(self, store: Store) -> None:
        asked = rows.effect(attempts=2, said="busy", due_at=NOON - MINUTE)
        with store.write() as unit:
            unit.ask([asked])
            shown = unit.lease(MAIN, "tms", NOON, UNTIL, 9)

        with store.read() as reader:
            assert shown == [replace(asked, fence=1, seq=1)]
            assert reader.outbox(MAIN, ["x1"]) == [replace(was_leased(asked, UNTIL), seq=1)]

    def test_a_lease_that_ran_out_comes_back_as_unknown(self, store: Store) -> None:
        with store.write() as unit:
            unit.ask([rows.effect()])
            unit.lease(MAIN, "tms", NOON, UNTIL, 9)
            before = unit.lease(MAIN, "tms", UNTIL - MINUTE / 2, UNTIL, 9)
            after = unit.lease(MAIN, "tms", UNTIL, UNTIL + MINUTE, 9)

        unknown = replace(rows.effect(), status=OutboxStatus.UNKNOWN, fence=2, seq=1)
        assert (before, after) == ([], [unknown])

    def test_an_unknown_outcome_is_leased_again_when_due(self, store: Store) -> None:
        unknown = rows.effect(status=OutboxStatus.UNKNOWN, due_at=UNTIL)
        with store.write() as unit:
            unit.ask([unknown])
            early, late = (unit.lease(MAIN, "tms", at, UNTIL, 9) for at in (NOON, UNTIL))

        assert (early, late) == ([], [replace(unknown, fence=1, seq=1)])

    def test_ended_effects_are_not_leased(self, store: Store) -> None:
        over = [status for status in OutboxStatus if status.value not in {"waiting", "unknown"}]
        with store.write() as unit:
            unit.ask([rows.effect(status, status=status) for status in over])

            assert leased_ids(unit) == []

    def test_a_line_waits_for_its_first(self, store: Store) -> None:
        with store.write() as unit:
            unit.ask([rows.effect(each, sequence_key="L-1") for each in ("x1", "x2", "x3")])
            unit.ask([rows.effect("x4", sequence_key="L-2"), rows.effect("x5")])
            first = leased_ids(unit)
            ended(unit, "x1", OutboxStatus.APPLIED)

            assert (first, leased_ids(unit)) == (["x1", "x4", "x5"], ["x2"])

    def test_a_line_waits_though_its_first_is_not_due(self, store: Store) -> None:
        line = [rows.effect("x1", due_at=UNTIL), rows.effect("x2")]
        with store.write() as unit:
            unit.ask([replace(row, sequence_key="L-1") for row in line])

            assert leased_ids(unit) == []

    def test_a_line_goes_on_only_after_what_ended_well(self, store: Store) -> None:
        with store.write() as unit:
            for status in OutboxStatus:
                first = rows.effect(f"1-{status}", status=status, due_at=UNTIL)
                second = rows.effect(f"2-{status}")
                unit.ask([replace(row, sequence_key=status) for row in (first, second)])

            assert leased_ids(unit) == ["2-applied", "2-waived", "2-superseded"]

    def test_a_line_may_lead_through_several_endpoints(self, store: Store) -> None:
        with store.write() as unit:
            unit.ask([rows.effect("x1", endpoint="road", sequence_key="tender/S-1")])
            unit.ask([rows.effect("x2", endpoint="rail", sequence_key="tender/S-1")])
            unit.ask([rows.effect("x3", sequence_key="tender/S-1", tenant="acme")])

            leased = [leased_ids(unit, endpoint) for endpoint in ("rail", "road", "rail")]

        assert leased == [[], ["x1"], []]

    def test_what_became_of_an_effect_is_written(self, store: Store) -> None:
        with store.write() as unit:
            unit.ask([rows.effect()])
            (row,) = unit.lease(MAIN, "tms", NOON, UNTIL, 1)
            done = replace(
                row,
                status=OutboxStatus.APPLIED,
                attempts=1,
                finished_at=UNTIL,
                document="4711",
                said="thanks",
            )
            settled = unit.settle([done])

        with store.read() as reader:
            assert (settled, reader.outbox(MAIN, ["x1"])) == ([True], [done])

    def test_an_overtaken_worker_is_not_believed(self, store: Store) -> None:
        with store.write() as unit:
            unit.ask([rows.effect()])
            (slow,) = unit.lease(MAIN, "tms", NOON, UNTIL, 1)
            (fast,) = unit.lease(MAIN, "tms", UNTIL, UNTIL, 1)
            refused = replace(slow, status=OutboxStatus.REFUSED)
            applied = replace(fast, status=OutboxStatus.APPLIED)
            believed = unit.settle([refused, applied, rows.effect("x9")])

            assert (believed, unit.outbox(MAIN, ["x1"])) == ([False, True, False], [applied])

    def test_a_settled_effect_has_no_lease(self, store: Store) -> None:
        with store.write() as unit:
            unit.ask([rows.effect()])
            leased_ids(unit)
            (row,) = unit.outbox(MAIN, ["x1"])
            unit.settle([replace(row, status=OutboxStatus.WAITING, due_at=UNTIL)])

            expected = replace(rows.effect(due_at=UNTIL), fence=1, seq=1)
            assert (unit.outbox(MAIN, ["x1"]), leased_ids(unit)) == ([expected], [])

    def test_an_operators_word_makes_every_lease_void(self, store: Store) -> None:
        with store.write() as unit:
            unit.ask([rows.effect()])
            (row,) = unit.lease(MAIN, "tms", NOON, UNTIL, 1)
            waived = replace(row, status=OutboxStatus.WAIVED, request=b"mended", owner="FINANCE")
            unit.rewrite_effect(waived)
            settled = unit.settle([replace(row, status=OutboxStatus.APPLIED)])

            expected = replace(waived, fence=2)
            assert (settled, unit.outbox(MAIN, ["x1"])) == ([False], [expected])

    def test_what_was_never_sent_or_refused_can_be_dropped(self, store: Store) -> None:
        with store.write() as unit:
            for status in OutboxStatus:
                unit.ask([rows.effect(status, status=status, business_key="SO-1")])
            unit.ask([rows.effect("tried", attempts=1, business_key="SO-1")])
            unit.ask([rows.effect("other", business_key="SO-1", version="2")])
            asked = unit.outbox(MAIN, ["waiting", "refused"])
            dropped = unit.drop_effects(MAIN, "tms.plan", "SO-1", "1", "cancelled", UNTIL)

            gone = OutboxStatus.SUPERSEDED
            expected = [
                replace(row, status=gone, said="cancelled", finished_at=UNTIL) for row in asked
            ]
            assert dropped == unit.outbox(MAIN, ["waiting", "refused"]) == expected
            assert leased_ids(unit) == ["unknown", "tried", "other"]

    def test_effects_are_counted_by_endpoint_verb_and_status(self, store: Store) -> None:
        refused = OutboxStatus.REFUSED
        with store.write() as unit:
            unit.ask([rows.effect("x1"), rows.effect("x2"), rows.effect("x3", status=refused)])
            unit.ask([rows.effect("x4", endpoint="erp", verb="erp.write_reference")])
            leased_ids(unit, limit=1)

        with store.read() as reader:
            assert reader.outbox_counts(MAIN) == {
                ("erp", "erp.write_reference", OutboxStatus.WAITING): 1,
                ("tms", "tms.plan", OutboxStatus.LEASED): 1,
                ("tms", "tms.plan", OutboxStatus.REFUSED): 1,
                ("tms", "tms.plan", OutboxStatus.WAITING): 1,
            }

    def test_effects_are_listed_by_how_they_stand_oldest_first(self, store: Store) -> None:
        refused = OutboxStatus.REFUSED
        with store.write() as unit:
            unit.ask([rows.effect(each, status=refused) for each in ("x3", "x1", "x2")])
            unit.ask([rows.effect("x4"), rows.effect("x5", endpoint="erp", status=refused)])

        with store.read() as reader:
            found = reader.outbox_standing(MAIN, "tms", "tms.plan", refused, limit=2)
            assert [row.id for row in found] == ["x3", "x1"]

    def test_the_oldest_unfinished_effect_of_each_endpoint_is_known(self, store: Store) -> None:
        over = rows.effect("x0", created_at=NOON - MINUTE, status=OutboxStatus.APPLIED)
        with store.write() as unit:
            unit.ask([over, rows.effect("x1", created_at=UNTIL), rows.effect("x2")])
            unit.ask([rows.effect("x3", endpoint="erp", created_at=UNTIL)])
            leased_ids(unit)

        with store.read() as reader:
            assert reader.oldest_waiting(MAIN) == {"erp": UNTIL, "tms": NOON}

    def test_the_next_effect_of_an_endpoint_counts_leases_that_run_out(self, store: Store) -> None:
        with store.write() as unit:
            nothing = unit.next_effect(MAIN, "tms")
            unit.ask([rows.effect("x1"), rows.effect("x2", due_at=UNTIL + MINUTE)])
            due = unit.next_effect(MAIN, "tms")
            leased_ids(unit)

            assert (nothing, due, unit.next_effect(MAIN, "tms")) == (None, NOON, UNTIL)

    def test_what_waits_in_its_line_is_never_the_next_effect(self, store: Store) -> None:
        first = rows.effect("x1", due_at=UNTIL, sequence_key="line")
        second = rows.effect("x2", sequence_key="line")
        elsewhere = rows.effect("x3", endpoint="erp", sequence_key="line")
        with store.write() as unit:
            unit.ask([first, second, elsewhere])
            behind_one_to_come = [unit.next_effect(MAIN, each) for each in ("tms", "erp")]
            unit.rewrite_effect(replace(first, status=OutboxStatus.REFUSED, finished_at=NOON))
            behind_one_refused = [unit.next_effect(MAIN, each) for each in ("tms", "erp")]
            unit.rewrite_effect(replace(first, status=OutboxStatus.WAIVED, finished_at=NOON))
            unblocked = [unit.next_effect(MAIN, each) for each in ("tms", "erp")]

        assert behind_one_to_come == [UNTIL, None]
        assert behind_one_refused == [None, None]
        assert unblocked == [NOON, None]

    def test_the_next_effect_is_of_ones_own_tenant(self, store: Store) -> None:
        with store.write() as unit:
            unit.ask([rows.effect("x1", tenant="acme"), rows.effect("x2", due_at=UNTIL)])

            assert [unit.next_effect(each, "tms") for each in ("acme", MAIN)] == [NOON, UNTIL]

    def test_attempts_are_written_before_the_call_and_completed_after(self, store: Store) -> None:
        begun = rows.attempt(1)
        done = rows.attempt(1, finished_at=UNTIL, outcome="applied", status=201, said="ok")
        looked_up = rows.attempt(1, purpose="look_up", finished_at=UNTIL)
        again = rows.attempt(1, fence=2)
        with store.write() as unit:
            unit.note_attempts([again, begun])
            unit.note_attempts([done, looked_up])

        with store.read() as reader:
            assert reader.attempts(MAIN, "x1") == [looked_up, done, again]
            assert reader.attempts(MAIN, "x2") == []

    def test_a_breaker_is_saved_by_its_generation(self, store: Store) -> None:
        closed = BreakerRow(tenant=MAIN, endpoint="tms")
        opened = BreakerRow(
            tenant=MAIN,
            endpoint="tms",
            state=BreakerState.OPEN,
            generation=1,
            failures=5,
            open_until=UNTIL,
            probe_until=UNTIL,
            changed_at=NOON,
        )
        with store.write() as unit:
            before = unit.breaker(MAIN, "tms")
            saved = [unit.save_breaker(opened, each) for each in (1, 0, 0, 1)]

            assert (before, saved) == (closed, [False, True, False, True])
            assert unit.breaker(MAIN, "tms") == opened

    def test_control_numbers_rise_for_each_partner_and_level(self, store: Store) -> None:
        with store.write() as unit:
            taken = [
                unit.next_control_number(MAIN, endpoint, level)
                for endpoint, level in (
                    ("tms", "ISA"),
                    ("tms", "ISA"),
                    ("tms", "GS"),
                    ("erp", "ISA"),
                )
            ]

        assert taken == [1, 2, 1, 1]

    def test_no_control_number_is_given_up_to_the_floor(self, store: Store) -> None:
        with store.write() as unit:
            before = unit.next_control_number(MAIN, "tms", "ISA")
            floors = [unit.raise_control_floor(each) for each in (500, 300)]
            known = [unit.next_control_number(MAIN, "tms", "ISA") for _ in range(2)]
            new = unit.next_control_number(MAIN, "erp", "GS")
            above_what_was_taken = unit.raise_control_floor(0)

        assert (before, floors, known, new) == (1, [500, 500], [501, 502], 501)
        assert above_what_was_taken == 502

    def test_open_effects_can_be_doubted_together(self, store: Store) -> None:
        ended = [
            rows.effect(each, status=each, finished_at=NOON)
            for each in OutboxStatus
            if each not in {OutboxStatus.WAITING, OutboxStatus.LEASED, OutboxStatus.UNKNOWN}
        ]
        with store.write() as unit:
            unit.ask([rows.effect("x1", tenant="acme"), rows.effect("x2"), *ended])
            (leased,) = unit.lease(MAIN, "tms", NOON, NOON + MINUTE, 1)
            count = unit.doubt_effects("who knows", NOON + MINUTE)
            counted = unit.settle([leased])
            (acme,), (main,) = unit.outbox("acme", ["x1"]), unit.outbox(MAIN, ["x2"])
            others = unit.outbox(MAIN, [row.id for row in ended])

        doubted = {"status": OutboxStatus.UNKNOWN, "due_at": NOON + MINUTE, "said": "who knows"}
        assert (count, counted) == (2, [False])
        assert acme == replace(rows.effect("x1", tenant="acme"), seq=1, fence=1, **doubted)
        assert main == replace(rows.effect("x2"), seq=2, fence=2, **doubted)
        assert others == [replace(row, seq=3 + place) for place, row in enumerate(ended)]

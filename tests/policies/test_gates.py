"""Gates open when the last condition is met, whichever it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crossdock.policies.gates import Gate, Passage, Proof, judge

MONEY = Gate(rule_id="accrual", needs=("milestone validated", "charge confirmed"))
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
DELIVERED = Proof(condition="milestone validated", at=NOON, said="DELIVERED, told by ROAD")
CHARGED = Proof(
    condition="charge confirmed", at=NOON + timedelta(hours=3), said="charge 400, by invoice 7"
)


def test_a_charge_without_its_milestone_keeps_the_money_gate_shut() -> None:
    assert judge(MONEY, [CHARGED]) == Passage(
        rule_id="accrual", proofs=(CHARGED,), missing=("milestone validated",), since=None
    )


def test_the_last_proof_opens_the_gate_and_all_of_them_are_kept() -> None:
    passage = judge(MONEY, [CHARGED, DELIVERED])

    assert passage == Passage(
        rule_id="accrual", proofs=(DELIVERED, CHARGED), missing=(), since=CHARGED.at
    )
    assert passage.is_open


def test_a_gate_that_needs_nothing_is_open() -> None:
    passage = judge(Gate(rule_id="open", needs=()), [DELIVERED])

    assert (passage.is_open, passage.proofs, passage.since) == (True, (), None)


HOURS = st.integers(min_value=0, max_value=48)


@given(
    told=st.lists(st.tuples(st.sampled_from(MONEY.needs), HOURS), max_size=8).flatmap(
        lambda each: st.tuples(st.just(each), st.permutations(each))
    )
)
def test_the_order_and_the_repetition_of_proofs_do_not_matter(
    told: tuple[list[tuple[str, int]], list[tuple[str, int]]],
) -> None:
    first, second = (
        [Proof(condition=name, at=NOON + timedelta(hours=at), said="x") for name, at in each]
        for each in told
    )

    assert judge(MONEY, first) == judge(MONEY, [*second, *second])

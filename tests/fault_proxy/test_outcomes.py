"""Each fault, through the real channel and the real deliverer: the outcome is what the table says.

The first call meets the fault; then the connection heals. A ledger counts what the partner did.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from crossdock.flow.outcomes import Outcome
from crossdock.ports import EffectClass
from crossdock.testing.fault_proxy import FAULTS
from tests.fault_proxy.kit import Place, place
from tests.flow.kit import Line, queue

ASKED = Line(id="e1", reason="ask")
UNKNOWN, APPLIED = Outcome.UNKNOWN, Outcome.APPLIED
REACHED = {
    "latency": (APPLIED, 1),
    "jitter": (APPLIED, 1),
    "throttle": (Outcome.THROTTLED, 0),
    "busy": (Outcome.NOT_APPLIED, 0),
    "black_hole": (UNKNOWN, 0),
    "cut_request": (UNKNOWN, 0),
    "duplicate": (APPLIED, 1),
    "swap": (APPLIED, 1),  # alone it gets its own answer
    "lost": (UNKNOWN, 1),
    "half_close": (UNKNOWN, 1),
    "corrupt": (UNKNOWN, 1),
    "truncate": (UNKNOWN, 1),
    "reset": (UNKNOWN, 1),
    "drip": (UNKNOWN, 1),  # the answer takes longer than its deadline
}
UNANSWERED = [name for name, (how, _) in REACHED.items() if how is UNKNOWN]


async def struck_once(
    effect: EffectClass, fault: str, *, shut: bool = False
) -> tuple[Place, Outcome, int]:
    """Let the first call meet a fault, heal, and wait for the end; tell how the first one ended."""
    faults = {"swap": "swap=1:0.1"}.get(fault, f"{fault}=1")
    async with place(effect, faults, ASKED, shut=shut) as there:
        await there.until(there.outcomes)
        done = there.partner.ledger.total()
        there.proxy.trouble("")
        await there.proxy.open()
        await there.until(lambda: there.over("SO-1"))
        return there, Outcome(there.outcomes()[0][1]), done


def ended(there: Place) -> list[str]:
    return [row.status.value for row in there.effects()]


def test_every_fault_has_its_line_in_the_table() -> None:
    assert set(REACHED) == set(FAULTS)


@pytest.mark.parametrize("fault", REACHED)
def test_a_fault_ends_as_the_table_says_and_nothing_is_done_twice(fault: str) -> None:
    there, first, done = asyncio.run(struck_once(EffectClass.IDEMPOTENT, fault))

    assert (first, done) == REACHED[fault]
    assert ended(there) == ["applied"]
    assert there.partner.ledger == Counter({"/SO-1/1": 1})
    assert queue(there.machine) == []


@pytest.mark.parametrize("fault", UNANSWERED)
def test_an_unknown_outcome_is_looked_up_where_the_partner_knows_no_key(fault: str) -> None:
    there, first, done = asyncio.run(struck_once(EffectClass.LOOKUP, fault))

    assert (first, done) == REACHED[fault]
    assert [purpose for purpose, _ in there.outcomes()] == (
        ["send", "look_up"] if done else ["send", "look_up", "send"]
    )
    assert ended(there) == ["applied"]
    assert there.partner.ledger == Counter({"/SO-1/1": 1})


@pytest.mark.parametrize("fault", UNANSWERED)
def test_where_nothing_protects_an_unknown_outcome_is_one_exception(fault: str) -> None:
    there, first, done = asyncio.run(struck_once(EffectClass.NEITHER, fault))

    assert (first, done) == REACHED[fault]
    assert ended(there) == ["unresolved"]
    assert there.partner.ledger.total() == done
    assert queue(there.machine) == [("effect", "EFFECT_UNRESOLVED", "TRANSPORTATION")]


def test_where_nobody_listens_nothing_was_applied_and_it_is_sent_later() -> None:
    there, first, done = asyncio.run(struck_once(EffectClass.NEITHER, "latency", shut=True))

    assert (first, done) == (Outcome.NOT_APPLIED, 0)
    assert ended(there) == ["applied"]
    assert there.partner.ledger == Counter({"/SO-1/1": 1})

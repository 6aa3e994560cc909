"""Words of persons about money: what holds, and whose second word is still missing.

A leaf of freight_settlement.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from crossdock.canonical.money import Money, decimal_text
from crossdock.messages.freight_settlement import FreightVerdict, Proposal
from crossdock.policies.freight import FreightPolicy
from crossdock.processes.freight_settlement_state import Word


class Verdict(Struct, frozen=True, kw_only=True):
    """What persons decided about one charge: the word that holds, by whom; what is proposed."""

    word: Word | None = None
    by: tuple[str, ...] = ()
    proposal: Proposal | None = None


def verdict_on(
    words: Sequence[Word], content: str, amount: Money, policy: FreightPolicy
) -> Verdict:
    """Hear the words about a charge in their order; the last that was said by enough holds.

    A decision begins anew after each that holds, so that earlier voices do not count twice.
    """
    mine = [each for each in words if each.content == content]
    if not mine:
        return Verdict()
    holds: Word | None = None
    by: tuple[str, ...] = ()
    voices: dict[tuple[FreightVerdict, Money | None], list[Word]] = {}
    for word in sorted(mine, key=lambda each: (each.at, each.by, each.verdict)):
        said = voices.setdefault((word.verdict, word.amount), [])
        if word.by not in {each.by for each in said}:
            said.append(word)
        if len(said) >= persons_needed(word.verdict, word.amount or amount, policy):
            holds, by = word, tuple(each.by for each in said)
            voices.clear()
    waiting = [said[0] for said in voices.values()]
    return Verdict(word=holds, by=by, proposal=_proposed(waiting[-1]) if waiting else None)


def _proposed(word: Word) -> Proposal:
    return Proposal(
        verdict=word.verdict, by=word.by, reason=word.reason, at=word.at, amount=word.amount
    )


def persons_needed(verdict: FreightVerdict, amount: Money, policy: FreightPolicy) -> int:
    """Tell how many persons must say it: to ask a carrier one is enough."""
    if verdict is FreightVerdict.DISPUTE:
        return 1
    limit = Decimal(policy.two_persons_above)
    return 2 if abs(Decimal(decimal_text(amount))) > limit else 1

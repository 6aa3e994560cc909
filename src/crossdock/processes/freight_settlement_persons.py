"""What persons decide about money: taken as a word, or refused with the reason.

A leaf of freight_settlement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import structs

from crossdock.canonical.money import NO_CURRENCY, Money
from crossdock.messages.freight_settlement import FreightDecided, FreightVerdict, LineState
from crossdock.policies.freight import FreightPolicy
from crossdock.processes.freight_settlement_billing import release_name
from crossdock.processes.freight_settlement_gate import Due
from crossdock.processes.freight_settlement_match import Claimed, written
from crossdock.processes.freight_settlement_postings import line_state
from crossdock.processes.freight_settlement_state import Settlement, Word, travelling
from crossdock.processes.freight_settlement_words import verdict_on

OPEN = frozenset({LineState.UNDER_REVIEW, LineState.DISPUTED})
PRICED = frozenset({FreightVerdict.SHORT_PAY, FreightVerdict.SETTLE})


def take_decision(
    state: Settlement,
    said: FreightDecided,
    dues: tuple[Due, ...],
    at: datetime,
    policy: FreightPolicy,
) -> Settlement:
    """Take a person's word about a charge, or about all that is open; or say why it is refused.

    The same word by the same person again is no second person, and changes nothing.
    """
    if said.verdict is FreightVerdict.RELEASE:
        contents, why = _orders(state, said)
    else:
        claims, why = _claims(state, said, dues)
        contents = tuple(each.content for each in claims)
        why = why or next(_objections(said, claims), "")
    if why:
        return structs.replace(state, refusal=f"{said.by} wanted to {_wish(said)}, but {why}")
    words = list(state.words)
    for content in contents:
        word = Word(
            verdict=said.verdict,
            content=content,
            by=said.by,
            at=at,
            reason=said.reason,
            amount=said.amount,
        )
        if not _says_it_already(words, word, policy):
            words.append(word)
    return structs.replace(state, words=tuple(words), refusal="")


def _says_it_already(words: list[Word], word: Word, policy: FreightPolicy) -> bool:
    """Tell whether this person's same word is still waiting for a second, or holds."""
    mine = [each for each in words if each.content == word.content]
    same = [
        each
        for each in mine
        if (each.by, each.verdict, each.amount) == (word.by, word.verdict, word.amount)
    ]
    if not same:
        return False
    amount = word.amount or Money(minor=1, currency=NO_CURRENCY)
    holds = verdict_on(mine, word.content, amount, policy).word
    ended = holds is not None and (holds.verdict, holds.amount) != (word.verdict, word.amount)
    return not (ended and holds is not None and holds.at >= same[-1].at)


def _wish(said: FreightDecided) -> str:
    what = said.charge or "all that is open"
    amount = f" at {written(said.amount)}" if said.amount else ""
    return f"{said.verdict.value.replace('_', ' ')} {what}{amount}"


def _orders(state: Settlement, said: FreightDecided) -> tuple[tuple[str, ...], str]:
    """Name the releases a person means."""
    orders = {each.order_id for each in travelling(state)}
    if said.charge and said.charge not in orders:
        return (), f"order {said.charge} does not travel on load {state.load_id}"
    return tuple(release_name(each) for each in sorted(orders & {said.charge} or orders)), ""


def _claims(
    state: Settlement, said: FreightDecided, dues: tuple[Due, ...]
) -> tuple[tuple[Claimed, ...], str]:
    """Find the claimed charges a person means, or say why there are none."""
    if said.charge:
        due = next((each for each in dues if each.name == said.charge), None)
        if due is None:
            known = ", ".join(each.name for each in dues) or "none"
            return (), f"load {state.load_id} has no charge {said.charge}; it has {known}"
        if due.line.claimed is None:
            return (), f"nobody claims {said.charge}"
        if line_state(state, due) is LineState.INVOICED:
            return (), f"{said.charge} is invoiced; only a correction by the carrier changes it"
        found = [due]
    else:
        found = [each for each in dues if each.line.state in OPEN]
    if said.verdict is FreightVerdict.SETTLE:
        found = [each for each in found if each.line.state is LineState.DISPUTED]
        if not found:
            return (), "no charge of it is disputed"
    claims = tuple(each.line.claimed for each in found if each.line.claimed is not None)
    return claims, "" if claims else "no charge of the load is open"


def _objections(said: FreightDecided, claims: tuple[Claimed, ...]) -> Iterator[str]:
    """Say what stands against an amount."""
    if said.verdict in PRICED:
        if said.amount is None:
            yield "it names no amount"
        elif len(claims) > 1:
            yield f"{len(claims)} charges are open, and an amount is for one of them"
    elif said.amount is not None:
        yield "an amount is only for a short payment or a settlement"
    billed = billed_together(each.charge.amount for each in claims)
    if said.seen is not None and billed is not None and said.seen != billed:
        yield f"it is {written(billed)} by now, and was {written(said.seen)} when seen"
    for each in claims:
        charged = each.charge.amount
        if said.amount is not None and said.amount.currency != charged.currency:
            yield f"it is billed in {charged.currency}"
        elif said.amount is not None and not 0 <= said.amount.minor * _sign(charged) <= abs(
            charged.minor
        ):
            yield f"only {written(charged)} is billed"


def billed_together(amounts: Iterable[Money]) -> Money | None:
    """Sum what is billed; None for nothing, and for several currencies: they have no sum."""
    told = tuple(amounts)
    if len({each.currency for each in told}) != 1:
        return None
    return Money(minor=sum(each.minor for each in told), currency=told[0].currency)


def _sign(amount: Money) -> int:
    return -1 if amount.minor < 0 else 1

"""What a person decides about money: held against the picture, said to the process, answered.

The person is whoever the caller is known to be, and never a field of what is sent. Where policy
asks for two persons the first word proposes; the same again changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from crossdock.apis import problems
from crossdock.apis.http import aside
from crossdock.apis.problems import Declined
from crossdock.apis.process.v1.charges import PROCESS, picture_of, picture_row
from crossdock.apis.process.v1.operations import Snapshot
from crossdock.apis.process.v1.verbs import Operator, said
from crossdock.canonical.money import Money, decimal_text, money
from crossdock.faults import Unreadable
from crossdock.flow.operator_word import Word
from crossdock.messages.envelope import Key
from crossdock.messages.freight_settlement import (
    FreightDecided,
    FreightLine,
    FreightPicture,
    FreightVerdict,
    LineState,
    Proposal,
)
from crossdock.ports.store import Reader

LOOKS = 100  # how often the answer waits for the process, and for how long in between
LOOK_SECONDS = 0.02

OPEN = frozenset({LineState.UNDER_REVIEW, LineState.DISPUTED})
NOT_INVOICED = frozenset({LineState.CONFIRMED, LineState.WAIVED, LineState.ACCRUED})

# The states in which a charge is open to a verdict, and those it is in when the verdict is done.
# What is agreed may still be asked about, cut or refused by its name, until its invoice is posted.
OPEN_TO: dict[FreightVerdict, frozenset[LineState]] = {
    FreightVerdict.APPROVE: OPEN,
    FreightVerdict.SHORT_PAY: OPEN | NOT_INVOICED,
    FreightVerdict.DISPUTE: (OPEN | NOT_INVOICED) - {LineState.DISPUTED},
    FreightVerdict.SETTLE: frozenset({LineState.DISPUTED}),
    FreightVerdict.REJECT: OPEN | NOT_INVOICED,
}
AGREED = NOT_INVOICED | {LineState.INVOICED}
DONE_BY: dict[FreightVerdict, frozenset[LineState]] = {
    FreightVerdict.APPROVE: AGREED,
    FreightVerdict.SHORT_PAY: AGREED,
    FreightVerdict.SETTLE: AGREED,
    FreightVerdict.DISPUTE: frozenset({LineState.DISPUTED}),
    FreightVerdict.REJECT: frozenset({LineState.REJECTED}),
}
WITH_AMOUNT = frozenset({FreightVerdict.SHORT_PAY, FreightVerdict.SETTLE})

REFUSED = "FREIGHT_DECISION_REFUSED"  # the exception by which the process says no
DECIDED, PROPOSED, ALREADY, TAKEN = "decided", "proposed", "already", "taken"
SECOND = "a second person must say the same"


class FreightDeciding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a decision about money: what, about which charge, at which amount, and why.

    `charge` empty: every open one of the load; for `release` an order of it, or all. `amount`
    (`557.21`) is for `short_pay` and `settle`, in the currency of the invoice. `seen` is what was
    billed when the person looked: where it is another amount by now, nothing is decided.
    """

    verdict: FreightVerdict
    reason: str
    charge: str = ""
    amount: str = ""
    seen: str = ""


class FreightOutcome(Struct, frozen=True, kw_only=True):
    """What became of a decision: `decided`, `proposed`, `already` said before, or only `taken`."""

    status: str
    said: str


class Matter(Struct, frozen=True, kw_only=True):
    """A decision held against the picture: the word to say, or what was said before.

    `lines` are the charges it is about; none for a release, which is about the load.
    """

    word: Word
    decided: FreightDecided
    lines: tuple[FreightLine, ...]
    before: str = ""


def judge(reader: Reader, tenant: str, load_id: str, asked: FreightDeciding, by: str) -> Matter:
    """Hold what a person wants against the picture. Raises Declined for what cannot be."""
    row = picture_row(reader, tenant, load_id)
    picture = picture_of(row)
    if not asked.reason.strip():
        raise Declined(problems.UNPROCESSABLE, "Say why (`reason`); it is kept with the decision")
    lines = _concerned(picture, asked, by)
    decided = FreightDecided(
        verdict=asked.verdict,
        by=by,
        reason=asked.reason.strip(),
        charge=asked.charge,
        amount=_amount(asked, lines),
        seen=_seen(asked, lines if asked.charge else picture.lines),
    )
    word = Word(
        subscriber=PROCESS,
        key=Key("load", load_id),
        body=decided,
        by=by,
        reason=decided.reason,
        action=f"freight.{decided.verdict}",
        detail=_detail(decided),
        ground=str(row.revision),
    )
    return Matter(word=word, decided=decided, lines=lines, before=_before(picture, lines, decided))


def _concerned(picture: FreightPicture, asked: FreightDeciding, by: str) -> tuple[FreightLine, ...]:
    """Find the charges a verdict is about: the named one, or all that are open; none to release."""
    if asked.verdict is FreightVerdict.RELEASE:
        if asked.charge not in {"", *picture.order_ids}:
            known = ", ".join(picture.order_ids)
            raise Declined(
                problems.UNPROCESSABLE,
                f"Order {asked.charge} does not travel on load {picture.load_id}; it has {known}",
            )
        return ()
    named = [line for line in picture.lines if asked.charge in {"", line.charge}]
    if asked.charge and not named:
        known = ", ".join(line.charge for line in picture.lines) or "none"
        raise Declined(
            problems.UNPROCESSABLE,
            f"Load {picture.load_id} has no charge {asked.charge}; it has {known}",
        )
    states = OPEN_TO[asked.verdict] if asked.charge else OPEN_TO[asked.verdict] & OPEN
    claimed = [line for line in named if line.invoiced is not None]
    found = [line for line in claimed if line.state in states]
    if not found:
        found = [line for line in named if _is_done(line, asked.verdict, by)]
    if not found:
        raise Declined(
            problems.CONFLICT,
            f"Nothing of load {picture.load_id} is open to `{asked.verdict}`: {_states(named)}",
        )
    return tuple(found)


def _is_done(line: FreightLine, verdict: FreightVerdict, by: str) -> bool:
    return line.state in DONE_BY[verdict] and by in line.by.split(", ")


def _amount(asked: FreightDeciding, lines: Sequence[FreightLine]) -> Money | None:
    """Read the amount of a verdict that has one; it is about a single charge."""
    if asked.verdict not in WITH_AMOUNT:
        if asked.amount:
            raise Declined(problems.UNPROCESSABLE, f"`{asked.verdict}` takes no amount")
        return None
    if not asked.charge:
        raise Declined(problems.UNPROCESSABLE, "Say which charge; an amount is for one alone")
    billed = lines[0].invoiced or lines[0].expected
    if billed is None or not asked.amount:
        raise Declined(problems.UNPROCESSABLE, f"`{asked.verdict}` needs an `amount`, as `557.21`")
    try:
        amount = money(asked.amount, billed.currency)
    except Unreadable as wrong:
        raise Declined(problems.UNPROCESSABLE, wrong.said) from wrong
    low, high = sorted((0, billed.minor))
    if not low <= amount.minor <= high:
        raise Declined(
            problems.UNPROCESSABLE,
            f"The amount must lie between nothing and what was billed, {_money(billed)}",
        )
    return amount


def _seen(asked: FreightDeciding, lines: Sequence[FreightLine]) -> Money | None:
    """Read what was billed when the person looked. Raises Declined where that has changed."""
    billed = lines[0].invoiced if asked.charge and lines else _billed_open(asked, lines)
    if billed is None or not asked.seen:
        return billed
    try:
        seen = money(asked.seen, billed.currency)
    except Unreadable as wrong:
        raise Declined(problems.UNPROCESSABLE, wrong.said) from wrong
    what = asked.charge or "all that is open"
    if seen != billed:
        raise Declined(
            problems.CONFLICT,
            f"{_money(billed)} is billed for {what} by now, and it was {_money(seen)}; look again",
        )
    return billed


def _billed_open(asked: FreightDeciding, lines: Sequence[FreightLine]) -> Money | None:
    """Sum what is billed for all that the process will take a word about the load for."""
    if asked.verdict is FreightVerdict.RELEASE:
        return None
    states = {LineState.DISPUTED} if asked.verdict is FreightVerdict.SETTLE else OPEN
    amounts = [each.invoiced for each in lines if each.invoiced and each.state in states]
    if len({each.currency for each in amounts}) != 1:
        return None
    return Money(minor=sum(each.minor for each in amounts), currency=amounts[0].currency)


def _before(picture: FreightPicture, lines: Sequence[FreightLine], decided: FreightDecided) -> str:
    """Tell what this very person said before; empty where the word is new."""
    if not lines:
        mine = _is_mine(picture.proposal, decided)
        return f"You have proposed this already; {SECOND}" if mine else ""
    if all(_is_mine(line.proposal, decided) for line in lines):
        return f"You have proposed this already; {SECOND}"
    if all(_stands(line, decided) for line in lines):
        return f"It is decided so already: {_states(lines)}"
    return ""


def _is_mine(proposal: Proposal | None, decided: FreightDecided) -> bool:
    if proposal is None:
        return False
    said_before = (proposal.verdict, proposal.by, proposal.amount)
    return said_before == (decided.verdict, decided.by, decided.amount)


def _stands(line: FreightLine, decided: FreightDecided) -> bool:
    agreed = decided.amount is None or line.confirmed == decided.amount
    return agreed and _is_done(line, decided.verdict, decided.by)


def outcome(reader: Reader, tenant: str, matter: Matter) -> FreightOutcome:
    """Tell from the picture what became of a word that its process has heard.

    Raises Declined where the process did not take it: the load has changed meanwhile.
    """
    picture = picture_of(picture_row(reader, tenant, matter.word.key.id))
    named = {line.charge for line in matter.lines}
    lines = [line for line in picture.lines if line.charge in named]
    proposals = [line.proposal for line in lines] if named else [picture.proposal]
    if any(_is_mine(each, matter.decided) for each in proposals):
        what = ", ".join(sorted(named)) or f"load {picture.load_id}"
        return FreightOutcome(status=PROPOSED, said=f"Proposed for {what}; {SECOND}")
    trouble = _refused(reader, tenant, matter)
    if trouble:
        raise Declined(problems.CONFLICT, trouble)
    so = _states(lines) if lines else f"load {picture.load_id} is {_words(picture.state)}"
    return FreightOutcome(status=DECIDED, said=f"Decided: {so}")


def _refused(reader: Reader, tenant: str, matter: Matter) -> str:
    """Tell why the process did not take the word; empty where it did."""
    found = reader.exceptions(tenant, subject=matter.word.subject)
    wanted = f"{matter.word.by} wanted to"
    return next((each.cause for each in found if each.code == REFUSED and wanted in each.cause), "")


def is_heard(reader: Reader, tenant: str, matter: Matter, message_id: str) -> bool:
    """Tell whether the process has taken the word."""
    waiting = reader.unhandled(tenant, matter.word.subscriber, matter.word.key)
    return all(each.message.id != message_id for each in waiting)


async def decide(read: Snapshot, tenant: str, operator: Operator, matter: Matter) -> FreightOutcome:
    """Say a word to its process, and answer what became of it; the same again changes nothing.

    Raises Declined where it cannot be said.
    """
    if matter.before:
        return FreightOutcome(status=ALREADY, said=matter.before)
    message_id = await said(operator, matter.word)

    def look() -> FreightOutcome | None:
        with read() as reader:
            heard = is_heard(reader, tenant, matter, message_id)
            return outcome(reader, tenant, matter) if heard else None

    for _ in range(LOOKS):
        if (found := await aside(look)) is not None:
            return found
        await asyncio.sleep(LOOK_SECONDS)
    return FreightOutcome(status=TAKEN, said="It is taken, and decided next; look at the load")


def _detail(decided: FreightDecided) -> str:
    at = f" at {_money(decided.amount)}" if decided.amount else ""
    return f"{decided.charge or 'every open charge'}{at}"


def _states(lines: Sequence[FreightLine]) -> str:
    return "; ".join(f"{line.charge} is {_words(line.state)}" for line in lines)


def _words(state: str) -> str:
    return str(state).replace("_", " ")


def _money(amount: Money) -> str:
    return f"{decimal_text(amount)} {amount.currency}"

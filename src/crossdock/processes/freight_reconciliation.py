"""Freight reconciliation: what ledgers hold of a business date is what was posted, or it is told.

Receives  FreightPosted, LedgerStatementReceived, LedgerLineStrayed, ExceptionRetried,
          ExceptionWaived
Emits     FreightReconciled, LedgerLineStrayed, OpenException, CloseException
Key       business_date

House rules
  1. A posting counts as the ledger confirmed it last; one taken back must not be there.
  2. A statement is all that a ledger holds under the date; a later one replaces it whole.
  3. Every difference is told once: missing, doubled, another amount, another date, unknown to us.
     What was posted after the statement was drawn is not missed.
  4. A posting that stands under another date is told where it was posted, not where it was found.
  5. A day with differences is one exception for finance, and closes when they are gone. A waiver
     lets those be that are there; another one is told again.
  6. Nothing is said of a day before the first statement of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any, assert_never

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossdock.canonical.moments import Instant
from crossdock.messages.envelope import Body, Key, Message
from crossdock.messages.flow import ExceptionRetried, ExceptionWaived
from crossdock.messages.freight_reconciliation import (
    FreightReconciled,
    LedgerDifference,
    LedgerLineStrayed,
    LedgerStanding,
    LedgerStatementReceived,
    LedgerTotal,
    booked,
)
from crossdock.messages.freight_settlement import FreightPosted
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports import CloseException, Emission, Fact, OpenException, Received, Subscriber
from crossdock.processes.freight_reconciliation_compare import (
    Known,
    Ours,
    Statement,
    compare,
    difference_name,
    grouped,
    totals,
)

DIFFERS = "LEDGER_DIFFERS"
KEY = "business_date"
POSTED = "freight_posting"  # the read model in which a posting's business date is looked up
ABOUT_MAX = 20


class ReconciliationState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One business date: what was posted and what ledgers say, by the names of lines and ledgers.

    `elsewhere` and `strays` are the dates under which lines were found, or belong.
    """

    business_date: str
    ours: dict[str, Ours] = {}
    statements: dict[str, Statement] = {}
    elsewhere: dict[str, date] = {}
    strays: dict[str, date] = {}
    accepted: tuple[str, ...] = ()
    told: FreightReconciled | None = None
    raised: OpenException | None = None


Said = (
    FreightPosted | LedgerStatementReceived | LedgerLineStrayed | ExceptionRetried | ExceptionWaived
)
Step = tuple[ReconciliationState, tuple[Emission, ...]]


def decide(state: ReconciliationState, received: Received[Any], _rules: Rules) -> Step:
    """Take in what was posted or is held, then hold both against each other."""
    body: Said = received.body
    strayed: tuple[Emission, ...] = ()
    insist = False
    match body:
        case FreightPosted():
            state = remember(state, received, body)
        case LedgerStatementReceived():
            state, strayed = take_statement(state, received, body)
        case LedgerLineStrayed():
            state = replace(state, elsewhere=_found(state.elsewhere, body))
        case ExceptionRetried():
            insist = True
        case ExceptionWaived():
            state = accept(state)
        case _:
            assert_never(body)
    settled, said = settle(state, insist=insist)
    return settled, (*strayed, *said)


def remember(
    state: ReconciliationState, received: Received[Any], posted: FreightPosted
) -> ReconciliationState:
    """Keep what a ledger confirmed last of a posting."""
    line = booked(posted)
    if line is None:
        return state
    name = line.named(posted.endpoint)
    ours = {**state.ours, name: Ours(line=line, posted_at=received.at)}
    strays = {each: at for each, at in state.strays.items() if each != name}
    return replace(state, ours=ours, strays=strays)


def take_statement(
    state: ReconciliationState, received: Received[Any], told: LedgerStatementReceived
) -> Step:
    """Put a newer statement in the place of the last, and tell the dates whose lines are in it.

    One drawn earlier than what is known changes nothing.
    """
    ledger = told.ledger
    before = state.statements.get(ledger)
    if before is not None and before.as_of > told.as_of:
        return state, ()
    statement = Statement(as_of=told.as_of, lines=told.lines)
    here = date.fromisoformat(state.business_date)
    found = strays_in(ledger, state.ours, statement, received.facts, here)
    gone = {
        name: at
        for name, at in state.strays.items()
        if name.startswith(f"{ledger}/") and name not in found
    }
    kept = {name: at for name, at in state.strays.items() if name not in gone}
    said = [
        LedgerLineStrayed(business_date=at, line=name, found_on=here, found=name in found)
        for name, at in sorted({**gone, **found}.items())
        if state.strays.get(name) != found.get(name)
    ]
    statements = {**state.statements, ledger: statement}
    return replace(state, statements=statements, strays={**kept, **found}), tuple(said)


def strays_in(
    ledger: str,
    ours: Mapping[str, Ours],
    statement: Statement,
    facts: tuple[Fact, ...],
    here: date,
) -> dict[str, date]:
    """Find the lines of a statement that were posted under another date."""
    posted = {each.key.id: each.body for each in facts}
    found: dict[str, date] = {}
    for name in grouped(ledger, statement.lines):
        body = None if name in ours else posted.get(name)
        if body is not None:
            posting = msgspec.json.decode(body, type=FreightPosted)
            stands = posting.business_date
            if stands is not None and stands != here and posting.amount.minor:
                found[name] = stands
    return found


def _found(elsewhere: Mapping[str, date], told: LedgerLineStrayed) -> dict[str, date]:
    kept = {name: at for name, at in elsewhere.items() if name != told.line}
    return {**kept, told.line: told.found_on} if told.found else kept


def accept(state: ReconciliationState) -> ReconciliationState:
    """Let the differences be that are there now."""
    there = state.told.differences if state.told else ()
    accepted = tuple(sorted({*state.accepted, *(difference_name(each) for each in there)}))
    return replace(state, accepted=accepted)


def settle(state: ReconciliationState, *, insist: bool) -> Step:
    """Tell how the day stands where that has changed, and ask finance about differences."""
    if not state.statements:
        return state, ()
    told = reconciled(state)
    said: list[Emission] = []
    if told != state.told:
        said.append(told)
        state = replace(state, told=told)
    wanted = trouble(told)
    if wanted is None and state.raised is not None:
        said.append(CloseException(code=DIFFERS, because="the ledgers hold what was posted"))
    if wanted is not None and (wanted != state.raised or insist):
        said.append(wanted)
    return replace(state, raised=wanted), tuple(said)


def reconciled(state: ReconciliationState) -> FreightReconciled:
    """Hold all that was posted under the date against every ledger's statement."""
    ledgers = sorted({*state.statements, *(name.split("/", 1)[0] for name in state.ours)})
    known = Known(
        elsewhere=state.elsewhere, strays=state.strays, accepted=frozenset(state.accepted)
    )
    differences: list[LedgerDifference] = []
    sums: list[LedgerTotal] = []
    for ledger in ledgers:
        mine = {name: one for name, one in state.ours.items() if name.startswith(f"{ledger}/")}
        statement = state.statements.get(ledger)
        sums += totals(ledger, mine, statement)
        if statement is not None:
            differences += compare(ledger, mine, statement, known)
    return FreightReconciled(
        business_date=date.fromisoformat(state.business_date),
        ledgers=tuple(LedgerStanding(ledger=each, as_of=as_of(state, each)) for each in ledgers),
        totals=tuple(sums),
        differences=tuple(differences),
    )


def as_of(state: ReconciliationState, ledger: str) -> Instant | None:
    """Tell as of when a ledger's statement is; None where it has sent none."""
    found = state.statements.get(ledger)
    return None if found is None else found.as_of


def trouble(told: FreightReconciled) -> OpenException | None:
    """Ask finance about the differences nobody has let be; nothing for none."""
    found = [each for each in told.differences if not each.accepted]
    if not found:
        return None
    kinds = Counter(each.kind for each in found)
    words = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in kinds.items())
    ledgers = ", ".join(sorted({each.ledger for each in found}))
    return OpenException(
        code=DIFFERS,
        team=Team.FINANCE,
        cause=(f"The ledger of {ledgers} for {told.business_date} is not what was posted: {words}"),
        action="Mend the ledger and send its statement again; waive what shall be let be",
        about=tuple(dict.fromkeys(each.load_id or each.invoice_id for each in found))[:ABOUT_MAX],
        seen={str(kind): str(count) for kind, count in kinds.items()},
    )


def keys(message: Message) -> tuple[Key, ...]:
    """Name the business date; a posting without one belongs to no day."""
    body = message.body
    match body:
        case FreightPosted() | LedgerStatementReceived() | LedgerLineStrayed():
            day = body.business_date
            return () if day is None else (Key(KEY, day.isoformat()),)
        case _:
            return ()


def facts(state: ReconciliationState, body: Body) -> tuple[Key, ...]:
    """Look up the postings behind a statement's lines that are not of this date."""
    if not isinstance(body, LedgerStatementReceived):
        return ()
    names = grouped(body.ledger, body.lines)
    return tuple(Key(POSTED, name) for name in names if name not in state.ours)


def stage(state: ReconciliationState) -> str:
    """Name the stage operators see."""
    if not state.statements:
        return "waiting_for_a_statement"
    return "differs" if state.raised is not None else "agrees"


SUBSCRIBER: Subscriber[ReconciliationState, Rules] = Subscriber(
    name="freight_reconciliation",
    state=ReconciliationState,
    start=lambda key: ReconciliationState(business_date=key.id),
    receives=(
        FreightPosted,
        LedgerStatementReceived,
        LedgerLineStrayed,
        ExceptionRetried,
        ExceptionWaived,
    ),
    keys=keys,
    decide=decide,
    stage=stage,
    facts=facts,
)

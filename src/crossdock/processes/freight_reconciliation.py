"""Freight reconciliation: what ledgers hold of a business date is what was posted, or it is told.

Receives  LedgerStatementReceived, LedgerLineStrayed, ExceptionRetried, ExceptionWaived
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
  6. Nothing is said of a day before the first statement of it. What is posted after the last one
     is judged with the next, or when finance has it looked at again.
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
    PostedLine,
)
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports import (
    CloseException,
    Emission,
    Fact,
    OpenException,
    Received,
    Rows,
    Subscriber,
)
from crossdock.processes.freight_reconciliation_compare import (
    Known,
    Statement,
    as_known,
    compare,
    difference_name,
    grouped,
    totals,
)

DIFFERS = "LEDGER_DIFFERS"
KEY = "business_date"
POSTED = "freight_posting"  # the read model in which postings are looked at
ABOUT_MAX = 20


class ReconciliationState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One business date: what ledgers say of it, and the differences told; by the names of lines.

    `elsewhere` and `strays` are the dates under which lines were found, or belong. What was posted
    is not kept: it is looked at where it is needed.
    """

    business_date: str
    statements: dict[str, Statement] = {}
    elsewhere: dict[str, date] = {}
    strays: dict[str, date] = {}
    accepted: tuple[str, ...] = ()
    told: FreightReconciled | None = None
    raised: OpenException | None = None


Said = LedgerStatementReceived | LedgerLineStrayed | ExceptionRetried | ExceptionWaived
Step = tuple[ReconciliationState, tuple[Emission, ...]]


def decide(state: ReconciliationState, received: Received[Any], _rules: Rules) -> Step:
    """Hold what ledgers say against what was posted, or tell the same differences otherwise."""
    body: Said = received.body
    before = state.told
    strayed: tuple[Emission, ...] = ()
    match body:
        case LedgerStatementReceived():
            if overtaken(state, body):
                return state, ()
            statement = Statement(as_of=body.as_of, lines=body.lines)
            state = replace(state, statements={**state.statements, body.ledger: statement})
            state, strayed = judge(state, received.facts, {body.ledger})
        case LedgerLineStrayed():
            state = retell(replace(state, elsewhere=_found(state.elsewhere, body)))
        case ExceptionRetried():
            state, strayed = judge(state, received.facts, set(state.statements))
        case ExceptionWaived():
            state = retell(accept(state))
        case _:
            assert_never(body)
    settled, said = settle(state, before, insist=isinstance(body, ExceptionRetried))
    return settled, (*strayed, *said)


def overtaken(state: ReconciliationState, told: LedgerStatementReceived) -> bool:
    """Tell whether a statement was drawn earlier than the one that is known."""
    known = state.statements.get(told.ledger)
    return known is not None and known.as_of > told.as_of


def judge(state: ReconciliationState, facts: tuple[Fact, ...], ledgers: set[str]) -> Step:
    """Hold what was posted against the statements, and tell the dates whose lines are in them.

    Lines of other dates are looked for in the statements of `ledgers`.
    """
    here = date.fromisoformat(state.business_date)
    posted = {
        each.key.id: msgspec.json.decode(each.body, type=PostedLine)
        for each in facts
        if each.body is not None
    }
    found: dict[str, date] = {}
    for ledger in ledgers:
        found |= strays_in(ledger, state.statements[ledger], posted, here)
    before = {name: at for name, at in state.strays.items() if ledger_of(name) in ledgers}
    others = {name: at for name, at in state.strays.items() if name not in before}
    state = replace(state, strays={**others, **found})
    ours = {name: one for name, one in posted.items() if one.business_date == here}
    said = [
        LedgerLineStrayed(business_date=at, line=name, found_on=here, found=name in found)
        for name, at in sorted({**before, **found}.items())
        if before.get(name) != found.get(name)
    ]
    return replace(state, told=reconciled(state, ours)), tuple(said)


def ledger_of(name: str) -> str:
    """Read the ledger in the name of a line."""
    return name.split("/", 1)[0]


def strays_in(
    ledger: str, statement: Statement, posted: Mapping[str, PostedLine], here: date
) -> dict[str, date]:
    """Find the lines of a statement that were posted under another date."""
    found: dict[str, date] = {}
    for name in grouped(ledger, statement.lines):
        one = posted.get(name)
        if one is not None and one.line.amount.minor and one.business_date not in {None, here}:
            found[name] = one.business_date
    return found


def _found(elsewhere: Mapping[str, date], told: LedgerLineStrayed) -> dict[str, date]:
    kept = {name: at for name, at in elsewhere.items() if name != told.line}
    return {**kept, told.line: told.found_on} if told.found else kept


def accept(state: ReconciliationState) -> ReconciliationState:
    """Let the differences be that are there now."""
    there = state.told.differences if state.told else ()
    accepted = tuple(sorted({*state.accepted, *(difference_name(each) for each in there)}))
    return replace(state, accepted=accepted)


def known(state: ReconciliationState) -> Known:
    """Gather what is known of lines beside the two lists."""
    return Known(elsewhere=state.elsewhere, strays=state.strays, accepted=frozenset(state.accepted))


def retell(state: ReconciliationState) -> ReconciliationState:
    """Tell the differences that were told by what is known of them now."""
    if state.told is None:
        return state
    differences = tuple(as_known(each, known(state)) for each in state.told.differences)
    return replace(state, told=replace(state.told, differences=differences))


def settle(state: ReconciliationState, before: FreightReconciled | None, *, insist: bool) -> Step:
    """Tell how the day stands where that has changed, and ask finance about differences."""
    told = state.told
    if told is None:
        return state, ()
    said: list[Emission] = []
    if told != before:
        said.append(told)
    wanted = trouble(told)
    if wanted is None and state.raised is not None:
        said.append(CloseException(code=DIFFERS, because="the ledgers hold what was posted"))
    if wanted is not None and (wanted != state.raised or insist):
        said.append(wanted)
    return replace(state, raised=wanted), tuple(said)


def reconciled(state: ReconciliationState, ours: Mapping[str, PostedLine]) -> FreightReconciled:
    """Hold all that was posted under the date against every ledger's statement."""
    ledgers = sorted({*state.statements, *map(ledger_of, ours)})
    differences: list[LedgerDifference] = []
    sums: list[LedgerTotal] = []
    for ledger in ledgers:
        mine = {name: one for name, one in ours.items() if ledger_of(name) == ledger}
        statement = state.statements.get(ledger)
        sums += totals(ledger, mine, statement)
        if statement is not None:
            differences += compare(ledger, mine, statement, known(state))
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
    """Name the business date."""
    body = message.body
    match body:
        case LedgerStatementReceived() | LedgerLineStrayed():
            return (Key(KEY, body.business_date.isoformat()),)
        case _:
            return ()


def facts(state: ReconciliationState, body: Body) -> tuple[Key | Rows, ...]:
    """Look at what was posted under the date, and at what ledgers hold that may be of another."""
    match body:
        case LedgerStatementReceived():
            held = {} if overtaken(state, body) else {body.ledger: body.lines}
        case ExceptionRetried():
            held = {ledger: each.lines for ledger, each in state.statements.items()}
        case _:
            held = {}
    if not held:
        return ()
    names = [name for ledger, lines in held.items() for name in grouped(ledger, lines)]
    of_the_date = Rows(kind=POSTED, index=(("date", state.business_date),))
    return (of_the_date, *(Key(POSTED, name) for name in names))


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

"""Freight reconciliation: what ledgers hold of a business date is what was posted, or it is told.

Receives  LedgerStatementReceived, LedgerLineStrayed, WakeUp, ExceptionRetried, ExceptionWaived
Emits     FreightReconciled, LedgerLineStrayed, SetTimer, OpenException, CloseException
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
  7. What a ledger holds as it was asked for, and has not confirmed, is on its way: no difference,
     for its answer comes, or a person is asked about it already. It is looked at again for a day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, assert_never

from msgspec import Struct
from msgspec.structs import replace

from crossdock.canonical.moments import Instant
from crossdock.messages.envelope import Body, Key, Message
from crossdock.messages.flow import ExceptionRetried, ExceptionWaived, WakeUp
from crossdock.messages.freight_reconciliation import (
    AskedLine,
    DifferenceKind,
    FreightReconciled,
    LedgerDifference,
    LedgerLineStrayed,
    LedgerStanding,
    LedgerStatementReceived,
    LedgerTotal,
    PostedLine,
    asked_names,
)
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports import (
    CloseException,
    Emission,
    OpenException,
    Received,
    Rows,
    SetTimer,
    Subscriber,
)
from crossdock.processes.freight_reconciliation_compare import (
    ASKED,
    POSTED,
    Known,
    Ours,
    Statement,
    as_known,
    compare,
    difference_name,
    grouped,
    ours_of,
    totals,
)

DIFFERS = "LEDGER_DIFFERS"
KEY = "business_date"
ABOUT_MAX = 20
LOOK = "on_its_way"  # the timer by which a day is looked at again
LOOK_AGAIN = timedelta(minutes=30)
PATIENCE = timedelta(hours=24)  # so long after it was asked for an answer may come by itself
AGREED = "the ledgers hold what was posted"
LET_BE = "what still differs was let be"
NOTHING: Mapping[str, AskedLine] = {}


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


Said = LedgerStatementReceived | LedgerLineStrayed | WakeUp | ExceptionRetried | ExceptionWaived
Step = tuple[ReconciliationState, tuple[Emission, ...]]


def decide(state: ReconciliationState, received: Received[Any], _rules: Rules) -> Step:
    """Hold what ledgers say against what was posted, or tell the same differences otherwise."""
    body: Said = received.body
    before, ours = state.told, ours_of(received.facts)
    looked: tuple[Emission, ...] = ()
    match body:
        case LedgerStatementReceived():
            if overtaken(state, body):
                return state, ()
            statement = Statement(as_of=body.as_of, lines=body.lines, role=body.role)
            state = replace(state, statements={**state.statements, body.ledger: statement})
            state, looked = judge(state, ours, {body.ledger}, received.at)
        case LedgerLineStrayed():
            state = retell(replace(state, elsewhere=_found(state.elsewhere, body)))
        case WakeUp():
            state, looked = judge(state, ours, set(state.statements), body.due_at)
        case ExceptionRetried():
            state, looked = judge(state, ours, set(state.statements), received.at)
        case ExceptionWaived():
            state = retell(accept(state))
        case _:
            assert_never(body)
    settled, said = settle(state, before, body)
    return settled, (*looked, *said)


def overtaken(state: ReconciliationState, told: LedgerStatementReceived) -> bool:
    """Tell whether a statement was drawn earlier than the one that is known."""
    known = state.statements.get(told.ledger)
    return known is not None and known.as_of > told.as_of


def judge(state: ReconciliationState, ours: Ours, ledgers: set[str], at: datetime) -> Step:
    """Hold what was posted against the statements, and tell the dates whose lines are in them.

    Lines of other dates are looked for in the statements of `ledgers`. Where something is on its
    way the day is looked at again.
    """
    here = date.fromisoformat(state.business_date)
    found: dict[str, date] = {}
    for ledger in ledgers:
        found |= strays_in(ledger, state.statements[ledger], ours.posted, here)
    before = {name: on for name, on in state.strays.items() if ledger_of(name) in ledgers}
    others = {name: on for name, on in state.strays.items() if name not in before}
    state = replace(state, strays={**others, **found})
    posted = {name: one for name, one in ours.posted.items() if one.business_date == here}
    state = replace(state, told=reconciled(state, posted, ours.asked))
    said: list[Emission] = list(strayed(here, before, found))
    if is_awaited(state, ours, at):
        said.append(SetTimer(name=LOOK, due_at=at + LOOK_AGAIN))
    return state, tuple(said)


def is_awaited(state: ReconciliationState, ours: Ours, at: datetime) -> bool:
    """Tell whether something is on its way whose answer may still come by itself."""
    differences = state.told.differences if state.told else ()
    waiting = any(each.kind is DifferenceKind.ON_ITS_WAY for each in differences)
    return waiting and any(at < each.asked_at + PATIENCE for each in ours.asked.values())


def strayed(
    here: date, before: Mapping[str, date], found: Mapping[str, date]
) -> Iterator[LedgerLineStrayed]:
    """Tell every other date once which of its lines stand here by now, and which no more."""
    for day in sorted({*before.values(), *found.values()}):
        came = tuple(sorted(n for n, at in found.items() if at == day != before.get(n)))
        left = tuple(sorted(n for n, at in before.items() if at == day != found.get(n)))
        if came or left:
            yield LedgerLineStrayed(business_date=day, found_on=here, found=came, gone=left)


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
    moved = {*told.found, *told.gone}
    kept = {name: at for name, at in elsewhere.items() if name not in moved}
    return kept | dict.fromkeys(told.found, told.found_on)


def accept(state: ReconciliationState) -> ReconciliationState:
    """Let the differences be that are there now."""
    there = [each for each in (state.told.differences if state.told else ()) if each.is_open]
    accepted = tuple(sorted({*state.accepted, *(difference_name(each) for each in there)}))
    return replace(state, accepted=accepted)


def known(state: ReconciliationState, asked: Mapping[str, AskedLine] = NOTHING) -> Known:
    """Gather what is known of lines beside the two lists."""
    return Known(
        elsewhere=state.elsewhere,
        strays=state.strays,
        accepted=frozenset(state.accepted),
        asked=asked,
    )


def retell(state: ReconciliationState) -> ReconciliationState:
    """Tell the differences that were told by what is known of them now."""
    if state.told is None:
        return state
    differences = tuple(as_known(each, known(state)) for each in state.told.differences)
    return replace(state, told=replace(state.told, differences=differences))


def settle(state: ReconciliationState, before: FreightReconciled | None, heard: Said) -> Step:
    """Tell how the day stands where that has changed, and ask finance about differences."""
    told = state.told
    if told is None:
        return state, ()
    said: list[Emission] = []
    if told != before:
        said.append(told)
    wanted = trouble(told)
    if wanted is None and state.raised is not None:
        said.append(CloseException(code=DIFFERS, because=ended(told, heard)))
    if wanted is not None and (wanted != state.raised or isinstance(heard, ExceptionRetried)):
        said.append(wanted)
    return replace(state, raised=wanted), tuple(said)


def ended(told: FreightReconciled, heard: Said) -> str:
    """Say why nobody needs to look any more."""
    if isinstance(heard, ExceptionWaived):
        return f"{heard.by} lets be what differs: {heard.reason}"
    return LET_BE if any(each.accepted for each in told.differences) else AGREED


def reconciled(
    state: ReconciliationState, ours: Mapping[str, PostedLine], asked: Mapping[str, AskedLine]
) -> FreightReconciled:
    """Hold all that was posted under the date against every ledger's statement."""
    ledgers = sorted({*state.statements, *map(ledger_of, ours)})
    differences: list[LedgerDifference] = []
    sums: list[LedgerTotal] = []
    for ledger in ledgers:
        mine = {name: one for name, one in ours.items() if ledger_of(name) == ledger}
        statement = state.statements.get(ledger)
        sums += totals(ledger, mine, statement)
        if statement is not None:
            differences += compare(ledger, mine, statement, known(state, asked))
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
    found = [each for each in told.differences if each.is_open]
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
    """Look at what was posted under the date, and at what ledgers hold that may be of another.

    Beside it, at what was asked of them: a posting may be in a ledger before its confirmation is
    here.
    """
    match body:
        case LedgerStatementReceived() if not overtaken(state, body):
            statement = Statement(as_of=body.as_of, lines=body.lines, role=body.role)
            held = {body.ledger: statement}
        case WakeUp() | ExceptionRetried():
            held = state.statements
        case _:
            return ()
    here = (("date", state.business_date),)
    named = [
        (name, each.role, lines[0])
        for ledger, each in held.items()
        for name, lines in grouped(ledger, each.lines).items()
    ]
    return (
        Rows(kind=POSTED, index=here),
        *(Key(POSTED, name) for name, _, _ in named),
        Rows(kind=ASKED, index=here),
        *(Key(ASKED, name) for _, role, line in named for name in asked_names(role, line)),
    )


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
        WakeUp,
        ExceptionRetried,
        ExceptionWaived,
    ),
    keys=keys,
    decide=decide,
    stage=stage,
    facts=facts,
)

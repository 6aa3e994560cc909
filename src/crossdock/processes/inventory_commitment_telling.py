"""What the ERP is told: the next statement where there shall be something else than told last.

A leaf of inventory_commitment.
"""

from __future__ import annotations

from msgspec.structs import replace

from crossdock.messages.flow import AnswerKind
from crossdock.messages.inventory_commitment import (
    CommitInventory,
    ConfirmInventory,
    ReverseInventory,
)
from crossdock.ports import DropEffect, Emission
from crossdock.processes.inventory_commitment_state import (
    Amounts,
    CommitmentState,
    Statement,
    Statements,
    Step,
    as_lines,
    counted,
)
from crossdock.processes.inventory_commitment_targets import (
    Departures,
    current,
    is_off,
    to_commit,
    to_confirm,
    wants_all,
)


def tell_commitment(state: CommitmentState, gone: Amounts) -> Step:
    """Ask the ERP to set aside what shall be, or to give back what is not wanted any more.

    What it was told last is not told again.
    """
    wanted, known = to_commit(state, gone), state.commitment
    if not _differs(known, wanted):
        return _clear(state)
    said = counted(known.lines)
    less = all(value <= said.get(name, 0) for name, value in wanted.items())
    verb = ReverseInventory.verb if less and not wants_all(state) else CommitInventory.verb
    after, statement = _next(known, wanted, verb)
    state, drops = _clear(replace(state, commitment=after))
    return state, drops if statement.needless else (*drops, _command(state, statement))


def tell_confirmations(state: CommitmentState, gone: Departures) -> Step:
    """Tell the ERP of each shipment how much of what is set aside has left with it."""
    said: tuple[Emission, ...] = ()
    for shipment_id, wanted in to_confirm(state, gone):
        known = state.confirmations.get(shipment_id, Statements())
        statement = None
        if _differs(known, wanted):
            known, statement = _next(known, wanted, ConfirmInventory.verb)
        key = f"{state.order_id}/{shipment_id}"
        cleared, drops = _cleared(known, key)
        if cleared.told:
            confirmations = dict(sorted((state.confirmations | {shipment_id: cleared}).items()))
            state = replace(state, confirmations=confirmations)
        said += drops
        if statement is not None and not statement.needless:
            said = (*said, _confirmation(state, shipment_id, statement))
    return state, said


def _differs(known: Statements, wanted: Amounts) -> bool:
    last = known.last
    if counted(known.lines) != wanted:
        return True
    # A refused statement may have been sent again before it was dropped: then there is something.
    return last is not None and last.needless and bool(known.held)


def _next(known: Statements, wanted: Amounts, verb: str) -> tuple[Statements, Statement]:
    """Add a statement; what was refused or let go has left nothing to take back."""
    last = known.last
    nowhere = {AnswerKind.REFUSED, AnswerKind.WAIVED}
    never = all(each.needless or each.answer in nowhere for each in known.told)
    statement = Statement(
        revision=last.revision + 1 if last else 1,
        verb=verb,
        lines=as_lines(wanted),
        needless=never and not wanted,
    )
    return Statements(told=(*known.told, statement)), statement


def _clear(state: CommitmentState) -> Step:
    after, drops = _cleared(state.commitment, state.order_id)
    return replace(state, commitment=after) if drops else state, drops


def _cleared(known: Statements, business_key: str) -> tuple[Statements, tuple[Emission, ...]]:
    """Drop what was refused and is told otherwise since: it stands in the line of the others."""
    gone = [
        each for each in known.told[:-1] if each.answer is AnswerKind.REFUSED and not each.dropped
    ]
    drops = tuple(
        DropEffect(
            verb=each.verb,
            business_key=business_key,
            version=str(each.revision),
            because="the order's stock shall be another since",
        )
        for each in gone
    )
    told = tuple(replace(each, dropped=True) if each in gone else each for each in known.told)
    return (Statements(told=told) if gone else known), drops


def _command(state: CommitmentState, statement: Statement) -> CommitInventory | ReverseInventory:
    accepted = current(state)
    version = accepted.version if accepted else 0
    company_code = accepted.company_code if accepted else ""
    if statement.verb == CommitInventory.verb:
        return CommitInventory(
            order_id=state.order_id,
            order_version=version,
            revision=statement.revision,
            lines=statement.lines,
            company_code=company_code,
        )
    return ReverseInventory(
        order_id=state.order_id,
        order_version=version,
        revision=statement.revision,
        because=_because(state),
        lines=statement.lines,
        company_code=company_code,
    )


def _because(state: CommitmentState) -> str:
    if is_off(state):
        return f"the order is cancelled{f': {state.because}' if state.because else ''}"
    return "every shipment has left, and this was on none"


def _confirmation(
    state: CommitmentState, shipment_id: str, statement: Statement
) -> ConfirmInventory:
    accepted, issued = current(state), state.issued.get(shipment_id)
    return ConfirmInventory(
        order_id=state.order_id,
        shipment_id=shipment_id,
        revision=statement.revision,
        lines=statement.lines,
        occurred=issued.occurred if issued else None,
        company_code=accepted.company_code if accepted else "",
    )

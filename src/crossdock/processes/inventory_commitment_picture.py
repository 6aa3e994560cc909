"""How an order's stock stands: line by line for the pages, and in one word for the board.

A leaf of inventory_commitment.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec.structs import replace

from crossdock.canonical.inventory import CommitmentStatus, InventoryCommitment
from crossdock.messages.flow import AnswerKind
from crossdock.messages.inventory_commitment import CommitmentMoved
from crossdock.processes.inventory_commitment_state import (
    CommitmentState,
    Statement,
    Statements,
    Step,
    counted,
    total,
)
from crossdock.processes.inventory_commitment_targets import NOTHING, current, is_off

STUCK = {AnswerKind.REFUSED, AnswerKind.UNRESOLVED}


def tell_movement(state: CommitmentState) -> Step:
    """Say how the stock stands where that is news and no answer is on its way."""
    accepted = current(state)
    if accepted is None or any(_waits(each) for each in _all(state)):
        return state, ()
    if not state.commitment.told and state.moved is None and not accepted.holds_planning:
        return state, ()
    moved = CommitmentMoved(
        order_id=state.order_id,
        order_version=accepted.version,
        edition=accepted.edition,
        status=status_of(state),
        settled=state.commitment.is_settled,
        lines=tuple(_lines(state)),
        company_code=accepted.company_code,
        holds_planning=accepted.holds_planning,
        committed_at=state.committed_at,
        confirmed_at=state.confirmed_at,
        reversed_at=state.reversed_at,
        refused_at=state.refused_at,
        said=next((each.said for each in _stuck(state)), ""),
    )
    if moved == state.moved:
        return state, ()
    return replace(state, moved=moved), (moved,)


def status_of(state: CommitmentState) -> CommitmentStatus:
    """Tell how far the whole order's stock is: by what keeps it from being further."""
    if any(each.answer is AnswerKind.REFUSED for each in _stuck(state)):
        return CommitmentStatus.REFUSED
    if not all(each.is_settled for each in _all(state)):
        return CommitmentStatus.REQUESTED
    found = {each.status for each in _lines(state)}
    order = (CommitmentStatus.COMMITTED, CommitmentStatus.CONFIRMED, CommitmentStatus.REVERSED)
    return next((each for each in order if each in found), CommitmentStatus.REFUSED)


def stage(state: CommitmentState) -> str:
    """Tell in a word for the board where the order's stock stands."""
    if not state.commitment.told:
        return "nothing_committed"
    stuck = next(_stuck(state), None)
    if stuck is not None and stuck.answer is not None:
        return f"stuck: {stuck.verb} {stuck.answer.lower()}"
    status = status_of(state)
    if status is CommitmentStatus.REQUESTED:
        return "awaiting_erp"
    if status is CommitmentStatus.REFUSED:
        return "uncommitted"
    return status.lower()


def _all(state: CommitmentState) -> tuple[Statements, ...]:
    return state.commitment, *state.confirmations.values()


def _waits(statements: Statements) -> bool:
    last = statements.last
    return last is not None and last.answer is None and not last.needless


def _stuck(state: CommitmentState) -> Iterator[Statement]:
    for each in _all(state):
        if each.last is not None and each.last.answer in STUCK:
            yield each.last


def _lines(state: CommitmentState) -> Iterator[InventoryCommitment]:
    accepted = current(state)
    ordered = counted(accepted.lines) if accepted else {}
    held = counted(state.commitment.held)
    gone = total(counted(each.held) for each in state.confirmations.values())
    back = counted(state.given_back)
    for name in sorted({*ordered, *held, *gone, *back}):
        line_id, item_id, location_id, unit = name
        yield InventoryCommitment(
            order_id=state.order_id,
            line_id=line_id,
            item_id=item_id,
            location_id=location_id,
            unit=unit,
            ordered=ordered.get(name, NOTHING),
            committed=held.get(name, NOTHING),
            confirmed=gone.get(name, NOTHING),
            reversed=back.get(name, NOTHING),
            status=_status(
                state, held.get(name, NOTHING), gone.get(name, NOTHING), given_back=name in back
            ),
        )


def _status(
    state: CommitmentState, held: Decimal, gone: Decimal, *, given_back: bool
) -> CommitmentStatus:
    if held:
        return CommitmentStatus.CONFIRMED if gone >= held else CommitmentStatus.COMMITTED
    if given_back or is_off(state):
        return CommitmentStatus.REVERSED
    last = state.commitment.last
    asked = last is not None and last.answer not in {AnswerKind.REFUSED, AnswerKind.WAIVED}
    return CommitmentStatus.REQUESTED if asked else CommitmentStatus.REFUSED

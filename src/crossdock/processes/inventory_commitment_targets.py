"""What there shall be: how much the order wants set aside, and how much of it has left.

A leaf of inventory_commitment.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from crossdock.canonical.inventory import StockLine
from crossdock.canonical.item import Quantity
from crossdock.messages.shipment_visibility import GoodsIssued
from crossdock.processes.inventory_commitment_state import (
    Accepted,
    Amounts,
    CommitmentState,
    Statements,
    counted,
    name_of,
    total,
)

NOTHING = Decimal(0)


class Departures(Struct, frozen=True, kw_only=True):
    """What has left, by shipment, and in words what of it is not as it was ordered."""

    by_shipment: dict[str, Amounts]
    odd: tuple[str, ...]

    def all(self) -> Amounts:
        """Add up all shipments."""
        return total(self.by_shipment.values())


def current(state: CommitmentState) -> Accepted | None:
    """Find the newest version that was accepted."""
    return max(state.accepted.values(), key=lambda each: each.version, default=None)


def is_off(state: CommitmentState) -> bool:
    """Tell whether the ERP's last word is that the order is cancelled."""
    accepted = current(state)
    return accepted is None or state.cancelled >= accepted.version


def departures(state: CommitmentState) -> Departures:
    """Count what left with each shipment, and never more than its version of the order wanted.

    A line without a portion leaves whole with the first shipment that carries it: nobody told how
    much of it is on which.
    """
    taken: Amounts = {}
    by_shipment: dict[str, Amounts] = {}
    odd: list[str] = []
    gone = sorted(
        (each for each in state.issued.values() if each.left),
        key=lambda each: (each.occurred.at, each.shipment_id),
    )
    for each in gone:
        accepted = state.accepted.get(str(each.order_version)) or current(state)
        if accepted is None:
            continue
        loaded, strange = _loaded(each, accepted, taken)
        by_shipment[each.shipment_id] = loaded
        odd += strange
        taken = total([taken, loaded])
    return Departures(by_shipment=by_shipment, odd=tuple(odd))


def _loaded(issue: GoodsIssued, accepted: Accepted, taken: Amounts) -> tuple[Amounts, list[str]]:
    portions = _portions(issue)
    carried = {*issue.line_ids, *portions}
    names = {f"{issue.order_id}/{each.line_id}": each for each in accepted.lines}
    loaded: Amounts = {}
    odd = [
        f"{line_id} on {issue.shipment_id} is no line of version {accepted.version}"
        for line_id in sorted(carried - set(names))
        if accepted.lines
    ]
    for line_id, line in sorted(names.items()):
        if issue.line_ids and line_id not in carried:
            continue
        left = line.quantity.value - taken.get(name_of(line), NOTHING)
        loaded[name_of(line)] = max(min(_told(portions.get(line_id), line, left), left), NOTHING)
        if (more := _beyond(portions.get(line_id), line, left)) is not None:
            odd.append(f"{line_id}: {more} left with {issue.shipment_id}, and {left} was to leave")
    return {name: value for name, value in loaded.items() if value}, odd


def _portions(issue: GoodsIssued) -> dict[str, Quantity]:
    """Add the portions of each line up; two units of one line are no unit of any."""
    found: dict[str, Quantity] = {}
    for each in issue.portions:
        more, known = each.quantity, found.get(each.line_id)
        if known is not None and known.unit == more.unit:
            more = Quantity(value=known.value + more.value, unit=more.unit)
        elif known is not None:
            more = Quantity(value=more.value, unit=f"{known.unit} and {more.unit}")
        found[each.line_id] = more
    return found


def _told(portion: Quantity | None, line: StockLine, left: Decimal) -> Decimal:
    return portion.value if portion and portion.unit == line.quantity.unit else left


def _beyond(portion: Quantity | None, line: StockLine, left: Decimal) -> str | None:
    if portion is None:
        return None
    if portion.unit == line.quantity.unit and NOTHING <= portion.value <= left:
        return None
    return f"{portion.value} {portion.unit}"


def has_left(state: CommitmentState) -> bool:
    """Tell whether every shipment of the newest plan has left, so that nothing more will."""
    accepted = current(state)
    newest = max((each.plan_revision for each in state.issued.values()), default=0)
    plan = [each for each in state.issued.values() if each.plan_revision == newest]
    if accepted is None or not plan:
        return False
    # Version 0 are loads that a TMS tenders by itself, whatever the order's version is.
    planned = all(each.order_version in {accepted.version, 0} for each in plan)
    left = sum(each.left for each in plan)
    return planned and left == max(each.shipments for each in plan)


def to_commit(state: CommitmentState, gone: Amounts) -> Amounts:
    """Tell how much shall be set aside: what is ordered, or what has left where no more will.

    Never less than the ERP may have been told of as gone.
    """
    accepted = current(state)
    told = total(each.most() for each in state.confirmations.values())
    ordered = counted(accepted.lines) if accepted and wants_all(state) else {}
    return {
        name: max(each.get(name, NOTHING) for each in (ordered, gone, told))
        for name in {*ordered, *gone, *told}
    }


def wants_all(state: CommitmentState) -> bool:
    """Tell whether everything ordered is still to leave, or has."""
    return not is_off(state) and not has_left(state)


def to_confirm(state: CommitmentState, gone: Departures) -> Iterator[tuple[str, Amounts]]:
    """Tell of each shipment how much shall be confirmed: what left, within what is set aside.

    While the commitment waits for its answer nothing more is confirmed, and what did not leave
    after all is taken back at once.
    """
    held = counted(state.commitment.held)
    shipments = sorted({*gone.by_shipment, *state.confirmations})
    used = {each: state.confirmations.get(each, Statements()).most() for each in shipments}
    for shipment_id in shipments:
        left = gone.by_shipment.get(shipment_id, {})
        if state.commitment.is_settled:
            others = total(used[each] for each in shipments if each != shipment_id)
            room = {name: held.get(name, NOTHING) - others.get(name, NOTHING) for name in left}
        else:
            room = counted(state.confirmations.get(shipment_id, Statements()).lines)
        wanted = {name: min(value, room.get(name, NOTHING)) for name, value in left.items()}
        wanted = {name: value for name, value in wanted.items() if value > 0}
        used[shipment_id] = {
            name: max(value, used[shipment_id].get(name, NOTHING))
            for name, value in (used[shipment_id] | wanted).items()
        }
        yield shipment_id, wanted

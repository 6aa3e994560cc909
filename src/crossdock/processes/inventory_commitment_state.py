"""What inventory commitment remembers of one order: what it heard, and what it told the ERP.

What was heard is a set, so that the order of arrival does not matter. What the ERP was told is kept
as statements: each says how much there shall be, and replaces the one before it whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossdock.canonical.inventory import StockLine
from crossdock.canonical.item import Quantity
from crossdock.canonical.moments import Instant
from crossdock.canonical.order import Order
from crossdock.messages.flow import AnswerKind, EffectAnswered
from crossdock.messages.inventory_commitment import (
    CommitInventory,
    CommitmentMoved,
    ConfirmInventory,
    ReverseInventory,
)
from crossdock.messages.order_release import OrderAccepted, OrderCancelled
from crossdock.messages.shipment_visibility import GoodsIssued
from crossdock.ports import Emission

# An effect's answers only ever rise: a refused effect may be sent again, an applied one stays.
FINALITY = (AnswerKind.REFUSED, AnswerKind.UNRESOLVED, AnswerKind.WAIVED, AnswerKind.APPLIED)
OVER = {AnswerKind.APPLIED, AnswerKind.WAIVED}

Stock = tuple[str, str, str, str]  # line, item, place, unit: what can be counted together
Amounts = dict[Stock, Decimal]


class Kept(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of everything that is kept in the state."""


class Accepted(Kept, frozen=True, kw_only=True):
    """What one version of the order wants of the stock."""

    version: int
    edition: int
    lines: tuple[StockLine, ...]
    company_code: str = ""
    holds_planning: bool = False


class Statement(Kept, frozen=True, kw_only=True):
    """What the ERP was told, once, and how that ended.

    `needless`: there was nothing to take back, so it was not sent. `dropped`: it was refused, and
    cleared out of the line in which it stood.
    """

    revision: int
    verb: str
    lines: tuple[StockLine, ...]
    answer: AnswerKind | None = None
    said: str = ""
    needless: bool = False
    dropped: bool = False


class Statements(Kept, frozen=True, kw_only=True):
    """All that may still hold of what the ERP was told under one business key, oldest first."""

    told: tuple[Statement, ...] = ()

    @property
    def last(self) -> Statement | None:
        """What was told last."""
        return self.told[-1] if self.told else None

    @property
    def lines(self) -> tuple[StockLine, ...]:
        """What there shall be, as told last."""
        return self.told[-1].lines if self.told else ()

    @property
    def held(self) -> tuple[StockLine, ...]:
        """What the ERP has, as it has confirmed."""
        done = [each for each in self.told if each.answer is AnswerKind.APPLIED]
        return done[-1].lines if done else ()

    @property
    def is_settled(self) -> bool:
        """Tell whether nobody is waited for: the ERP did it, or a person let it go."""
        last = self.last
        return last is None or last.needless or last.answer in OVER

    def most(self) -> Amounts:
        """Count what the ERP may have at most, whatever the answers still to come."""
        may = [each for each in self.told if each.answer is not AnswerKind.WAIVED]
        return most_of(each.lines for each in may if not each.dropped)


class CommitmentState(Kept, frozen=True, kw_only=True):
    """One order's stock in its ERP.

    Facts: `accepted` by version, `cancelled` the highest version that is off, `issued` by shipment.
    Told: `commitment`, and `confirmations` by shipment. `given_back` is all that was ever reversed;
    the times are those of the last answer of each kind. `moved` is what was said of it last,
    `asked` the exception this order has open by its cause, `waived` one that an operator let go.
    """

    order_id: str
    accepted: dict[str, Accepted] = {}
    cancelled: int = -1
    because: str = ""
    issued: dict[str, GoodsIssued] = {}
    commitment: Statements = Statements()
    confirmations: dict[str, Statements] = {}
    given_back: tuple[StockLine, ...] = ()
    committed_at: Instant | None = None
    confirmed_at: Instant | None = None
    reversed_at: Instant | None = None
    refused_at: Instant | None = None
    moved: CommitmentMoved | None = None
    asked: str = ""
    waived: str = ""


Step = tuple[CommitmentState, tuple[Emission, ...]]


def counted(lines: Iterable[StockLine]) -> Amounts:
    """Add up what can be counted together; what comes to nothing is left out."""
    found: Amounts = {}
    for each in lines:
        found[name_of(each)] = found.get(name_of(each), Decimal(0)) + each.quantity.value
    return {name: value for name, value in found.items() if value}


def name_of(line: StockLine) -> Stock:
    """Name the stock a line speaks of."""
    return line.line_id, line.item_id, line.location_id, line.quantity.unit


def as_lines(amounts: Amounts) -> tuple[StockLine, ...]:
    """Write amounts as lines, in the order of their names."""
    return tuple(
        StockLine(
            line_id=line_id,
            item_id=item_id,
            location_id=location_id,
            quantity=Quantity(value=value, unit=unit),
        )
        for (line_id, item_id, location_id, unit), value in sorted(amounts.items())
        if value
    )


def most_of(each: Iterable[Iterable[StockLine]]) -> Amounts:
    """Take the largest amount of each stock."""
    found: Amounts = {}
    for amounts in map(counted, each):
        found |= {name: max(value, found.get(name, value)) for name, value in amounts.items()}
    return found


def total(each: Iterable[Amounts]) -> Amounts:
    """Add amounts up."""
    return counted(line for amounts in each for line in as_lines(amounts))


def accept(state: CommitmentState, said: OrderAccepted) -> CommitmentState:
    """Add what a version of the order wants; the highest edition of a version holds."""
    order, name = said.order, str(said.order.version)
    known = state.accepted.get(name)
    if known is not None and known.edition >= said.edition:
        return state
    accepted = Accepted(
        version=order.version,
        edition=said.edition,
        lines=as_lines(counted(_wanted(order))),
        company_code=order.company_code,
        holds_planning=said.holds_planning,
    )
    return replace(state, accepted=dict(sorted((state.accepted | {name: accepted}).items())))


def _wanted(order: Order) -> Iterator[StockLine]:
    for each in order.lines:
        yield StockLine(
            line_id=each.line_id,
            item_id=each.item_id,
            location_id=order.ship_from.location_id,
            quantity=each.quantity,
        )


def cancel(state: CommitmentState, said: OrderCancelled) -> CommitmentState:
    """Add that the order is off; the highest version holds."""
    if said.version <= state.cancelled:
        return state
    return replace(state, cancelled=said.version, because=said.reason)


def issue(state: CommitmentState, said: GoodsIssued) -> CommitmentState:
    """Add what has left with a shipment; the highest revision holds."""
    known = state.issued.get(said.shipment_id)
    if known is not None and known.revision >= said.revision:
        return state
    issued = dict(sorted((state.issued | {said.shipment_id: said}).items()))
    return replace(state, issued=issued)


def note_answer(state: CommitmentState, answer: EffectAnswered) -> CommitmentState:
    """Note how a statement ended; a later answer counts only if it is more final."""
    if answer.verb == ConfirmInventory.verb:
        shipment_id = answer.business_key.removeprefix(f"{state.order_id}/")
        known = state.confirmations.get(shipment_id, Statements())
        noted = _noted(known, answer)
        confirmations = state.confirmations | {shipment_id: noted}
        state, after = replace(state, confirmations=confirmations), noted
    elif answer.verb in {CommitInventory.verb, ReverseInventory.verb}:
        known, after = state.commitment, _noted(state.commitment, answer)
        back = _less(known.held, after.held)
        given_back = as_lines(total([counted(state.given_back), back]))
        state = replace(state, commitment=after, given_back=given_back)
    else:
        return state
    return _at(state, answer) if after != known else state


def _noted(known: Statements, answer: EffectAnswered) -> Statements:
    revision = int(answer.version)
    told = [_answered(each, answer) if each.revision == revision else each for each in known.told]
    done = [each.revision for each in told if each.answer is AnswerKind.APPLIED]
    newest = max(done, default=0)  # what was told before holds no more
    return Statements(told=tuple(each for each in told if each.revision >= newest))


def _answered(told: Statement, answer: EffectAnswered) -> Statement:
    if told.answer is not None and FINALITY.index(told.answer) >= FINALITY.index(answer.answer):
        return told
    return replace(told, answer=answer.answer, said=answer.said)


def _less(before: tuple[StockLine, ...], after: tuple[StockLine, ...]) -> Amounts:
    now = counted(after)
    less = {name: value - now.get(name, Decimal(0)) for name, value in counted(before).items()}
    return {name: value for name, value in less.items() if value > 0}


def _at(state: CommitmentState, answer: EffectAnswered) -> CommitmentState:
    at = answer.answered_at
    if answer.answer is AnswerKind.REFUSED:
        return replace(state, refused_at=at)
    if answer.answer is not AnswerKind.APPLIED:
        return state
    if answer.verb == CommitInventory.verb:
        return replace(state, committed_at=at)
    if answer.verb == ReverseInventory.verb:
        return replace(state, reversed_at=at)
    return replace(state, confirmed_at=at)

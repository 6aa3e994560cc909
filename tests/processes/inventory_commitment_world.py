"""An order of two lines, its plan, and an ERP that keeps its own count of the stock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from crossdock.canonical.inventory import StockLine
from crossdock.canonical.item import Quantity
from crossdock.canonical.moments import Moment, ZoneSource
from crossdock.canonical.order import Order, OrderLine
from crossdock.canonical.party import Location
from crossdock.canonical.shipment import Portion
from crossdock.messages.envelope import Body, Command, Key, Message
from crossdock.messages.flow import AnswerKind, EffectAnswered
from crossdock.messages.inventory_commitment import (
    CommitInventory,
    CommitmentMoved,
    ConfirmInventory,
    ReverseInventory,
)
from crossdock.messages.order_release import OrderAccepted, OrderCancelled, TransportAttributes
from crossdock.messages.shipment_visibility import GoodsIssued
from crossdock.policies.rules import Rules
from crossdock.ports import DropEffect, Emission
from crossdock.processes.inventory_commitment import SUBSCRIBER
from crossdock.processes.inventory_commitment_state import CommitmentState
from crossdock.testing.story import Story

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)
DOCK = Location(location_id="DC-1")

Asked = CommitInventory | ConfirmInventory | ReverseInventory


def begin() -> Story[CommitmentState, Rules]:
    """An order of whose stock nothing was heard."""
    return Story(SUBSCRIBER, Key("order", "SO-1"), rules=Rules(), at=NOON)


def stock(**lines: int) -> tuple[StockLine, ...]:
    """So much of each line's item, at the dock: `_10=4`."""
    return tuple(
        StockLine(
            line_id=name.strip("_"),
            item_id=f"I-{name.strip('_')}",
            location_id="DC-1",
            quantity=Quantity(value=Decimal(count)),
        )
        for name, count in lines.items()
    )


def accepted(
    version: int = 1, edition: int = 1, *, holds: bool = False, **lines: int
) -> OrderAccepted:
    """The order as a version wants it; 4 and 6 where nothing is said."""
    wanted = stock(**(lines or {"_10": 4, "_20": 6}))
    order = Order(
        order_id="SO-1",
        version=version,
        customer_id="C-1",
        ship_from=DOCK,
        ship_to=Location(location_id="SHOP-7"),
        lines=tuple(
            OrderLine(line_id=each.line_id, item_id=each.item_id, quantity=each.quantity)
            for each in wanted
        ),
        company_code="DE01",
    )
    attributes = TransportAttributes(
        mode="ROAD", service_level="EXPRESS", carriers=(), sla_hours=48, rule_id="r"
    )
    return OrderAccepted(
        order=order,
        attributes=attributes,
        checks=(),
        rules="",
        due_at=NOON,
        edition=edition,
        commits_stock=True,
        holds_planning=holds,
    )


def cancelled(version: int = 2) -> OrderCancelled:
    """The order's cancellation."""
    return OrderCancelled(order_id="SO-1", version=version, reason="sold out")


def issued(  # noqa: PLR0913 - a story says what is not as usual
    shipment: str = "S-1",
    *line_ids: str,
    left: bool = True,
    revision: int = 1,
    plan: int = 1,
    version: int = 1,
    shipments: int = 1,
    portions: dict[str, int] | None = None,
    unit: str = "EA",
) -> GoodsIssued:
    """The goods of some lines, or of all, have left with a shipment."""
    return GoodsIssued(
        shipment_id=shipment,
        order_id="SO-1",
        left=left,
        occurred=departed(),
        revision=revision,
        order_version=version,
        plan_revision=plan,
        shipments=shipments,
        line_ids=tuple(f"SO-1/{each}" for each in line_ids),
        portions=tuple(
            Portion(line_id=f"SO-1/{each}", quantity=Quantity(value=Decimal(count), unit=unit))
            for each, count in (portions or {}).items()
        ),
    )


def departed() -> Moment:
    """When goods left: an hour ago."""
    at = NOON - timedelta(hours=1)
    return Moment(at=at, text=at.isoformat(), zone="UTC", zone_source=ZoneSource.OFFSET)


def commit(revision: int = 1, version: int = 1, **lines: int) -> CommitInventory:
    """What the ERP is asked to set aside."""
    return CommitInventory(
        order_id="SO-1",
        order_version=version,
        revision=revision,
        lines=stock(**(lines or {"_10": 4, "_20": 6})),
        company_code="DE01",
    )


def reverse(revision: int, because: str, version: int = 1, **lines: int) -> ReverseInventory:
    """What the ERP is asked to give back; `lines` stay."""
    return ReverseInventory(
        order_id="SO-1",
        order_version=version,
        revision=revision,
        because=because,
        lines=stock(**lines),
        company_code="DE01",
    )


CANCELLED = "the order is cancelled: sold out"
SHORT = "every shipment has left, and this was on none"


def confirm(shipment: str = "S-1", revision: int = 1, **lines: int) -> ConfirmInventory:
    """What the ERP is told has left."""
    return ConfirmInventory(
        order_id="SO-1",
        shipment_id=shipment,
        revision=revision,
        lines=stock(**lines),
        occurred=departed(),
        company_code="DE01",
    )


def answer(
    command: Command, kind: AnswerKind = AnswerKind.APPLIED, said: str = ""
) -> EffectAnswered:
    """The end of an effect."""
    return EffectAnswered(
        verb=command.verb,
        business_key=command.business_key(),
        version=command.version(),
        answer=kind,
        endpoint="erp",
        answered_at=NOON,
        document="D-1",
        said=said,
    )


def drop(command: Command) -> DropEffect:
    """An effect that shall not be sent again."""
    return DropEffect(
        verb=command.verb,
        business_key=command.business_key(),
        version=command.version(),
        because="the order's stock shall be another since",
    )


def commands(said: Iterable[Emission]) -> list[Asked]:
    """The commands among what was said."""
    return [each for each in said if isinstance(each, Asked)]


def counts(moved: CommitmentMoved) -> dict[str, tuple[int, int, int, str]]:
    """Each line's committed, confirmed and reversed, and its status."""
    return {
        each.line_id: (int(each.committed), int(each.confirmed), int(each.reversed), each.status)
        for each in moved.lines
    }


def last_moved(said: Sequence[Emission]) -> CommitmentMoved:
    """How the stock stands, as it was told last."""
    return [each for each in said if isinstance(each, CommitmentMoved)][-1]


def message_of(body: Body) -> Message:
    """Wrap what was said as the history keeps it."""
    return Message(
        id="m1",
        tenant="main",
        correlation_id="c1",
        causation_id="",
        received_at=NOON,
        origin="process:inventory_commitment",
        body=body,
    )


Counts = dict[str, Decimal]


class Erp:
    """An ERP that counts its stock by what it was asked for, in line, one answer after the other.

    `committed` is set aside, `confirmed` by shipment has left; `line` waits for an answer, and
    `sent` is the one of it that is on its way and cannot be dropped.
    """

    def __init__(self) -> None:
        """Begin with nothing set aside."""
        self.committed: Counts = {}
        self.confirmed: dict[str, Counts] = {}
        self.line: list[Asked] = []
        self.refused: Asked | None = None
        self.sent: Asked | None = None
        self.answered: list[EffectAnswered] = []

    def hear(self, said: Iterable[Emission]) -> None:
        """Queue what is asked, and let go of what is dropped."""
        for each in said:
            match each:
                case CommitInventory() | ConfirmInventory() | ReverseInventory():
                    self.line.append(each)
                case DropEffect():
                    self.line = [one for one in self.line if one == self.sent or drop(one) != each]
                    self.refused = self.refused if self.refused in self.line else None
                case _:  # the rest is for others
                    pass

    def next(self) -> Asked | None:
        """Show what is to be answered next; a refused command stands in the way of the others."""
        return self.line[0] if self.line and not self.refused else None

    def apply(self) -> EffectAnswered:
        """Do what is asked next."""
        asked = self.line.pop(0)
        self.sent = None
        amounts = {each.line_id: each.quantity.value for each in asked.lines}
        if isinstance(asked, ConfirmInventory):
            self.confirmed[asked.shipment_id] = amounts
        else:
            self.committed = amounts
        return self._say(answer(asked))

    def refuse(self) -> EffectAnswered:
        """Refuse what is asked next; it stays in the line."""
        self.refused, self.sent = self.line[0], None
        return self._say(answer(self.refused, AnswerKind.REFUSED, "not available"))

    def retry(self) -> None:
        """Let what was refused be sent again, as an operator does."""
        self.refused = None

    def waive(self) -> EffectAnswered:
        """Let what was refused go, as an operator does."""
        assert self.refused is not None
        self.line.remove(self.refused)
        asked, self.refused = self.refused, None
        return self._say(answer(asked, AnswerKind.WAIVED))

    def _say(self, said: EffectAnswered) -> EffectAnswered:
        self.answered.append(said)
        return said

    def gone(self) -> Counts:
        """Add up what has left with all shipments."""
        found: Counts = {}
        for each in self.confirmed.values():
            found |= {name: found.get(name, Decimal(0)) + value for name, value in each.items()}
        return {name: value for name, value in found.items() if value}


def live(order: Story[CommitmentState, Rules], erp: Erp, *told: Body) -> None:
    """Tell the order messages, and let the ERP do all that it is asked."""
    for each in told:
        erp.hear(order.tell(each))
        while erp.next():
            erp.hear(order.tell(erp.apply()))

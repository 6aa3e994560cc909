"""The benchmark's own stand-in for freight settlement, until the house has the process itself.

Receives  DeliveryClosed, ChargeConfirmed, EffectAnswered
Emits     AccrueFreight
Key       order

It accrues once, when the delivery is closed and the charge confirmed, in whichever order they come.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, assert_never

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossdock.canonical.money import Money
from crossdock.messages.envelope import Command, Key, Message, Report
from crossdock.messages.flow import EffectAnswered
from crossdock.messages.registry import BODIES
from crossdock.messages.shipment_visibility import DeliveryClosed
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports import Emission, Reading, Received, Reported, Subscriber
from crossdock.testing.plain_partner import PlainConnector

FINANCE = "finance"
CHARGES = "charges"


class ChargeConfirmed(Report, frozen=True, kw_only=True):
    """The carrier's charge for an order is confirmed."""

    order_id: str
    amount: Money


class AccrueFreight(Command, frozen=True, kw_only=True):
    """Accrue an order's freight."""

    verb: ClassVar[str] = "erp.accrue"
    owner: ClassVar[Team] = Team.FINANCE

    order_id: str
    amount: Money

    def business_key(self) -> str:
        """Name the order."""
        return self.order_id


class Settlement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of an order's freight."""

    order_id: str
    delivered: bool = False
    charge: Money | None = None
    accrued: str = ""


Incoming = DeliveryClosed | ChargeConfirmed | EffectAnswered


def decide(
    state: Settlement, received: Received[Incoming], _rules: Rules
) -> tuple[Settlement, tuple[Emission, ...]]:
    """Accrue when the second of delivery and charge comes."""
    match received.body:
        case DeliveryClosed() as closed:
            after = replace(state, delivered=closed.delivered)
        case ChargeConfirmed() as charge:
            after = replace(state, charge=charge.amount)
        case EffectAnswered() as answered:
            return replace(state, accrued=answered.document), ()
        case _:
            assert_never(received.body)
    was_due = state.delivered and state.charge is not None
    if was_due or not after.delivered or after.charge is None:
        return after, ()
    return after, (AccrueFreight(order_id=after.order_id, amount=after.charge),)


def keys(message: Message) -> tuple[Key, ...]:
    """Choose the order."""
    body = message.body
    if isinstance(body, DeliveryClosed | ChargeConfirmed):
        return (Key("order", body.order_id),)
    return ()


def _start(key: Key) -> Settlement:
    return Settlement(order_id=key.id)


def _stage(state: Settlement) -> str:
    return "accrued" if state.accrued else "open"


SUBSCRIBER = Subscriber[Settlement, Rules](
    name="benchmark_settlement",
    state=Settlement,
    start=_start,
    receives=(DeliveryClosed, ChargeConfirmed, EffectAnswered),
    keys=keys,
    decide=decide,
    stage=_stage,
)


class Charge(Struct, frozen=True, kw_only=True):
    """A charge as finance sends it."""

    event_id: str
    order_id: str
    minor: int
    currency: str
    occurred_at: datetime


_charges = msgspec.json.Decoder(list[Charge])


def _read(content: bytes, _settings: Any) -> Reading:
    return Reading(
        reports=tuple(
            Reported(
                identity=each.event_id,
                report=ChargeConfirmed(
                    order_id=each.order_id,
                    amount=Money(minor=each.minor, currency=each.currency),
                ),
            )
            for each in _charges.decode(content)
        )
    )


def connector() -> PlainConnector:
    """Give the partner that sends charges and takes accruals; its messages become known."""
    BODIES.update({kind.__name__: kind for kind in (ChargeConfirmed, AccrueFreight)})
    return PlainConnector(FINANCE, "erp", verbs=(AccrueFreight.verb,), documents={CHARGES: _read})

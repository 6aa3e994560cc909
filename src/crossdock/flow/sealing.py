"""Control numbers: taken in the transaction that stores an effect, and fixed with its bytes.

A request that names levels gets a number for each, rising by one for every partner, environment and
level; its connector writes them into the bytes, and nothing changes those any more. Who follows
what becomes of an exchange is told when it is numbered and when it was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossdock.faults import Misconfigured
from crossdock.flow.fence import Environments, check_environments
from crossdock.flow.names import digest
from crossdock.flow.roster import Roster
from crossdock.messages.acknowledgement import (
    Environment,
    ExchangeEnded,
    ExchangeEnding,
    ExchangeNumbered,
    Level,
)
from crossdock.messages.envelope import Message
from crossdock.messages.teams import Team
from crossdock.ports import Endpoint, Request, Routed, Sealer
from crossdock.ports.store import OutboxRow, OutboxStatus, Unit

# Source: X12 element I12 has nine digits; after the highest number it begins anew.
NUMBER_MAX = 999_999_999

ENDINGS = {
    OutboxStatus.APPLIED: ExchangeEnding.DELIVERED,
    OutboxStatus.REFUSED: ExchangeEnding.NOT_DELIVERED,
    OutboxStatus.WAIVED: ExchangeEnding.NOT_DELIVERED,
    OutboxStatus.SUPERSEDED: ExchangeEnding.NOT_DELIVERED,
    OutboxStatus.UNRESOLVED: ExchangeEnding.UNRESOLVED,
}
FOLLOWED = (Level.INTERCHANGE, Level.GROUP)  # a partner acknowledges these by their own number

_encode = msgspec.json.Encoder(order="deterministic").encode


class Numbering(Struct, frozen=True, kw_only=True):
    """What a stored request says of its control numbers: wanted ones, or taken ones."""

    numbers: tuple[Level, ...] = ()
    control: dict[Level, int] = {}
    awaits: tuple[Level, ...] = ()
    environment: Environment | None = None


_numbering = msgspec.json.Decoder(Numbering).decode


def numbering_of(row: OutboxRow) -> Numbering:
    """Read what an effect's stored request says of control numbers; none, where it has no bytes."""
    return _numbering(row.request) if row.request else Numbering()


def check(roster: Roster, routed: Routed, at: datetime) -> None:
    """Try whether a request may go to its endpoint and can be sealed; nothing is taken.

    Raises Misconfigured where test and production meet, or where the connector cannot number, and
    whatever else its `seal` raises.
    """
    endpoint = roster.endpoints.get(routed.endpoint)
    if endpoint is None:
        return
    check_environments(
        roster.environment,
        Environments(
            envelope=routed.request.environment,
            channel=endpoint.environment,
            credentials=endpoint.credentials,
        ),
    )
    if routed.request.numbers:
        sealed(endpoint, routed.request, dict.fromkeys(routed.request.numbers, 1), at)


def sealed(
    endpoint: Endpoint, request: Request, control: Mapping[Level, int], at: datetime
) -> Request:
    """Have the connector write the numbers into a request's bytes; pure.

    Raises Misconfigured where its connector cannot.
    """
    if not isinstance(endpoint.connector, Sealer):
        raise Misconfigured(
            "A connector wants control numbers and has no `seal`", partner=endpoint.name
        )
    written = endpoint.connector.seal(request, control, at, endpoint.settings)
    return replace(written, numbers=(), control=dict(control), environment=endpoint.environment)


def seal(unit: Unit, roster: Roster, row: OutboxRow, at: datetime) -> OutboxRow:
    """Take the control numbers an effect wants, and fix them in its bytes."""
    wanted = numbering_of(row).numbers
    if not wanted:
        return row
    endpoint = roster.endpoints[row.endpoint]
    control = {
        level: next_number(unit, row.tenant, row.endpoint, endpoint.environment, level)
        for level in wanted
    }
    request = msgspec.json.decode(row.request, type=Request)
    return replace(row, request=_encode(sealed(endpoint, request, control, at)))


def as_numbered(roster: Roster, routed: Routed, row: OutboxRow | None) -> Request:
    """Give a request with the numbers its effect has got, to compare the two; else as it is."""
    if row is None or not routed.request.numbers:
        return routed.request
    control = numbering_of(row).control
    return sealed(roster.endpoints[routed.endpoint], routed.request, control, row.created_at)


def next_number(
    unit: Unit, tenant: str, endpoint: str, environment: Environment, level: Level
) -> int:
    """Take the next number of a partner, environment and level; the first is 1."""
    taken = unit.next_control_number(tenant, endpoint, f"{environment}/{level}")
    return (taken - 1) % NUMBER_MAX + 1


def numbered(row: OutboxRow, at: datetime) -> list[Message]:
    """Tell of the numbers an effect's bytes have got, where anything is awaited for them."""
    said = numbering_of(row)
    if not said.awaits:
        return []
    return [
        _message(
            row,
            "numbered",
            at,
            ExchangeNumbered(
                endpoint=row.endpoint,
                environment=said.environment or Environment.PRODUCTION,
                level=level,
                number=said.control[level],
                awaited=level in said.awaits,
                verb=row.verb,
                business_key=row.business_key,
                version=row.version,
                effect_id=row.id,
                asker=row.key,
                owner=Team(row.owner),
                numbered_at=at,
            ),
        )
        for level in FOLLOWED
        if level in said.control
    ]


def ended(row: OutboxRow, at: datetime) -> list[Message]:
    """Tell how the sending of an effect's exchanges ended, where anything is awaited for them."""
    said = numbering_of(row)
    if not said.awaits:
        return []
    return [
        _message(
            row,
            f"ended {row.status} {row.fence}",
            at,
            ExchangeEnded(
                endpoint=row.endpoint,
                environment=said.environment or Environment.PRODUCTION,
                level=level,
                number=said.control[level],
                ending=ENDINGS[row.status],
                ended_at=at,
                said=row.said,
            ),
        )
        for level in FOLLOWED
        if level in said.control
    ]


def _message(
    row: OutboxRow, what: str, at: datetime, body: ExchangeNumbered | ExchangeEnded
) -> Message:
    return Message(
        id=digest("exchange", row.id, str(body.level), str(body.number), what),
        tenant=row.tenant,
        correlation_id=row.correlation_id,
        causation_id=row.message_id,
        received_at=at,
        origin="flow",
        body=body,
    )

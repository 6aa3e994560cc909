"""Acknowledgements that partners owe: where each promise stands."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from crossdock.messages.acknowledgement import AcknowledgementNoted, AckStatus
from crossdock.ports.store import ProjectionRow, Reader

KIND = "acknowledgement"  # the read model's name
REVIEWED = "reviewed"
ALL = "all"
OPEN = "open"

# What a person may want to look at: all that is not plainly accepted, or reviewed.
UNSETTLED = tuple(each.value for each in AckStatus if each is not AckStatus.ACCEPTED)
STATUSES = (OPEN, ALL, *(each.value for each in AckStatus), REVIEWED)


class Promise(Struct, frozen=True, kw_only=True):
    """One exchange by name, and where its acknowledgement stands."""

    exchange: str
    status: str
    told: AcknowledgementNoted

    @property
    def subject(self) -> str:
        """Name its process as exceptions do."""
        return f"{KIND}/exchange/{self.exchange}"


class Promises(Struct, frozen=True, kw_only=True):
    """The exchanges asked for, by name."""

    acknowledgements: tuple[Promise, ...]


def promises(reader: Reader, tenant: str, status: str, partner: str, limit: int) -> Promises:
    """List acknowledgements: of one status, `open` or `all`; of one partner or (empty) of any."""
    of_partner = {"partner": partner} if partner else {}
    if status == ALL:
        rows = reader.find(tenant, KIND, of_partner, limit=limit)
    else:
        wanted = UNSETTLED if status == OPEN else (status,)
        rows = [
            row
            for each in wanted
            for row in reader.find(tenant, KIND, {**of_partner, "status": each}, limit=limit)
        ]
    found = sorted((_promise(row) for row in rows), key=_newest_last)
    return Promises(acknowledgements=tuple(found[:limit]))


def promises_of(reader: Reader, tenant: str, effect_id: str) -> tuple[Promise, ...]:
    """List the acknowledgements that one effect is owed."""
    return tuple(_promise(row) for row in reader.find(tenant, KIND, {"effect": effect_id}))


def promise(reader: Reader, tenant: str, exchange: str) -> Promise | None:
    """Find one exchange by name."""
    row = reader.projections(tenant, KIND, [exchange]).get(exchange)
    return None if row is None else _promise(row)


def _promise(row: ProjectionRow) -> Promise:
    told = msgspec.json.decode(row.body, type=AcknowledgementNoted)
    return Promise(exchange=row.key, status=dict(row.index)["status"], told=told)


def _newest_last(one: Promise) -> tuple[str, str, str, int]:
    return one.told.endpoint, one.told.environment, one.told.level, one.told.number

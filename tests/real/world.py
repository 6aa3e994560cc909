"""The delivery file's years, told to the whole machine by a clock that the file drives.

The ERP tells master data and orders, the TMS plans, the carrier deliveries and charges, each at the
time the file gives; every effect is applied by a partner that answers at once. In between the clock
rings every timer when it is due.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from msgspec import Struct

from tests.real.scms.wire import COLUMNS, day

FILE = Path(__file__).parents[3] / "shared/data/scms_deliveries_2006_2011.csv"


class Slice(Struct, frozen=True, kw_only=True, order=True):
    """Some lines of the file, as one partner tells them at one time."""

    at: datetime
    order: int
    partner: str
    document: str
    content: bytes


def slices(raw: bytes) -> list[Slice]:
    """Cut the file into what is told when: master data first, then day by day.

    An order is told on the day it was sent to the vendor, else to the client, else a fortnight
    before the first promise; its plan a day later; a delivery at 18:00 UTC of the day it was
    recorded.
    """
    text = raw.decode("utf-8")
    header = text.splitlines()[0]
    lines = list(csv.DictReader(io.StringIO(text)))
    rows = dict(zip((line["ID"] for line in lines), _records(text), strict=True))
    first = datetime(2006, 1, 1, tzinfo=UTC)
    cut = [
        Slice(at=first, order=0, partner="erp", document="master_data", content=raw),
    ]
    for (at, order, partner, document), ids in sorted(_schedule(lines).items()):
        content = "\n".join([header, *(rows[each] for each in ids)]).encode()
        cut.append(Slice(at=at, order=order, partner=partner, document=document, content=content))
    return cut


def _records(text: str) -> Iterator[str]:
    """Cut the text into records; no field of this file holds a line end."""
    yield from text.splitlines()[1:]


def _schedule(lines: list[dict[str, str]]) -> dict[tuple[datetime, int, str, str], list[str]]:
    """Decide when each line is told, by whom, and as what."""
    told: dict[tuple[datetime, int, str, str], list[str]] = {}
    for mine in _by_order(lines).values():
        ids = [line["ID"] for line in mine]
        released = datetime.combine(_release_day(mine), time(8), tzinfo=UTC)
        told.setdefault((released, 1, "erp", "orders"), []).extend(ids)
        planned = released + timedelta(days=1)
        told.setdefault((planned, 2, "tms", "plans"), []).extend(ids)
    for line in lines:
        recorded = day(line[COLUMNS["recorded"]])
        assert recorded is not None, line["ID"]
        at = datetime.combine(recorded, time(18), tzinfo=UTC)
        told.setdefault((at, 3, "carrier", "deliveries"), []).append(line["ID"])
        # Half of the charges are told before the delivery, some before the plan, half after it.
        month = at.replace(day=1, hour=12)
        early = int(line["ID"]) % 2 == 0
        charged = month if early else (month + timedelta(days=31)).replace(day=1)
        told.setdefault((charged, 4, "carrier", "charges"), []).append(line["ID"])
    return told


def _by_order(lines: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    orders: dict[str, list[dict[str, str]]] = {}
    for line in lines:
        orders.setdefault(line[COLUMNS["order"]], []).append(line)
    return orders


def _release_day(lines: list[dict[str, str]]) -> date:
    """Tell the day an order was released, as far as the file knows."""
    for column in ("po_sent", "pq_sent"):
        known = [found for line in lines if (found := day(line[COLUMNS[column]])) is not None]
        if known:
            return min(known)
    promised = [day(line[COLUMNS["scheduled"]]) for line in lines]
    return min(found for found in promised if found is not None) - timedelta(days=14)

"""What the naive sync keeps: orders, shipments, timelines and freight, in SQLite tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import apsw
import msgspec
from msgspec import Struct

SCHEMA = """
create table sales_order (
  order_id text primary key, version integer, customer_id text, legacy integer,
  planned_version integer not null default 0, cancelled integer not null default 0);
create table shipment (
  shipment_id text primary key, order_id text, carrier text, status text not null default '');
create table reference (value text primary key, shipment_id text);
create table timeline (
  shipment_id text, milestone text, occurred_at text, source text,
  primary key (shipment_id, milestone, occurred_at));
create table freight (
  shipment_id text primary key, load_id text, order_id text, carrier text, weight real,
  planned real, accrued real not null default 0);
create table invoice (event_id text primary key);
"""


class Order(Struct, frozen=True, kw_only=True):
    """An order as far as the sync cares."""

    order_id: str
    version: int
    customer_id: str
    legacy: bool
    planned_version: int = 0
    cancelled: bool = False


class Step(Struct, frozen=True, kw_only=True):
    """One line of a shipment's timeline; `occurred_at` in UTC, RFC 3339."""

    milestone: str
    occurred_at: str
    source: str


class Shown(Struct, frozen=True, kw_only=True):
    """A shipment as the page shows it."""

    shipment_id: str
    order_id: str
    carrier: str
    status: str


class Carried(Struct, frozen=True, kw_only=True):
    """A shipment's freight: what was planned for it, and what is accrued, in euros."""

    shipment_id: str
    load_id: str
    order_id: str
    carrier: str
    weight: float
    planned: float
    accrued: float


class Tables:
    """The sync's database; every call is a transaction of its own."""

    def __init__(self) -> None:
        """Begin empty, in memory."""
        self._connection = apsw.Connection(":memory:")
        self._connection.execute(SCHEMA)

    def put_order(self, order: Order) -> None:
        """Write an order, or a later version of it; what is known of its planning stays."""
        self._connection.execute(
            "insert into sales_order (order_id, version, customer_id, legacy)"
            " values (?, ?, ?, ?) on conflict do update set"
            " version = max(version, excluded.version), customer_id = excluded.customer_id",
            (order.order_id, order.version, order.customer_id, order.legacy),
        )

    def order(self, order_id: str) -> Order | None:
        """Read an order; None where there is none."""
        row = self._connection.execute(
            "select order_id, version, customer_id, legacy, planned_version, cancelled"
            " from sales_order where order_id = ?",
            (order_id,),
        ).fetchone()
        if row is None:
            return None
        order_id, version, customer_id, legacy, planned_version, cancelled = row
        return Order(
            order_id=order_id,
            version=version,
            customer_id=customer_id,
            legacy=bool(legacy),
            planned_version=planned_version,
            cancelled=bool(cancelled),
        )

    def planned(self, order_id: str, version: int) -> None:
        """Note that the TMS was asked to plan this version."""
        self._connection.execute(
            "update sales_order set planned_version = ? where order_id = ?", (version, order_id)
        )

    def cancelled(self, order_id: str) -> None:
        """Note that the order is cancelled."""
        self._connection.execute(
            "update sales_order set cancelled = 1 where order_id = ?", (order_id,)
        )

    def put_shipments(self, order_id: str, shipments: Iterable[dict[str, Any]]) -> None:
        """Replace an order's shipments by those of its latest plan."""
        shipments = tuple(shipments)
        kept = msgspec.json.encode([each["shipment_id"] for each in shipments]).decode()
        with self._connection:
            self._connection.execute(
                "delete from shipment where order_id = ?"
                " and shipment_id not in (select value from json_each(?))",
                (order_id, kept),
            )
            for each in shipments:
                self._connection.execute(
                    "insert into shipment (shipment_id, order_id, carrier) values (?, ?, ?)"
                    " on conflict do update set order_id = excluded.order_id,"
                    " carrier = excluded.carrier",
                    (each["shipment_id"], order_id, each["carrier_scac"]),
                )
                self._put_freight(order_id, each)
                self._connection.executemany(
                    "insert or replace into reference values (?, ?)",
                    [(ref["value"], each["shipment_id"]) for ref in each["references"]],
                )

    def _put_freight(self, order_id: str, shipment: dict[str, Any]) -> None:
        charges = shipment.get("charges", ())
        self._connection.execute(
            "insert or ignore into freight (shipment_id, load_id, order_id, carrier, weight,"
            " planned) values (?, ?, ?, ?, ?, ?)",
            (
                shipment["shipment_id"],
                shipment["load_id"],
                order_id,
                shipment["carrier_scac"],
                sum(float(each.get("weight_kg", 0)) for each in charges),
                sum(float(each["amount"]["amount"]) for each in charges),
            ),
        )

    def carried(self, shipment_id: str) -> Carried | None:
        """Read a shipment's freight; None where there is none."""
        found = self._freight("shipment_id = ?", shipment_id)
        return found[0] if found else None

    def on_load(self, load_id: str) -> list[Carried]:
        """List the shipments of a load that are planned."""
        return self._freight(
            "load_id = ? and shipment_id in (select shipment_id from shipment)", load_id
        )

    def _freight(self, condition: str, value: str) -> list[Carried]:
        rows = self._connection.execute(
            "select shipment_id, load_id, order_id, carrier, weight, planned, accrued"  # noqa: S608 - our own conditions
            f" from freight where {condition} order by shipment_id",
            (value,),
        )
        return [
            Carried(
                shipment_id=shipment_id,
                load_id=load_id,
                order_id=order_id,
                carrier=carrier,
                weight=weight,
                planned=planned,
                accrued=accrued,
            )
            for shipment_id, load_id, order_id, carrier, weight, planned, accrued in rows
        ]

    def accrued(self, shipment_id: str, amount: float) -> None:
        """Note what is accrued for a shipment."""
        self._connection.execute(
            "update freight set accrued = ? where shipment_id = ?", (amount, shipment_id)
        )

    def has_invoice(self, event_id: str) -> bool:
        """Tell whether an invoice's event was posted."""
        found = self._connection.execute("select 1 from invoice where event_id = ?", (event_id,))
        return found.fetchone() is not None

    def put_invoice(self, event_id: str) -> None:
        """Note that an invoice's event was posted."""
        self._connection.execute("insert or ignore into invoice values (?)", (event_id,))

    def shipment_for(self, reference: str) -> Shown | None:
        """Find the shipment that a number names; None where there is none."""
        row = self._connection.execute(
            "select s.shipment_id, order_id, carrier, status from shipment s"
            " left join reference r on r.shipment_id = s.shipment_id"
            " where r.value = ?1 or s.shipment_id = ?1 limit 1",
            (reference,),
        ).fetchone()
        return _shown(row) if row else None

    def has_step(self, shipment_id: str, step: Step) -> bool:
        """Tell whether the timeline has it."""
        found = self._connection.execute(
            "select 1 from timeline where shipment_id = ? and milestone = ? and occurred_at = ?",
            (shipment_id, step.milestone, step.occurred_at),
        )
        return found.fetchone() is not None

    def put_step(self, shipment_id: str, step: Step) -> None:
        """Add to the timeline; the last one written is the status."""
        self._connection.execute(
            "insert or ignore into timeline values (?, ?, ?, ?)",
            (shipment_id, step.milestone, step.occurred_at, step.source),
        )
        self._connection.execute(
            "update shipment set status = ? where shipment_id = ?", (step.milestone, shipment_id)
        )

    def shipments_of(self, customer_id: str) -> list[Shown]:
        """List what a customer sees."""
        rows = self._connection.execute(
            "select shipment_id, order_id, carrier, status from shipment"
            " join sales_order using (order_id) where customer_id = ? order by shipment_id",
            (customer_id,),
        )
        return [_shown(row) for row in rows]

    def timeline(self, shipment_id: str) -> list[Step]:
        """Read a shipment's timeline, earliest first."""
        rows = self._connection.execute(
            "select milestone, occurred_at, source from timeline where shipment_id = ?"
            " order by occurred_at",
            (shipment_id,),
        )
        return [
            Step(milestone=milestone, occurred_at=occurred_at, source=source)
            for milestone, occurred_at, source in rows
        ]


def _shown(row: Any) -> Shown:
    shipment_id, order_id, carrier, status = row
    return Shown(shipment_id=shipment_id, order_id=order_id, carrier=carrier, status=status)

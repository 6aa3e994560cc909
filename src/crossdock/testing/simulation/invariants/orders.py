"""Orders and shipments: planned once and whole, referenced rightly, cancelled everywhere alike."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from crossdock.simulators import auditor
from crossdock.testing.simulation.invariants.base import Invariant, Scene

REFERENCES = {"erp.write_reference", "erp.withdraw_reference"}


class OneRequest(Invariant):
    """INV-19."""

    number = "INV-19"
    says = "one shipment request for each order and version lives in the TMS"
    wakes = frozenset({"done"})

    def after(self) -> Iterator[str]:
        """Look through the TMS's ledger where it has a new entry."""
        if any(done.partner == "tms" for done in self.witness.news.done):
            yield from auditor.duplicate_shipments(self.witness.done["tms"])


class NewestAsked(Invariant):
    """INV-23."""

    number = "INV-23"
    says = "once a higher version of an order was asked for, no lower one is"
    wakes = frozenset({"done"})

    def __init__(self, scene: Scene) -> None:
        """Begin with nothing asked for."""
        super().__init__(scene)
        self._newest: dict[str, int] = {}

    def after(self) -> Iterator[str]:
        """Compare each request with those before; one repeated under its key says nothing new."""
        for done in self.witness.news.done:
            entry = done.entry
            if entry.verb != "tms.plan" or entry.kind == "repeated":
                continue
            order_id, version = entry.content["order"]["order_id"], entry.content["order_version"]
            newest = self._newest.get(order_id, version)
            if version < newest:
                yield f"{order_id} version {version} was asked for after version {newest}"
            self._newest[order_id] = max(newest, version)


class Complete(Invariant):
    """INV-20."""

    number = "INV-20"
    says = "the TMS is asked to plan what the ERP released, whole, and nothing else"
    wakes = frozenset({"done"})

    def after(self) -> Iterator[str]:
        """Hold each request against what the ERP said."""
        for done in self.witness.news.done:
            if done.entry.verb == "tms.plan":
                yield from self._judge(done.entry.content)

    def _judge(self, asked: dict[str, Any]) -> Iterator[str]:
        order, version = asked["order"], asked["order_version"]
        told = self.witness.versions.get(order["order_id"], {}).get(version, [])
        if not told:
            yield f"{order['order_id']} version {version} was asked for and never released"
        elif not any(_same(order, each) for each in told):
            yield f"{order['order_id']} version {version} was asked for otherwise than released"
        elif not self._is_known(order):
            yield f"{order['order_id']} was asked for before its place was known"

    def _is_known(self, order: dict[str, Any]) -> bool:
        """Tell whether the place is in the master data, or a person has waived that."""
        place = order["ship_to"]["location_id"]
        return place in self.witness.places or order["order_id"] in self.witness.waived


def _same(asked: dict[str, Any], told: dict[str, Any]) -> bool:
    place = told.get("ship_to") or {}
    return _lines(asked) == _lines(told) and (
        (asked.get("ship_to") or {}).get("location_id") == place.get("location_id")
    )


def _lines(order: dict[str, Any]) -> list[tuple[str, str, Decimal]]:
    return sorted(
        (line["line_id"], line["item_id"], Decimal(line["quantity"])) for line in order["lines"]
    )


class Referenced(Invariant):
    """INV-21."""

    number = "INV-21"
    says = "the ERP is given a reference only where the TMS has confirmed that very shipment"
    wakes = frozenset({"done"})

    def after(self) -> Iterator[str]:
        """Hold each reference against the plans that were delivered."""
        for done in self.witness.news.done:
            entry = done.entry
            if entry.verb != "erp.write_reference" or entry.kind != "received":
                continue
            order_id, shipment = entry.content["order_id"], entry.content["shipment_id"]
            if shipment not in self.witness.confirmed[order_id]:
                yield f"{order_id} was given {shipment}, which no plan has confirmed"


class CancelledAlike(Invariant):
    """INV-22."""

    number = "INV-22"
    says = (
        "a cancelled order ends cancelled at the TMS, at the ERP and on the page, or asks somebody"
    )

    def at_end(self) -> Iterator[str]:
        """Look at every cancelled order in all three places."""
        excused = self.scene.asked_about()
        living = auditor.living_shipments(self.scene.ledger("tms"))
        for order_id, version in sorted(self.witness.cancelled.items()):
            if order_id in excused or max(self.witness.versions[order_id], default=0) > version:
                continue
            alive = [name for name, each in living.items() if each.order_id == order_id]
            if alive:
                yield f"{order_id} is cancelled, and {alive[0]} lives at the TMS"
            yield from self._still_referenced(order_id)
            for shipment, picture in self.scene.pages().items():
                if order_id in picture.order_ids:
                    yield f"{order_id} is cancelled, and {shipment} is shown"

    def _still_referenced(self, order_id: str) -> Iterator[str]:
        last: dict[str, str] = {}
        for partner in ("erp", "legacy"):
            for entry in self.witness.done[partner]:
                about = entry.verb in REFERENCES and entry.content.get("order_id") == order_id
                if about and entry.kind == "received":
                    last[entry.content["shipment_id"]] = entry.verb
        for shipment, verb in last.items():
            if verb == "erp.write_reference":
                yield f"{order_id} is cancelled, and the ERP still carries {shipment}"


class NothingLost(Invariant):
    """INV-2, INV-23 and INV-26, seen from the partners."""

    number = "INV-26"
    says = "what was acknowledged is done or before somebody: newest versions, plans, last words"

    def at_end(self) -> Iterator[str]:
        """Let the auditor compare all ledgers with the pages."""
        evidence = auditor.Evidence(
            erps=(self.scene.ledger("erp"), self.scene.ledger("legacy")),
            tms=self.scene.ledger("tms"),
            carriers=tuple(self.scene.ledger(name) for name in self.scene.carriers()),
            pages=self.scene.pages(),
            exceptions=self.scene.asked_about() | self.witness.unpaid(),
        )
        yield from auditor.lost_messages(evidence)

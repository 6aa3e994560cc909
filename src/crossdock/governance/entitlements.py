"""Entitlements: what a customer may see, in the one place where customers' rows are read.

Every look at customers' rows goes through `Entitled`, which puts customer and visibility into the
store's own predicate. A row of somebody else, a withheld row and no row are the same: nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping

from msgspec import Struct

from crossdock.ports.store import ProjectionRow, Reader

VIEW = "shipment_view"


class Customer(Struct, frozen=True, kw_only=True):
    """A customer who may look: its number in the ERP, and the SHA-256 of its key in hex."""

    id: str
    name: str
    api_key_sha256: str


class Customers:
    """Who is known by a key."""

    def __init__(self, customers: Iterable[Customer]) -> None:
        """Take the customers there are."""
        self._customers = tuple(customers)

    def __len__(self) -> int:
        """Count them."""
        return len(self._customers)

    def by_key(self, key: str) -> Customer | None:
        """Find whose key this is; each comparison takes the same time, whatever the key."""
        given = hashlib.sha256(key.encode()).hexdigest()
        found = [
            each for each in self._customers if hmac.compare_digest(each.api_key_sha256, given)
        ]
        return found[0] if key and found else None

    def by_id(self, id: str) -> Customer | None:  # noqa: A002 - it is the customer's id
        """Find a customer by its number in the ERP."""
        return next((each for each in self._customers if each.id == id), None)


class Entitled:
    """The rows of one customer, and no others."""

    def __init__(self, reader: Reader, tenant: str, customer_id: str) -> None:
        """Read in this snapshot, for this customer."""
        self._reader = reader
        self._tenant = tenant
        self._customer = customer_id
        self._own = {"customer": customer_id, "visible": "yes"}

    def shipment(self, shipment_id: str) -> ProjectionRow | None:
        """Find one shipment that is shown to this customer."""
        key = view_key(shipment_id, self._customer)
        row = self._reader.projections(self._tenant, VIEW, [key]).get(key)
        # The key alone does not prove it: ids may hold slashes, so the index must say so too.
        return row if row is not None and self._own.items() <= dict(row.index).items() else None

    def shipments(
        self, where: Mapping[str, str], *, after: str = "", limit: int
    ) -> list[ProjectionRow]:
        """List the shipments shown to this customer, by key, after that key."""
        wanted = {**where, **self._own}
        return self._reader.find(self._tenant, VIEW, wanted, after=after, limit=limit)


def view_key(shipment_id: str, customer_id: str) -> str:
    """Name the row of one shipment as one customer sees it."""
    return f"{shipment_id}/{customer_id}"

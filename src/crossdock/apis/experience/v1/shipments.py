"""The shipments of one customer: read from the read model alone, never from a back end.

A shipment of somebody else, one that is withheld and one that is not there answer the same.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from urllib.parse import urlencode

from msgspec import Struct

from crossdock import __version__
from crossdock.apis import problems
from crossdock.apis.experience.v1.views import ShipmentPage, ShipmentView, curated, picture_of
from crossdock.apis.http import Ask, Reply, Route, as_json, json_text, unchanged
from crossdock.apis.problems import Declined
from crossdock.governance.entitlements import Customer, Customers, Entitled
from crossdock.ports.store import BreakerRow, ProjectionRow, Reader

BASE = "/experience/v1/shipments"
PAGE = 50
PAGE_MAX = 200
FILTERS = {"order_id": "order", "reference": "reference", "status": "status"}

Snapshot = Callable[[], AbstractContextManager[Reader]]


class Seen(Struct, frozen=True, kw_only=True):
    """A shipment as read, with the tag that changes whenever what is shown changes."""

    view: ShipmentView
    tag: str


class Listed(Struct, frozen=True, kw_only=True):
    """A page of shipments; `after` is the opaque cursor of the next page, empty on the last."""

    shipments: tuple[Seen, ...]
    after: str = ""


class Shipments:
    """What the experience API and the portal read: one customer's rows in one snapshot each."""

    def __init__(self, read: Snapshot, tenant: str) -> None:
        """Take the store's way to a snapshot, and whose rows these are."""
        self._read = read
        self._tenant = tenant

    def one(self, customer: Customer, shipment_id: str) -> Seen | None:
        """Find one shipment of a customer; None where it is not there, not its own or withheld."""
        with self._read() as reader:
            row = Entitled(reader, self._tenant, customer.id).shipment(shipment_id)
            return None if row is None else self._seen(reader, {}, row)

    def page(
        self, customer: Customer, where: Mapping[str, str], *, after: str = "", limit: int = PAGE
    ) -> Listed:
        """List a customer's shipments whose index has all of `where`."""
        with self._read() as reader:
            rows = Entitled(reader, self._tenant, customer.id).shipments(
                where, after=_read_cursor(after), limit=limit + 1
            )
            return self._listed(reader, rows, limit)

    def called(self, customer: Customer, number: str) -> Listed:
        """List a customer's shipments that any number means: shipment, order or reference."""
        spellings = dict.fromkeys((number, number.upper()))
        with self._read() as reader:
            own = Entitled(reader, self._tenant, customer.id)
            found: dict[str, ProjectionRow] = {}
            for each in spellings:
                exact = own.shipment(each)
                rows = [exact] if exact else []
                for name in ("order", "reference"):
                    rows += own.shipments({name: each}, limit=PAGE)
                found |= {row.key: row for row in rows}
            # A number means few shipments; of one that means more than a page, a page is shown.
            return self._listed(reader, [found[key] for key in sorted(found)[:PAGE]], PAGE)

    def _listed(self, reader: Reader, rows: list[ProjectionRow], limit: int) -> Listed:
        sources: dict[str, BreakerRow] = {}
        shown = tuple(self._seen(reader, sources, row) for row in rows[:limit])
        after = _write_cursor(rows[limit - 1].key) if len(rows) > limit else ""
        return Listed(shipments=shown, after=after)

    def _seen(self, reader: Reader, sources: dict[str, BreakerRow], row: ProjectionRow) -> Seen:
        told = picture_of(row)
        source = told.picture.source
        if source and source not in sources:
            sources[source] = reader.breaker(self._tenant, source)
        breaker = sources.get(source)
        generation = breaker.generation if breaker else 0
        return Seen(view=curated(told, breaker), tag=f'"{row.revision}.{generation}.{__version__}"')


def routes(shipments: Shipments, customers: Customers) -> tuple[Route, ...]:
    """Give the routes of the experience API."""

    def listing(ask: Ask) -> Reply:
        customer = identified(ask, customers)
        where, limit = _wanted(ask.query)
        found = shipments.page(customer, where, after=ask.query.get("after", ""), limit=limit)
        onward = {**{name: ask.query[name] for name in FILTERS if name in ask.query}}
        if "limit" in ask.query:
            onward["limit"] = str(limit)
        page = ShipmentPage(
            shipments=tuple(each.view for each in found.shipments),
            self_=ask.url,
            next=f"{BASE}?{urlencode({**onward, 'after': found.after})}" if found.after else None,
        )
        tag = f'"{hashlib.sha256(json_text(page).encode()).hexdigest()[:32]}"'
        return _tagged(ask, page, tag)

    def one(ask: Ask) -> Reply:
        found = shipments.one(identified(ask, customers), ask.path["shipment_id"])
        if found is None:
            raise Declined(problems.NOT_FOUND, "No such shipment is shown to you")
        return _tagged(ask, found.view, found.tag)

    return (
        Route(method="GET", path=BASE, answer=listing),
        Route(method="GET", path=f"{BASE}/{{shipment_id}}", answer=one),
    )


def identified(ask: Ask, customers: Customers) -> Customer:
    """Tell whose key a request carries. Raises Declined where it is nobody's."""
    scheme, _, token = ask.headers.get("authorization", "").partition(" ")
    key = token.strip() if scheme.lower() == "bearer" else ask.headers.get("x-api-key", "")
    customer = customers.by_key(key)
    if customer is None:
        raise Declined(
            problems.UNAUTHENTICATED,
            "Send your API key as `Authorization: Bearer KEY` or as `X-API-Key: KEY`",
            headers=(("WWW-Authenticate", "Bearer"),),
        )
    return customer


def _tagged(ask: Ask, value: object, tag: str) -> Reply:
    headers = (("ETag", tag), ("Cache-Control", "private, no-cache"), ("Vary", "Authorization"))
    if unchanged(ask, tag):
        return Reply(status=304, headers=headers)
    return as_json(value, headers=headers)


def _wanted(query: Mapping[str, str]) -> tuple[dict[str, str], int]:
    unknown = sorted(set(query) - set(FILTERS) - {"after", "limit"})
    if unknown:
        known = ", ".join(sorted({*FILTERS, "after", "limit"}))
        raise Declined(
            problems.BAD_REQUEST, f"There is no filter `{unknown[0]}`; there are {known}"
        )
    limit = query.get("limit", str(PAGE))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= PAGE_MAX):
        raise Declined(problems.BAD_REQUEST, f"`limit` is a number from 1 to {PAGE_MAX}")
    return {FILTERS[name]: value for name, value in query.items() if name in FILTERS}, int(limit)


def _write_cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _read_cursor(text: str) -> str:
    try:
        return base64.b64decode(
            text + "=" * (-len(text) % 4), altchars=b"-_", validate=True
        ).decode()
    except (binascii.Error, ValueError) as error:
        raise Declined(
            problems.BAD_REQUEST, "`after` is not a cursor of ours; take it from `next`"
        ) from error

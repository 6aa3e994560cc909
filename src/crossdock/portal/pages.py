"""The customer's pages: read from what is stored, so that no source being down can break them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from crossdock.apis import access, words
from crossdock.apis.access import Seal
from crossdock.apis.experience.v1.shipments import Seen, Shipments
from crossdock.apis.http import Ask, Reply, Route, as_page, go_to, unchanged
from crossdock.governance.entitlements import Customer, Customers
from crossdock.portal import sentences

COOKIE = "crossdock_portal"
LIST = "/portal/shipments"


def templates() -> Environment:
    """Set up the templates: everything is escaped, and a missing name is an error."""
    made = Environment(
        loader=PackageLoader("crossdock.portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    made.filters["utc"] = words.utc
    made.filters["named"] = words.code_words
    made.filters["machine"] = lambda at: words.rfc3339(at) if at else ""
    return made


class Portal:
    """The pages over one experience API."""

    def __init__(
        self,
        shipments: Shipments,
        customers: Customers,
        seal: Seal,
        now: Callable[[], datetime],
        wall: Callable[[], datetime],
    ) -> None:
        """Take what is shown, to whom, what signs cookies, business clock and wall clock."""
        self._shipments = shipments
        self._customers = customers
        self._seal = seal
        self._now = now
        self._wall = wall
        self._templates = templates()

    def routes(self) -> tuple[Route, ...]:
        """Give the routes of the pages."""
        return (
            Route(method="GET", path="/portal/", answer=self.home),
            Route(method="POST", path="/portal/login", answer=self.login),
            Route(method="POST", path="/portal/logout", answer=self.logout),
            Route(method="GET", path=LIST, answer=self.listing),
            Route(method="GET", path=f"{LIST}/{{shipment_id}}", answer=self.shipment),
            Route(method="GET", path="/portal/static/portal.css", answer=style),
        )

    async def home(self, ask: Ask) -> Reply:
        """Ask for the key, or go on to the list."""
        return go_to(LIST) if self._customer(ask) else self._login_page()

    async def login(self, ask: Ask) -> Reply:
        """Take a key, and remember in a signed cookie whose it is."""
        key = access.read_form(ask).get("api_key", "").strip()
        customer = self._customers.by_key(key) if access.same_site(ask) else None
        if customer is None:
            return self._login_page(wrong=True, status=401)
        until = str(int(self._wall().timestamp()) + access.DAY_SECONDS)
        whose = base64.urlsafe_b64encode(customer.id.encode()).decode()
        value = f"{until}.{whose}.{self._signature(until, customer)}"
        return go_to(LIST, headers=(access.cookie(COOKIE, value, path="/portal"),))

    async def logout(self, ask: Ask) -> Reply:
        """Forget who it was."""
        del ask
        return go_to("/portal/", headers=(access.cookie(COOKIE, "", path="/portal", seconds=0),))

    def listing(self, ask: Ask) -> Reply:
        """List the shipments, or those that a number means."""
        customer = self._customer(ask)
        if customer is None:
            return self._login_page(status=401)
        number = ask.query.get("q", "").strip()
        found = (
            self._shipments.called(customer, number)
            if number
            else self._shipments.page(customer, {}, after=ask.query.get("after", ""))
        )
        rows = [each.view for each in found.shipments]
        return self._page("list.html", customer=customer, rows=rows, q=number, next=found.after)

    def shipment(self, ask: Ask) -> Reply:
        """Show one shipment."""
        customer = self._customer(ask)
        if customer is None:
            return self._login_page(status=401)
        seen = self._shipments.one(customer, ask.path["shipment_id"])
        if seen is None:
            return self._page("nothing.html", status=404, customer=customer)
        return self._shown(ask, customer, seen)

    def _shown(self, ask: Ask, customer: Customer, seen: Seen) -> Reply:
        view = seen.view
        stale = sentences.stale_sentence(view.freshness, self._now())
        headers = (("ETag", seen.tag), ("Vary", "Cookie, Authorization, X-API-Key"))
        # A page that counts the hours of silence changes by itself; all others only with the row.
        if not stale and unchanged(ask, seen.tag):
            return Reply(status=304, headers=headers)
        return self._page(
            "shipment.html",
            headers=() if stale else headers,
            customer=customer,
            view=view,
            milestones=sorted(view.milestones, key=lambda each: each.occurred.at, reverse=True),
            told=sentences.status_sentence(view),
            promise=sentences.promise_sentence(view),
            freshness=sentences.freshness_sentence(view.freshness),
            transport=sentences.transport_sentence(view),
            stale=stale,
        )

    def _customer(self, ask: Ask) -> Customer | None:
        """Tell who looks: by key in a header, or by the cookie of an earlier login."""
        if key := ask.headers.get("x-api-key", ""):
            return self._customers.by_key(key)
        until, _, rest = ask.cookie(COOKIE).partition(".")
        whose, _, signature = rest.partition(".")
        try:
            customer = self._customers.by_id(base64.urlsafe_b64decode(whose.encode()).decode())
        except (binascii.Error, ValueError):
            return None
        if customer is None or not until.isdigit() or int(until) < self._wall().timestamp():
            return None
        signed = self._seal.holds(signature, "portal", until, customer.id, customer.api_key_sha256)
        return customer if signed else None

    def _signature(self, until: str, customer: Customer) -> str:
        # The key's hash is part of it: a customer whose key is changed must log in again.
        return self._seal.sign("portal", until, customer.id, customer.api_key_sha256)

    def _login_page(self, *, wrong: bool = False, status: int = 200) -> Reply:
        return self._page("login.html", status=status, customer=None, wrong=wrong)

    def _page(
        self,
        template: str,
        *,
        status: int = 200,
        headers: tuple[tuple[str, str], ...] = (),
        **shown: object,
    ) -> Reply:
        text = self._templates.get_template(template).render(shown)
        return as_page(text, status=status, headers=headers)


async def style(_ask: Ask) -> Reply:
    """Serve the style sheet."""
    sheet = resources.files("crossdock.portal") / "static" / "portal.css"
    headers = (("Cache-Control", "max-age=3600"), ("X-Content-Type-Options", "nosniff"))
    return Reply(body=sheet.read_bytes(), content_type="text/css", headers=headers)

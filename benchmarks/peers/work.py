"""The work, as every peer does it: what is sent, what must be true afterwards, who keeps count.

Receipt with idempotency; validate and enrich; the TMS's plan; a correlated confirmation; the
reference to the ERP; six milestones, of which one is told twice, each updating the customer's view;
the accrual, once, after delivery and charge.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from benchmarks import flows

CODES, TWICE = flows.CODES, flows.TWICE
DELIVERED = "DLV"
Order = dict[str, Any]
EVENTS_PER_FLOW = flows.EVENTS_PER_FLOW


class Invalid(Exception):
    """An order that lacks what a plan needs."""


def key_of(number: int) -> str:
    """Name an order."""
    return f"SO-{number}"


def order(number: int) -> Order:
    """Write an order as the ERP releases it."""
    (released,) = flows.orders(1, number)
    written: Order = released["order"]
    return written


def event_id(number: int, code: str) -> str:
    """Name a milestone event; the one told twice has one name."""
    return f"{code}-{number}"


def enriched(released: Order) -> Order:
    """Check an order and add mode and service level. Raises Invalid."""
    missing = [name for name in ("order_id", "ship_from", "ship_to", "lines") if not released[name]]
    if missing:
        raise Invalid(", ".join(missing))
    parcels = sum(int(line["quantity"]) for line in released["lines"])
    return {**released, "mode": "PARCEL" if parcels <= 1 else "ROAD", "service_level": "STANDARD"}


class Account(Protocol):
    """What was done in the end, by order: how often accrued, and which milestones are shown."""

    accruals: Counter[str]
    views: dict[str, set[str]]


class Ledger:
    """The partners' memory, in the process of the worker: each effect once by its key.

    It stands for the TMS, the ERP and whoever watches the customer's view, and costs nothing.
    """

    def __init__(self) -> None:
        """Begin with nothing done."""
        self.effects: dict[str, str] = {}
        self.accruals: Counter[str] = Counter()
        self.views: dict[str, set[str]] = {}
        self.shown_at: dict[tuple[str, str], float] = {}
        self._ended: dict[str, asyncio.Future[None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def apply(self, verb: str, key: str) -> str:
        """Do something once; done again, give the same document's number."""
        name = f"{verb}/{key}"
        if name not in self.effects:
            self.effects[name] = f"DOC-{len(self.effects)}"
            if verb == "accrue":
                self.accruals[key] += 1
        return self.effects[name]

    def show(self, key: str, shown: Sequence[str]) -> None:
        """See a customer's view after its update."""
        now = time.time()
        known = self.views.setdefault(key, set())
        for code in shown:
            if code not in known:
                known.add(code)
                self.shown_at[key, code] = now

    def end(self, key: str) -> None:
        """Tell whoever waits that a flow has ended; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._end, key)

    def _end(self, key: str) -> None:
        future = self._future(key)
        if not future.done():
            future.set_result(None)

    def _future(self, key: str) -> asyncio.Future[None]:
        self._loop = self._loop or asyncio.get_running_loop()
        return self._ended.setdefault(key, self._loop.create_future())

    async def ended(self, numbers: Sequence[int]) -> None:
        """Wait until flows have ended."""
        await asyncio.gather(*(self._future(key_of(each)) for each in numbers))

    def begin(self) -> None:
        """Belong to the running event loop."""
        self._loop = asyncio.get_running_loop()


class Peer(Protocol):
    """A running deployment. What is sent is durable when a call returns."""

    async def release(self, numbers: Sequence[int]) -> None:
        """Release orders."""

    async def confirm(self, numbers: Sequence[int]) -> None:
        """Confirm the TMS's plans."""

    async def track(self, numbers: Sequence[int], code: str) -> None:
        """Tell a milestone of each."""

    async def charge(self, numbers: Sequence[int]) -> None:
        """Confirm the freight charge of each."""

    async def ended(self, numbers: Sequence[int]) -> None:
        """Wait until these flows have ended, durably."""

    async def account(self) -> Account:
        """Tell what was done."""

    async def shown_at(self) -> dict[tuple[str, str], float]:
        """Tell when each view showed each milestone first, by the wall clock."""


class Module(Protocol):
    """What every module of a peer offers: `deploy` starts and stops everything.

    `COHORT` flows are sent together, `COHORTS` at a time: what serves this peer best.
    """

    DEPLOYMENT: str
    GUARANTEE: str
    COHORT: int
    COHORTS: int

    def deploy(self, folder: Path) -> AbstractAsyncContextManager[Peer]:
        """Start servers and workers; stop them at the end."""

"""Walks between partners and pages while the day runs, and fetches what an audit goes by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Self
from urllib.parse import quote, urljoin

import aiohttp
import msgspec
from msgspec import Struct

from crossdock.simulators.auditor import Evidence, ShownShipment
from crossdock.simulators.books_audit import Differing
from crossdock.simulators.ledger import Entry
from crossdock.simulators.pages import Page, read_page

CALL_SECONDS = 30.0
AT_A_TIME = 8
RECONCILIATION = "/console/finance/reconciliation"
BEFORE_A_PERSON = ("/console/exceptions", "/console/finance?view=disputes")


class Sites(Struct, frozen=True, kw_only=True):
    """Where the patrol looks.

    `customers` maps a customer's id to the headers with which its pages are asked for,
    `operator` are the headers for the console. `stocked` are the company codes whose ERP shall set
    stock aside. `reconciled`: the ledgers' statements shall be compared. Addresses without a
    trailing slash.
    """

    portal: str
    customers: Mapping[str, Mapping[str, str]]
    erps: tuple[str, ...]
    tms: str
    carriers: tuple[str, ...]
    operator: Mapping[str, str] = {}
    stocked: frozenset[str] = frozenset()
    reconciled: bool = False


class _Answer(Struct):
    entries: list[Entry]


class Patrol:
    """One patrol over one day. Use it as an async context manager."""

    def __init__(self, sites: Sites) -> None:
        """Know where to look."""
        self.sites = sites
        self.ahead: set[tuple[str, str]] = set()
        self.looks = 0
        self._shown: set[tuple[str, str]] = set()
        self._referenced: set[tuple[str, str]] = set()
        self._read: dict[str, int] = {}
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_SECONDS))

    async def __aenter__(self) -> Self:
        """Set out."""
        return self

    async def __aexit__(self, *_failure: object) -> None:
        """Come home."""
        await self._session.close()

    async def watch(self, done: asyncio.Event, rest: Callable[[], Awaitable[None]]) -> None:
        """Look at every list, rest, and again, until it is done."""
        while not done.is_set():
            for customer_id in self.sites.customers:
                await self.look(customer_id)
            await rest()

    async def look(self, customer_id: str) -> None:
        """Look at a customer's list, and at once whether the ERPs know what it shows.

        The ERPs are asked after the page: what they have by then, they may have had when the page
        was made, so nobody is accused who may be innocent.
        """
        self.looks += 1
        new = {
            (order_id, shipment.shipment_id)
            async for shipment in self._list(customer_id)
            for order_id in shipment.order_ids
        } - self._shown
        if not new:
            return
        self._shown |= new
        for url in self.sites.erps:
            await self._read_references(url)
        self.ahead |= new - self._referenced

    async def evidence(self) -> Evidence:
        """Fetch all ledgers and all pages, once the day is done."""
        pages: dict[str, ShownShipment] = {}
        for customer_id in self.sites.customers:
            listed = [each.shipment_id async for each in self._list(customer_id)]
            for start in range(0, len(listed), AT_A_TIME):
                asked = listed[start : start + AT_A_TIME]
                found = await asyncio.gather(*(self._page(each, customer_id) for each in asked))
                pages |= {each.shipment_id: each for page in found for each in page.shipments}
        return Evidence(
            erps=tuple([await self._ledger(url) for url in self.sites.erps]),
            tms=await self._ledger(self.sites.tms),
            carriers=tuple([await self._ledger(url) for url in self.sites.carriers]),
            pages=pages,
            exceptions=await self._exceptions(),
            ahead=frozenset(self.ahead),
            stocked=self.sites.stocked,
            differing=await self._differing() if self.sites.reconciled else None,
        )

    async def close_the_books(self) -> None:
        """Ask every ledger for its statements; they come as the partner's own documents."""
        for url in (*self.sites.erps, self.sites.tms):
            async with self._session.post(f"{url}/statements") as answer:
                answer.raise_for_status()

    async def _differing(self) -> tuple[Differing, ...]:
        url = f"{self.sites.portal}{RECONCILIATION}"
        return (await self._get_page(url, self.sites.operator)).differing

    async def _list(self, customer_id: str) -> AsyncIterator[ShownShipment]:
        url = f"{self.sites.portal}/portal/shipments?customer={quote(customer_id)}"
        while url:
            page = await self._get_page(url, self.sites.customers[customer_id])
            for shipment in page.shipments:
                yield shipment
            url = urljoin(url, page.following) if page.following else ""

    async def _page(self, shipment_id: str, customer_id: str) -> Page:
        url = f"{self.sites.portal}/portal/shipments/{quote(shipment_id)}"
        asked = f"{url}?customer={quote(customer_id)}"
        return await self._get_page(asked, self.sites.customers[customer_id])

    async def _exceptions(self) -> frozenset[str]:
        """Read what stands before a person to its end; a system without the pages has nothing."""
        about: set[str] = set()
        for place in BEFORE_A_PERSON:
            url = f"{self.sites.portal}{place}"
            while url:
                page = await self._get_page(url, self.sites.operator)
                about |= page.about
                url = urljoin(url, page.following) if page.following else ""
        return frozenset(about)

    async def _get_page(self, url: str, headers: Mapping[str, str]) -> Page:
        """Read a page; one that cannot be had shows nothing."""
        try:
            async with self._session.get(url, headers=dict(headers)) as answer:
                text = await answer.text()
                return read_page(text) if answer.ok else Page()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return Page()

    async def _read_references(self, url: str) -> None:
        since = self._read.get(url, 0)
        asked = f"{url}/ledger?verb=erp.write_reference&kind=received&since={since}"
        for entry in await self._entries(asked):
            told: Any = entry.content
            self._referenced.add((str(told["order_id"]), str(told["shipment_id"])))
            self._read[url] = entry.seq

    async def _ledger(self, url: str) -> tuple[Entry, ...]:
        return await self._entries(f"{url}/ledger")

    async def _entries(self, url: str) -> tuple[Entry, ...]:
        async with self._session.get(url) as answer:
            answer.raise_for_status()
            return tuple(msgspec.json.decode(await answer.read(), type=_Answer).entries)

"""The old ERP of company 2000: drops files with orders, and finds what becomes of them in files.

Drops   `orders-NNNN.csv` into the drop folder, every batch of simulated minutes, and by night
        `statement-<date>-N.csv`
Reads   `reference-*.csv`, `withdrawal-*.csv`, `posting-*.csv`, `accrual-*.csv`,
        `freight_invoice-*.csv` and `billing_release-*.csv` in the reference folder; a file of the
        same name and content is read once

There is no idempotency key and no answer: a file that lies in its folder is handed over. A file
under another name is imported again, whatever it says. Money that the books cannot hold (`books`)
is entered as refused: nobody hears of it but who reads the ledger.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct

from crossdock.channels.file_drop import write_file
from crossdock.simulators.books import (
    Books,
    asked_to_accrue,
    asked_to_post,
    asked_to_release,
)
from crossdock.simulators.closing import STATEMENT
from crossdock.simulators.erp import Step, story
from crossdock.simulators.ledger import Entry, Told
from crossdock.simulators.partner import Asked, No, Partner, Setup
from crossdock.simulators.statements import Line
from crossdock.simulators.world import LEGACY_COMPANY, World

COLUMNS = (
    "order_no order_version action company customer_no customer_po ship_from_id ship_from_country"
    " ship_from_city ship_from_zip ship_to_id ship_to_name ship_to_country ship_to_city ship_to_zip"
    " ship_to_street req_date line_no item_no qty uom weight_kg value currency"
).split()
STATEMENT_COLUMNS = (
    "business_date drawn_at posting load_id charge invoice_no part carrier_scac amount currency"
    " document_no"
).split()
ACTIONS = {"order.released": "R", "order.changed": "C", "order.cancelled": "X"}
POLL_SECONDS_MIN = 0.1  # wall time
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Folders(Struct, frozen=True, kw_only=True):
    """Where the files go and come, how often, and whose day must have begun before.

    `after_url` is the address of the ERP that keeps the master data; empty: nobody is waited for.
    """

    drop: Path
    references: Path
    batch: timedelta = timedelta(minutes=30)
    after_url: str = ""


class LegacyErp(Partner):
    """The ERP of company 2000."""

    keeps_books = True

    def __init__(self, setup: Setup, world: World, folders: Folders) -> None:
        """Know the day, and the folders."""
        super().__init__(setup)
        self.world = world
        self.folders = folders
        self._orders = {each.order_id for each in world.of_company(LEGACY_COMPANY)}
        # Files that were read, by name: inode, time and size, so that they are not read for nothing
        self._seen: dict[str, tuple[int, int, int]] = {}
        for each in (folders.drop, folders.references):
            each.mkdir(parents=True, exist_ok=True)

    def steps(self) -> Iterator[Step]:
        """Give what is to be said and was not yet."""
        for release in self.world.of_company(LEGACY_COMPANY):
            for step in story(release, self.mischief):
                if self.ledger.kept("step", step.content_key) is None:
                    yield step

    def left(self) -> int:
        """Count what is still to be dropped, and what lies in its folder and was not read yet."""
        return sum(1 for _ in self.steps()) + sum(1 for _ in self.unread_files())

    async def act(self) -> None:
        """Drop a file and look for files, batch after batch."""
        await self._wait_for_master_data()
        while True:
            self._drop_batch()
            self.before_reading()
            pause = max(self.clock.real_seconds(self.folders.batch), POLL_SECONDS_MIN)
            await asyncio.sleep(pause)

    async def _wait_for_master_data(self) -> None:
        begun = not self.folders.after_url
        async with aiohttp.ClientSession() as session:
            while not begun:
                try:
                    async with session.get(f"{self.folders.after_url}/progress") as answer:
                        begun = bool((await answer.json())["begun"])
                except aiohttp.ClientError:
                    begun = False
                await asyncio.sleep(POLL_SECONDS_MIN)

    def _drop_batch(self) -> None:
        """Drop what is due; one dropped twice after a crash is the same order said again."""
        now = self.clock.now()
        due = [step for step in self.steps() if step.at <= now]
        again = [msgspec.convert(kept, Step) for _, kept in self.ledger.kept_of("again") if kept]
        if not due and not again:
            return
        number = self.ledger.count_asked("batch")
        content = order_file((*again, *due), number)
        write_file(self.folders.drop, f"orders-{number:04}.csv", content)
        with self.ledger.together():
            for step in again:
                self.ledger.keep("again", step.content_key, None)
            for step in due:
                self._dropped(step)

    def _dropped(self, step: Step) -> None:
        content = {"event_type": step.event_type, "order": step.order}
        self._handed_over(step.event_type, step.content_key, content)
        self.ledger.keep("step", step.content_key, "dropped")
        if self.mischief.strikes("duplicate", step.content_key):
            self.ledger.keep("again", step.content_key, step)

    def _handed_over(self, verb: str, content_key: str, content: Any) -> None:
        """Enter it: what lies in the folder is told, and taken."""
        for kind in ("sent", "acknowledged"):
            self.ledger.write(
                Entry(
                    at=self.clock.now(),
                    kind=kind,
                    verb=verb,
                    content_key=content_key,
                    content=content,
                )
            )

    def tell_statement(self, told: Told, lines: Sequence[Line]) -> None:
        """Drop a statement; dropped before a crash, and again after it, it is the same."""
        event = told.content["event"]
        name = f"{STATEMENT}-{event['business_date']}-{told.content['number']}.csv"
        write_file(self.folders.drop, name, statement_file(event, lines))
        self._handed_over(told.verb, told.content_key, told.content)

    def before_reading(self) -> None:
        """Read the files that were not read before."""
        for path, content, digest in self.unread_files():
            with self.ledger.together():
                self.ledger.keep("file", path.name, digest)
                self._import(path.name, content)

    def unread_files(self) -> Iterator[tuple[Path, bytes, str]]:
        """Find the files that were not read yet, with their bytes and what tells them apart."""
        for path in self.files():
            found = path.stat()
            written = (found.st_ino, found.st_mtime_ns, found.st_size)
            if self._seen.get(path.name) == written:
                continue
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            if self.ledger.kept("file", path.name) != digest:
                yield path, content, digest
            else:
                self._seen[path.name] = written

    def files(self) -> list[Path]:
        """List the files in its folder, in the order it reads them."""
        return sorted(self.folders.references.glob("*.csv"))

    def _import(self, name: str, content: bytes) -> None:
        """Read a file by the first word of its name; a file of another kind is not for us."""
        imports = {
            "reference": _reference,
            "withdrawal": _withdrawal,
            "posting": _posting,
        }
        kind = name.partition("-")[0]
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
        if kind in MONEY and rows:
            self._book(*MONEY[kind](rows))
        elif (told := imports.get(kind)) is not None:
            for row in rows:
                self.enter("received", told({"order_id": row["order_no"], **row}))

    def _book(self, asked: Asked, book: Booking) -> None:
        """Book money; what the books cannot hold is entered as refused."""
        try:
            book(Books(self.ledger, self._orders.__contains__), asked.content, self.clock.now())
        except No:
            self.enter("refused", asked)
        else:
            self.enter("received", asked)


Booking = Callable[[Books, Mapping[str, Any], datetime], None]
Rows = list[dict[str, str]]


def _accrual(rows: Rows) -> tuple[Asked, Booking]:
    row = rows[0]
    told: dict[str, Any] = {
        **_words(row, "load_id charge kind carrier_scac business_date rule proof"),
        "invoice_id": row["invoice_no"],
        "revision": int(row["revision"]),
        "amount": _money(row, "amount"),
        "before": _money(row, "before"),
        "shares": _shares(rows),
    }
    if row.get("rate"):
        ledger = {"amount": row["ledger_amount"], "currency": row["ledger_currency"]}
        told |= {"rate": row["rate"], "rate_date": row["rate_date"], "ledger_amount": ledger}
    return asked_to_accrue(told), Books.accrue


def _freight_invoice(rows: Rows) -> tuple[Asked, Booking]:
    row = rows[0]
    told = {
        **_words(row, "load_id carrier_scac business_date rule"),
        "part": row.get("part", ""),
        "invoice_id": row["invoice_no"],
        "revision": int(row["revision"]),
        "billed": _money(row, "billed"),
        "payable": _money(row, "payable"),
        "charges": row["charges"].split(),
        "shares": _shares(rows),
    }
    return asked_to_post(told), Books.post_invoice


def _billing_release(rows: Rows) -> tuple[Asked, Booking]:
    row = rows[0]
    told = {
        **_words(row, "load_id flagged"),
        "order_id": row["order_no"],
        "revision": int(row["revision"]),
        "freight": _money(row, "freight"),
        "reversed": row["reversed"] == "Y",
        **({"accrued": _money(row, "accrued")} if row.get("accrued") else {}),
    }
    return asked_to_release(told), lambda books, content, _now: books.release(content)


# The first word of a file's name -> how its rows are read, and how they are booked.
MONEY: dict[str, Callable[[Rows], tuple[Asked, Booking]]] = {
    "accrual": _accrual,
    "freight_invoice": _freight_invoice,
    "billing_release": _billing_release,
}


def _words(row: Mapping[str, str], names: str) -> dict[str, Any]:
    return {name: row[name] for name in names.split()}


def _money(row: Mapping[str, str], name: str) -> dict[str, str]:
    return {"amount": row[name], "currency": row["currency"]}


def _shares(rows: Rows) -> list[dict[str, Any]]:
    """Read what falls to each order; a row without an order shares nothing out."""
    return [
        {"order_id": row["order_no"], "amount": _money(row, "share")}
        for row in rows
        if row["order_no"]
    ]


def _reference(row: dict[str, Any]) -> Asked:
    words = [row[word] for word in ("order_id", "order_version", "shipment_id", "revision")]
    return Asked(
        verb="erp.write_reference", content_key="/".join(["reference", *words]), content=row
    )


def _withdrawal(row: dict[str, Any]) -> Asked:
    words = [row[word] for word in ("order_id", "shipment_id", "revision")]
    return Asked(
        verb="erp.withdraw_reference", content_key="/".join(["withdrawal", *words]), content=row
    )


def _posting(row: dict[str, Any]) -> Asked:
    words = [row[word] for word in ("shipment_id", "order_id", "stop", "posting", "revision")]
    return Asked(
        verb="erp.post_milestone",
        content_key="/".join(["posting", *words]),
        content={**row, "reversed": row["reversed"] == "Y"},
    )


def order_file(steps: Iterable[Step], number: int) -> bytes:
    """Write a file; every other one begins with a byte order mark, as such systems will."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(row for step in steps for row in _rows(step))
    return (b"" if number % 2 else BYTE_ORDER_MARK) + text.getvalue().encode()


def statement_file(event: Mapping[str, Any], lines: Sequence[Line]) -> bytes:
    """Write a statement, one row for each posting; a date with nothing is one row without one."""
    head = {"business_date": event["business_date"], "drawn_at": event["occurred_at"]}
    rows = [
        {
            **head,
            "posting": each["posting"],
            "load_id": each["load_id"],
            "charge": each.get("charge", ""),
            "invoice_no": each.get("invoice_id", ""),
            "part": each.get("part", ""),
            "carrier_scac": each["carrier_scac"],
            "amount": each["amount"]["amount"].replace(".", ","),
            "currency": each["amount"]["currency"],
            "document_no": each["document"],
        }
        for each in lines
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, STATEMENT_COLUMNS, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows or [head])
    return text.getvalue().encode()


def _rows(step: Step) -> Iterator[dict[str, str]]:
    """Write an order as rows, one for each line; a cancellation is one row without a line."""
    order = step.order
    head = {
        "order_no": order["order_id"],
        "order_version": str(order["version"]),
        "action": ACTIONS[step.event_type],
        "company": LEGACY_COMPANY,
    }
    if step.event_type == "order.cancelled":
        yield head
        return
    head |= {
        "customer_no": order["customer_id"],
        "customer_po": order["customer_reference"],
        "req_date": f"{date.fromisoformat(order['requested_delivery']):%d.%m.%Y}",
        **_place("ship_from", order["ship_from"]),
        **_place("ship_to", order.get("ship_to", {})),
    }
    for line in order["lines"]:
        yield head | _line(line)


def _place(prefix: str, place: dict[str, Any]) -> dict[str, str]:
    cells = {
        f"{prefix}_id": place.get("location_id", ""),
        f"{prefix}_country": place.get("country", ""),
        f"{prefix}_city": place.get("city", ""),
        f"{prefix}_zip": place.get("postal_code", ""),
    }
    if prefix == "ship_to":
        cells["ship_to_name"] = place.get("name", "")
        cells["ship_to_street"] = " ".join(place.get("lines", ()))
    return cells


def _line(line: dict[str, Any]) -> dict[str, str]:
    return {
        "line_no": line["line_id"],
        "item_no": line["item_id"],
        "qty": f"{line['quantity']},0",
        "uom": line["unit"],
        "weight_kg": line["weight_kg"],
        "value": line["value"]["amount"],
        "currency": line["value"]["currency"],
    }

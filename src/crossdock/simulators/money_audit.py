"""Counts what went wrong with money, from the ledgers of those who billed, planned and posted.

accrual_without_proof  an accrual rose before any delivery of its orders was told, or any charge
doubled_postings       the same money posted again, with nothing in between
money_not_conserved    an accrual that is not the sum of what moved it; an invoice that pays another
                       amount than is accrued, or more than its carrier asks; money that the ERP
                       refused, and nobody was told

Pure, as `auditor` is: the truth of a delivery is what carriers told, the truth of a charge what
carriers and the TMS told. Nothing is read from the tables of the system that is judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from crossdock.simulators.ledger import Entry

Book = tuple[Entry, ...]
Sums = Mapping[tuple[str, str], Decimal]
MONEY = ("erp.accrue", "erp.post_freight_invoice", "erp.release_billing")
COPY = "tms.share_freight_invoice"
PROOFS = ("DLV", "POD")  # a proof of delivery says that it was delivered, too
TAKEN_BACK = "invoice.cancelled"
# What is told of a milestone is acted upon when it has stood still for a while, also that it was
# none: until then what was accrued is accrued with proof, and is reversed like everything else.
STANDS_STILL = timedelta(minutes=30)


def accrual_without_proof(
    erps: Iterable[Book], tms: Book, carriers: Iterable[Book]
) -> Iterator[str]:
    """Find the accruals that rose before their delivery, or before anybody charged the load."""
    carriers = tuple(carriers)
    carried = _carried(tms)
    told = _deliveries(carriers)
    charged = _charged((tms, *carriers))
    for book in erps:
        for entry in _done(book, "erp.accrue"):
            content = entry.content
            if _amount(content, "amount") <= _amount(content, "before"):
                continue
            load_id = content["load_id"]
            orders = [each["order_id"] for each in content["shares"]]
            shipments = [each for order in orders for each in carried[load_id, order]]
            if not any(_is_delivered(told[each], entry.at) for each in shipments):
                yield f"{entry.content_key} was accrued before anything of it was delivered"
            elif not any(at <= entry.at for at in charged[load_id]):
                yield f"{entry.content_key} was accrued before anybody charged it"


def doubled_postings(books: Iterable[Book]) -> Iterator[str]:
    """Find what was posted again with the same content; revisions are counters, not content."""
    for book in books:
        last: dict[tuple[str, ...], Any] = {}
        for entry in _done(book, *MONEY, COPY):
            content = {name: part for name, part in entry.content.items() if name != "revision"}
            subject = _subject(entry)
            if last.get(subject) == content:
                yield f"{entry.verb} was posted again: {entry.content_key}"
            last[subject] = content


def _subject(entry: Entry) -> tuple[str, ...]:
    names = {
        "erp.accrue": ("load_id", "charge"),
        "erp.release_billing": ("order_id", "load_id"),
    }.get(entry.verb, ("carrier_scac", "invoice_id", "part"))
    return (entry.verb, *(str(entry.content.get(name) or "") for name in names))


def money_not_conserved(
    erps: Iterable[Book], carriers: Iterable[Book], excepted: frozenset[str]
) -> Iterator[str]:
    """Hold accruals against what moved them, and invoices against accruals and carriers.

    `excepted` are the numbers that stand before a person, and the postings of which one was told
    that they were refused.
    """
    claims = _claims(carriers)
    for book in erps:
        moved: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        stands: dict[tuple[str, str], Decimal] = {}
        for entry in _done(book, "erp.accrue"):
            name = (entry.content["load_id"], entry.content["charge"])
            amount = _amount(entry.content, "amount")
            if stands.get(name) != amount:  # what stands may be told again, as after a restore
                stands[name] = amount
                moved[name] += amount - _amount(entry.content, "before")
        for name, amount in stands.items():
            if moved[name] != amount:
                yield f"{'/'.join(name)} should stand at {amount}, and {moved[name]} was booked"
        yield from _invoices(book, moved, claims)
        yield from _refused(book, excepted)


def _invoices(
    book: Book,
    accrued: Sums,
    claims: Sums,
) -> Iterator[str]:
    """Hold what is paid of each invoice against what is accrued for it, and what is asked.

    Where the newest posting of a load was refused, its invoices stay as they were: `_refused` asks
    whether somebody was told.
    """
    last = {_subject(entry): entry.content for entry in _done(book, "erp.post_freight_invoice")}
    halted = _halted(book)
    for content in last.values():
        if content["load_id"] in halted:
            continue
        number = (content["carrier_scac"], content["invoice_id"])
        payable = _amount(content, "payable")
        of_load = ((content["load_id"], charge) for charge in content["charges"])
        accrued_for_it = sum((accrued.get(name, Decimal()) for name in of_load), Decimal())
        name = "/".join(number)
        if payable and accrued_for_it != payable:
            yield f"Invoice {name}: {accrued_for_it} is accrued, and {payable} is paid"
        if payable > claims.get(number, Decimal()):
            asked = claims.get(number, Decimal())
            yield f"Invoice {name}: {payable} is paid, and its carrier asks {asked}"


def _halted(book: Book) -> frozenset[str]:
    """Name the loads of which the ERP has refused the newest word about a charge or an invoice."""
    newest = {
        _subject(entry): entry
        for entry in book
        if entry.kind in {"received", "refused"} and entry.verb in MONEY
    }
    return frozenset(
        entry.content["load_id"] for entry in newest.values() if entry.kind == "refused"
    )


def _refused(book: Book, excepted: frozenset[str]) -> Iterator[str]:
    """Find the money that an ERP refused for good, and that stands before nobody."""
    done = {entry.content_key for entry in _done(book, *MONEY)}
    refused = {
        entry.content_key: entry
        for entry in book
        if entry.kind == "refused" and entry.verb in MONEY and entry.content_key not in done
    }
    for key, entry in refused.items():
        numbers = {str(entry.content.get(name)) for name in ("load_id", "invoice_id", "order_id")}
        if not (numbers | {_posting(entry)}) & excepted:
            yield f"{key} was refused, and nobody was told"


def _posting(entry: Entry) -> str:
    """Name a posting as whoever asked for it names it: by load and charge, carrier and invoice."""
    _, *names, part = (*_subject(entry), "")[:4]
    return "/".join(names) + (f"@{part}" if part else "")


def _done(book: Iterable[Entry], *verbs: str) -> Iterator[Entry]:
    return (entry for entry in book if entry.kind == "received" and entry.verb in verbs)


def _amount(content: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(content[name]["amount"])


def _carried(tms: Book) -> dict[tuple[str, str], list[str]]:
    """Find the shipments that were ever planned for an order on a load."""
    carried: dict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in tms:
        if entry.kind == "planned":
            told = entry.content
            carried[told["load_id"], told["order_id"]].append(told["shipment_id"])
    return carried


def _deliveries(carriers: Iterable[Book]) -> dict[str, list[tuple[datetime, dict[str, Any]]]]:
    """Find what was told about the delivery of each shipment, and from when it counts.

    A delivery counts as it is told; that it was none, when it has been heard and stands still.
    """
    told: dict[str, list[tuple[datetime, dict[str, Any]]]] = defaultdict(list)
    for book in carriers:
        for entry in book:
            if entry.verb != "tracking" or entry.content["event"]["status_code"] not in PROOFS:
                continue
            shipment_id, event = entry.content["shipment_id"], entry.content["event"]
            if event["kind"] != "retraction" and entry.kind == "sent":
                told[shipment_id].append((entry.at, event))
            if event["kind"] == "retraction" and entry.kind == "acknowledged":
                told[shipment_id].append((entry.at + STANDS_STILL, event))
    return told


def _is_delivered(told: Iterable[tuple[datetime, dict[str, Any]]], at: datetime) -> bool:
    """Tell whether a delivery was told by then, and not taken back by then."""
    last: dict[str, dict[str, Any]] = {}
    for said_at, event in told:
        known = last.get(event["event_id"])
        if said_at <= at and (known is None or known["revision"] < event["revision"]):
            last[event["event_id"]] = event
    return any(event["kind"] != "retraction" for event in last.values())


def _charged(books: Iterable[Book]) -> dict[str, list[datetime]]:
    """Find when somebody charged each load: an invoice, or charges told without one."""
    charged: dict[str, list[datetime]] = defaultdict(list)
    for book in books:
        for entry in book:
            if entry.kind == "sent" and entry.verb in {"invoice", "charges"}:
                charged[entry.content["load_id"]].append(entry.at)
    return charged


def _claims(carriers: Iterable[Book]) -> dict[tuple[str, str], Decimal]:
    """Find what each carrier asks at the end, by its invoice number; taken back: nothing."""
    return {
        number: Decimal() if event["event_type"] == TAKEN_BACK else _amount(event, "total")
        for number, event in last_bills(carriers, "sent").items()
    }


def last_bills(carriers: Iterable[Book], kind: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Choose what each carrier said last of each invoice number, however late it was told."""
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for book in carriers:
        for entry in book:
            if entry.kind == kind and entry.verb == "invoice":
                event = entry.content["event"]
                number = (event["carrier_scac"], event["invoice_id"])
                if number not in last or last[number]["occurred_at"] < event["occurred_at"]:
                    last[number] = {**event, "load_id": entry.content["load_id"]}
    return last


def lost_invoices(
    erps: Iterable[Book], tms: Book, carriers: Iterable[Book], excepted: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """Find the bills that were acknowledged, and that moved no money and stand before nobody.

    A bill for a load of which nothing travels any more is not judged. Gives the number and a
    sentence.
    """
    posted = {entry.content["load_id"] for book in erps for entry in _done(book, *MONEY)}
    on_load = _on_load(tms)
    for (scac, invoice_id), event in last_bills(carriers, "acknowledged").items():
        load_id = event["load_id"]
        numbers = {load_id, invoice_id, event["reference"]["value"], *on_load.get(load_id, ())}
        lost = load_id in on_load and load_id not in posted and not numbers & excepted
        if lost and event["event_type"] != TAKEN_BACK:
            yield f"invoice/{scac}/{invoice_id}", f"Invoice {scac}/{invoice_id} was lost"


def _on_load(tms: Book) -> dict[str, set[str]]:
    """Find what is on each load at the end: the numbers of its shipments and their orders."""
    shipments: dict[str, Mapping[str, Any]] = {}
    for entry in tms:
        if entry.kind == "planned":
            shipments[entry.content["shipment_id"]] = entry.content
        elif entry.kind == "withdrawn":
            shipments.pop(entry.content["shipment_id"], None)
    found: dict[str, set[str]] = defaultdict(set)
    for shipment_id, told in shipments.items():
        found[told["load_id"]] |= {shipment_id, told["order_id"]}
    return found

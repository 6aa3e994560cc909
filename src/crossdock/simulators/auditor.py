"""Counts what went wrong between systems, from the partners' ledgers and the pages as rendered.

duplicate_shipments   a second request for an order and version lives in the TMS beside the first
portal_ahead_of_erp   a page showed a shipment of an order before the ERP had its reference
doubled_effects       the same business content done again, with nothing in between
lost_messages         told, acknowledged, and neither done nor before anybody
stock_not_conserved   set aside, or noted as gone, otherwise than the orders and the pickups say

and what `money_audit` finds: accrual_without_proof, doubled_postings, money_not_conserved; and what
`books_audit` finds: books_not_reconciled.

Nothing is read from the tables of the system that is judged. All here is pure: the same ledgers and
observations give the same count; `patrol` fetches them. A message counts as lost once, whatever it
should have done. What carriers tell of shipments that the TMS has withdrawn is not judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.simulators import money_audit, stock_audit
from crossdock.simulators.books_audit import Differing, books_not_reconciled
from crossdock.simulators.erp_inventory import COMMIT, CONFIRM, REVERSE
from crossdock.simulators.ledger import Entry
from crossdock.simulators.status_codes import MILESTONES

# What changes something again when it is done again; a second cancellation does not.
DOUBLING = frozenset(
    {
        "erp.write_reference",
        "erp.post_milestone",
        COMMIT,
        CONFIRM,
        "tms.plan",
        "carrier.tender",
    }
)
# What moves a subject on, so that the same content after it is not the same again.
MOVING = DOUBLING | {
    "erp.withdraw_reference",
    REVERSE,
    "tms.cancel",
    "carrier.cancel_tender",
}
# Milestones that a page need not show: they say nothing to a customer.
UNSHOWN = frozenset({"NOTE", "POSITION", "ETA_CHANGED"})


class Step(Struct, frozen=True, kw_only=True):
    """A milestone as a page shows it."""

    milestone: str
    occurred_at: datetime


class ShownShipment(Struct, frozen=True, kw_only=True):
    """A shipment as a page shows it; a list shows no steps."""

    shipment_id: str
    order_ids: tuple[str, ...]
    status: str = ""
    steps: tuple[Step, ...] = ()


class Evidence(Struct, frozen=True, kw_only=True):
    """What an audit goes by.

    `erps`, `tms` and `carriers` are ledgers. `ahead` are the (order, shipment) that were seen on a
    page while no ERP had the reference, `pages` the shipments' pages by shipment, `exceptions` the
    numbers that stand before a person. `stocked` are the company codes whose ERP shall set stock
    aside. `differing` is what finance is told of ledgers; None where nobody looked.
    """

    erps: tuple[tuple[Entry, ...], ...]
    tms: tuple[Entry, ...]
    carriers: tuple[tuple[Entry, ...], ...]
    pages: Mapping[str, ShownShipment] = {}
    exceptions: frozenset[str] = frozenset()
    ahead: frozenset[tuple[str, str]] = frozenset()
    stocked: frozenset[str] = frozenset()
    differing: tuple[Differing, ...] | None = None


class Violations(Struct, frozen=True, kw_only=True):
    """What was found, a sentence for each."""

    duplicate_shipments: tuple[str, ...]
    portal_ahead_of_erp: tuple[str, ...]
    lost_messages: tuple[str, ...]
    doubled_effects: tuple[str, ...]
    stock_not_conserved: tuple[str, ...] = ()
    accrual_without_proof: tuple[str, ...] = ()
    doubled_postings: tuple[str, ...] = ()
    money_not_conserved: tuple[str, ...] = ()
    books_not_reconciled: tuple[str, ...] = ()

    def sentences(self) -> dict[str, tuple[str, ...]]:
        """Give the sentences by the names the demo prints."""
        return msgspec.structs.asdict(self)

    def counts(self) -> dict[str, int]:
        """Count them, under the names the demo prints."""
        return {name: len(sentences) for name, sentences in self.sentences().items()}


class Planned(Struct, frozen=True, kw_only=True):
    """A shipment that lives in the TMS at the end, and the numbers it is known by."""

    shipment_id: str
    order_id: str
    numbers: frozenset[str]


def audit(evidence: Evidence) -> Violations:
    """Count everything."""
    erps, tms, carriers = evidence.erps, evidence.tms, evidence.carriers
    ledgers = (*erps, tms, *carriers)
    return Violations(
        duplicate_shipments=duplicate_shipments(evidence.tms),
        portal_ahead_of_erp=portal_ahead_of_erp(evidence),
        lost_messages=lost_messages(evidence),
        doubled_effects=tuple(each for ledger in ledgers for each in doubled_effects(ledger)),
        stock_not_conserved=tuple(stock_not_conserved(evidence)),
        accrual_without_proof=tuple(money_audit.accrual_without_proof(erps, tms, carriers)),
        doubled_postings=tuple(money_audit.doubled_postings((*erps, tms))),
        money_not_conserved=tuple(
            money_audit.money_not_conserved(erps, carriers, evidence.exceptions)
        ),
        books_not_reconciled=tuple(
            books_not_reconciled((*erps, tms), evidence.differing, evidence.exceptions)
        ),
    )


def stock_not_conserved(evidence: Evidence) -> Iterator[str]:
    """Name the orders whose stock at the ERPs is not what it should be."""
    living = {name: each.order_id for name, each in living_shipments(evidence.tms).items()}
    return stock_audit.stock_not_conserved(
        evidence.erps, evidence.tms, living, evidence.exceptions, evidence.stocked
    )


def duplicate_shipments(tms: Iterable[Entry]) -> tuple[str, ...]:
    """Find the requests that were planned while another for the same order and version lived."""
    living: dict[tuple[str, int], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    found: dict[str, str] = {}
    for entry in tms:
        if entry.kind not in {"planned", "withdrawn"}:
            continue
        told = entry.content
        requests = living[told["order_id"], told["order_version"]]
        if entry.kind == "withdrawn":
            requests[told["request_id"]].discard(told["shipment_id"])
            continue
        requests[told["request_id"]].add(told["shipment_id"])
        others = [name for name, lives in requests.items() if lives and name != told["request_id"]]
        if others:
            found[told["request_id"]] = (
                f"Order {told['order_id']} version {told['order_version']}:"
                f" {told['request_id']} was planned beside {others[0]}"
            )
    return tuple(found.values())


def portal_ahead_of_erp(evidence: Evidence) -> tuple[str, ...]:
    """Tell what a page showed while no ERP had the reference."""
    return tuple(
        f"Order {order_id}: shipment {shipment_id} was shown before the ERP had its reference"
        for order_id, shipment_id in sorted(evidence.ahead)
    )


def doubled_effects(ledger: Iterable[Entry]) -> tuple[str, ...]:
    """Find what was done again with the same content; revisions are counters, not content."""
    last: dict[tuple[str, ...], tuple[str, Any]] = {}
    found: list[str] = []
    for entry in ledger:
        if entry.kind != "received" or entry.verb not in MOVING:
            continue
        subject = _subject(entry)
        content = {name: part for name, part in entry.content.items() if name != "revision"}
        if last.get(subject) == (entry.verb, content) and entry.verb in DOUBLING:
            found.append(f"{entry.verb} was done again: {entry.content_key}")
        last[subject] = (entry.verb, content)
    return tuple(found)


def _subject(entry: Entry) -> tuple[str, ...]:
    """Name what an effect is about, so that what follows it can be told from what repeats it."""
    told = entry.content
    if entry.verb == "erp.post_milestone":
        words = [told.get(word) for word in ("order_id", "shipment_id", "stop", "posting")]
        return ("posting", *map(str, words))
    if entry.verb in {COMMIT, REVERSE, CONFIRM}:
        return ("stock", str(told.get("order_id")), str(told.get("shipment_id")))
    if entry.verb.startswith("erp."):
        return ("reference", str(told.get("order_id")), str(told.get("shipment_id")))
    if entry.verb.startswith("tms."):
        order_id = told.get("order_id") or told.get("order", {}).get("order_id")
        return ("plan", str(order_id))
    shipment_id = told.get("shipment_id") or told.get("shipment", {}).get("shipment_id")
    return ("tender", str(shipment_id))


def lost_messages(evidence: Evidence) -> tuple[str, ...]:
    """Find what was acknowledged and has no effect anywhere."""
    living = living_shipments(evidence.tms)
    found = dict(
        (
            *_lost_orders(evidence, living),
            *_lost_plans(evidence, living),
            *_lost_tracking(evidence, living),
            *money_audit.lost_invoices(
                evidence.erps, evidence.tms, evidence.carriers, evidence.exceptions
            ),
        )
    )
    return tuple(found.values())


def living_shipments(tms: Iterable[Entry]) -> dict[str, Planned]:
    """Find what the TMS has planned and not withdrawn."""
    living: dict[str, Planned] = {}
    for entry in tms:
        if entry.kind == "withdrawn":
            living.pop(entry.content["shipment_id"], None)
        elif entry.kind == "planned":
            told = entry.content
            numbers = {told["shipment_id"], told["order_id"]}
            numbers |= {reference["value"] for reference in told["references"]}
            living[told["shipment_id"]] = Planned(
                shipment_id=told["shipment_id"],
                order_id=told["order_id"],
                numbers=frozenset(numbers),
            )
    return living


def _acknowledged(ledger: Iterable[Entry], *verbs: str) -> Iterator[Entry]:
    return (each for each in ledger if each.kind == "acknowledged" and each.verb in verbs)


def _done(ledger: Iterable[Entry], verb: str) -> Iterator[Entry]:
    return (each for each in ledger if each.kind == "received" and each.verb == verb)


def _lost_orders(evidence: Evidence, living: Mapping[str, Planned]) -> Iterator[tuple[str, str]]:
    """Hold each order's last word against the TMS: planned in that version, or cancelled."""
    asked = {
        (told["order"]["order_id"], told["order_version"])
        for told in (entry.content for entry in _done(evidence.tms, "tms.plan"))
    }
    travelling = {each.order_id for each in living.values()}
    for ledger in evidence.erps:
        last: dict[str, Entry] = {}
        for entry in _acknowledged(ledger, "order.released", "order.changed", "order.cancelled"):
            order = entry.content["order"]
            known = last.get(order["order_id"])
            if known is None or known.content["order"]["version"] < order["version"]:
                last[order["order_id"]] = entry
        for order_id, entry in last.items():
            version = entry.content["order"]["version"]
            cancelled = entry.verb == "order.cancelled"
            done = order_id not in travelling if cancelled else (order_id, version) in asked
            if not done and order_id not in evidence.exceptions:
                yield entry.content_key, f"{entry.verb} of {order_id} version {version} was lost"


def _lost_plans(evidence: Evidence, living: Mapping[str, Planned]) -> Iterator[tuple[str, str]]:
    """Hold each confirmed plan that still lives against the ERPs' references."""
    referenced = {
        (entry.content["order_id"], entry.content["shipment_id"])
        for ledger in evidence.erps
        for entry in _done(ledger, "erp.write_reference")
    }
    travelling = {each.order_id for each in living.values()}
    for entry in _acknowledged(evidence.tms, "plan.confirmed", "plan.rejected"):
        order_id = entry.content["order_id"]
        if entry.verb == "plan.rejected":
            lost = order_id not in travelling and not _cancelled(evidence, order_id)
        else:
            lost = any(
                (order_id, each["shipment_id"]) not in referenced
                for each in entry.content["shipments"]
                if each["shipment_id"] in living
            )
        if lost and order_id not in evidence.exceptions:
            yield entry.content_key, f"{entry.verb} of {order_id} was lost"


def _cancelled(evidence: Evidence, order_id: str) -> bool:
    return any(
        entry.content["order"]["order_id"] == order_id
        for ledger in evidence.erps
        for entry in _acknowledged(ledger, "order.cancelled")
    )


def _lost_tracking(evidence: Evidence, living: Mapping[str, Planned]) -> Iterator[tuple[str, str]]:
    """Hold what carriers told, in its last revision, against the pages and the postings."""
    postings = _postings(evidence)
    for ledger in evidence.carriers:
        by_shipment: dict[str, list[Entry]] = defaultdict(list)
        for entry in _acknowledged(ledger, "tracking"):
            by_shipment[entry.content["shipment_id"]].append(entry)
        for shipment_id, entries in by_shipment.items():
            shipment = living.get(shipment_id)
            if shipment is None:
                continue
            excepted = bool(shipment.numbers & evidence.exceptions)
            page = evidence.pages.get(shipment_id)
            if page is not None or not excepted:
                yield from _not_shown(shipment, entries, page, excepted=excepted)
            if not excepted:
                yield from _not_posted(shipment, entries, postings)


def last_words(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Choose what was said last about each event, by the source's revision."""
    last: dict[str, Entry] = {}
    for entry in entries:
        event = entry.content["event"]
        known = last.get(event["event_id"])
        if known is None or known.content["event"]["revision"] < event["revision"]:
            last[event["event_id"]] = entry
    return last


def _not_shown(
    shipment: Planned, entries: list[Entry], page: ShownShipment | None, *, excepted: bool
) -> Iterator[tuple[str, str]]:
    """Hold what was told against the page; an exception excuses only a code on no list."""
    shown: dict[str, set[datetime]] = defaultdict(set)
    for step in page.steps if page else ():
        shown[step.milestone].add(step.occurred_at)
    last = last_words(entries)
    told: dict[str, set[datetime]] = defaultdict(set)
    for entry in last.values():
        if _kind(entry) != "retraction":
            told[_milestone(entry)].add(_occurred(entry))
    for entry in last.values():
        milestone = _milestone(entry)
        if milestone in UNSHOWN or (excepted and not milestone):
            continue
        if _is_lost(entry, shown[milestone], told[milestone]):
            said = f"{_kind(entry)} {milestone or 'of an unknown code'} was lost"
            yield entry.content_key, f"{shipment.shipment_id}: {said}"


def _is_lost(entry: Entry, shown: set[datetime], told: set[datetime]) -> bool:
    """Judge one event by the times its milestone is shown at, and those that still hold."""
    match _kind(entry):
        case "retraction":
            return _occurred(entry) in shown and _occurred(entry) not in told
        case "correction":
            return not shown & told
        case _:
            return not shown


def _not_posted(
    shipment: Planned, entries: list[Entry], postings: Mapping[tuple[str, str], Entry]
) -> Iterator[tuple[str, str]]:
    """Hold the deliveries told against the ERP's last posting of one."""
    last = [each for each in last_words(entries).values() if _milestone(each) == "DELIVERED"]
    facts = {_occurred(each) for each in last if _kind(each) != "retraction"}
    posting = postings.get((shipment.order_id, shipment.shipment_id))
    posted = (
        datetime.fromisoformat(posting.content["occurred_at"])
        if posting is not None and not posting.content.get("reversed")
        else None
    )
    for entry in last:
        match _kind(entry):
            case "retraction":
                lost = posted is not None and not facts
            case "correction":
                lost = posted not in facts
            case _:
                lost = posted is None
        if lost:
            said = f"the ERP does not know of the {_kind(entry)} delivery"
            yield entry.content_key, f"{shipment.shipment_id}: {said}"


def _postings(evidence: Evidence) -> dict[tuple[str, str], Entry]:
    """Find the last delivered posting of each order and shipment."""
    return {
        (entry.content["order_id"], entry.content["shipment_id"]): entry
        for ledger in evidence.erps
        for entry in _done(ledger, "erp.post_milestone")
        if entry.content["posting"] == "delivered"
    }


def _kind(entry: Entry) -> str:
    return str(entry.content["event"]["kind"])


def _milestone(entry: Entry) -> str:
    """Read the milestone; empty for a code on no list."""
    return MILESTONES.get(entry.content["event"]["status_code"], "")


def _occurred(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry.content["occurred_at"])

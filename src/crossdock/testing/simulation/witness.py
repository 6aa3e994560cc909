"""What was really delivered to the house and really done by partners, apart from our tables.

The invariants judge by this. What was delivered is read from the bytes that were acknowledged or
committed; what was done is what partners wrote into their own ledgers.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.apis.experience.v1.views import ShipmentView
from crossdock.canonical.money import Money
from crossdock.flow.decisions import EDIT, RETRY, WAIVE
from crossdock.flow.deliverer import Ended, Recorded, Result
from crossdock.flow.exceptions import UNRESOLVED
from crossdock.flow.reading import Arrival
from crossdock.flow.receiver import Receipt
from crossdock.flow.settling import Work
from crossdock.messages.freight_settlement import FreightVerdict
from crossdock.ports.store import ExceptionRow
from crossdock.processes.load_acceptance import OFFERED
from crossdock.simulators.closing import STATEMENT
from crossdock.simulators.journeys import DIALECTS
from crossdock.simulators.ledger import Entry, Told
from crossdock.simulators.x12_partner import CONTENT_TYPE
from crossdock.testing.simulation.customers import OFFERS
from crossdock.testing.simulation.customers import TOLD as CUSTOMER_TOLD
from crossdock.testing.simulation.exchanges import Exchanges
from crossdock.testing.simulation.offers import Offers

ERPS = ("erp", "legacy")
KINDS = frozenset({"erp", "legacy", "tms"})
KIND_OF = {OFFERS: "customer", CUSTOMER_TOLD: "customer"}

_encode = msgspec.json.Encoder(order="deterministic").encode


class Delivered(Struct, frozen=True, kw_only=True):
    """A document that is in the store, what it should have counted, and its receipt."""

    partner: str
    document: str
    sha256: str
    size: int
    at: datetime
    expected: tuple[int, int, int] | None  # new, again, other; None where nobody can foretell
    receipt: Receipt | None


class Done(Struct, frozen=True, kw_only=True):
    """An entry of a partner's ledger."""

    partner: str
    entry: Entry


class Sent(Struct, frozen=True, kw_only=True):
    """A call that left the house."""

    endpoint: str
    work: Work
    at: datetime
    life: int


class Heard(Struct, frozen=True, kw_only=True):
    """An answer that the house wrote down; `latest` is the effect's newest fence by then."""

    endpoint: str
    result: Result
    ended: Ended
    latest: int
    at: datetime
    life: int


class Said(Struct, frozen=True, kw_only=True):
    """What a person said about a load's money; `seen` is what was billed when they looked.

    `charge` empty: about every open charge, or for a release about every order.
    """

    at: datetime
    by: str
    verdict: FreightVerdict
    load_id: str
    charge: str
    amount: Money | None
    seen: dict[str, Money]


class News:
    """What one event brought."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.delivered: list[Delivered] = []
        self.done: list[Done] = []
        self.posted: list[Done] = []  # of it, what ERPs have taken
        self.sent: list[Sent] = []
        self.heard: list[Heard] = []
        self.died: list[tuple[str, str]] = []  # process and key whose step killed its worker
        self.unheard: list[str] = []  # effects whose answer was written down by a worker that died
        self.sealed: list[str] = []  # heads of the audit log's chain
        self.looked: list[ShipmentView] = []  # pages that customers looked at

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.delivered or self.done or self.sent or self.heard)


def elements(content: bytes) -> list[dict[str, Any]] | None:
    """Read the events of a document in published words; None where it is none."""
    try:
        told = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return None
    found = told if isinstance(told, list) else [told]
    return found if all(isinstance(each, dict) and "event_id" in each for each in found) else None


def identity_of(event: dict[str, Any]) -> str:
    """Name an event as the published words do (docs/reference/system-api.md, "Identity")."""
    if event["event_type"] == "tracking":
        return f"{event['event_id']}/{event['kind']}/{event['revision']}"
    return str(event["event_id"])


class Witness:
    """Everything that was delivered and done, as the run goes on; `news` is of the last event."""

    def __init__(self, note: Callable[[str], None]) -> None:
        """Begin with nothing seen."""
        self.note = note
        self.news = News()
        self.delivered: list[Delivered] = []
        self.told: dict[tuple[str, str], bytes] = {}  # what was said first, by partner and identity
        self.events: dict[tuple[str, str], dict[str, Any]] = {}
        self.heard_at: dict[tuple[str, str], set[datetime]] = defaultdict(set)
        self.versions: dict[str, dict[int, list[dict[str, Any]]]] = defaultdict(dict)
        self.cancelled: dict[str, int] = {}
        self.places: set[str] = set()
        self.confirmed: dict[str, set[str]] = defaultdict(set)
        self.done: dict[str, list[Entry]] = defaultdict(list)
        self.promised: dict[tuple[str, str], dict[str, Any]] = {}
        self.fences: dict[str, int] = {}
        self.decisions: list[tuple[str, str, str]] = []  # verb, exception, code
        self.waived: set[str] = set()  # the numbers people decided about against a process
        self.let_go: set[str] = set()  # the numbers of what people waived that a partner refused
        self.mended: list[str] = []  # the effects people asked for another in place of
        self.permitted: Counter[str] = Counter()  # by subject: how often people asked again
        self.keys_done: set[str] = set()
        self.words: list[Said] = []
        self._parts: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.referenced: set[tuple[str, str]] = set()
        self.reached: Counter[str] = Counter()
        self.exchanges = Exchanges(self.keys_done.add)
        self.offers = Offers()

    def turn_page(self) -> None:
        """Begin the next event."""
        self.news = News()

    def received(
        self, arrivals: Sequence[Arrival], receipts: Sequence[Receipt] | None, at: datetime
    ) -> None:
        """Note documents that were committed; no receipts where the worker died on the way."""
        for number, arrival in enumerate(arrivals):
            receipt = receipts[number] if receipts is not None else None
            delivered = Delivered(
                partner=arrival.partner,
                document=arrival.document,
                sha256=hashlib.sha256(arrival.content).hexdigest(),
                size=len(arrival.content),
                at=at,
                expected=self._foretell(arrival, at),
                receipt=receipt,
            )
            self.delivered.append(delivered)
            self.news.delivered.append(delivered)
            if receipt is not None:
                self.reached[f"document {receipt.status}"] += 1

    def _foretell(self, arrival: Arrival, at: datetime) -> tuple[int, int, int] | None:
        """Tell how many of its events are new, said again, or said otherwise."""
        if arrival.partner == "legacy":
            return None
        if arrival.content_type == CONTENT_TYPE:
            self._hear_interchange(arrival, at)
            return None
        found = elements(arrival.content)
        if found is None:
            return (0, 0, 0)
        new = again = other = 0
        for event in found:
            name = (arrival.partner, identity_of(event))
            content = _encode(event)
            if name not in self.told:
                new += 1
                self.told[name] = content
                self.events[name] = event
                self.heard_at[name].add(at)
                self._learn(event)
            elif self.told[name] == content:
                again += 1
            else:
                other += 1
        return new, again, other

    def _hear_interchange(self, arrival: Arrival, at: datetime) -> None:
        """Note when the reports in an interchange were heard, where it is whole."""
        for key in self.exchanges.received(arrival):
            heard = self.promised.get(key)
            self.reached["told in X12"] += 1
            if self.offers.hear(key, at) or heard is None:
                continue  # an offer, an answer or an acknowledgement: no page shows it
            repeats = DIALECTS[arrival.partner.upper()].histories
            for name, told in self.promised.items():
                same = name[0] == key[0] and told["shipment_id"] == heard["shipment_id"]
                if name == key or (repeats and same):
                    self.heard_at[name].add(at)
                if name == key:
                    break

    def _learn(self, event: dict[str, Any]) -> None:
        kind = event["event_type"]
        self.reached[f"told {kind}"] += 1
        if kind in {"order.released", "order.changed"}:
            order = event["order"]
            self.versions[order["order_id"]].setdefault(order["version"], []).append(order)
        elif kind == "order.cancelled":
            order = event["order"]
            known = self.cancelled.get(order["order_id"], 0)
            self.cancelled[order["order_id"]] = max(known, order["version"])
        elif kind == "ship_to.changed":
            self.places.add(event["record"]["location_id"])
        elif kind == "plan.confirmed":
            ids = {each["shipment_id"] for each in event["shipments"]}
            self.confirmed[event["order_id"]] |= ids

    def entered(self, partner: str, entry: Entry) -> None:
        """Note what a partner wrote into its ledger."""
        self.done[partner].append(entry)
        if entry.kind == "received" and entry.idempotency_key:
            self.keys_done.add(entry.idempotency_key)
        if partner == "legacy" and entry.kind == "sent" and entry.verb != STATEMENT:
            self._learn(entry.content)
        done = Done(partner=partner, entry=entry)
        self.news.done.append(done)
        if partner in ERPS and entry.kind == "received":
            self.news.posted.append(done)
        kind = partner if partner in KINDS else KIND_OF.get(partner, "carrier")
        self.reached[f"{kind} {entry.kind} {entry.verb}"] += 1
        if entry.verb == "erp.accrue" and entry.kind == "received":
            self._note_part(partner, entry)
        if entry.verb == "erp.write_reference" and entry.kind == "received":
            self.referenced.add((entry.content["order_id"], entry.content["shipment_id"]))

    def _note_part(self, partner: str, entry: Entry) -> None:
        """Count the charges of which several ERPs hold a part."""
        charge, _, company = entry.content["charge"].partition("@")
        if company:
            holders = self._parts[entry.content["load_id"], charge]
            holders.add(partner)
            self.reached["charge of several companies"] += len(holders) > 1

    def filed(self, name: str, content: bytes) -> None:
        """Note a file that lies in the old ERP's folder: with it, it is handed over."""
        self.keys_done.add(name)
        if name.startswith("reference-"):
            rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")
            self.referenced |= {(row["order_no"], row["shipment_id"]) for row in rows}

    def promise(self, partner: str, told: Told) -> None:
        """Note what a carrier will tell, and when it happens; and what a customer will offer."""
        if told.verb == "tracking":
            event = told.content["event"]
            self.promised[partner, identity_of(event)] = told.content
        elif told.verb == "offer":
            self.offers.promise(partner, told)

    def is_done(self, key: str) -> bool:
        """Tell whether a partner did what was asked under a key."""
        return key in self.keys_done

    def unpaid(self) -> set[str]:
        """Name the loads of which somebody would pay nothing."""
        return {each.load_id for each in self.words if each.verdict is FreightVerdict.REJECT}

    def unheard(self, result: Result) -> None:
        """Note an answer that was committed, and whose worker did not live to tell."""
        self.news.unheard.append(result.work.row.id)

    def died(self, subscriber: str, key: str) -> None:
        """Note a step that killed its worker."""
        self.news.died.append((subscriber, key))

    def sealed(self, head: str) -> None:
        """Note what the house told as the new head of its audit log's chain."""
        self.news.sealed.append(head)
        self.reached["audit log sealed"] += 1

    def looked(self, views: Sequence[ShipmentView]) -> None:
        """Note what customers were shown."""
        self.news.looked.extend(views)

    def overruled(self, row: ExceptionRow, verb: str) -> None:
        """Note that a person decided."""
        self.permitted[row.subject] += 1
        if row.kind == "process" and verb == RETRY:
            self.permitted.update(row.about)
        if verb == WAIVE:
            self.waived |= set(row.about)
        if verb == WAIVE and row.kind == "effect" and row.code != UNRESOLVED:
            self.let_go |= set(row.about)
        if row.code == OFFERED:
            self.offers.decided(row.subject.rsplit("/", 1)[-1], row.seen["revision"], verb)
        if row.kind == "effect" and verb == EDIT:
            self.mended.append(row.subject)

    def leased(self, works: Sequence[Work]) -> None:
        """Note under which fence effects were leased last."""
        for work in works:
            self.fences[work.row.id] = max(work.row.fence, self.fences.get(work.row.id, 0))

    def sending(self, endpoint: str, work: Work, at: datetime, life: int) -> None:
        """Note a call that leaves, at the house's time, in one of its workers' lives."""
        self.news.sent.append(Sent(endpoint=endpoint, work=work, at=at, life=life))
        self.reached[f"{work.purpose} {work.row.verb}"] += 1

    def recorded(
        self, endpoint: str, result: Result, recorded: Recorded, at: datetime, life: int
    ) -> None:
        """Note an answer that was written down; `life` -1: by a worker that was left behind."""
        (ended,) = recorded.ended
        latest = self.fences.get(ended.row.id, 0)
        self.news.heard.append(
            Heard(endpoint=endpoint, result=result, ended=ended, latest=latest, at=at, life=life)
        )
        self.reached[f"outcome {ended.outcome}"] += 1
        self.reached[f"effect {ended.row.status}" if ended.counted else "result too late"] += 1
        if recorded.moved:
            self.reached[f"breaker {recorded.breaker.state}"] += 1

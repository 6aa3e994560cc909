"""The day: a story with everything in it that a crash could break, told until it is at its end.

Two ERPs release three orders, one by the API and one in a file; one order waits for its item and is
cancelled later. Loads are tendered, references written, milestones posted. Among the effects is one
of each class, and the answers to some get lost. Documents come twice, one cannot be read, one has a
code nobody knows; timers ring; an operator decides.

Whoever is outside, partners, senders and the operator, keeps a ledger on disk, and goes on after a
crash where that ledger ends. What was not acknowledged is sent again, as partners do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from crossdock.app.clock import TimeOrderedIds
from crossdock.app.roster import PROCESSES, PROJECTIONS
from crossdock.app.routing import Target, router
from crossdock.channels.file_drop import FileDrop
from crossdock.connectors import discover
from crossdock.connectors.system_api.settings import SystemApiSettings
from crossdock.flow.decisions import EDIT, RETRY, WAIVE, Decision
from crossdock.flow.deliverer import Result
from crossdock.flow.machine import Machine
from crossdock.flow.roster import Inbound, Roster, Rulebook
from crossdock.flow.settling import SEND, Work
from crossdock.policies.rules import Rules, TenderingPolicy
from crossdock.ports import EffectClass, Endpoint, Request, Transport
from crossdock.ports.store import ExceptionRow, Store
from crossdock.testing.in_process import InProcess, arrival
from crossdock.testing.proof import papers
from crossdock.testing.proof.ledger import DiskLedger, Entry
from crossdock.testing.proof.papers import BEGIN
from crossdock.testing.proof.partners import APPLIED, InOneThread, LedgeredPartner, Reclassed
from crossdock.testing.proof.points import Points

TENANT = "main"
ACKNOWLEDGED = "acknowledged"
NO_LIMIT = 1e9
DECISIONS_MAX = 20
AFTER_A_CRASH = timedelta(minutes=1)

# What each partner promises, by the last word of what it is asked; files are natural.
PROMISES = {
    "transport-references": EffectClass.IDEMPOTENT,
    "postings": EffectClass.IDEMPOTENT,
    "shipment-requests": EffectClass.IDEMPOTENT,
    "tenders": EffectClass.LOOKUP,
    "cancellations": EffectClass.NEITHER,
    "withdrawals": EffectClass.IDEMPOTENT,
}
CLASSES = {
    "carrier.tender": EffectClass.LOOKUP,
    "tms.cancel": EffectClass.NEITHER,
    "carrier.cancel_tender": EffectClass.NEITHER,
}
LOSES = frozenset({"tenders", "cancellations", "postings"})


class Flaw(StrEnum):
    """A mistake planted on purpose: a proof that does not find it proves nothing."""

    NONE = "none"
    HASTY = "hasty"  # acknowledges before it stores
    TORN = "torn"  # commits a state before the step that made it
    BLIND = "blind"  # sends again what must be looked up first


@dataclass(frozen=True)
class Places:
    """Where everything lies: the house's store and folders, and the ledgers of the others."""

    folder: Path

    @property
    def store(self) -> Path:
        """Name the store's file."""
        return self.folder / "house" / "store.db"

    @property
    def drop(self) -> Path:
        """Name the folder that the file ERP drops orders into."""
        return self.folder / "drop"

    @property
    def to_erp(self) -> Path:
        """Name the folder that the file ERP fetches from."""
        return self.folder / "to-erp"

    def ledger(self, party: str) -> DiskLedger:
        """Open a party's ledger."""
        return DiskLedger(self.folder / f"{party}.ledger")

    def make(self) -> None:
        """Make the folders."""
        for each in (self.store.parent, self.drop, self.to_erp):
            each.mkdir(parents=True, exist_ok=True)


def endpoints(places: Places, flaw: Flaw = Flaw.NONE) -> dict[str, Endpoint]:
    """Give the partners of the house, treated without haste."""
    found = discover()
    classes = {} if flaw is Flaw.BLIND else CLASSES
    exchanged = {"inbox_dir": str(places.drop), "outbox_dir": str(places.to_erp)}
    spoken = SystemApiSettings(base_url="", time_zone="Europe/Berlin")
    wanted = {
        "erp": (found["reference_erp"], spoken),
        "tms": (Reclassed(found["reference_tms"], classes), spoken),
        "road": (
            Reclassed(found["reference_carrier"], classes),
            msgspec.structs.replace(spoken, partner="road"),
        ),
        "legacy": (
            InOneThread(found["csv_orders"]),
            msgspec.convert(exchanged, found["csv_orders"].settings),
        ),
    }
    return {
        name: Endpoint(name=name, connector=connector, settings=settings, rate_per_second=NO_LIMIT)
        for name, (connector, settings) in wanted.items()
    }


def house(places: Places, flaw: Flaw = Flaw.NONE) -> Roster:
    """Put the real house together, with every load tendered first."""
    partners = endpoints(places, flaw)
    serves = {"erp": ("1000",), "legacy": ("2000",)}
    return Roster(
        subscribers=PROCESSES,
        projections=PROJECTIONS,
        inbound={
            name: Inbound(connector=each.connector, settings=each.settings)
            for name, each in partners.items()
        },
        endpoints=partners,
        route=router(
            [Target(endpoint=each, serves=serves.get(each.name, ())) for each in partners.values()]
        ),
        rulebook=Rulebook(today=Rules(tendering=TenderingPolicy(modes=("ROAD",)))),
        ids=TimeOrderedIds(),
    )


class PointedTown(InProcess):
    """The machine with its partners, with points around each call."""

    def __init__(
        self, machine: Machine, partners: Mapping[str, Transport], at: datetime, points: Points
    ) -> None:
        """Start the machine at a time."""
        self._points = points
        super().__init__(machine, partners, at)

    def _call(self, endpoint: str, work: Work) -> Result:
        with self._points.around("send" if work.purpose == SEND else "look-up"):
            return super()._call(endpoint, work)


class Day:
    """One run of the day: `live` goes on where the ledgers end."""

    def __init__(
        self, places: Places, store: Store, points: Points, flaw: Flaw = Flaw.NONE
    ) -> None:
        """Open the house on this store, and everybody's ledger."""
        places.make()
        self._flaw = flaw
        self._places = places
        self._points = points
        self._notes = places.ledger("people")
        self._partners = {
            name: LedgeredPartner(places.ledger(name), PROMISES, LOSES)
            for name in ("erp", "tms", "road", "legacy")
        }
        began = [each.content for each in self._notes.of("began")]
        at = datetime.fromisoformat(began[-1]) + AFTER_A_CRASH if began else BEGIN
        machine = Machine(store=store, roster=house(places, flaw))
        self._town = PointedTown(machine, self._partners, at, points)
        self._dropped = FileDrop(places.drop, suffix=".csv")

    def live(self) -> None:
        """Go through what is left of the day, and stop cleanly."""
        for name, minute, act in STEPS:
            if self._notes.has("done", name):
                continue
            at = max(self._town.at, BEGIN + timedelta(minutes=minute))
            self._notes.write(Entry(kind="began", about=name, content=at.isoformat()))
            self._town.wait_until(at)
            act(self)
            self._notes.write(Entry(kind="done", about=name))
        self._town.close()

    # What those outside do.

    def tell(self, name: str, partner: str, document: str, content: bytes) -> None:
        """Deliver a document until it is acknowledged."""
        if self._notes.has(ACKNOWLEDGED, name):
            return
        noted = Entry(kind=ACKNOWLEDGED, about=name, content=content.decode())
        if self._flaw is Flaw.HASTY:
            self._notes.write(noted)
        self._town.receive(arrival(partner, document, content))
        if self._flaw is not Flaw.HASTY:
            with self._points.around("acknowledgement"):
                self._notes.write(noted)
        self._town.settle()

    def drop(self, name: str, content: bytes) -> None:
        """Drop a file as the file ERP does, and let the house look into the folder."""
        if not self._notes.has("dropped", name):
            unfinished = self._places.folder / f"{name}.part"
            unfinished.write_bytes(content)
            os.rename(unfinished, self._places.drop / name)  # noqa: PTH104 - the ERP's, not ours: no point
            self._notes.write(Entry(kind="dropped", about=name))
        self.look()

    def look(self) -> None:
        """Look into the folder twice, as a file must stand still, and take in what is there."""
        files = (*self._dropped.poll().files, *self._dropped.poll().files)
        for file in files:
            self._town.receive(arrival("legacy", "orders", file.content))
            with self._points.around("acknowledgement"):
                self._dropped.archive(file)
        self._town.settle()

    def wait(self, minute: int) -> None:
        """Let time pass."""
        self._town.wait_until(max(self._town.at, BEGIN + timedelta(minutes=minute)))

    def decide(self, code: str, verb: str, content: bytes = b"") -> None:
        """Decide about every open exception of a code."""
        for row in self._open(code):
            self._decide(row, verb, content)

    def find_out(self) -> None:
        """Ask the partner about each effect nobody can tell of; waive what was done, retry else."""
        for _ in range(DECISIONS_MAX):
            stuck = self._open("EFFECT_UNRESOLVED")
            if not stuck:
                return
            self._decide(stuck[0], WAIVE if self._was_done(stuck[0].subject) else RETRY)

    def _was_done(self, effect: str) -> bool:
        with self._town.machine.store.read() as reader:
            (row,) = reader.outbox(TENANT, [effect])
        request = msgspec.json.decode(row.request, type=Request)
        entries = self._partners[row.endpoint].ledger.of(APPLIED)
        wanted = (request.path, request.body.decode())
        return wanted in [(each.about, each.content) for each in entries]

    def _open(self, code: str) -> list[ExceptionRow]:
        with self._town.machine.store.read() as reader:
            return [row for row in reader.exceptions(TENANT) if row.code == code]

    def _decide(self, row: ExceptionRow, verb: str, content: bytes = b"") -> None:
        decision = Decision(
            verb=verb, exception_id=row.id, by="ann", reason="as agreed", content=content
        )
        self._town.machine.decide(decision, self._town.at)
        self._town.settle()


Step = tuple[str, int, Callable[[Day], None]]
MANY = ("SO-1", "LO-1", "SO-3")
SHIPPED = ("SO-1", "LO-1")

# Each step's name, its minute of the day, and what is done.
STEPS: tuple[Step, ...] = (
    ("records", 0, lambda day: day.tell("records", "erp", "master_data", papers.master_data())),
    ("orders", 1, lambda day: day.tell("orders", "erp", "orders", papers.orders())),
    ("again", 2, lambda day: day.tell("again", "erp", "orders", papers.orders())),
    ("file", 3, lambda day: day.drop(papers.ORDER_FILE, papers.order_file())),
    ("late item", 5, lambda day: day.tell("item", "erp", "master_data", papers.late_item())),
    ("plans", 10, lambda day: day.tell("plans", "tms", "plans", papers.plans(*MANY))),
    ("offers", 15, lambda day: day.wait(18)),
    ("yes", 20, lambda day: day.tell("yes", "road", "tenders", papers.acceptance(*MANY))),
    ("cancel", 40, lambda day: day.tell("cancel", "erp", "orders", papers.cancellation())),
    ("cancelled", 41, lambda day: day.wait(45)),
    ("asked", 46, Day.find_out),
    ("left", 60, lambda day: day.tell("left", "road", "tracking", _moved("PUP", 58))),
    ("garbled", 70, lambda day: day.tell("garbled", "road", "tracking", _moved("DEP", 69)[:-9])),
    ("mended", 75, lambda day: day.decide("UNREADABLE", EDIT, _moved("DEP", 69))),
    ("odd", 80, lambda day: day.tell("odd", "road", "tracking", _moved("ZZZ", 79))),
    ("taught", 85, lambda day: day.decide("UNKNOWN_STATUS_CODE", WAIVE)),
    ("there", 120, lambda day: day.tell("there", "road", "tracking", _moved("DLV", 118))),
    ("there again", 125, lambda day: day.tell("twice", "road", "tracking", _moved("DLV", 118))),
    ("proof", 130, lambda day: day.tell("proof", "road", "tracking", _moved("POD", 129))),
    ("night", 200, lambda day: day.wait(720)),
    ("still stuck", 721, Day.find_out),
    ("end", 730, lambda day: day.wait(800)),
)


def _moved(code: str, minute: int) -> bytes:
    return papers.tracking(code, minute, *SHIPPED)

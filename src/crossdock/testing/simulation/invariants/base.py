"""What an invariant is, and what it may look at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

import apsw
import msgspec
from msgspec import Struct

from crossdock.flow.decisions import WAIVE
from crossdock.flow.exceptions import STEP_CODES
from crossdock.flow.roster import Roster
from crossdock.messages.freight_settlement import ChargeConfirmed
from crossdock.messages.shipment_visibility import PictureChanged
from crossdock.policies.rules import Rules
from crossdock.simulators.auditor import ShownShipment, Step
from crossdock.simulators.ledger import Entry
from crossdock.testing.simulation.customers import OFFERS, TOLD
from crossdock.testing.simulation.image import BEGIN
from crossdock.testing.simulation.memory import MemoryFile
from crossdock.testing.simulation.options import Options
from crossdock.testing.simulation.partners import Cast, seats
from crossdock.testing.simulation.witness import Witness

AGREED_BY = (
    "SELECT body FROM message WHERE tenant = 'main' AND type = 'ChargeConfirmed'"
    " AND instr(body, ?) ORDER BY seq DESC LIMIT 1"
)
# What most judge by after each commit, asked at once: the handled steps (all but those that wait
# and those that are parked: each of the three is counted by an index), the newest effect, and
# which customer pages there are, in which revision.
STANDING = (
    "SELECT (SELECT count(*) FROM inbox) - (SELECT count(*) FROM inbox WHERE place = 0)"
    " - (SELECT count(*) FROM inbox WHERE place = 1), (SELECT max(seq) FROM outbox),"
    " (SELECT group_concat(key || ' ' || revision, char(10)) FROM projection"
    " WHERE tenant = 'main' AND kind = 'shipment_view')"
)
NEWS = ("delivered", "done", "posted", "sent", "heard", "unheard", "died", "sealed", "looked")


class Shown(Struct, frozen=True, kw_only=True):
    """A page that changed: as it was shown before (None: it was not), and as it is now."""

    before: PictureChanged | None
    now: PictureChanged


class Scene:
    """What invariants look at: the witness and the partners to judge by, our tables to be judged.

    `adopted` are the rule books, each with the last message before it was the house's.
    `shown` are the customer pages that changed in the last event; `committed` tells whether the
    house wrote anything in it; `releases` how often the rule book has changed. `backup` is the
    store as it was at some time of the run. `now` is the simulated time, and `roster` who takes
    part in the house; None while it is down. As of the last commit, `handled` counts the steps that
    are handled, `effects` is the number of the newest effect, and `pages_are` names the customer
    pages with their revisions.
    """

    def __init__(
        self,
        options: Options,
        witness: Witness,
        cast: Cast,
        store: MemoryFile,
        rows: apsw.Connection,
    ) -> None:
        """Look at one run."""
        self.options = options
        self.seats = seats(x12=options.x12, customers=options.customers)
        self.backup: bytes | None = None
        self.now = BEGIN
        self.witness = witness
        self.cast = cast
        self.store = store
        self._rows = rows
        self._ledgers: dict[str, tuple[Entry, ...]] = {}
        self.shown: list[Shown] = []
        self.committed = False
        self.handled = self.effects = 0
        self.pages_are = ""
        self.releases = 0
        self.adopted: list[tuple[int, Rules]] = []
        self.roster: Roster | None = None
        self.ran_out = ""
        self.image_documents: dict[str, int] = {}
        self.image_hashes: frozenset[str] = frozenset()

    def brought(self) -> tuple[str, ...]:
        """Name what the last event brought."""
        news = vars(self.witness.news)
        brought = [name for name in NEWS if news[name]]
        if self.shown:
            brought.append("shown")
        if self.committed:
            brought.append("committed")
        return tuple(brought)

    def rows(self, statement: str, *bindings: Any) -> list[tuple[Any, ...]]:
        """Read our tables as they are committed."""
        return self._rows.execute(statement, bindings).fetchall()

    def ledger(self, partner: str) -> tuple[Entry, ...]:
        """Read a partner's ledger as anybody would: from its table, once for all who judge now."""
        if partner not in self._ledgers:
            self._ledgers[partner] = self.cast.partners[partner].ledger.entries()
        return self._ledgers[partner]

    def look_at_commit(self) -> None:
        """Look at how our tables stand since the house has written into them."""
        ((self.handled, effects, pages),) = self.rows(STANDING)
        self.effects, self.pages_are = effects or 0, pages or ""

    def look_again(self, now: datetime, roster: Roster | None) -> None:
        """Look at the world as it stands now."""
        self.now, self.roster = now, roster
        self._ledgers.clear()

    def carriers(self) -> tuple[str, ...]:
        """Name the carriers."""
        others = {"erp", "legacy", "tms", OFFERS, TOLD}
        return tuple(name for name in self.cast.partners if name not in others)

    def numbers_of(self, shipment: str) -> set[str]:
        """Name every number the TMS gave a shipment, or the customer who offered it."""
        numbers = {shipment, shipment.removeprefix(f"{OFFERS}.")}
        for entry in self.witness.done["tms"]:
            if entry.kind == "planned" and entry.content["shipment_id"] == shipment:
                numbers |= {each["value"] for each in entry.content["references"]}
        return numbers

    def book_at(self, message: int) -> Rules:
        """Give the rule book that was the house's when this message was written."""
        return next(book for last, book in reversed(self.adopted) if last < message)

    def book_of(self, load_id: str) -> Rules:
        """Give the rule book by which a load says that its charges were agreed last; else today's.

        Whether it says so rightly is judged by `KeepsItsRules`.
        """
        today = self.adopted[-1][1]
        if len(self.adopted) == 1:
            return today
        said = self.rows(AGREED_BY, f'"load_id":"{load_id}"'.encode())
        named = msgspec.json.decode(said[0][0], type=ChargeConfirmed).rules if said else ""
        return next((book for _, book in self.adopted if book.digest == named), today)

    def asked_about(self) -> frozenset[str]:
        """Name the numbers that somebody was asked about, or has decided about."""
        rows = self.rows(
            "SELECT number FROM exception_about AS about JOIN exception ON exception_id = id"
            " AND about.tenant = exception.tenant WHERE status IN ('open', 'waived')"
        )
        return frozenset(number for (number,) in rows) | self.witness.waived

    def waived_steps(self) -> bool:
        """Tell whether a person has skipped a step, so that a replay takes it all the same."""
        return any(verb == WAIVE and code in STEP_CODES for verb, _, code in self.witness.decisions)

    def pages(self) -> dict[str, ShownShipment]:
        """Give the pages of all customers, by shipment, as they look now."""
        found: dict[str, ShownShipment] = {}
        for (body,) in self.rows("SELECT body FROM projection WHERE kind = 'shipment_view'"):
            told = msgspec.json.decode(body, type=PictureChanged)
            if told.gate.visible:
                found[told.shipment_id] = ShownShipment(
                    shipment_id=told.shipment_id,
                    order_ids=told.picture.order_ids,
                    status=told.picture.status or "",
                    steps=tuple(
                        Step(milestone=each.milestone, occurred_at=each.occurred.at)
                        for each in told.picture.milestones
                    ),
                )
        return found

    def value(self, statement: str, *bindings: Any) -> Any:
        """Read one value out of our tables; None where there is no row."""
        found = self._rows.execute(statement, bindings).fetchone()
        return None if found is None else found[0]


class Invariant:
    """Something that must hold: after every event, or at the end when all is calm.

    One object for each run; both methods give a sentence for each violation. `wakes` names what an
    event must have brought for `after` to have anything to judge: `delivered`, `done`, `sent`,
    `posted`, `heard`, `sealed`, `looked` (see `witness.News`), `shown` (a customer page changed) or
    `committed`.
    """

    number: ClassVar[str]
    says: ClassVar[str]
    wakes: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, scene: Scene) -> None:
        """Watch a run."""
        self.scene = scene
        self.witness = scene.witness

    def after(self) -> Iterator[str]:
        """Judge the last event; nothing to say by default."""
        return iter(())

    def at_end(self) -> Iterator[str]:
        """Judge the whole run; nothing to say by default."""
        return iter(())

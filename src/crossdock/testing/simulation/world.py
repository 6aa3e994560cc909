"""The simulated world: one seed, one history, one thing after the other.

The safety phase is a day and a half in which faults strike. Then they are over, people work through
what is open, and all must come to rest: the liveness phase. After every event every invariant is
asked; the first violation ends the run.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.channels.file_drop import FileDrop
from crossdock.messages.shipment_visibility import PictureChanged
from crossdock.ports import EffectClass
from crossdock.simulators.chance import between
from crossdock.simulators.mischief import FAULTS as MISCHIEF
from crossdock.simulators.world import World as Day
from crossdock.testing.simulation.customers import OFFERS, Customer
from crossdock.testing.simulation.customers import draw as offers
from crossdock.testing.simulation.defects import Defects
from crossdock.testing.simulation.faults import FAULTS, JUMP_MINUTES, Dice
from crossdock.testing.simulation.house import Crashed, House
from crossdock.testing.simulation.image import BEGIN, DAY, Image
from crossdock.testing.simulation.invariants import INVARIANTS
from crossdock.testing.simulation.invariants.base import Invariant, Scene, Shown
from crossdock.testing.simulation.memory import MemoryFile
from crossdock.testing.simulation.network import Network
from crossdock.testing.simulation.options import Options
from crossdock.testing.simulation.orders import orders_of
from crossdock.testing.simulation.partners import WatchedLedger, build, seats
from crossdock.testing.simulation.people import Operators, pages
from crossdock.testing.simulation.people_of_money import Finance
from crossdock.testing.simulation.post import Post
from crossdock.testing.simulation.rosters import Numbers, roster_for, rules_of
from crossdock.testing.simulation.statements import draw
from crossdock.testing.simulation.timeline import Due, Timeline, clock_of
from crossdock.testing.simulation.wire import Wire
from crossdock.testing.simulation.witness import Witness

SAFETY = timedelta(hours=36)
END = timedelta(days=20)
FAULTS_END, ALL_ENDS = BEGIN + SAFETY, BEGIN + END
EVENTS_MAX = 6_000
LEGACY_MINUTES, REPLAN_MINUTES, SHIFT_MINUTES = 30, 30, 240
SHIFTS_MAX = 24
POLICY_SECONDS = (20 * 3600.0, 72 * 3600.0)  # in which loads are delivered, billed and paid
STATEMENT_HOURS = (21, 33, 45, 150)  # the last when people have worked through all
CODES = "SELECT code, sum(count) FROM exception GROUP BY code"
VIEWS = "SELECT key, revision FROM projection WHERE tenant = 'main' AND kind = 'shipment_view'"
VIEW = "SELECT body FROM projection WHERE tenant = 'main' AND kind = 'shipment_view' AND key = ?"
STAMP = slice(8, 23)  # of a time: from the day of the month to the milliseconds


class Violation(Struct, frozen=True, kw_only=True):
    """What did not hold, and at which event."""

    number: str
    said: str
    event: int


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of a run. `digest` is of the whole history; `reached` counts what it came to."""

    options: Options
    events: int
    simulated: timedelta
    digest: str
    struck: dict[str, int]
    reached: dict[str, int]
    violation: Violation | None = None


class World:
    """One run."""

    def __init__(
        self,
        options: Options,
        image: Image,
        store: MemoryFile,
        folder: Path,
        line: Callable[[str], None] | None = None,
    ) -> None:
        """Build the world in a folder of its own; nothing happens before `run`.

        `store` holds the image, and nothing else once the run is over.
        """
        self.options = options
        self._line = line
        self._history = hashlib.blake2b(digest_size=8)
        self._events = 0
        self._notes: list[str] = []
        self._image = image
        self.store = store
        self.timeline = timeline = Timeline(BEGIN)
        self.dice = dice = Dice(options.seed, options.levels)
        self.witness = Witness(self._notes.append)
        self.witness.places |= {each.record_id for each in image.records if each.kind == "ship_to"}
        self.clock = clock_of(timeline)
        self._build(folder, dice)
        self._pictures: dict[str, tuple[int, PictureChanged]] = {}
        self._pages_were = ""
        self._calm_since: datetime | None = None
        self._shifts = 0
        self._awake: dict[tuple[str, ...], list[Invariant]] = {}

    def _build(self, folder: Path, dice: Dice) -> None:
        options = self.options
        for name in ("drop", "references"):
            (folder / name).mkdir(parents=True)
        self._rows = self.store.connection
        self._seats = seats(x12=options.x12, customers=options.customers)
        network = self.network = Network(self.timeline, dice, self._seats)
        self.day = Day(day=DAY, records=(), releases=orders_of(options, self._image.releases))
        faults = {name: self._mischief(name) for name in self._seats}
        self.cast = cast = build(options, self.clock, self.day, folder, faults)
        self.wire = Wire(self.timeline, dice, network, cast, folder, self.witness)
        ids = Numbers("id")
        buyers = {each.order["customer_id"] for each in self.day.releases}
        self._book = cache(
            lambda release: rules_of(
                release,
                tendering=options.tendering,
                ledger_currency=options.ledger_currency,
                told=buyers if options.customers else None,
            )
        )
        defects = self.defects = Defects(dice, Crashed, self.witness.died)
        self.house = House(
            self.store,
            cache(
                lambda release: defects.plant(
                    roster_for(
                        folder,
                        ids,
                        rules=self._book(release),
                        promises=options.promises,
                        attempts_max=options.attempts_max,
                        x12=options.x12,
                        customers=options.customers,
                        confirmed=options.confirmed,
                    )
                )
            ),
            self.timeline,
            dice,
            self.wire,
            self.witness,
            batch=options.batch,
            drop=FileDrop(folder / "drop"),
            look=self._read,
        )
        self.operators = Operators(self.house, self.wire, dice, self.witness)
        self.finance = Finance(self.house, self.timeline, dice, self.witness)
        self.scene = Scene(options, self.witness, cast, self.store, self._rows)
        self.scene.adopted.append((0, self._book(0)))
        self._give_posts(network)
        self.invariants = [each(self.scene) for each in INVARIANTS]

    def _give_posts(self, network: Network) -> None:
        """Give every partner a ledger that is watched, and a post that goes over the network."""
        self._posts: list[Post] = []
        for name, partner in self.cast.partners.items():
            ledger = WatchedLedger(
                name, partial(self.witness.entered, name), partial(self.witness.promise, name)
            )
            partner.ledger = ledger
            post = Post(
                name,
                ledger,
                self.clock,
                self.timeline,
                self.dice,
                network,
                self.house,
                self.cast,
                self.witness.exchanges.told,
            )
            post.mischief, post.dress = partner.mischief, partner.sender.dress
            partner.sender = post
            self._posts.append(post)

    def _mischief(self, partner: str) -> str:
        chances = {
            name: self.dice.chances[name]
            for name, fault in FAULTS.items()
            if fault.business and name in MISCHIEF and name in self.dice.chances
        }
        promise = self.options.promises.get(self._seats[partner].promise, EffectClass.IDEMPOTENT)
        if promise in {EffectClass.LOOKUP, EffectClass.NEITHER}:
            chances["forgetful"] = 1.0
        return ",".join(f"{name}={chance}" for name, chance in chances.items())

    def run(self) -> Outcome:
        """Let everything happen; answers at the first violation, or when all is over."""
        with quiet():
            try:
                violation = self._run()
            finally:
                self.store.begin_again()
        return Outcome(
            options=self.options,
            events=self._events,
            simulated=self.timeline.now - BEGIN,
            digest=self._history.hexdigest(),
            struck=dict(self.dice.struck),
            reached=dict(self.witness.reached),
            violation=violation,
        )

    def _run(self) -> Violation | None:
        self._begin()
        while (due := self.timeline.take()) is not None:
            if self._is_over():
                break
            violation = self._happen(due)
            if violation is not None:
                return violation
            if self._calm_since is None and self._ends_safety():
                self._heal()
        return self._judge_the_end()

    def _begin(self) -> None:
        hashes = self._read("SELECT sha256 FROM raw_document")
        self.scene.image_hashes = frozenset(sha256 for (sha256,) in hashes)
        self.scene.image_documents = {"erp": len(self.scene.image_hashes)}
        self.timeline.at(BEGIN, "house", "start", self.house.start_again)
        self.timeline.at(BEGIN, "erp", "begin the day", self._begin_day)
        seed = self.options.seed
        if any(each.company_code != "1000" for each in self.day.releases):
            self.timeline.after(60, "legacy", "look into the folders", self._legacy)
            self.cast.legacy.found = self._read_later
        if "replanned" in self.dice.chances:
            self.timeline.after(600, "tms", "replan", self._replan)
        if self.options.x12:
            at = between(60, SAFETY.total_seconds(), seed, "backup")
            self.timeline.after(at, "house", "is backed up", self._back_up)
        mill = self.cast.partners.get(OFFERS)
        if isinstance(mill, Customer):
            for word in offers(seed, BEGIN, self.dice.strikes):
                self.timeline.at(
                    word.at, OFFERS, f"say {word.purpose} {word.load}", partial(mill.say, word)
                )
        for hours in STATEMENT_HOURS:
            at = timedelta(hours=hours).total_seconds()
            self.timeline.after(at, "clerks", "tell what ledgers hold", self._tell_ledgers)
        self._plan_policies()
        for number in range(4):
            at = between(60, SAFETY.total_seconds(), seed, "looks", number)
            self.timeline.after(at, "customers", "look at their pages", self._look)
            at = between(60, SAFETY.total_seconds(), seed, "shift", number)
            self.timeline.after(
                at, "operator", "decide about an exception", self.operators.decide_one
            )
            at = between(60, SAFETY.total_seconds(), seed, "finance", number)
            self.timeline.after(at, "finance", "decide about a load", self.finance.decide_one)
            at = between(60, SAFETY.total_seconds() / 2, seed, "jump", number)
            if self.dice.strikes("clock_jump", number):
                self.timeline.after(at, "house", "the clock jumps", self._jump(number))
            if self.dice.strikes("deploy", number):
                self.timeline.after(at, "house", "stop for a new release", self._deploy)

    def _plan_policies(self) -> None:
        """Let the rule book change once or twice when money is under way."""
        for number in range(2):
            at = between(*POLICY_SECONDS, self.options.seed, "policy", number)
            if self.dice.strikes("new_policy", number):
                self.timeline.after(at, "house", "stop for new policies", self._deploy)

    def _back_up(self) -> None:
        self.scene.backup = self._rows.serialize("main")

    def _begin_day(self) -> str:
        self.cast.erp.begin()
        return f"{len(self.day.releases)} orders"

    def _legacy(self) -> str | None:
        more = self.cast.legacy.look()
        if more or self.timeline.now < BEGIN + SAFETY:
            self.timeline.after(
                LEGACY_MINUTES * 60, "legacy", "look into the folders", self._legacy
            )
        self._look_twice()
        return None

    def _tell_ledgers(self) -> str | None:
        """Let ledgers tell what they hold; the old ERP's statements lie in its folder."""
        said = draw(self.cast.partners)
        self._look_twice()
        return said

    def _look_twice(self) -> None:
        """Let the house look into the old ERP's folder; it takes what rests."""
        for seconds in (90, 150):
            self.timeline.after(seconds, "house", "look into the folder", self.house.watch_folder)

    def _read_later(self) -> None:
        """Let the old ERP read what comes when it has no more to say itself."""
        if self._calm_since is not None:
            self.timeline.after(
                LEGACY_MINUTES * 60, "legacy", "read its files", self.cast.legacy.before_reading
            )

    def _replan(self) -> None:
        self.cast.tms.replan_due()
        if self.timeline.now < BEGIN + SAFETY:
            self.timeline.after(REPLAN_MINUTES * 60, "tms", "replan", self._replan)

    def _jump(self, number: int) -> Callable[[], str]:
        def jump() -> str:
            if self._calm_since is not None:
                return "not any more"
            minutes = between(-JUMP_MINUTES, JUMP_MINUTES, self.options.seed, "skew", number)
            self.house.skew = timedelta(minutes=minutes)
            self.house.stir()
            return f"by {minutes:+.1f} minutes"

        return jump

    def _deploy(self) -> str:
        said = self.house.stop()
        self.defects.mended = True
        if self.house.release > self.scene.releases:
            ((last,),) = self._read("SELECT max(seq) FROM message")
            self.scene.adopted.append((last, self._book(self.house.release)))
        self.scene.releases = self.house.release
        return said

    def _look(self) -> str:
        customers = sorted({each.order["customer_id"] for each in self.day.releases})
        seen = [each for customer in customers for each in pages(self.store, customer)]
        self.witness.looked(seen)
        return f"{len(seen)} shipments"

    def _ends_safety(self) -> bool:
        if self.options.until:
            return self._events >= self.options.until
        return self.timeline.now >= FAULTS_END

    def _heal(self) -> None:
        """End the faults; people work through what is open from now on."""
        self._calm_since = self.timeline.now
        self.dice.heal()
        self.network.heal()
        self.wire.locked.clear()
        self.defects.mended = True
        self.house.skew = timedelta()
        self.house.calm = True
        self.house.stir()
        self.witness.note("faults are over")
        self.timeline.after(SHIFT_MINUTES * 60, "operator", "work through", self._work_through)

    def _work_through(self) -> str | None:
        self._shifts += 1
        said = "; ".join(filter(None, (self.operators.work_through(), self.finance.work_through())))
        if self._shifts < SHIFTS_MAX:
            self.timeline.after(SHIFT_MINUTES * 60, "operator", "work through", self._work_through)
        return said or None

    def _is_over(self) -> bool:
        if self._events >= EVENTS_MAX:
            self.scene.ran_out = f"{EVENTS_MAX} events"
        elif self.timeline.now > ALL_ENDS:
            self.scene.ran_out = f"{END.days} days"
        return bool(self.scene.ran_out)

    def _happen(self, due: Due) -> Violation | None:
        commits = self.house.store.commits
        said = due.act()
        silent = said is None and not self._notes and not self.witness.news
        if silent and self.house.store.commits == commits:
            return None
        self._events += 1
        self._tell(due, said or "")
        self.scene.committed = self.house.store.commits > commits
        if self.scene.committed:
            self.scene.look_at_commit()
        self.scene.shown = list(self._changed_pages()) if self.scene.committed else []
        violation = self._judge()
        self.witness.turn_page()
        return violation

    def _tell(self, due: Due, said: str) -> None:
        notes = "".join(f" [{note}]" for note in self._notes)
        self._notes.clear()
        stamp = due.at.isoformat(timespec="milliseconds")[STAMP]
        line = f"{self._events:5} {stamp} {due.who:<9} {due.what}: {said}{notes}"
        self._history.update(line.encode())
        if self._line is not None:
            self._line(line)

    def _read(self, statement: str, *bindings: Any) -> list[tuple[Any, ...]]:
        return self._rows.execute(statement, bindings).fetchall()

    def _changed_pages(self) -> Iterator[Shown]:
        if self.scene.pages_are == self._pages_were:
            return
        self._pages_were = self.scene.pages_are
        for key, revision in self._read(VIEWS):
            known = self._pictures.get(key)
            if known is not None and known[0] == revision:
                continue
            ((body,),) = self._read(VIEW, key)
            told = msgspec.json.decode(body, type=PictureChanged)
            before = known[1] if known is not None and known[1].gate.visible else None
            self._pictures[key] = (revision, told)
            if told.gate.visible:
                yield Shown(before=before, now=told)

    def _set_the_scene(self) -> None:
        worker = self.house.worker
        roster = worker.machine.roster if worker is not None else None
        self.scene.look_again(self.timeline.now, roster)

    def _judge(self) -> Violation | None:
        self._set_the_scene()
        for invariant in self._woken(self.scene.brought()):
            for sentence in invariant.after():
                return self._violated(invariant, sentence)
        return None

    def _woken(self, brought: tuple[str, ...]) -> list[Invariant]:
        """Name the invariants that have something to judge, in their order."""
        if brought not in self._awake:
            self._awake[brought] = [
                each for each in self.invariants if not each.wakes.isdisjoint(brought)
            ]
        return self._awake[brought]

    def _violated(self, invariant: Invariant, said: str) -> Violation:
        return Violation(number=invariant.number, said=said, event=self._events)

    def _judge_the_end(self) -> Violation | None:
        self.cast.legacy.before_reading()
        self.witness.reached.update(
            f"stage {who} {where}" for who, where in self.store.stages if who != "master_data"
        )
        for code, count in self._read(CODES):
            self.witness.reached[f"exception {code}"] += count
        self._set_the_scene()
        for invariant in self.invariants:
            for sentence in invariant.at_end():
                return self._violated(invariant, sentence)
        return None


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the log to itself: a simulated house warns of a thousand simulated things."""
    logger = logging.getLogger("crossdock")
    before = logger.disabled
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        logger.disabled = before

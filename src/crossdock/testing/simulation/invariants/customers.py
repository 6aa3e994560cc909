"""Customers: every offer has its answer, in time and once, and nobody is told anything wrongly.

Judged by what customers offered and persons said, and by the ledgers that customers keep of the
990s and 214s they got; our tables tell which word an answer is to, which X12 does not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from crossdock.canonical.tracking import Classifier
from crossdock.flow.exceptions import STEP_CODES
from crossdock.messages.shipment_visibility import PictureChanged
from crossdock.messages.shipment_visibility import Shown as Step
from crossdock.processes.load_acceptance import OFFERED
from crossdock.simulators.ledger import Entry
from crossdock.store.instants import instant
from crossdock.testing.simulation.customers import (
    ABROAD,
    ANSWER,
    CALLED_OFF,
    ELSEWHERE,
    HOME,
    MEANS,
    MILESTONE,
    OFFERS,
    TOLD,
)
from crossdock.testing.simulation.exchanges import segments_of
from crossdock.testing.simulation.invariants.base import Invariant, Scene
from crossdock.testing.simulation.invariants.exchanges import body_of
from crossdock.testing.simulation.offers import Heard, Offer, number_in
from crossdock.testing.simulation.rosters import MILESTONES_TOLD, NEAR_HOURS

ANSWERED = (
    "SELECT seq, business_key, version, request, created_at FROM outbox"
    " WHERE seq > ? AND verb = 'customer.answer_tender' ORDER BY seq"
)
ASKED = "SELECT 1 FROM exception WHERE code = ? AND subject LIKE ? AND status = 'open'"
PICTURES = "SELECT body FROM message WHERE tenant = 'main' AND type = 'PictureChanged' ORDER BY seq"
VIEWS = "SELECT body FROM projection WHERE tenant = 'main' AND kind = 'shipment_view'"
UNTOLD = (
    "SELECT business_key FROM outbox WHERE verb = 'customer.tell_milestone' AND status <> 'applied'"
)
PROMPT = timedelta(hours=3)  # within which an alarm rings, whatever the house's clock does
YES, NO, OTHERWISE, ASKS = "A", "D", "C", ""  # element 558; empty: a person is asked
# What our rule books answer at once, by where a load goes to: the first, and every other one.
BY_BOOK = {HOME: (YES, ASKS), ABROAD: (NO, NO), ELSEWHERE: (ASKS, YES)}


class OfferAnswered(Invariant):
    """The tender lifecycle, seen from who offers."""

    number = "B26"
    says = "each word that was the newest is answered once, as decided, and with no yes too late"
    wakes = frozenset({"committed", "done"})

    def __init__(self, scene: Scene) -> None:
        """Begin with nothing answered."""
        super().__init__(scene)
        self._read = 0
        self._answers: dict[tuple[str, int], str] = {}
        self._numbers: dict[str, int] = {}

    def after(self) -> Iterator[str]:
        """Judge each answer as it is decided, and the order in which answers come."""
        if not self.scene.options.customers:
            return
        if self.scene.effects > self._read:
            for seq, load, version, request, created_at in self.scene.rows(ANSWERED, self._read):
                self._read = seq
                letter = letter_in(body_of(request))
                yield from self._judge(load, number_in(version), letter, instant(created_at))
        for entry in arrivals(self.scene, OFFERS, ANSWER):
            said = entry.content
            if said["number"] < self._numbers.get(said["load"], 0):
                yield f"{said['load']}: an answer came after one that was given later"
            self._numbers[said["load"]] = said["number"]

    def _judge(self, load: str, number: int, letter: str, at: datetime) -> Iterator[str]:
        name = f"{load} ({number})"
        found = [each for each in self.witness.offers.heard[load] if each.offer.number == number]
        confirmed = self.scene.options.confirmed
        if not found or (found[0].offer.off and not confirmed):
            yield f"{name} is answered, and no such offer was heard"
            return
        (heard,) = found
        if (load, number) in self._answers:
            yield f"{name} is answered again: {letter}"
        self._answers[load, number] = letter
        if not heard.newest:
            yield f"{name} is answered, and a newer word was heard before it"
        if heard.offer.off:
            if letter != CALLED_OFF:
                yield f"{name} was taken back, and {letter} is said to it"
            return
        until = heard.offer.respond_by
        if letter != NO and until is not None and at > until:
            yield f"{name} is answered {letter} at {at:%d %H:%M:%S}, too late for {until:%d %H:%M}"
        waited = any(code in STEP_CODES for _, _, code in self.witness.decisions)
        if until is not None and not waited and at > max(until, heard.at) + PROMPT:
            yield f"{name} is answered {letter} only at {at:%d %H:%M}, and not at {until:%d %H:%M}"
        if letter not in self._may_be(heard):
            yield f"{name} is answered {letter}, which nobody has decided"

    def _by_books(self, heard: Heard) -> set[str]:
        """Tell what rules may answer at once: those of the releases there were."""
        near = heard.offer.pickup_at - heard.at < timedelta(hours=NEAR_HOURS)
        books = range(min(self.scene.releases, 1) + 1)
        said = {
            OTHERWISE if near and not each else BY_BOOK[heard.offer.country][each] for each in books
        }
        until = heard.offer.respond_by
        return {NO} if until is not None and heard.at > until else said

    def _may_be(self, heard: Heard) -> set[str]:
        """Tell what may be answered: by a rule, by a person, or as nobody decided in time."""
        offer = heard.offer
        late = {NO} if offer.respond_by is not None else set()
        return self._by_books(heard) | self.witness.offers.said[offer.load, offer.number] | late

    def at_end(self) -> Iterator[str]:
        """Find the answer to each word that was the newest when it came, or the question."""
        if self.scene.waived_steps():
            return
        for load, words in self.witness.offers.heard.items():
            last = self.witness.offers.last(load)
            for each in words:
                if each.newest and not each.offer.off:
                    yield from self._is_answered(each, last)
                elif each.newest and self.scene.options.confirmed:
                    yield from self._is_confirmed(each.offer)
            if last.off:
                yield from self._is_off(load)

    def _is_answered(self, heard: Heard, last: Offer) -> Iterator[str]:
        offer = heard.offer
        if (offer.load, offer.number) in self._answers:
            return
        if ASKS not in self._by_books(heard):
            yield f"{offer.load} ({offer.number}) is not answered, and no one had to be asked"
        elif offer == last and offer.respond_by is not None:
            yield f"{offer.load} ({offer.number}) is not answered by {offer.respond_by}, nor since"
        elif offer == last and not self._is_asked(offer.load):
            yield f"{offer.load} ({offer.number}) is not answered, and nobody is asked"

    def _is_confirmed(self, offer: Offer) -> Iterator[str]:
        if (offer.load, offer.number) not in self._answers:
            yield f"{offer.load} ({offer.number}) was taken back, and nobody confirms it"

    def _is_off(self, load: str) -> Iterator[str]:
        if self._is_asked(load):
            yield f"{load} was taken back, and somebody is asked about it"
        if load in self.scene.pages():
            yield f"{load} was taken back, and is shown as carried"

    def _is_asked(self, load: str) -> bool:
        return bool(self.scene.rows(ASKED, OFFERED, f"%/{load}"))


def letter_in(content: bytes) -> str:
    """Read what a 990 answers."""
    return next(line[4] for line in segments_of(content) if line[0] == "B1")


def arrivals(scene: Scene, partner: str, verb: str) -> Iterator[Entry]:
    """Give what came to a partner just now, and had not come before."""
    for done in scene.witness.news.done:
        entry = done.entry
        if done.partner == partner and entry.kind == "received" and entry.verb == verb:
            yield entry


class Statement(Struct, frozen=True, kw_only=True):
    """What a 214 says: `about` which milestone at which stop, when, or that it was not so."""

    shipment: str
    about: tuple[str, str]
    at: str
    taken_back: bool
    number: int
    exact: bool


class ToldByMessage(Invariant):
    """INV-30, of messages."""

    number = "INV-30"
    says = (
        "who is told of milestones gets each once, in order, as shown, and in the end all of them"
    )
    wakes = frozenset({"done"})

    def __init__(self, scene: Scene) -> None:
        """Begin with nothing told."""
        super().__init__(scene)
        self._numbers: dict[tuple[str, str], int] = {}
        self._said: dict[tuple[str, str], list[Statement]] = defaultdict(list)
        self._last: dict[tuple[object, ...], tuple[object, ...]] = {}

    def after(self) -> Iterator[str]:
        """Hold what came against what came before it."""
        if not self.scene.options.customers:
            return
        for partner in (OFFERS, TOLD):
            for entry in arrivals(self.scene, partner, MILESTONE):
                yield from self._judge(partner, entry)

    def _judge(self, partner: str, entry: Entry) -> Iterator[str]:
        said = statement_in(entry)
        name = (partner, said.shipment)
        if entry.content.get("unplaced"):
            yield f"{partner} is told {said.about[0]} of {said.shipment} at a time without a zone"
        if said.number < self._numbers.get(name, 0):
            yield f"{partner} is told of {said.shipment} in another order than was decided"
        self._numbers[name] = said.number
        subject = (*name, said.about, tuple(entry.content["orders"]))
        word = (said.at, said.taken_back)
        if self._last.get(subject) == word:
            yield f"{partner} is told again: {said.shipment} {' '.join(said.about)} {said.at}"
        self._last[subject] = word
        self._said[name].append(said)

    def at_end(self) -> Iterator[str]:
        """Hold what each was told in all against what is shown, and was."""
        if not self.scene.options.customers:
            return
        yield from self._only_what_was_shown()
        if not self.scene.waived_steps():
            yield from self._all_that_is_shown()

    def _only_what_was_shown(self) -> Iterator[str]:
        shown: set[tuple[str, str, str]] = set()
        for (body,) in self.scene.rows(PICTURES):
            told = msgspec.json.decode(body, type=PictureChanged)
            if told.gate.visible:
                shown |= {(told.shipment_id, *_words(each)) for each in told.picture.milestones}
        for (partner, shipment), statements in self._said.items():
            ours = self._ours(shipment)
            for each in statements:
                if each.exact and (ours, each.about[0], each.at) not in shown:
                    yield f"{partner} is told {each.about[0]} {each.at} of {ours}, never shown"

    def _all_that_is_shown(self) -> Iterator[str]:
        views = [
            msgspec.json.decode(body, type=PictureChanged) for (body,) in self.scene.rows(VIEWS)
        ]
        shared = Counter(each.shipment_id for each in views)
        asked = {tuple(key.split("/"))[::2][:2] for (key,) in self.scene.rows(UNTOLD)}
        for view in views:
            partner = OFFERS if view.shipment_id in self.witness.offers.heard else TOLD
            name = view.shipment_id
            if view.gate.visible and shared[name] == 1 and (partner, name) not in asked:
                steps = [each for each in view.picture.milestones if _is_told(each, partner)]
                yield from self._as_shown(partner, name, steps)

    def _as_shown(self, partner: str, shipment: str, steps: Iterable[Step]) -> Iterator[str]:
        last: dict[tuple[str, str], Statement] = {}
        for each in self._said[partner, self._theirs(shipment)]:
            last[each.about] = each
        once = Counter((str(each.milestone), str(each.stop or "")) for each in steps)
        for step in steps:
            about = (str(step.milestone), str(step.stop or ""))
            milestone, at = _words(step)
            said = last.get(about)
            if once[about] == 1 and (said is None or said.taken_back or said.at != at):
                told = (
                    f"{said.at}{' (taken back)' if said.taken_back else ''}" if said else "nothing"
                )
                yield f"{shipment} shows {milestone} {at}, and {partner} was told {told}"
        for about, said in last.items():
            if said.exact and not said.taken_back and about not in once:
                yield f"{partner} holds {' '.join(about)} of {shipment}, which is shown no more"

    def _ours(self, number: str) -> str:
        ours = f"{OFFERS}.{number}"
        return ours if ours in self.witness.offers.heard else number

    def _theirs(self, shipment: str) -> str:
        known = shipment in self.witness.offers.heard
        return shipment.removeprefix(f"{OFFERS}.") if known else shipment


def statement_in(entry: Entry) -> Statement:
    """Read a 214: by its code where it has one, else by its words."""
    said = entry.content
    words = said["words"].removeprefix("TAKEN BACK ").replace(",", "").split()
    milestone = said["milestone"] or (words[0] if words else "")
    return Statement(
        shipment=said["shipment"],
        about=(milestone, said["stop"]),
        at=said["at"] or " ".join(words[1:4]),
        taken_back=said["words"].startswith("TAKEN BACK"),
        number=said["number"],
        exact=bool(said["milestone"]),
    )


def _words(step: Step) -> tuple[str, str]:
    """Name a step that is shown, and when it was, to the second as a 214 tells it."""
    return str(step.milestone), step.occurred.at.replace(microsecond=0).isoformat()


def _is_told(step: Step, partner: str) -> bool:
    """Tell whether a 214 says this step, in a code of its own, to this partner."""
    plain = step.classifier is Classifier.ACTUAL and not (step.partial or step.returning)
    wanted = partner == OFFERS or step.milestone in MILESTONES_TOLD
    return plain and wanted and step.milestone in MEANS.values()

"""Exchanges: every group has one answer and says what is stored, every number is used for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

import msgspec
from msgspec import Struct

from crossdock.flow import recovery, sealing
from crossdock.flow.answering import VERB, StoredVerdict
from crossdock.messages.acknowledgement import Environment, Level
from crossdock.ports import Request
from crossdock.ports.backup import Backup
from crossdock.testing.simulation.exchanges import Envelope, envelope_of
from crossdock.testing.simulation.invariants.base import Invariant, Scene
from crossdock.testing.simulation.memory import MemoryFile

TENANT = "main"
ANSWERS = (
    "SELECT business_key, request, version FROM outbox JOIN raw_document AS told"
    " ON told.tenant = outbox.tenant AND told.id = outbox.message_id"
    " WHERE outbox.endpoint = ? AND verb = ? AND sha256 = ?"
)
STORED = "SELECT answer FROM seen WHERE endpoint = ? AND identity = ?"
NUMBERED = (
    "SELECT seq, endpoint, verb, business_key, request FROM outbox WHERE seq > ? ORDER BY seq"
)
# Promises that nobody is asked about: a key that is parked waits for a person.
FOLLOWED = (
    "SELECT key_id, stage FROM process WHERE subscriber = 'acknowledgement' AND NOT EXISTS"
    " (SELECT 1 FROM parked WHERE parked.subscriber = process.subscriber"
    " AND parked.key_kind = process.key_kind AND parked.key_id = process.key_id) ORDER BY key_id"
)
# Where a promise stands, and the letter in AK9 that says so, from the best to the worst.
LETTERS = {"accepted": "A", "accepted_with_errors": "E", "partial": "P", "rejected": "R"}


class Answer(Struct, frozen=True, kw_only=True):
    """An answer in the outbox: its bytes, and whether it is the first to what it answers."""

    body: bytes
    first: bool

    @property
    def envelope(self) -> Envelope:
        """Read it."""
        return envelope_of(self.body)


class Answered(Invariant):
    """INV-5."""

    number = "INV-5"
    says = "each group is answered once, by its stored verdict, in the same bytes; an answer never"
    wakes = frozenset({"delivered"})

    def after(self) -> Iterator[str]:
        """Look for the answers to each interchange delivered just now."""
        for each in self.witness.news.delivered:
            envelope = self.witness.exchanges.taken.get((each.partner, each.sha256))
            if envelope is not None:
                yield from self._judge(each.partner, each.sha256, envelope)

    def _judge(self, partner: str, sha256: str, told: Envelope) -> Iterator[str]:
        said: dict[str, list[Answer]] = defaultdict(list)
        for about, request, version in self.scene.rows(ANSWERS, partner, VERB, sha256):
            said[about].append(Answer(body=body_of(request), first=version == "1"))
        name = f"{partner} {told.control}"
        groups = [group[:2] for each in said.values() for group in each[0].envelope.verdicts]
        if told.whole and sorted(groups) != sorted(told.owed):
            yield f"{name} is owed {sorted(told.owed)} and {sorted(groups)} is answered"
        for about, answers in said.items():
            if len({each.body for each in answers}) > 1:
                yield f"{name} was answered in other bytes when it came again"
            if sum(each.first for each in answers) != 1:
                yield f"{name} was answered {len(answers)} times, and not once at first"
            yield from self._as_stored(partner, about, answers[0])

    def _as_stored(self, partner: str, about: str, answer: Answer) -> Iterator[str]:
        """Hold what an answer says of a group against the verdict that is stored."""
        kept = self.scene.value(STORED, partner, f"answer {about}")
        if kept is None:
            yield f"{about} is answered, and no verdict is stored"
            return
        verdict = msgspec.json.decode(kept, type=StoredVerdict).verdict
        for functional_id, number, letter in answer.envelope.verdicts:
            if letter != LETTERS[verdict]:
                yield f"{functional_id} {number} is stored as {verdict} and answered {letter}"

    def at_end(self) -> Iterator[str]:
        """Find the answers to all that was ever taken, as they stand at the end."""
        for (partner, sha256), envelope in self.witness.exchanges.taken.items():
            yield from self._judge(partner, sha256, envelope)


def body_of(request: bytes) -> bytes:
    """Give the bytes in a stored request."""
    return msgspec.json.decode(request, type=Request).body


class Numbered(Invariant):
    """INV-6."""

    number = "INV-6"
    says = "each control number is of one exchange, rises, also after a restore, and has an end"
    wakes = frozenset({"committed", "sent"})

    def __init__(self, scene: Scene) -> None:
        """Begin with nothing numbered."""
        super().__init__(scene)
        self._speaking = tuple(name for name, seat in scene.seats.items() if seat.speaks_x12)
        self._read = 0
        self._highest: dict[tuple[str, Level], int] = {}
        self._bodies: dict[str, set[bytes]] = defaultdict(set)
        self._under: dict[tuple[str, str], bytes] = {}

    def after(self) -> Iterator[str]:
        """Read the numbers of what was written, and hold what left against what left before."""
        if self._speaking and self.scene.effects > self._read:
            yield from self._read_on()
        for sent in self.witness.news.sent:
            if sent.endpoint not in self._speaking:
                continue
            body, control = sent.work.request.body, envelope_of(sent.work.request.body).control
            if body not in self._bodies[sent.endpoint]:
                yield f"{sent.endpoint} {control} left in bytes that are not stored"
            if self._under.setdefault((sent.endpoint, control), body) != body:
                yield f"{sent.endpoint} {control} left in other bytes than before"

    def _read_on(self) -> Iterator[str]:
        for seq, endpoint, verb, business_key, stored in self.scene.rows(NUMBERED, self._read):
            self._read = seq
            if endpoint not in self._speaking:
                continue
            request = msgspec.json.decode(stored, type=Request)
            again = request.body in self._bodies[endpoint]
            self._bodies[endpoint].add(request.body)
            if not request.control:
                yield f"{endpoint} {verb} {business_key} has no control number"
            for level, number in request.control.items():
                highest = self._highest.get((endpoint, level), 0)
                if not again and number <= highest:
                    yield f"{endpoint} {verb} {business_key} has {level} {number} after {highest}"
                self._highest[endpoint, level] = max(number, highest)

    def at_end(self) -> Iterator[str]:
        """Find the end of each promise, and count on from a backup."""
        for key, stage in self.scene.rows(FOLLOWED):
            partner, _, level, number = key.split("/")
            if stage in {"waiting", "unsent"} and not self._is_held(partner, level, int(number)):
                yield f"{key} is {stage} for ever"
            if level == Level.GROUP and not self.scene.waived_steps():
                yield from self._as_said(key, stage, self._said(partner, int(number)))
        yield from self._restored()

    def _said(self, partner: str, number: int) -> str:
        """Tell how a promise must have ended by the worst that its partner said; empty: no word."""
        letters = self.witness.exchanges.verdicts.get((partner, number), set())
        return next((stage for stage, letter in reversed(LETTERS.items()) if letter in letters), "")

    @staticmethod
    def _as_said(key: str, stage: str, said: str) -> Iterator[str]:
        if said != stage and (stage in LETTERS or (said and stage != "reviewed")):
            yield f"{key} is {stage}, and the partner said {said or 'nothing'}"

    def _is_held(self, partner: str, level: str, number: int) -> bool:
        """Tell whether the effect behind a number waits for a person, or behind one that does."""
        found = self.scene.value(
            "SELECT count(*) FROM outbox WHERE endpoint = ? AND status IN ('waiting', 'unresolved')"
            " AND json_extract(request, '$.control.' || ?) = ?",
            partner,
            level,
            number,
        )
        return bool(found)

    def _restored(self) -> Iterator[str]:
        """Restore the backup of this run, and take the next number of everything."""
        backup = self.scene.backup
        if backup is None or not self._speaking:
            return
        taken, at = self.witness.exchanges.highest, self.scene.now
        for endpoint, number in next_numbers(backup, at, self._speaking).items():
            if number <= taken.get(endpoint, 0):
                yield f"{endpoint}: {number} comes after a restore, and {taken[endpoint]} was used"


def next_numbers(backup: bytes, at: datetime, endpoints: tuple[str, ...]) -> dict[str, int]:
    """Restore a backup beside the run, and take the next interchange number of each partner."""
    store = MemoryFile(backup)
    with store.write() as unit:
        said = Backup(file="", size=len(backup), taken_at=at, as_of=None, messages=0)
        recovery.begin(unit, TENANT, said, at=at, by="simulated", reason="the disk is gone")
        numbers = {
            name: sealing.next_number(unit, TENANT, name, Environment.PRODUCTION, Level.INTERCHANGE)
            for name in endpoints
        }
    store.close()
    return numbers

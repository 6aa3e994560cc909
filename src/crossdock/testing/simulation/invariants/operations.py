"""Operations: who did what is written down, everything can be traced, counters count, work ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import blake2b

import msgspec

from crossdock.flow import audit_chain
from crossdock.store.instants import instant
from crossdock.testing.simulation.invariants.base import Invariant, Scene
from crossdock.testing.simulation.offers import COUNTER
from crossdock.testing.simulation.people import BY

HOPS_MAX = 60
A_PERSON = "a person"  # whose word has an audit row (INV-39)
UNASKED = (
    "SELECT endpoint || ' is held' FROM breaker"
    " WHERE state = 'open' AND open_until IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM exception WHERE subject = endpoint AND status = 'open')"
    " UNION ALL SELECT subscriber || '/' || key_kind || '/' || key_id || ' is parked' FROM parked"
    " WHERE NOT EXISTS"
    " (SELECT 1 FROM exception WHERE subject = subscriber || '/' || key_kind || '/' || key_id"
    " AND exception.status = 'open')"
)
CAUSES = "SELECT id, causation_id, document_id, origin FROM message"
NOTED = "SELECT actor, action, subject FROM audit WHERE tenant = 'main'"
SEALED = (
    "SELECT seq, at, actor, action, subject, reason, detail, seal FROM audit"
    " WHERE tenant = 'main' AND seq > ? ORDER BY seq"
)
SUBJECT = "SELECT subject FROM exception WHERE id = ?"
NOTHING = bytes(32)


class Audited(Invariant):
    """INV-39."""

    number = "INV-39"
    says = "every decision of a person has its audit row, and the rows are one whole chain"
    wakes = frozenset({"sealed"})

    def __init__(self, scene: Scene) -> None:
        """Begin before the first row."""
        super().__init__(scene)
        self._last, self._digest = 0, NOTHING

    def after(self) -> Iterator[str]:
        """Seal what is new once more, as `flow.audit_chain` says in its head, and compare."""
        for seq, at, *said, seal in self.scene.rows(SEALED, self._last):
            row = msgspec.json.encode(("main", seq, instant(at), *said))
            before = self._last.to_bytes(8, "big")
            digest = blake(self._digest + before + blake(row))
            if seal != before + digest:
                yield f"row {seq} of the audit log is not sealed upon row {self._last}"
            self._last, self._digest = seq, digest
        if self.witness.news.sealed[-1] != self._head():
            yield f"the head of the audit log is told as {self.witness.news.sealed[-1]}"

    def at_end(self) -> Iterator[str]:
        """Hold the rows against what persons did, and let the log be verified to its head."""
        noted, done = Counter(self.scene.rows(NOTED)), Counter(self._done())
        yield from (f"{each} has no audit row" for each in done - noted)
        yield from (f"{each} is in the audit log, and nobody did it" for each in noted - done)
        with self.scene.store.read() as reader:
            verdict = audit_chain.verify(reader, "main", self._head())
        yield from verdict.wrong
        if verdict.waiting:
            yield f"{verdict.waiting} rows of the audit log were never sealed"

    def _done(self) -> Iterator[tuple[str, str, str]]:
        for verb, id_, _ in self.witness.decisions:
            if verb == COUNTER:
                yield BY, f"load.{verb}", self.scene.value(SUBJECT, id_)
            else:
                yield BY, f"exception.{verb}", id_
        for each in self.witness.words:
            yield each.by, f"freight.{each.verdict}", f"freight_settlement/load/{each.load_id}"

    def _head(self) -> str:
        return f"{self._last}:{self._digest.hex()}" if self._last else ""


def blake(content: bytes) -> bytes:
    """Digest as the audit log's chain does."""
    return blake2b(content, digest_size=32).digest()


class Wakeable(Invariant):
    """INV-7."""

    number = "INV-7"
    says = "nothing waits for ever unasked: what a person must let go is an open exception"
    wakes = frozenset({"committed"})

    def after(self) -> Iterator[str]:
        """Find the exception of each partner that is held, and of each key that is parked."""
        for (waits,) in self.scene.rows(UNASKED):
            yield f"{waits}, and nobody is asked to let go"


class Traced(Invariant):
    """INV-41."""

    number = "INV-41"
    says = "from every effect one can walk back to the bytes that came in, or to a person"

    def at_end(self) -> Iterator[str]:
        """Walk back from each effect that was done."""
        delivered = {each.sha256 for each in self.witness.delivered} | self.scene.image_hashes
        causes = {id_: tuple(rest) for id_, *rest in self.scene.rows(CAUSES)}
        for key, verb, message_id in self.scene.rows(
            "SELECT idempotency_key, verb, message_id FROM outbox WHERE status = 'applied'"
        ):
            document = self._document_behind(message_id, causes)
            if document == A_PERSON:
                continue
            sha256 = self.scene.value("SELECT sha256 FROM raw_document WHERE id = ?", document)
            if sha256 not in delivered:
                yield f"{verb} {key} leads back to nothing that was delivered"

    @staticmethod
    def _document_behind(message_id: str, causes: Mapping[str, tuple[str, ...]]) -> str:
        for _ in range(HOPS_MAX):
            if message_id not in causes:
                return message_id  # what a report was caused by is its document
            cause, document, origin = causes[message_id]
            if document:
                return document
            if not cause and origin.startswith("operator:"):
                return A_PERSON
            message_id = cause
        return ""


class Counted(Invariant):
    """INV-44."""

    number = "INV-44"
    says = "the counters say what a recount of what was delivered says"

    def at_end(self) -> Iterator[str]:
        """Recount documents and reports."""
        documents = Counter(each.partner for each in self.witness.delivered)
        for partner, number in sorted(documents.items()):
            counted = self.scene.value(
                "SELECT coalesce(sum(count), 0) FROM counter WHERE name LIKE ?",
                f"documents/{partner}/%",
            )
            again = self.scene.value(
                "SELECT count(*) FROM raw_document WHERE endpoint = ? AND parent_id <> ''", partner
            )
            image = self.scene.image_documents.get(partner, 0)
            if counted != number + again + image:
                said = f"{partner} brought {number} documents"
                yield f"{said} and {counted - again - image} are counted"


class Ends(Invariant):
    """INV-45."""

    number = "INV-45"
    says = "once faults are over all work ends, and nobody goes round in circles"

    def at_end(self) -> Iterator[str]:
        """Find what is still under way."""
        if self.scene.ran_out:
            yield f"not calm: {self.scene.ran_out}"
        open_rows = self.scene.rows(
            "SELECT verb, business_key, status, sequence_key, seq FROM outbox"
            " WHERE status IN ('waiting', 'leased', 'unknown') ORDER BY seq"
        )
        for verb, business_key, status, line, seq in open_rows:
            before = self.scene.value(
                "SELECT count(*) FROM outbox WHERE sequence_key = ? AND sequence_key <> ''"
                " AND seq < ? AND status IN ('refused', 'unresolved')",
                line,
                seq,
            )
            if not before:
                yield f"{verb} {business_key} is {status} for ever"

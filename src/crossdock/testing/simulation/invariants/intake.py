"""Intake and conservation: what was delivered is there, once, and never only in a log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

from crossdock.flow import reading
from crossdock.flow.exceptions import ID_REUSED
from crossdock.messages.registry import encode
from crossdock.simulators.chance import share
from crossdock.simulators.ledger import Entry
from crossdock.testing.simulation.invariants.base import Invariant, Scene
from crossdock.testing.simulation.witness import identity_of

DEATHS_MAX = 12  # each try of its sender may cost one, until the house tries it alone
READ_AGAIN_SHARE = 0.5  # of the runs
READABLE = "SELECT id, sha256 FROM raw_document WHERE status IN ('translated', 'partial')"
KEPT = "SELECT count(*) FROM raw_document WHERE endpoint = ? AND sha256 = ? AND parent_id = ''"


class Kept(Invariant):
    """INV-1."""

    number = "INV-1"
    says = "every acknowledged document is kept, byte for byte"
    wakes = frozenset({"delivered", "done"})

    def __init__(self, scene: Scene) -> None:
        """Begin with nothing delivered."""
        super().__init__(scene)
        self._delivered: Counter[tuple[str, str]] = Counter()

    def after(self) -> Iterator[str]:
        """Find each document delivered just now."""
        names = [(each.partner, each.sha256) for each in self.witness.news.delivered]
        self._delivered.update(names)
        for name in names:
            if self.scene.value(KEPT, *name) != self._delivered[name]:
                yield f"{name[0]} {name[1][:12]} is not kept"
        for done in self.witness.news.done:
            entry = done.entry
            if entry.kind == "acknowledged" and not self._has(done.partner, entry):
                yield f"{done.partner} was told that we have {entry.content_key}"

    def _has(self, partner: str, entry: Entry) -> bool:
        if partner == "legacy":  # nobody answers a file
            return True
        if self.witness.exchanges.is_taken(partner, entry.content_key):
            return True
        event = entry.content.get("event", entry.content)
        return "event_id" in event and (partner, identity_of(event)) in self.witness.told

    def at_end(self) -> Iterator[str]:
        """Find every document delivered, and hash what was kept of it."""
        for name, times in self._delivered.items():
            if self.scene.value(KEPT, *name) != times:
                yield f"{name[0]} {name[1][:12]} is not kept {times} times"
        with self.scene.store.read() as reader:
            for (id_,) in self.scene.rows("SELECT id FROM raw_document"):
                row = reader.document("main", id_)
                if row is None or sha256(row.content).hexdigest() != row.sha256:
                    yield f"document {id_} is not what was kept"


class Conserved(Invariant):
    """INV-2."""

    number = "INV-2"
    says = "at the end every step is handled or parked, and everything said is known once"

    def at_end(self) -> Iterator[str]:
        """Count what is pending, and what each partner said."""
        pending = self.scene.value("SELECT count(*) FROM inbox WHERE place = 0")
        if pending:
            yield f"{pending} steps are pending and nobody takes them"
        for partner, known in sorted(Counter(name[0] for name in self.witness.told).items()):
            seen = self.scene.value(
                "SELECT count(*) FROM seen WHERE endpoint = ? AND identity NOT LIKE '% amended %'"
                " AND identity NOT LIKE 'master/%/1'",
                partner,
            )
            told = known - sum(
                name[0] == partner and name[1].startswith("master/") for name in self.witness.told
            )
            if seen != told:
                yield f"{partner} said {told} things and {seen} are known"


class Final(Invariant):
    """INV-3."""

    number = "INV-3"
    says = "a handled step stays handled"
    wakes = frozenset({"committed"})

    def __init__(self, scene: Scene) -> None:
        """Begin with what the image holds."""
        super().__init__(scene)
        self._handled = 0

    def after(self) -> Iterator[str]:
        """Count the handled steps after each commit."""
        if not self.scene.committed:
            return
        lost = self._handled - self.scene.handled
        if lost > 0:
            yield f"{lost} handled steps are not handled any more"
        self._handled = self.scene.handled


class Quarantined(Invariant):
    """INV-16."""

    number = "INV-16"
    says = "a step that kills its worker is soon set aside, and a person is asked"
    wakes = frozenset({"died"})

    def __init__(self, scene: Scene) -> None:
        """Begin with nobody dead."""
        super().__init__(scene)
        self._deaths: Counter[tuple[str, str]] = Counter()

    def after(self) -> Iterator[str]:
        """Count the workers that a process and key have cost since a person last let it go on."""
        for subscriber, key in self.witness.news.died:
            let_go = sum(
                times
                for subject, times in self.witness.permitted.items()
                if subject.startswith(f"{subscriber}/") and subject.endswith(f"/{key}")
            )
            self._deaths[subscriber, key] += 1
            if self._deaths[subscriber, key] > DEATHS_MAX * (1 + let_go):
                yield f"{subscriber} {key} has cost {self._deaths[subscriber, key]} workers"


class ToldApart(Invariant):
    """INV-4."""

    number = "INV-4"
    says = "the same said again is a duplicate; something else under its name is an exception"
    wakes = frozenset({"delivered"})

    def after(self) -> Iterator[str]:
        """Hold each receipt against what was said before."""
        for each in self.witness.news.delivered:
            receipt = each.receipt
            if receipt is None or each.expected is None:
                continue
            counted = (receipt.accepted, receipt.duplicates, receipt.conflicts)
            if counted != each.expected:
                yield (
                    f"{each.partner} {each.document}: {each.expected} new, again and otherwise"
                    f" were counted as {counted}"
                )
            if receipt.conflicts and not self._asked(receipt.document_id):
                yield f"{each.partner} {each.document}: a conflict was dropped silently"

    def _asked(self, document_id: str) -> bool:
        found = self.scene.value(
            "SELECT count(*) FROM exception WHERE subject = ? AND code = ?", document_id, ID_REUSED
        )
        return bool(found)


class ReadAlike(Invariant):
    """INV-42."""

    number = "INV-42"
    says = "the same bytes, read again by the same connector, say the same to the byte"

    def at_end(self) -> Iterator[str]:
        """Read every document of the run again, and hold it against what was kept of it."""
        roster = self.scene.roster
        if roster is None or share(self.scene.options.seed, "read again") >= READ_AGAIN_SHARE:
            return
        with self.scene.store.read() as reader:
            for id_, sha in self.scene.rows(READABLE):
                document = reader.document("main", id_)
                if document is None or sha in self.scene.image_hashes:
                    continue
                again = reading.read(roster, document.endpoint, document.document, document.content)
                said = {encode(each.report) for each in again.reports}
                kept = {each.body for each in reader.messages_caused_by("main", [id_])}
                if kept - said:
                    yield f"{document.endpoint} {document.document} {sha[:12]} is read otherwise"

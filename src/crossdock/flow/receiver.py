"""The receiver: an Idempotent Receiver (EIP) for documents, in batches.

Every document is kept as it came, before anything is made of it. What it says is told apart by the
identity its source gave it, for ever: the same thing again is a duplicate, other content under the
same identity is an exception and never dropped silently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from crossdock.canonical.references import Reference
from crossdock.faults import Unreadable
from crossdock.flow.answering import answer, answer_bytes
from crossdock.flow.asking import Asking
from crossdock.flow.batch import Addressed, Batch, address, row_of
from crossdock.flow.exceptions import ID_REUSED, ROUTING_FAILED, UNREADABLE, Trouble, facts_of
from crossdock.flow.findings import concerns
from crossdock.flow.names import correlation_of
from crossdock.flow.reading import Arrival, ReadOut, hash_of, read, read_out, reference_in
from crossdock.flow.roster import OWNERLESS, Directory
from crossdock.messages.envelope import Message
from crossdock.messages.registry import encode
from crossdock.ports import Reported
from crossdock.ports.store import (
    DocumentRow,
    DocumentStatus,
    ReferenceRow,
    Seen,
    SeenRow,
    Unit,
)


class Receipt(Struct, frozen=True, kw_only=True):
    """What became of a document: how many of its reports are new, repeated or in conflict."""

    document_id: str
    accepted: int
    duplicates: int
    conflicts: int
    status: DocumentStatus
    answer: bytes = b""  # what the sender is owed, where it wants that in the response


class TakenIn(Struct, frozen=True, kw_only=True):
    """What came of a batch of documents, what was counted, and who has new work."""

    receipts: tuple[Receipt, ...]
    tally: Mapping[str, int]
    endpoints: frozenset[str] = frozenset()


@dataclass(slots=True)
class Candidate:
    """A report on its way in: as a message with everyone whose turn it is."""

    reported: Reported
    addressed: Addressed
    seen: SeenRow


@dataclass(slots=True)
class Case:
    """A document on its way in."""

    arrival: Arrival
    id: str
    out: ReadOut
    troubles: list[Trouble] = field(default_factory=list)
    accepted: int = 0
    duplicates: int = 0
    repeated: set[str] = field(default_factory=set)  # identities
    conflicts: list[tuple[str, str]] = field(default_factory=list)  # identity, first message
    answers: tuple[Asking, ...] = ()

    @property
    def fenced(self) -> bool:
        """Tell whether it comes from the other side of the fence, so that nothing is made of it."""
        return self.out.status is DocumentStatus.FENCED


def receive(
    directory: Directory, unit: Unit, arrivals: Sequence[Arrival], now: datetime
) -> TakenIn:
    """Keep the documents, and send what they say on its way; answers in the order of arrival."""
    intake = Intake(directory, unit, now)
    intake.take_in(read_all(directory, arrivals))
    endpoints = intake.batch.flush(unit, directory.roster.tenant)
    return TakenIn(
        receipts=intake.receipts(), tally=intake.batch.tally, endpoints=frozenset(endpoints)
    )


class Letter(Struct, frozen=True, kw_only=True):
    """A document as it was read."""

    arrival: Arrival
    id: str
    out: ReadOut


def read_all(directory: Directory, arrivals: Sequence[Arrival]) -> tuple[Letter, ...]:
    """Read documents; it needs no transaction, and none has to wait for a large one."""
    roster = directory.roster
    named = [(arrival, roster.ids.new()) for arrival in arrivals]
    return tuple(
        Letter(arrival=arrival, id=name, out=read_out(roster, arrival, name))
        for arrival, name in named
    )


class Intake:
    """One transaction's worth of documents; what they say stands in `batch` until it is flushed."""

    def __init__(self, directory: Directory, unit: Unit, now: datetime) -> None:
        """Begin with nothing received."""
        self._taken: list[tuple[Case, Receipt]] = []
        self._documents: list[DocumentRow] = []
        self.batch = Batch(at=now, directory=directory)
        self._directory = directory
        self._roster = directory.roster
        self._unit = unit
        self._now = now

    def take_in(self, letters: Sequence[Letter]) -> None:
        """Keep the documents, and note what they say."""
        cases = [self._open(letter) for letter in letters]
        self._publish(cases)
        self._taken = [(case, self._close(case)) for case in cases]
        self._unit.keep_documents(self._documents)

    def receipts(self) -> tuple[Receipt, ...]:
        """Tell what became of the documents, in the order of arrival, once all is flushed."""
        return tuple(
            replace(receipt, answer=answer_bytes(self._unit, case.answers))
            if case.arrival.in_response and case.answers
            else receipt
            for case, receipt in self._taken
        )

    def _open(self, letter: Letter) -> Case:
        """Note what a document's reader noticed, and what its sender is owed."""
        arrival, out = letter.arrival, letter.out
        case = Case(arrival=arrival, id=letter.id, out=out)
        if out.trouble is not None:
            case.troubles.append(out.trouble)
        answering = answer(
            self._roster,
            self._unit,
            arrival,
            out.reading.owed,
            document_id=letter.id,
            refused=case.fenced,
            now=self._now,
        )
        case.answers = answering.asks
        case.troubles.extend(answering.troubles)
        self.batch.asks.extend(answering.asks)
        return case

    def _publish(self, cases: Sequence[Case]) -> None:
        """Tell new reports from repeated ones, and publish the new."""
        bound = self._bind(cases)
        candidates = [
            (case, candidate)
            for case in cases
            for reported in ([] if case.fenced else case.out.reading.reports)
            if (candidate := self._candidate(case, reported, bound)) is not None
        ]
        if not candidates:
            return
        verdicts = self._unit.remember([candidate.seen for _, candidate in candidates])
        for (case, candidate), verdict in zip(candidates, verdicts, strict=True):
            match verdict:
                case Seen.NEW:
                    self._accept(case, candidate)
                case Seen.DUPLICATE:
                    case.duplicates += 1
                    case.repeated.add(candidate.reported.identity)
                case Seen.CONFLICT:
                    self._settle_conflict(case, candidate)

    def _bind(self, cases: Sequence[Case]) -> dict[tuple[str, Reference], ReferenceRow]:
        wanted: dict[str, dict[Reference, None]] = {}
        for case in cases:
            for reported in case.out.reading.reports:
                reference = reference_in(reported.report)
                if reference is not None:
                    wanted.setdefault(case.arrival.tenant, {})[reference] = None
        return {
            (tenant, reference): row
            for tenant, references in wanted.items()
            for reference, row in self._unit.routes(tenant, list(references)).items()
        }

    def _candidate(
        self,
        case: Case,
        reported: Reported,
        bound: Mapping[tuple[str, Reference], ReferenceRow],
    ) -> Candidate | None:
        tenant = case.arrival.tenant
        reference = reference_in(reported.report)
        route = None if reference is None else bound.get((tenant, reference))
        message = Message(
            id=self._roster.ids.new(),
            tenant=tenant,
            correlation_id="" if route is None else route.correlation_id,
            causation_id=case.id,
            received_at=self._now,
            origin=f"partner:{case.arrival.partner}",
            body=reported.report,
            document_id=case.id,
            bound=None if route is None else route.key,
            amends=case.arrival.amends,
        )
        try:
            addressed = address(self._directory, message)
            _check_names(reported, addressed)
        except Unreadable as error:
            case.troubles.append(_unnamed(case, reported, error))
            return None
        except Exception as error:
            case.troubles.append(_unrouted(case, reported, error))
            return None
        addressed = self._correlate(addressed)
        seen = SeenRow(
            tenant=tenant,
            endpoint=case.arrival.partner,
            identity=reported.identity,
            hash=hash_of(addressed.row.body),
            message_id=message.id,
        )
        return Candidate(reported=reported, addressed=addressed, seen=seen)

    def _correlate(self, addressed: Addressed) -> Addressed:
        """Give a message the id of its story: that of its first key, else one of its own."""
        message = addressed.message
        if message.correlation_id:
            return addressed
        story = (
            correlation_of(message.tenant, addressed.inbox[0].key)
            if addressed.inbox
            else self._roster.ids.new()
        )
        return replace(
            addressed,
            row=replace(addressed.row, correlation_id=story),
            message=replace(message, correlation_id=story),
        )

    def _accept(self, case: Case, candidate: Candidate) -> None:
        case.accepted += 1
        self.batch.publish(candidate.addressed)

    def _settle_conflict(self, case: Case, candidate: Candidate) -> None:
        """Judge other content under a known identity.

        A document read again or mended on purpose amends what was said. Where today's connector
        reads the first document as it reads this one, the reader has changed and not the partner:
        a duplicate. Anything else is the partner's doing, and a person's to judge.
        """
        seen = candidate.seen
        first = self._unit.seen(seen.tenant, seen.endpoint, seen.identity)
        first_id = "" if first is None else first.message_id
        amended = replace(seen, identity=f"{seen.identity} amended {seen.hash.hex()}")
        if case.arrival.parent_id:
            if self._unit.remember([amended]) == [Seen.NEW]:
                self._accept(case, self._instead(candidate, first_id))
            else:
                case.duplicates += 1
        elif self._was_amended(amended) or self._reads_the_same(case, candidate, first_id):
            case.duplicates += 1
            case.repeated.add(seen.identity)
        else:
            case.conflicts.append((seen.identity, first_id))

    def _instead(self, candidate: Candidate, first_id: str) -> Candidate:
        message = replace(candidate.addressed.message, amends=first_id)
        addressed = replace(candidate.addressed, row=row_of(message), message=message)
        return Candidate(candidate.reported, addressed, candidate.seen)

    def _was_amended(self, amended: SeenRow) -> bool:
        return self._unit.seen(amended.tenant, amended.endpoint, amended.identity) is not None

    def _reads_the_same(self, case: Case, candidate: Candidate, first_id: str) -> bool:
        tenant, partner = case.arrival.tenant, case.arrival.partner
        first = self._unit.messages(tenant, [first_id]).get(first_id)
        kept = self._unit.document(tenant, first.document_id) if first is not None else None
        if kept is None:
            return False
        try:
            today = read(self._roster, partner, kept.document, kept.content)
        except Exception:  # it could be read then; that it cannot be today says nothing new
            return False
        return any(
            each.identity == candidate.seen.identity
            and encode(each.report) == candidate.addressed.row.body
            for each in today.reports
        )

    def _close(self, case: Case) -> Receipt:
        """Note the document with what became of it."""
        arrival = case.arrival
        whose = f"{arrival.partner} {arrival.document}"
        asked = set[str]() if arrival.parent_id else case.repeated  # read again, asked again
        if not case.fenced:
            case.troubles.extend(concerns(case.out.reading, asked, whose, case.id))
        if case.conflicts:
            case.troubles.append(_reused(case))
        lost = case.out.status is DocumentStatus.TRANSLATED and case.troubles
        status = DocumentStatus.PARTIAL if lost else case.out.status
        self._documents.append(_document(case, status, self._now))
        self.batch.exceptions.extend(
            trouble.row(arrival.tenant, self._roster.rulebook, self._now)
            for trouble in case.troubles
        )
        self._count(case, status)
        return Receipt(
            document_id=case.id,
            accepted=case.accepted,
            duplicates=case.duplicates,
            conflicts=len(case.conflicts),
            status=status,
        )

    def _count(self, case: Case, status: DocumentStatus) -> None:
        known = status is not DocumentStatus.UNASSIGNED  # strangers choose their names freely
        whose = f"{case.arrival.partner}/{case.arrival.document}" if known else "nobody/unassigned"
        tally = self.batch.tally
        tally[f"documents/{whose}/{status}"] += 1
        for word, number in (
            ("accepted", case.accepted),
            ("duplicate", case.duplicates),
            ("conflict", len(case.conflicts)),
        ):
            if number:
                tally[f"reports/{whose}/{word}"] += number
        for each in case.troubles:
            tally[f"exceptions/{each.team}/{each.code}"] += 1


def _document(case: Case, status: DocumentStatus, now: datetime) -> DocumentRow:
    arrival = case.arrival
    return DocumentRow(
        tenant=arrival.tenant,
        id=case.id,
        endpoint=arrival.partner,
        document=arrival.document,
        received_at=now,
        content=arrival.content,
        content_type=arrival.content_type,
        sha256=sha256(arrival.content).hexdigest(),
        status=status,
        findings=case.out.reading.findings,
        parent_id=arrival.parent_id,
    )


def _check_names(reported: Reported, addressed: Addressed) -> None:
    """Refuse a NUL in what things are found by. Raises Unreadable."""
    for name in (reported.identity, *(each.key.id for each in addressed.inbox)):
        if "\x00" in name:
            raise Unreadable(
                "A name has a NUL character in it, by which nothing is found", name=ascii(name)
            )


def _unrouted(case: Case, reported: Reported, error: Exception) -> Trouble:
    return Trouble(
        kind="document",
        subject=case.id,
        code=ROUTING_FAILED,
        team=OWNERLESS,
        cause=(
            f"{case.arrival.partner} {case.arrival.document}: nobody could tell whose turn "
            f"{type(reported.report).__name__} is"
        ),
        action="Mend the process that failed, then retry",
        about=(reported.identity,),
        seen={"identity": reported.identity, "where": reported.where, **facts_of(error)},
        document_id=case.id,
    )


def _unnamed(case: Case, reported: Reported, error: Unreadable) -> Trouble:
    return Trouble(
        kind="document",
        subject=case.id,
        code=UNREADABLE,
        team=OWNERLESS,
        cause=f"{case.arrival.partner} {case.arrival.document}: {error.said}",
        action="Edit the document, or ask the partner",
        about=(case.arrival.partner,),
        seen={"where": reported.where, **error.seen},
        document_id=case.id,
    )


def _reused(case: Case) -> Trouble:
    identity, first_id = case.conflicts[0]
    more = len(case.conflicts) - 1
    rest = f" (and {more} more)" if more else ""
    return Trouble(
        kind="document",
        subject=case.id,
        code=ID_REUSED,
        team=OWNERLESS,
        cause=(
            f"{case.arrival.partner} {case.arrival.document}: {identity}{rest} was said before "
            "with other content"
        ),
        action="Ask the partner; retry takes this in the first one's place, waive keeps the first",
        about=tuple(identity for identity, _ in case.conflicts),
        seen={"identity": identity, "first_message": first_id},
        message_id=first_id,
        document_id=case.id,
    )

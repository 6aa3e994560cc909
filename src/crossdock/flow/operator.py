"""The three verbs of a person: retry, edit, waive; each with a reason, audited as it is done.

document   retry   read again, with today's connector
           edit    mended bytes are read in its place
           waive   kept, and no more is made of it
process    retry   the process hears ExceptionRetried
           edit    the message that caused it is sent again as mended, and amends the first
           waive   the process hears ExceptionWaived
step       retry   the key is released
           edit    the step is skipped, the mended message takes its turn, the key is released
           waive   the step is skipped, the key is released
effect     retry   waits again under its key; one whose outcome is unknown is looked up first
           edit    only where refused, and not of money: a new version takes its place
           waive   never sent again; the process hears WAIVED
endpoint   retry   one probe, at once
           waive   the exception goes, the breaker stays; not where the partner is locked
store      waive   the exception goes, the door stays shut until the disk has room
entrance   waive   the exception goes, the entrance is tried on; another reason asks anew
file       waive   the exception goes, the file stays where it was put away
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from crossdock.flow import breaker, receiver
from crossdock.flow.batch import Batch, address, message_of
from crossdock.flow.decisions import (
    EDIT,
    RETRY,
    VERBS,
    WAIVE,
    AlreadyClosed,
    Decided,
    Decision,
    Matter,
    NeedsReason,
    NotFound,
    Undecidable,
)
from crossdock.flow.merge_patch import edited
from crossdock.flow.names import process_of
from crossdock.flow.operator_effects import edit_effect, retry_effect, waive_effect
from crossdock.flow.reading import Arrival, reference_in
from crossdock.flow.roster import Directory
from crossdock.messages.envelope import Body, Key, Message, Report
from crossdock.messages.flow import ExceptionRetried, ExceptionWaived
from crossdock.ports.store import (
    AuditRow,
    DocumentRow,
    ExceptionStatus,
    Handled,
    MessageRow,
    Step,
    Unit,
)


def decide(directory: Directory, unit: Unit, decision: Decision, now: datetime) -> Decided:
    """Carry out what a person decided, with its audit row, in this transaction.

    Raises NeedsReason, NotFound, AlreadyClosed or Undecidable, and then changes nothing.
    """
    tenant = directory.roster.tenant
    row = unit.exception(tenant, decision.exception_id)
    if decision.verb not in VERBS:
        raise Undecidable(f"There is no decision `{decision.verb}`", known=", ".join(VERBS))
    if not decision.by.strip() or not decision.reason.strip():
        raise NeedsReason("Say who decides this, and why; both are kept with the decision")
    if row is None:
        raise NotFound("There is no such exception", exception=decision.exception_id)
    if row.status is not ExceptionStatus.OPEN:
        raise AlreadyClosed(
            f"This is {row.status} already, by {row.closed_by}: {row.closed_because}",
            exception=row.id,
        )
    batch = Batch(at=now, directory=directory)
    matter = Matter(directory=directory, unit=unit, batch=batch, row=row, decision=decision)
    carry_out = CARRIED_OUT.get((row.kind, decision.verb))
    if carry_out is None:
        raise Undecidable(f"There is nothing to {decision.verb} about this", kind=row.kind)
    decided = carry_out(matter)
    _close(matter, now)
    woken = batch.flush(unit, tenant)
    return Decided(
        said=decided.said,
        endpoints=decided.endpoints | woken,
    )


def _close(matter: Matter, now: datetime) -> None:
    row, decision = matter.row, matter.decision
    waived = decision.verb == WAIVE
    status = ExceptionStatus.WAIVED if waived else ExceptionStatus.RESOLVED
    same = matter.unit.exceptions(row.tenant, subject=row.subject, limit=1000)
    # Reading a document again answers all that was open about it.
    together = row.kind == "document" and not waived
    ids = [each.id for each in same if together and each.kind == row.kind] or [row.id]
    matter.unit.close_exceptions(row.tenant, ids, status, decision.by, decision.reason, now)
    matter.batch.tally[f"operator/{row.kind}/{decision.verb}"] += 1
    audit = AuditRow(
        tenant=row.tenant,
        at=now,
        actor=decision.by,
        action=f"exception.{decision.verb}",
        subject=row.id,
        reason=decision.reason,
        detail=f"{row.code} of {row.kind} {row.subject}",
    )
    matter.unit.log([audit])


def _document(matter: Matter) -> DocumentRow:
    found = matter.unit.document(matter.tenant, matter.row.subject)
    if found is None:
        raise Undecidable("The document is not kept any more", document=matter.row.subject)
    return found


def retry_document(matter: Matter) -> Decided:
    """Read the document again, with today's connector."""
    return _read_again(matter, _document(matter).content)


def edit_document(matter: Matter) -> Decided:
    """Read mended bytes in the document's place."""
    if not matter.decision.content.strip():
        raise Undecidable("Give the mended document; nothing was sent")
    return _read_again(matter, matter.decision.content)


def _read_again(matter: Matter, content: bytes) -> Decided:
    parent = _document(matter)
    arrival = Arrival(
        tenant=parent.tenant,
        partner=parent.endpoint,
        document=parent.document,
        content=content,
        content_type=parent.content_type,
        parent_id=parent.id,
    )
    taken = receiver.receive(matter.directory, matter.unit, [arrival], matter.batch.at)
    (receipt,) = taken.receipts
    return Decided(
        said=(
            f"Read again as {receipt.document_id}: {receipt.status}, {receipt.accepted} new or "
            f"amended, {receipt.duplicates} as before"
        ),
        endpoints=taken.endpoints,
    )


def waive_document(_matter: Matter) -> Decided:
    """Keep the document, and make no more of it."""
    return Decided(said="The document is kept, and nothing more is made of it")


def _said_to(matter: Matter, body: Body) -> None:
    subscriber, key = process_of(matter.row.subject)
    matter.batch.publish(address(matter.directory, _message(matter, body, (subscriber, key))))


def _message(
    matter: Matter,
    body: Body,
    addressee: tuple[str, Key] | None,
    *,
    amends: MessageRow | None = None,
) -> Message:
    bound = None
    reference = reference_in(body)
    if reference is not None:
        route = matter.unit.routes(matter.tenant, [reference]).get(reference)
        bound = None if route is None else route.key
    return Message(
        id=matter.directory.roster.ids.new(),
        tenant=matter.tenant,
        correlation_id=matter.row.correlation_id,
        causation_id=matter.row.message_id,
        received_at=matter.batch.at,
        origin=matter.operator if amends is None else amends.origin,
        body=body,
        document_id="" if amends is None else amends.document_id,
        bound=bound,
        amends="" if amends is None else amends.id,
        addressee=addressee,
    )


def retry_process(matter: Matter) -> Decided:
    """Ask the process to try again."""
    code, by, reason = matter.row.code, matter.decision.by, matter.decision.reason
    _said_to(matter, ExceptionRetried(code=code, by=by, reason=reason))
    return Decided(said="The process is asked to try again")


def waive_process(matter: Matter) -> Decided:
    """Let the process go on without."""
    code, by, reason = matter.row.code, matter.decision.by, matter.decision.reason
    _said_to(matter, ExceptionWaived(code=code, by=by, reason=reason))
    return Decided(said="The process goes on without it")


def _cause(matter: Matter) -> MessageRow:
    found = matter.unit.messages(matter.tenant, [matter.row.message_id])
    if matter.row.message_id not in found:
        raise Undecidable("The message that caused this is not known", subject=matter.row.subject)
    return found[matter.row.message_id]


def edit_process(matter: Matter) -> Decided:
    """Send the message that caused it again as mended: a report to all, else to this process."""
    cause = _cause(matter)
    body = edited(cause, matter.decision.content)
    addressee = None if isinstance(body, Report) else process_of(matter.row.subject)
    message = _message(matter, body, addressee, amends=cause)
    matter.batch.publish(address(matter.directory, message))
    return Decided(said=f"The mended {cause.type} is on its way as {message.id}")


def _failing(matter: Matter) -> Step:
    subscriber, key = process_of(matter.row.subject)
    waiting = matter.unit.unhandled(matter.tenant, subscriber, key)
    if not waiting or waiting[0].row.message_id != matter.row.message_id:
        raise Undecidable("This step is not the next one any more", subject=matter.row.subject)
    return waiting[0]


def _release(matter: Matter) -> None:
    subscriber, key = process_of(matter.row.subject)
    matter.unit.release(matter.tenant, subscriber, key)


def _skip(matter: Matter, step: Step) -> None:
    row = step.row
    name = (row.tenant, row.subscriber, row.key)
    process = matter.unit.processes([name]).get(name)
    revision = 0 if process is None else process.revision
    matter.unit.finish([Handled(seq=row.seq, revision=revision, at=matter.batch.at)])


def retry_step(matter: Matter) -> Decided:
    """Let the key go on, beginning with the step that failed."""
    step = _failing(matter)
    matter.unit.forgive(step.row.seq)
    _release(matter)
    return Decided(said="The step is tried again")


def waive_step(matter: Matter) -> Decided:
    """Skip the step that failed, and let the key go on."""
    step = _failing(matter)
    _skip(matter, step)
    _release(matter)
    return Decided(said=f"{step.message.type} is skipped, the rest goes on")


def edit_step(matter: Matter) -> Decided:
    """Skip the step that failed, and give its process the mended message."""
    step = _failing(matter)
    body = edited(step.message, matter.decision.content)
    message_of(step.message)  # what cannot be read as it is shall not be mended blindly
    message = _message(matter, body, process_of(matter.row.subject), amends=step.message)
    matter.batch.publish(address(matter.directory, message))
    _skip(matter, step)
    _release(matter)
    return Decided(said=f"The mended {step.message.type} takes its turn as {message.id}")


def retry_endpoint(matter: Matter) -> Decided:
    """Let one call probe the partner at once."""
    endpoint = matter.row.subject
    row = matter.unit.breaker(matter.tenant, endpoint)
    freed = breaker.let_go(row, matter.batch.at)
    if freed != row:
        matter.unit.save_breaker(freed, row.generation)
    return Decided(said=f"{endpoint} is tried at once", endpoints=frozenset({endpoint}))


def waive_endpoint(matter: Matter) -> Decided:
    """Take note, and leave the breaker as it is; one that waits for a person cannot be left."""
    endpoint = matter.row.subject
    if breaker.is_held(matter.unit.breaker(matter.tenant, endpoint)):
        raise Undecidable(
            "Nothing goes to this partner until somebody retries; renew the credentials first",
            partner=endpoint,
        )
    return Decided(said=f"{endpoint} stays as it is")


def waive_store(_matter: Matter) -> Decided:
    """Let the exception go; only room on the disk opens the door again."""
    return Decided(said="Nothing is taken in until the disk has room")


def waive_entrance(_matter: Matter) -> Decided:
    """Let the exception go; the entrance is looked into again and again all the same."""
    return Decided(
        said="It is tried all the time, and nothing comes in until it works; "
        "somebody is asked again where it fails for another reason, or after it has worked"
    )


def waive_file(_matter: Matter) -> Decided:
    """Let the exception go, and the file lie."""
    return Decided(said="The file stays where it was put away")


CARRIED_OUT: Mapping[tuple[str, str], Callable[[Matter], Decided]] = {
    ("document", RETRY): retry_document,
    ("document", EDIT): edit_document,
    ("document", WAIVE): waive_document,
    ("process", RETRY): retry_process,
    ("process", EDIT): edit_process,
    ("process", WAIVE): waive_process,
    ("step", RETRY): retry_step,
    ("step", EDIT): edit_step,
    ("step", WAIVE): waive_step,
    ("effect", RETRY): retry_effect,
    ("effect", EDIT): edit_effect,
    ("effect", WAIVE): waive_effect,
    ("endpoint", RETRY): retry_endpoint,
    ("endpoint", WAIVE): waive_endpoint,
    ("store", WAIVE): waive_store,
    ("entrance", WAIVE): waive_entrance,
    ("file", WAIVE): waive_file,
}

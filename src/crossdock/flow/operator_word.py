"""A person's word to one process, as a message of its own and with its audit row.

Exceptions are decided by three verbs; what else a person may decide is a typed message to the
process that asks for it. The same word upon the same ground is one message, however often the form
is sent: `ground` names what the person saw, such as the revision of the picture.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from crossdock.flow.batch import Batch, address
from crossdock.flow.decisions import NeedsReason, NotFound, Undecidable
from crossdock.flow.names import correlation_of, digest, process_subject
from crossdock.flow.roster import Directory
from crossdock.messages.envelope import Internal, Key, Message
from crossdock.messages.registry import encode
from crossdock.ports.store import AuditRow, Unit


class Word(Struct, frozen=True, kw_only=True):
    """What a person says to one process: to whom, what, who says it, why, and upon which ground.

    `action` is what the audit log calls it (`freight.approve`), `detail` the rest in words.
    """

    subscriber: str
    key: Key
    body: Internal
    by: str
    reason: str
    action: str
    detail: str = ""
    ground: str = ""

    @property
    def subject(self) -> str:
        """Name the process as exceptions and the audit log do."""
        return process_subject(self.subscriber, self.key)


class Heard(Struct, frozen=True, kw_only=True):
    """The word's message, and whether it is new: said before, it changes nothing."""

    message_id: str
    is_new: bool


def say(directory: Directory, unit: Unit, word: Word, now: datetime) -> Heard:
    """Send a word on its way, with its audit row, in this transaction.

    Raises NeedsReason, NotFound or Undecidable, and then changes nothing.
    """
    tenant = directory.roster.tenant
    if not word.by.strip() or not word.reason.strip():
        raise NeedsReason("Say who decides this, and why; both are kept with the decision")
    if type(word.body) not in _heard_by(directory, word.subscriber):
        raise Undecidable(
            f"{word.subscriber} takes no {type(word.body).__name__}", process=word.subscriber
        )
    name = (tenant, word.subscriber, word.key)
    if name not in unit.processes([name]):
        raise NotFound(f"There is no {word.key.kind} {word.key.id}", process=word.subscriber)
    message = _message(tenant, word, now)
    if unit.messages(tenant, [message.id]):
        return Heard(message_id=message.id, is_new=False)
    batch = Batch(at=now, directory=directory)
    batch.publish(address(directory, message))
    batch.tally[f"operator/{word.subscriber}/{word.action}"] += 1
    unit.log([_audit(tenant, word, now)])
    batch.flush(unit, tenant)
    return Heard(message_id=message.id, is_new=True)


def _heard_by(directory: Directory, subscriber: str) -> tuple[type, ...]:
    found = directory.subscribers.get(subscriber)
    return () if found is None else found.receives


def _message(tenant: str, word: Word, now: datetime) -> Message:
    said = encode(word.body).decode()
    kind = type(word.body).__name__
    return Message(
        id=digest("word", tenant, word.subject, kind, said, word.by, word.ground),
        tenant=tenant,
        correlation_id=correlation_of(tenant, word.key),
        causation_id="",
        received_at=now,
        origin=f"operator:{word.by}",
        body=word.body,
        addressee=(word.subscriber, word.key),
    )


def _audit(tenant: str, word: Word, now: datetime) -> AuditRow:
    return AuditRow(
        tenant=tenant,
        at=now,
        actor=word.by,
        action=word.action,
        subject=word.subject,
        reason=word.reason,
        detail=word.detail,
    )

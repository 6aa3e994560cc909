"""The shapes of a trace: one story of a number across every system."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from crossdock.apis.process.v1.charges import Charge
from crossdock.apis.process.v1.promises import Promise
from crossdock.messages.inventory_commitment import CommitmentMoved


class EntryKind(StrEnum):
    """What an entry of the timeline is."""

    RECEIVED = "received"  # a partner said it
    TOLD = "told"  # an answer, a wake-up or an operator's word reached a process
    DECIDED = "decided"  # a process said it
    ASKED = "asked"  # a process asked a partner for something
    ATTEMPT = "attempt"  # one exchange with a partner
    STUCK = "stuck"  # an exception was opened
    SETTLED = "settled"  # an exception was closed


class Entry(Struct, frozen=True, kw_only=True):
    """One thing that happened.

    `by` is who said it, `subject` whose story it belongs to, `cause` the message that led to it.
    """

    at: datetime
    kind: EntryKind
    what: str
    said: str
    by: str
    subject: str
    id: str
    cause: str = ""
    document_id: str = ""


class Try(Struct, frozen=True, kw_only=True):
    """One attempt at an effect."""

    number: int
    purpose: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    status: int
    said: str


class Effect(Struct, frozen=True, kw_only=True):
    """What a process asked of a partner, and how far it is."""

    id: str
    endpoint: str
    verb: str
    business_key: str
    version: str
    idempotency_key: str
    status: str
    created_at: datetime
    due_at: datetime
    finished_at: datetime | None
    document: str
    said: str
    tries: tuple[Try, ...] = ()


class Stuck(Struct, frozen=True, kw_only=True):
    """An exception, with what would help."""

    id: str
    kind: str
    subject: str
    code: str
    team: str
    owner: str
    status: str
    cause: str
    action: str
    opened_at: datetime
    count: int
    about: tuple[str, ...]
    seen: dict[str, str]
    message_id: str
    document_id: str
    closed_at: datetime | None = None
    closed_by: str = ""
    closed_because: str = ""


class Alarm(Struct, frozen=True, kw_only=True):
    """A timer to come."""

    name: str
    due_at: datetime


class Shown(Struct, frozen=True, kw_only=True):
    """What a customer saw, or would have seen, from `at` on; with the rule that said so."""

    at: datetime
    customer_id: str
    shipment_id: str
    visible: bool
    status: str
    rule: str
    because: str
    evidence: tuple[str, ...]


class Chapter(Struct, frozen=True, kw_only=True):
    """One process of the story: where it stands, what it waits for, and why it is not done."""

    process: str
    kind: str
    id: str
    stage: str
    since: datetime
    revision: int
    why: str
    alarms: tuple[Alarm, ...]
    waiting_steps: int
    parked: bool
    effects: tuple[Effect, ...]
    stuck: tuple[Stuck, ...]

    @property
    def subject(self) -> str:
        """Spell the process as exceptions and timelines do."""
        return f"{self.process}/{self.kind}/{self.id}"


class Reached(Struct, frozen=True, kw_only=True):
    """A state that an offer reached, and when."""

    state: str
    at: datetime
    reason: str


class Tender(Struct, frozen=True, kw_only=True):
    """One offer to one carrier, with every state it reached."""

    order_id: str
    shipment_id: str
    carrier_scac: str
    version: int
    states: tuple[Reached, ...]


class Number(Struct, frozen=True, kw_only=True):
    """A number by which something of the story is known."""

    type: str
    value: str
    issuer: str
    leads_to: str


class Trace(Struct, frozen=True, kw_only=True):
    """Everything known of a number; `why` answers in one sentence why it is not done yet."""

    number: str
    why: str
    chapters: tuple[Chapter, ...]
    timeline: tuple[Entry, ...]
    shown: tuple[Shown, ...]
    numbers: tuple[Number, ...]
    stuck: tuple[Stuck, ...]
    documents: tuple[str, ...]
    tenders: tuple[Tender, ...] = ()
    acknowledgements: tuple[Promise, ...] = ()
    stock: tuple[CommitmentMoved, ...] = ()
    charges: tuple[Charge, ...] = ()

    @property
    def found(self) -> bool:
        """Tell whether anything at all is known of the number."""
        return bool(self.chapters or self.timeline or self.stuck or self.documents)

"""Acknowledgements: what partners and we sign for, under control numbers.

An exchange is one numbered thing on its way: an interchange or a functional group in it. Its name
is partner, environment, level and number.
"""

from __future__ import annotations

from enum import StrEnum

from crossdock.canonical.moments import Instant
from crossdock.messages.envelope import Event, Internal, Key, Report
from crossdock.messages.teams import Team


class Environment(StrEnum):
    """Whether something counts, or is only tried."""

    PRODUCTION = "production"
    TEST = "test"


class Level(StrEnum):
    """What a control number counts (X12: ISA13, GS06, ST02)."""

    INTERCHANGE = "interchange"
    GROUP = "group"
    TRANSACTION = "transaction"


class Verdict(StrEnum):
    """What the receiver of an exchange says of it (X12: AK901 A, E, P, R; TA104 A, E, R)."""

    ACCEPTED = "accepted"
    ACCEPTED_WITH_ERRORS = "accepted_with_errors"
    PARTIAL = "partial"
    REJECTED = "rejected"


class EnvelopeReceived(Report, frozen=True, kw_only=True):
    """A partner sent an interchange, or a group in one, under its own control number.

    `stream` names whose numbers these are (sender and receiver as the envelope spells them),
    `digest` is the SHA-256 of its bytes in hex. `verdict` is what we say of it.
    """

    stream: str
    environment: Environment
    level: Level
    number: int
    digest: str
    verdict: Verdict = Verdict.ACCEPTED


class AcknowledgementReceived(Report, frozen=True, kw_only=True):
    """A partner acknowledges, or rejects, what we sent under control number `number`.

    `faults` are in words, each with its place.
    """

    environment: Environment
    level: Level
    number: int
    verdict: Verdict
    faults: tuple[str, ...] = ()


class ExchangeNumbered(Internal, frozen=True, kw_only=True):
    """Bytes for a partner got this control number, in the transaction that stored them.

    `awaited`: the partner owes an acknowledgement of this level. The rest names the effect: its
    verb, business key and version, its row in the outbox, the process's key that asked for it, and
    the team that hears of a failure.
    """

    endpoint: str
    environment: Environment
    level: Level
    number: int
    awaited: bool
    verb: str
    business_key: str
    version: str
    effect_id: str
    asker: Key
    owner: Team
    numbered_at: Instant


class ExchangeEnding(StrEnum):
    """How the sending of an exchange ended."""

    DELIVERED = "delivered"  # the partner's transport took it
    NOT_DELIVERED = "not_delivered"  # refused, given up, waived or dropped
    UNRESOLVED = "unresolved"  # nobody can tell yet


class ExchangeEnded(Internal, frozen=True, kw_only=True):
    """An exchange was sent, or will not be."""

    endpoint: str
    environment: Environment
    level: Level
    number: int
    ending: ExchangeEnding
    ended_at: Instant
    said: str = ""


class AckStatus(StrEnum):
    """Where the promise of an acknowledgement stands."""

    UNSENT = "unsent"
    NOT_AWAITED = "not_awaited"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    ACCEPTED_WITH_ERRORS = "accepted_with_errors"
    PARTIAL = "partial"
    REJECTED = "rejected"
    OVERDUE = "overdue"
    NOT_DELIVERED = "not_delivered"
    UNKNOWN = "unknown"  # the partner speaks of it, and nothing is awaited


class AcknowledgementNoted(Event, frozen=True, kw_only=True):
    """The promise of an acknowledgement has moved; told in full, so that the last one holds.

    `revision` rises with each telling. `reviewed_by` and `comment` are an operator's.
    """

    endpoint: str
    environment: Environment
    level: Level
    number: int
    status: AckStatus
    revision: int
    verb: str = ""
    business_key: str = ""
    version: str = ""
    effect_id: str = ""
    asker: Key | None = None
    numbered_at: Instant | None = None
    sent_at: Instant | None = None
    due_at: Instant | None = None
    acknowledged_at: Instant | None = None
    late: bool = False
    faults: tuple[str, ...] = ()
    reviewed_by: str = ""
    comment: str = ""

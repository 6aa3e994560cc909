"""What flow and operators say to one process: answers of partners, wake-ups, verdicts."""

from __future__ import annotations

from enum import StrEnum

from crossdock.canonical.moments import Instant
from crossdock.messages.envelope import Internal


class WakeUp(Internal, frozen=True, kw_only=True):
    """A timer of this process is due. Decide by `due_at`; `fired_at` only tells the delay."""

    timer: str
    due_at: Instant
    fired_at: Instant


class AnswerKind(StrEnum):
    """How an effect ended."""

    APPLIED = "APPLIED"  # the partner did it
    REFUSED = "REFUSED"  # the partner said no and will say no again
    UNRESOLVED = "UNRESOLVED"  # nobody can tell; an exception asks a person
    WAIVED = "WAIVED"  # an operator let it go; it will not be sent again


class EffectAnswered(Internal, frozen=True, kw_only=True):
    """An effect this process asked for has ended.

    `document` is the partner's own number for what it did, `said` the partner's text.
    `business_key` and `version` are the command's. `doubted`: it was waived when nobody could tell
    whether it was done, and is waived where it was.
    """

    verb: str
    business_key: str
    version: str
    answer: AnswerKind
    endpoint: str
    answered_at: Instant
    document: str = ""
    said: str = ""
    doubted: bool = False


class ExceptionRetried(Internal, frozen=True, kw_only=True):
    """An operator asks this process to try again what its exception `code` stopped."""

    code: str
    by: str
    reason: str


class ExceptionWaived(Internal, frozen=True, kw_only=True):
    """An operator decided that this process shall go on without what exception `code` asked."""

    code: str
    by: str
    reason: str

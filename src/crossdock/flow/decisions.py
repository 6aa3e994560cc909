"""What an operator decides, and why it may not be carried out."""

from __future__ import annotations

from msgspec import Struct

from crossdock.faults import Fault
from crossdock.flow.batch import Batch
from crossdock.flow.roster import Directory
from crossdock.ports.store import ExceptionRow, Unit

RETRY, EDIT, WAIVE = "retry", "edit", "waive"
VERBS = (RETRY, EDIT, WAIVE)


class Undecidable(Fault):
    """The exception is not open to this decision; nothing was changed."""

    remedy = "look at the exception again and decide otherwise"


class NotFound(Undecidable):
    """There is no such exception."""


class AlreadyClosed(Undecidable):
    """Somebody, or the machine itself, has settled the exception before."""


class NeedsReason(Undecidable):
    """A decision without a person or without a reason is none."""


class Decision(Struct, frozen=True, kw_only=True):
    """What a person decides about an exception.

    `content` is for edits alone: the mended bytes of a document, else a JSON Merge Patch.
    """

    verb: str
    exception_id: str
    by: str
    reason: str
    content: bytes = b""


class Decided(Struct, frozen=True, kw_only=True):
    """What happens now, in one sentence; `endpoints` have new work."""

    said: str
    endpoints: frozenset[str] = frozenset()


class Matter(Struct, frozen=True, kw_only=True):
    """A decision at work: the exception it is about, and the transaction it is carried out in."""

    directory: Directory
    unit: Unit
    batch: Batch
    row: ExceptionRow
    decision: Decision

    @property
    def tenant(self) -> str:
        """Whose it is."""
        return self.row.tenant

    @property
    def operator(self) -> str:
        """The origin of what the operator says."""
        return f"operator:{self.decision.by}"

"""The message: everything that happens is one, with an id, a type, a cause and a correlation."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from crossdock.canonical.moments import Instant
from crossdock.messages.teams import Team


class Key(Struct, frozen=True, order=True):
    """Whose turn it is: a kind (`order`, `shipment`, `load`, `reference`, `customer`...) and an id.

    Messages of one (tenant, subscriber, key) are handled in order, one at a time.
    """

    kind: str
    id: str


class Body(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a message says. `schema` rises when a stored body of this type would read otherwise."""

    schema: ClassVar[int] = 1


class Report(Body, frozen=True, kw_only=True):
    """A partner told us; built only in `connectors/*/inbound.py` and listed in manifests."""


class Event(Body, frozen=True, kw_only=True):
    """A process decided; each type has exactly one producing module."""


class Internal(Body, frozen=True, kw_only=True):
    """Flow or an operator said it to one process: an answer, a wake-up, a verdict."""


class Command(Body, frozen=True, kw_only=True):
    """A process asks a partner for an effect.

    `verb` is role and verb (`erp.accrue`); `owner` the team that hears of a failure. The
    idempotency key is made of tenant, verb, `business_key()` and `version()`, never of time.
    `personal`: it is for the recipient alone, and for no partner that takes what is for everyone.
    `of_money`: it says what is booked or paid, and its process goes on from that; nobody edits it.
    """

    verb: ClassVar[str]
    owner: ClassVar[Team]
    personal: ClassVar[bool] = False
    of_money: ClassVar[bool] = False

    def business_key(self) -> str:
        """Name the one thing this effect does, in business terms."""
        raise NotImplementedError(type(self).__name__)

    def version(self) -> str:
        """Tell which version of that thing it is; the first is `1`."""
        return "1"

    def sequence_key(self) -> str:
        """Name the line in which this effect must wait its turn; empty: no order needed."""
        return ""

    def recipient(self) -> str:
        """Tell which of several partners in the role is meant: a company code, a SCAC.

        Empty where the role has one partner, or any will do.
        """
        return ""


class ErpCommand(Command, frozen=True, kw_only=True):
    """A command that the ERP of a company code hears in revisions; the highest holds."""

    revision: int
    company_code: str = ""

    def version(self) -> str:
        """The revision."""
        return str(self.revision)

    def recipient(self) -> str:
        """The ERP of the company code."""
        return self.company_code


class Message(Struct, frozen=True, kw_only=True):
    """One thing that was said, as the history keeps it.

    `origin` is `partner:<name>`, `process:<name>`, `flow` or `operator:<name>`. `document_id` is
    the raw document it was read from. `bound` is the key a known reference was looked up to at
    intake. `amends` is the message an operator edited and sent again in its place. `addressee` is
    (subscriber, key) for what is said to one process alone; None where subscribers choose.
    """

    id: str
    tenant: str
    correlation_id: str
    causation_id: str
    received_at: Instant
    origin: str
    body: Body
    document_id: str = ""
    bound: Key | None = None
    amends: str = ""
    addressee: tuple[str, Key] | None = None

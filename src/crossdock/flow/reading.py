"""Reading a raw document with its partner's connector: whatever happens, there is an outcome."""

from __future__ import annotations

from hashlib import sha256

from msgspec import Struct

from crossdock.canonical.references import Reference
from crossdock.faults import Fault, Unassigned
from crossdock.flow.exceptions import (
    FENCED,
    READING_FAILED,
    UNASSIGNED,
    UNREADABLE,
    Trouble,
    facts_of,
)
from crossdock.flow.fence import Environments, disagreements
from crossdock.flow.roster import OWNERLESS, Roster
from crossdock.messages.acknowledgement import Environment
from crossdock.messages.envelope import Body
from crossdock.messages.freight_settlement import FreightInvoiceReceived
from crossdock.messages.shipment_visibility import MilestoneReported
from crossdock.ports import Reading
from crossdock.ports.store import DocumentStatus


class Arrival(Struct, frozen=True, kw_only=True):
    """A document at the door: the bytes as they came.

    `parent_id` is the document it is read again or mended in place of; then what its reports say
    otherwise than before amends what was said. `amends` names the message meant where the reports
    are new. `credentials` tells for which side the sender showed credentials, where it showed any;
    `in_response` that answers it is owed ride in the response of this delivery.
    """

    tenant: str
    partner: str
    document: str
    content: bytes
    content_type: str = "application/json"
    parent_id: str = ""
    amends: str = ""
    credentials: Environment | None = None
    in_response: bool = False


class ReadOut(Struct, frozen=True, kw_only=True):
    """What came of reading a document; `trouble` where nothing at all could be read."""

    reading: Reading
    status: DocumentStatus
    trouble: Trouble | None = None


def read_out(roster: Roster, arrival: Arrival, document_id: str) -> ReadOut:
    """Read a document with its partner's connector; never raises."""
    try:
        reading = read(roster, arrival.partner, arrival.document, arrival.content)
    except Exception as error:
        return _unread(arrival, document_id, error)
    fenced = _fenced(roster, arrival, reading, document_id)
    if fenced is not None:
        return ReadOut(reading=reading, status=DocumentStatus.FENCED, trouble=fenced)
    status = DocumentStatus.PARTIAL if reading.findings else DocumentStatus.TRANSLATED
    return ReadOut(reading=reading, status=status)


def _fenced(roster: Roster, arrival: Arrival, reading: Reading, document_id: str) -> Trouble | None:
    """Find out whether a document stands on the other side between test and production."""
    channel = roster.inbound[arrival.partner].environment
    says = reading.environments or (None,)
    facts = [
        Environments(envelope=each, channel=channel, credentials=arrival.credentials)
        for each in says
    ]
    wrong = dict(fact for each in facts for fact in disagreements(roster.environment, each))
    if not wrong:
        return None
    names = " and ".join(f"its {name} ({stands})" for name, stands in wrong.items())
    return Trouble(
        kind="document",
        subject=document_id,
        code=FENCED,
        team=OWNERLESS,
        cause=(
            f"{arrival.partner} {arrival.document}: this house is for {roster.environment}, and "
            f"{names} says otherwise; nothing was made of it"
        ),
        action="Ask the partner to send it where it belongs; or mend the configuration, then retry",
        about=(arrival.partner,),
        seen={
            "house": roster.environment,
            "envelope": ", ".join(reading.environments) or "says nothing",
            "channel": channel,
            "credentials": arrival.credentials or "none shown",
        },
        document_id=document_id,
    )


def read(roster: Roster, partner: str, document: str, content: bytes) -> Reading:
    """Read bytes with today's connector of a partner.

    Raises Unassigned for an unknown partner or document, and whatever the connector raises.
    """
    inbound = roster.inbound.get(partner)
    if inbound is None:
        raise Unassigned("No partner of this name sends us documents", partner=partner)
    reader = inbound.connector.documents.get(document)
    if reader is None:
        raise Unassigned(
            "The partner's connector does not know this document",
            partner=partner,
            document=document,
            known=", ".join(sorted(inbound.connector.documents)),
        )
    return reader(content, inbound.settings)


def _unread(arrival: Arrival, document_id: str, error: Exception) -> ReadOut:
    whose = f"{arrival.partner} {arrival.document}"
    match error:
        case Unassigned():
            status, code = DocumentStatus.UNASSIGNED, UNASSIGNED
            cause, action = f"{whose}: {error.said}", "Assign a partner and connector, then retry"
        case Fault():
            status, code = DocumentStatus.UNREADABLE, UNREADABLE
            cause, action = f"{whose}: {error.said}", f"{error.remedy.capitalize()}, then retry"
        case _:
            status, code = DocumentStatus.UNREADABLE, READING_FAILED
            cause = f"{whose}: the connector failed at this document"
            action = "Mend the connector, then retry"
    seen = {**error.seen, **facts_of(error)} if isinstance(error, Fault) else facts_of(error)
    trouble = Trouble(
        kind="document",
        subject=document_id,
        code=code,
        team=OWNERLESS,
        cause=cause,
        action=action,
        about=(arrival.partner,),
        seen=seen,
        document_id=document_id,
    )
    return ReadOut(reading=Reading(), status=status, trouble=trouble)


def reference_in(body: Body) -> Reference | None:
    """Give the number by which a report names its shipment, where it knows no better."""
    match body:
        case MilestoneReported(evidence=evidence):
            return evidence.reference
        case FreightInvoiceReceived(invoice=invoice):
            return invoice.reference
        case _:
            return None


def hash_of(encoded: bytes) -> bytes:
    """Hash what a report says."""
    return sha256(encoded).digest()

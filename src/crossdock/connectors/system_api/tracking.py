"""Tracking in published words, read as evidence of a milestone."""

from __future__ import annotations

import re
from collections.abc import Mapping

from crossdock.canonical.documents import DocumentKind, DocumentReference, ProofOfDelivery
from crossdock.canonical.moments import Moment
from crossdock.canonical.references import ReferenceType
from crossdock.canonical.tracking import EvidenceKind, Milestone, TrackingEvent
from crossdock.connectors.system_api import codes, words
from crossdock.connectors.system_api.parts import location, reference, scac
from crossdock.connectors.system_api.reading import Element, coded, if_readable
from crossdock.connectors.system_api.times import moment

_LINK = re.compile(r"https?://[!-~]+", re.ASCII)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


def identity(event: words.Tracking) -> str:
    """Name what was said: the event, and whether it is told, corrected or taken back."""
    return f"{event.event_id}/{event.kind}/{event.revision}"


def evidence(
    element: Element, event: words.Tracking, source: str, milestones: Mapping[str, Milestone]
) -> TrackingEvent:
    """Read a tracking event. A status code that nobody knows is kept as a note, with a finding.

    Raises Unreadable where the time, the kind, the classifier or the number it speaks of cannot be
    read: without them it is no evidence.
    """
    occurred = moment(
        element,
        event.occurred_at,
        "/occurred_at",
        place=event.place.time_zone,
        partner=event.time_zone,
    )
    carrier = scac(element, event.carrier_scac, "/carrier_scac")
    about = reference(element, event.reference, "/reference", carrier)
    return TrackingEvent(
        source=source,
        source_event_id=event.event_id,
        kind=_kind(element, event),
        milestone=_milestone(element, event.status_code, milestones),
        classifier=coded(element, codes.CLASSIFIERS, event.classifier, "/classifier"),
        occurred=occurred,
        raw_code=event.status_code,
        revision=event.revision,
        reference=about,
        place=location(element, event.place, "/place"),
        stop=event.stop_sequence,
        partial=event.partial,
        reason=event.reason_code,
        note=event.note,
        estimate=_estimate(element, event),
        proof=_proof(element, event, occurred),
    )


def _kind(element: Element, event: words.Tracking) -> EvidenceKind:
    return coded(element, codes.KINDS, event.kind, "/kind")


def _milestone(element: Element, code: str, milestones: Mapping[str, Milestone]) -> Milestone:
    if code in milestones:
        return milestones[code]
    said = "This status code is in no list of ours; the event was kept as a note"
    element.notice("UNKNOWN_STATUS_CODE", said, "/status_code", sent=code)
    return Milestone.NOTE


def _estimate(element: Element, event: words.Tracking) -> Moment | None:
    if not event.estimated_at:
        return None
    return if_readable(
        element,
        lambda: moment(
            element,
            event.estimated_at,
            "/estimated_at",
            place=event.place.time_zone,
            partner=event.time_zone,
        ),
    )


def _proof(element: Element, event: words.Tracking, occurred: Moment) -> ProofOfDelivery | None:
    """Read who signed, and the paper. A link that is none and a wrong hash are left out."""
    if event.proof is None:
        return None
    url, sha256 = event.proof.url, event.proof.sha256
    if url and not _LINK.fullmatch(url):
        said = "This is not a link to a page; it was left out"
        element.notice("NOT_A_LINK", said, "/proof/url", url=url[:100])
        url = ""
    if sha256 and not _SHA256.fullmatch(sha256):
        said = "This is not a SHA-256 in hex; it was left out"
        element.notice("NOT_A_HASH", said, "/proof/sha256", sha256=sha256[:100])
        sha256 = ""
    number = event.proof.document_number
    document = DocumentReference(
        kind=DocumentKind.PROOF_OF_DELIVERY, number=number, url=url, sha256=sha256.lower()
    )
    of_shipment = event.reference.type == ReferenceType.SHIPMENT
    return ProofOfDelivery(
        shipment_id=event.reference.value.strip() if of_shipment else "",
        received_by=event.proof.received_by,
        received=occurred,
        document=document if number or url else None,
    )

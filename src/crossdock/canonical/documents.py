"""Documents that travel with the goods, and the proof that they arrived."""

from __future__ import annotations

from enum import StrEnum

from crossdock.canonical import Canonical
from crossdock.canonical.moments import Moment


class DocumentKind(StrEnum):
    """What kind of paper it is."""

    BILL_OF_LADING = "BILL_OF_LADING"
    PROOF_OF_DELIVERY = "PROOF_OF_DELIVERY"
    WEIGHT_TICKET = "WEIGHT_TICKET"
    INVOICE = "INVOICE"
    CUSTOMS = "CUSTOMS"


class DocumentReference(Canonical, frozen=True, kw_only=True):
    """Where a document lies and how to prove that it is the same one; `sha256` in hex."""

    kind: DocumentKind
    number: str
    url: str = ""
    sha256: str = ""


class ProofOfDelivery(Canonical, frozen=True, kw_only=True):
    """Who took the goods, when, and the paper that shows it."""

    shipment_id: str
    received_by: str
    received: Moment
    document: DocumentReference | None = None

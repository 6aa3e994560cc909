"""Freight settlement: what is charged, decided about it, posted to the ERP and told to the TMS."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import ClassVar

from crossdock.canonical import Canonical
from crossdock.canonical.freight import ChargeKind, ChargeNotice, FreightInvoice
from crossdock.canonical.moments import Instant
from crossdock.canonical.money import Money
from crossdock.messages.envelope import Command, ErpCommand, Event, Internal, Report
from crossdock.messages.teams import Team


class FreightInvoiceReceived(Report, frozen=True, kw_only=True):
    """A carrier bills a load, corrects its bill, or takes it back."""

    invoice: FreightInvoice


class FreightChargesReported(Report, frozen=True, kw_only=True):
    """A carrier or the TMS tells what a load costs, before or without an invoice."""

    notice: ChargeNotice


class FreightClaimBound(Event, frozen=True, kw_only=True):
    """What was billed or told by a number belongs to this load; one of both is there."""

    load_id: str
    reported_at: Instant
    source: str
    invoice: FreightInvoice | None = None
    notice: ChargeNotice | None = None
    document_id: str = ""


class FreightVerdict(StrEnum):
    """What a person decides about money."""

    APPROVE = "approve"  # pay as billed
    SHORT_PAY = "short_pay"  # pay `amount` and no more
    DISPUTE = "dispute"  # ask the carrier; the clock runs
    SETTLE = "settle"  # end a dispute at `amount`
    REJECT = "reject"  # pay nothing of it
    RELEASE = "release"  # let the order be billed to its customer without confirmed freight


class FreightDecided(Internal, frozen=True, kw_only=True):
    """A person decided about a charge of a load, or about all that is open there.

    `charge` is the line's name as the finance view shows it; empty: every open one. Where policy
    asks for two persons the first word proposes and the same word by another person carries it out.
    `seen` is what was billed when the person looked: another amount by now refuses the decision.
    To release, `charge` is the order's number.
    """

    verdict: FreightVerdict
    by: str
    reason: str
    charge: str = ""
    amount: Money | None = None
    seen: Money | None = None


class Proposal(Canonical, frozen=True, kw_only=True):
    """What one person said where policy asks for two; it waits for the same word by another."""

    verdict: FreightVerdict
    by: str
    reason: str
    at: Instant
    amount: Money | None = None


class LineState(StrEnum):
    """How far one charge of a load is."""

    EXPECTED = "expected"  # offered or agreed, and not billed yet
    UNDER_REVIEW = "under_review"  # outside the tolerance, or not expected: finance decides
    DISPUTED = "disputed"
    CONFIRMED = "confirmed"  # agreed; the milestone is still missing
    WAIVED = "waived"  # agreed; the ERP refused it and a person waived it: not so in the ledger
    ACCRUED = "accrued"
    INVOICED = "invoiced"  # the invoice is posted, and cleared the accrual
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"  # the carrier took it back


class Proven(Canonical, frozen=True, kw_only=True):
    """One thing that a posting rests on: which condition, since when, and by what, in words."""

    condition: str
    at: Instant
    said: str


class Share(Canonical, frozen=True, kw_only=True):
    """One order's part of an amount."""

    order_id: str
    amount: Money


class FreightLine(Canonical, frozen=True, kw_only=True):
    """One charge of a load as finance sees it: expected, invoiced, agreed, posted.

    `charge` names the line for ever (`LINEHAUL`, `STOP_OFF/2`). `confirmed` is what was agreed,
    `posted` what the ERP has accrued, cleared or not. `rule` decided, `because` says why in words;
    `proofs` are what the posting rests on. `dispute_until` is when the dispute's clock ends.
    `since` is when the line came to its state, `proposal` what waits for a second person.
    """

    charge: str
    kind: ChargeKind
    state: LineState
    expected: Money | None = None
    invoiced: Money | None = None
    confirmed: Money | None = None
    posted: Money | None = None
    variance: Money | None = None
    rule: str = ""
    because: str = ""
    by: str = ""
    description: str = ""
    invoice_id: str = ""
    documents: tuple[str, ...] = ()  # the ERP's own numbers
    evidence: tuple[str, ...] = ()
    proofs: tuple[Proven, ...] = ()
    missing: tuple[str, ...] = ()  # what the gate of money still waits for
    dispute_until: Instant | None = None
    since: Instant | None = None
    proposal: Proposal | None = None


class InvoiceLine(Canonical, frozen=True, kw_only=True):
    """One invoice of a load: what it says, what is paid of it, and how far it is."""

    invoice_id: str
    carrier_scac: str
    total: Money
    payable: Money | None
    state: str
    document: str = ""
    disagreements: tuple[str, ...] = ()


class FreightPicture(Canonical, frozen=True, kw_only=True):
    """All that finance may ask about one load; `proposal` is one about the load as a whole.

    `rules` is the digest of the rule book that decided what is shown.
    """

    load_id: str
    carrier_scac: str
    order_ids: tuple[str, ...]
    shipment_ids: tuple[str, ...]
    state: str
    lines: tuple[FreightLine, ...]
    invoices: tuple[InvoiceLine, ...] = ()
    shares: tuple[Share, ...] = ()
    business_date: date | None = None
    notes: tuple[str, ...] = ()
    proposal: Proposal | None = None
    rules: str = ""


class FreightPictureChanged(Event, frozen=True, kw_only=True):
    """What finance sees of a load is now this. Equal pictures are not said twice."""

    picture: FreightPicture


class ChargeConfirmed(Event, frozen=True, kw_only=True):
    """A charge of a load is agreed, or agreed otherwise than before; zero takes it back.

    `revision` counts agreements on this charge. `rule` decided, `by` are the persons, where any;
    `rules` is the digest of the rule book that the rule stands in.
    """

    load_id: str
    charge: str
    kind: ChargeKind
    amount: Money
    revision: int
    rule: str
    by: tuple[str, ...] = ()
    rules: str = ""


class FreightPosted(Event, frozen=True, kw_only=True):
    """A partner has done a posting of a load: the state of its ledger, as it said itself.

    `posting` is the command's verb, `amount` the whole that stands now; zero where it was taken
    back. `part` is the company whose part of an invoice it is, where several have one.
    """

    load_id: str
    posting: str
    charge: str
    amount: Money
    revision: int
    document: str
    endpoint: str
    carrier_scac: str = ""
    business_date: date | None = None
    invoice_id: str = ""
    part: str = ""


class FreightNotPosted(Event, frozen=True, kw_only=True):
    """A posting of a load was refused by its partner and waived by a person: nothing came of it.

    What stood in that ledger before stands on. `posting` is the command's verb, `amount` the whole
    that should have stood, `part` the company whose part of an invoice it is, where several have
    one.
    """

    load_id: str
    posting: str
    charge: str
    amount: Money
    revision: int
    endpoint: str
    carrier_scac: str = ""
    invoice_id: str = ""
    part: str = ""


class FreightSettled(Event, frozen=True, kw_only=True):
    """Everything a load costs is posted and cleared; `settled` False: it is open again.

    `totals` are what is paid, one for each currency.
    """

    load_id: str
    totals: tuple[Money, ...]
    revision: int
    settled: bool = True


class AccrueFreight(ErpCommand, frozen=True, kw_only=True):
    """Accrue a confirmed charge in the ERP, adjust what is accrued of it, or reverse it.

    `amount` is the whole that shall stand accrued from now on and `before` what stood: the first
    time zero, zero again to reverse. `shares` sum to `amount`. `rate` converts into the ledger's
    currency, with its date, where it differs. Where orders of several companies share the charge,
    each company has its own part of it under a name of its own: `LINEHAUL@2000`.
    """

    verb: ClassVar[str] = "erp.accrue"
    owner: ClassVar[Team] = Team.FINANCE
    of_money: ClassVar[bool] = True

    load_id: str
    charge: str
    kind: ChargeKind
    carrier_scac: str
    amount: Money
    before: Money
    business_date: date
    shares: tuple[Share, ...]
    proofs: tuple[Proven, ...]
    rule: str
    invoice_id: str = ""
    ledger_amount: Money | None = None
    rate: str = ""
    rate_date: date | None = None

    def business_key(self) -> str:
        """One accrual for each load and charge."""
        return f"{self.load_id}/{self.charge}"

    def sequence_key(self) -> str:
        """What the ERP hears about the money of one load goes in order."""
        return f"settlement/{self.load_id}"


class PostFreightInvoice(ErpCommand, frozen=True, kw_only=True):
    """Post a carrier's invoice as agreed; it clears what was accrued for it.

    `payable` is what is paid, `billed` what the carrier asked. `revision` above 1 corrects the
    earlier posting; a `payable` of zero takes it back. Where orders of several companies share it,
    each company posts its own `part`, named by its code; `billed` is that of the whole invoice.
    """

    verb: ClassVar[str] = "erp.post_freight_invoice"
    owner: ClassVar[Team] = Team.FINANCE
    of_money: ClassVar[bool] = True

    load_id: str
    invoice_id: str
    carrier_scac: str
    billed: Money
    payable: Money
    business_date: date
    charges: tuple[str, ...]
    shares: tuple[Share, ...]
    rule: str
    part: str = ""

    def business_key(self) -> str:
        """One posting for each carrier's invoice number, and each company's part of it."""
        part = f"@{self.part}" if self.part else ""
        return f"{self.carrier_scac}/{self.invoice_id}{part}"

    def sequence_key(self) -> str:
        """What the ERP hears about the money of one load goes in order."""
        return f"settlement/{self.load_id}"


class ReleaseBilling(ErpCommand, frozen=True, kw_only=True):
    """Let the ERP bill an order to its customer, with its part of the freight.

    `flagged` says why the freight is not certain: it was released by a deadline or by a person, or
    the ERP refused a part of it and a person waived that. Then `accrued` is what stands accrued for
    the order; None: that is its freight, or not all of it has come to its end.
    `reversed_` takes an earlier release back: the order is not delivered after all, or left.
    """

    verb: ClassVar[str] = "erp.release_billing"
    owner: ClassVar[Team] = Team.FINANCE
    of_money: ClassVar[bool] = True

    order_id: str
    load_id: str
    freight: Money
    flagged: str = ""
    accrued: Money | None = None
    reversed_: bool = False

    def business_key(self) -> str:
        """One release for each order and load."""
        return f"{self.order_id}/{self.load_id}"

    def sequence_key(self) -> str:
        """What the ERP hears about the money of one load goes in order."""
        return f"settlement/{self.load_id}"


class ShareFreightInvoice(Command, frozen=True, kw_only=True):
    """Tell the TMS what a carrier billed for a load, and what is paid of it.

    `business_date` is that of the ERP's posting.
    """

    verb: ClassVar[str] = "tms.share_freight_invoice"
    owner: ClassVar[Team] = Team.TRANSPORTATION
    of_money: ClassVar[bool] = True

    load_id: str
    invoice_id: str
    carrier_scac: str
    billed: Money
    payable: Money
    revision: int
    document: str = ""
    business_date: date | None = None

    def business_key(self) -> str:
        """One copy of each carrier's invoice number."""
        return f"{self.carrier_scac}/{self.invoice_id}"

    def version(self) -> str:
        """The posting's revision."""
        return str(self.revision)

    def sequence_key(self) -> str:
        """The TMS hears of one load's invoices in order."""
        return f"invoice/{self.load_id}"

"""What is known of a load's money: plans, deliveries, claims and words, each a set.

Every function here adds one message to what is known. Adding is commutative, associative and
idempotent (a join), so what is derived from the facts is the same in any order of arrival. What was
posted, and how it ended, is kept beside the facts.

A leaf of freight_settlement.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import Struct, structs

from crossdock.canonical.freight import (
    ChargeNotice,
    FreightCharge,
    FreightInvoice,
    InvoicePurpose,
)
from crossdock.canonical.moments import Instant
from crossdock.canonical.money import Money
from crossdock.canonical.tracking import Milestone
from crossdock.messages.freight_settlement import (
    FreightClaimBound,
    FreightVerdict,
    Share,
)
from crossdock.messages.order_release import ShipmentPlanned, ShipmentWithdrawn
from crossdock.messages.shipment_visibility import DeliveryClosed, MilestoneSettled
from crossdock.ports import Emission

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

# What a carrier says of one invoice: a correction says more than the original, and a cancellation
# has the last word.
_LAST_WORD = {
    InvoicePurpose.ORIGINAL: 0,
    InvoicePurpose.CORRECTION: 1,
    InvoicePurpose.CANCELLATION: 2,
}


class Kept(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The base of everything that is kept in the state."""


class Reached(Kept, frozen=True, kw_only=True):
    """The last word on a milestone of one order: by which revision, and when it came."""

    revision: int
    holds: bool
    heard_at: Instant
    occurred_at: Instant | None = None


class Consigned(Kept, frozen=True, kw_only=True):
    """One order of one shipment: what was planned last, whether it left, and its delivery.

    `load_id` is where the newest plan has it; `revision` -1: nothing was planned yet. `closed` is
    the revision of the last word on the delivery, `closed_at` when it came; `reached` are the other
    milestones that policy asks for.
    """

    shipment_id: str
    order_id: str
    load_id: str = ""
    revision: int = -1
    version: int = 0
    planned_at: Instant | None = None
    digest: str = ""
    carrier_scac: str = ""
    mode: str = ""
    service_level: str = ""
    company_code: str = ""
    stops: int = 0
    weight_kg: Decimal | None = None
    value: Money | None = None
    charges: tuple[FreightCharge, ...] = ()
    withdrawn: int = -1
    because: str = ""
    closed: int = 0
    delivered: bool = False
    delivered_at: Instant | None = None
    closed_at: Instant | None = None
    reached: dict[Milestone, Reached] = {}

    def travels_on(self, load_id: str) -> bool:
        """Tell whether the order is planned on this load and was not taken off it since."""
        return self.load_id == load_id and self.withdrawn < self.revision


class Bill(Kept, frozen=True, kw_only=True):
    """One thing a carrier said about one invoice; `digest` is that of what it charges."""

    purpose: InvoicePurpose
    issued_at: Instant
    heard_at: Instant
    digest: str
    source: str
    invoice: FreightInvoice
    document_id: str = ""


class Told(Kept, frozen=True, kw_only=True):
    """The newest word of a charge notice; `first_at` is when its first word came."""

    heard_at: Instant
    first_at: Instant
    source: str
    notice: ChargeNotice
    document_id: str = ""


class Word(Kept, frozen=True, kw_only=True):
    """What a person said about one claimed charge, as it was then (`content`)."""

    verdict: FreightVerdict
    content: str
    by: str
    at: Instant
    reason: str = ""
    amount: Money | None = None


class Posting(Kept, frozen=True, kw_only=True):
    """What all postings have: which revision was told last, which is done, which was refused.

    `part` is the company's code where several companies share what is posted; empty: one has all.
    What was taken back because it was refused is kept by its revision (`dropped`) until a later one
    is done: a person may have let it be tried again just before, and then it is done all the same.
    """

    revision: int
    company_code: str
    part: str = ""
    settled: int = 0
    refused: int = 0
    ended_at: Instant | None = None

    @property
    def is_out(self) -> bool:
        """Tell whether the last posting has not ended yet."""
        return self.settled < self.revision

    @property
    def was_refused(self) -> bool:
        """Tell whether the ERP refused the last posting, and nobody has mended it yet."""
        return self.is_out and self.refused == self.revision


class Accrued(Posting, frozen=True, kw_only=True):
    """What the ERP was last told to accrue for one line.

    `standing` are the orders' shares of the last posting that is done, in minor units; `settled`
    and `refused` are revisions. The business date and the rate are decided once. `claims` name the
    charges it was posted for, in their documents: they keep its name.
    """

    amount: Money
    business_date: date
    carrier_scac: str = ""
    invoice_id: str = ""
    shares: dict[str, int] = {}
    standing: dict[str, int] = {}
    dropped: dict[str, Accrued] = {}
    documents: tuple[str, ...] = ()
    rate: str = ""
    rate_date: date | None = None
    claims: tuple[str, ...] = ()

    @property
    def stood(self) -> int:
        """Sum up what stands in the ledger, in minor units of the amount's currency."""
        return sum(self.standing.values())

    @property
    def is_let_go(self) -> bool:
        """Tell whether a person waived what the ERP refused: it was told, and does not stand."""
        return not self.is_out and self.shares != self.standing


class Paid(Posting, frozen=True, kw_only=True):
    """What the ERP was last told of one invoice, and up to which revision the TMS was.

    `stood` is what the last posting that is done pays, in minor units, and `cleared` its charges.
    """

    payable: Money
    business_date: date
    charges: tuple[str, ...] = ()
    stood: int = 0
    cleared: tuple[str, ...] = ()
    dropped: dict[str, Paid] = {}
    shared: int = 0
    document: str = ""

    @property
    def is_let_go(self) -> bool:
        """Tell whether a person waived what the ERP refused: it was told, and does not stand."""
        told = (self.payable.minor, self.charges)
        return not self.is_out and told != (self.stood, self.cleared)


class Released(Posting, frozen=True, kw_only=True):
    """What the ERP was last told of the billing of one order; `reversed_`: it is billed no more.

    `accrued` is what stands accrued for it where that is not its freight and stays so. `stood` is
    the freight the ERP may bill it with, by the last posting that is done (None: it may not), and
    `stood_flagged` and `stood_accrued` are what that posting said beside it.
    """

    freight: Money
    flagged: str = ""
    accrued: Money | None = None
    reversed_: bool = False
    stood: Money | None = None
    stood_flagged: str = ""
    stood_accrued: Money | None = None
    dropped: dict[str, Released] = {}

    @property
    def stands(self) -> bool:
        """Tell whether just this was said by the last posting that is done."""
        told = (self.freight, self.flagged, self.accrued)
        return not self.reversed_ and told == (self.stood, self.stood_flagged, self.stood_accrued)

    @property
    def is_let_go(self) -> bool:
        """Tell whether a person waived what the ERP refused: it was told, and does not stand."""
        return not self.is_out and (None if self.reversed_ else self.freight) != self.stood


class Agreed(Kept, frozen=True, kw_only=True):
    """What was last said to be agreed about one line."""

    amount: Money
    revision: int


class Settlement(Kept, frozen=True, kw_only=True):
    """The state of one load.

    Facts: `consigned` by shipment and order, `bills` by carrier and invoice number, `notices` by
    carrier and id, `words` of persons. Decided by time: `rung` alarms. Told: `agreed` lines,
    `accrued` by line, `paid` by invoice (each company's part under a name of its own, as
    `LINEHAUL@2000`), `released` by order, whether all is `settled`, the digest
    of the `picture`, the numbers `listed` for the search, `timers` by name. `asked` exceptions with
    their cause, and those `waived`. `refusal` says why the last decision of a person was not taken.
    `rules` is the digest of the rule book that the load keeps; empty: nothing is decided yet.
    """

    load_id: str
    consigned: dict[str, Consigned] = {}
    bills: dict[str, tuple[Bill, ...]] = {}
    notices: dict[str, Told] = {}
    words: tuple[Word, ...] = ()
    rung: tuple[str, ...] = ()
    agreed: dict[str, Agreed] = {}
    accrued: dict[str, Accrued] = {}
    paid: dict[str, Paid] = {}
    released: dict[str, Released] = {}
    settled: bool = False
    settlements: int = 0
    picture: str = ""
    listed: tuple[str, ...] = ()
    asked: dict[str, str] = {}
    waived: dict[str, str] = {}
    timers: dict[str, Instant] = {}
    refusal: str = ""
    rules: str = ""
    stage: str = "open"

    @property
    def concerns_money(self) -> bool:
        """Tell whether anybody has claimed or decided anything here."""
        return bool(self.bills or self.notices or self.words or self.accrued or self.released)


Step = tuple[Settlement, tuple[Emission, ...]]
P = TypeVar("P", Accrued, Paid)
Q = TypeVar("Q", Accrued, Paid, Released)


def whole_of(name: str, posting: Posting) -> str:
    """Name what is posted as a whole: `LINEHAUL` of the part `LINEHAUL@2000`."""
    return name.removesuffix(f"@{posting.part}") if posting.part else name


def after_refused(known: Q, after: Q) -> Q:
    """Keep what is taken back because it was refused, beside what is told in its place."""
    refused = structs.replace(known, dropped={})
    return structs.replace(after, dropped={**known.dropped, str(known.revision): refused})


def parts_of(postings: Mapping[str, P], whole: str) -> dict[str, P]:
    """Give the companies' parts of one line or invoice, by their names."""
    found = {name: each for name, each in postings.items() if whole_of(name, each) == whole}
    return dict(sorted(found.items())) if len(found) > 1 else found


def companies_of(state: Settlement) -> dict[str, str]:
    """Tell of which company each order is; one that names none goes with the first that does."""
    orders = travelling(state) or tuple(each for _, each in sorted(state.consigned.items()))
    first = next((each.company_code for each in orders if each.company_code), "")
    known = {each.order_id: each.company_code for each in orders if each.company_code}
    return {each.order_id: known.get(each.order_id, first) for each in orders}


def travelling(state: Settlement) -> tuple[Consigned, ...]:
    """Give the orders of shipments that travel on this load, in their order."""
    load_id = state.load_id
    return tuple([each for _, each in sorted(state.consigned.items()) if each.travels_on(load_id)])


def plan(state: Settlement, said: ShipmentPlanned, at: datetime) -> Settlement:
    """Add an order's plan of a shipment; the highest revision holds."""
    before = _consigned(state, said.shipment.shipment_id, said.order_id)
    shipment = said.shipment
    after = structs.replace(
        before,
        load_id=shipment.carried_as,
        revision=said.revision,
        version=said.order_version,
        planned_at=at,
        digest=digest_of(said),
        carrier_scac=shipment.carrier_scac,
        mode=shipment.mode.value,
        service_level=shipment.service_level,
        company_code=said.company_code,
        stops=len(shipment.stops),
        weight_kg=said.weight_kg,
        value=said.value,
        charges=shipment.charges,
    )
    newness = (after.revision, after.version, after.digest)
    known = (before.revision, before.version, before.digest)
    if newness < known or (newness == known and before.planned_at and before.planned_at <= at):
        return state
    return _with(state, after)


def withdraw(state: Settlement, said: ShipmentWithdrawn) -> Settlement:
    """Add that an order left a shipment; the highest revision holds."""
    before = _consigned(state, said.shipment_id, said.order_id)
    if (said.revision, said.because) <= (before.withdrawn, before.because):
        return state
    return _with(state, structs.replace(before, withdrawn=said.revision, because=said.because))


def close(state: Settlement, said: DeliveryClosed, at: datetime) -> Settlement:
    """Add that an order's delivery on a shipment is decided; the highest revision holds."""
    before = _consigned(state, said.shipment_id, said.order_id)
    earlier = said.revision == before.closed and before.closed_at and at < before.closed_at
    if said.revision <= before.closed and not earlier:
        return state
    after = structs.replace(
        before,
        closed=said.revision,
        delivered=said.delivered,
        delivered_at=said.occurred.at if said.occurred else None,
        closed_at=at,
    )
    return _with(state, after)


def reach(state: Settlement, said: MilestoneSettled, at: datetime) -> Settlement:
    """Add that a milestone of an order is settled; the highest revision holds."""
    before = _consigned(state, said.shipment_id, said.order_id)
    known = before.reached.get(said.milestone)
    if known is not None and known.revision > said.revision:
        return state
    if known is not None and known.revision == said.revision and known.heard_at <= at:
        return state
    after = Reached(
        revision=said.revision,
        holds=said.reached,
        heard_at=at,
        occurred_at=said.occurred.at if said.occurred else None,
    )
    milestones = {**before.reached, said.milestone: after}
    return _with(state, structs.replace(before, reached=milestones))


def _consigned(state: Settlement, shipment_id: str, order_id: str) -> Consigned:
    fresh = Consigned(shipment_id=shipment_id, order_id=order_id)
    return state.consigned.get(f"{shipment_id}/{order_id}", fresh)


def _with(state: Settlement, after: Consigned) -> Settlement:
    name = f"{after.shipment_id}/{after.order_id}"
    return structs.replace(state, consigned={**state.consigned, name: after})


def claim(state: Settlement, said: FreightClaimBound, at: datetime) -> Settlement:
    """Add what was billed or told; the same said again changes nothing."""
    if said.invoice is not None:
        state = _bill(state, said, said.invoice, at)
    if said.notice is not None:
        state = _notice(state, said, said.notice, at)
    return state


def _bill(
    state: Settlement, said: FreightClaimBound, invoice: FreightInvoice, at: datetime
) -> Settlement:
    name = f"{invoice.carrier_scac}/{invoice.invoice_id}"
    bill = Bill(
        purpose=invoice.purpose,
        issued_at=invoice.issued.at,
        heard_at=at,
        digest=digest_of(_content(invoice)),
        source=said.source,
        document_id=said.document_id,
        invoice=structs.replace(
            invoice, references=(), reference=None, due=None, shipped=None, delivered=None
        ),
    )
    known = state.bills.get(name, ())
    slots = {_standing(each): each for each in known}
    mine = _standing(bill)
    earlier = slots.get(mine)
    if earlier is not None and _heard(earlier) <= _heard(bill):
        return state
    slots[mine] = bill
    bills = tuple(slots[each] for each in sorted(slots))
    return structs.replace(state, bills={**state.bills, name: bills})


def _standing(bill: Bill) -> tuple[int, datetime, str]:
    """Name what is the same thing said again: an original by what it charges, whenever dated."""
    rank = _LAST_WORD[bill.purpose]
    return rank, bill.issued_at, bill.digest


def _heard(bill: Bill) -> tuple[datetime, str, str]:
    return bill.heard_at, bill.source, bill.document_id


def _content(invoice: FreightInvoice) -> tuple[object, ...]:
    """Give what an invoice charges, without when and by what it was said."""
    charges = tuple(bare(each) for each in invoice.charges)
    return charges, invoice.total, invoice.weight_kg, invoice.pieces, invoice.stops


def bare(charge: FreightCharge) -> FreightCharge:
    """Give a charge without the names a document gave it."""
    return structs.replace(charge, charge_id="", load_id="", description="", evidence=())


def _notice(
    state: Settlement, said: FreightClaimBound, notice: ChargeNotice, at: datetime
) -> Settlement:
    name = f"{notice.carrier_scac}/{notice.notice_id}"
    before = state.notices.get(name)
    after = Told(
        heard_at=at,
        first_at=min(at, before.first_at) if before else at,
        source=said.source,
        document_id=said.document_id,
        notice=structs.replace(notice, references=()),
    )
    if before is not None and _newness(after) <= _newness(before):
        after = structs.replace(before, first_at=after.first_at)
    if after == before:
        return state
    return structs.replace(state, notices={**state.notices, name: after})


def _newness(told: Told) -> tuple[int, timedelta, str]:
    """Order the words of a notice: by revision, and of one revision the first that came."""
    return told.notice.revision, EPOCH - told.heard_at, digest_of(told.notice)


def in_force(bills: tuple[Bill, ...]) -> tuple[Bill | None, tuple[Bill, ...]]:
    """Choose what holds of an invoice, and name the originals that say otherwise.

    None holds once it is cancelled. The first original that came holds until a correction or a
    cancellation; one issued after the cancellation bills anew.
    """
    originals = sorted((each for each in bills if not _LAST_WORD[each.purpose]), key=_heard)
    later = [each for each in bills if _LAST_WORD[each.purpose]]
    if not later:
        holds = originals[0]
        return holds, tuple(each for each in originals[1:] if each.digest != holds.digest)
    last = max(later, key=lambda each: (each.issued_at, _LAST_WORD[each.purpose], each.digest))
    anew = [each for each in originals if each.issued_at > last.issued_at]
    if last.purpose is InvoicePurpose.CORRECTION:
        return last, tuple(each for each in anew if each.digest != last.digest)
    return (anew[0] if anew else None), tuple(anew[1:])


def billed(state: Settlement) -> Iterator[tuple[str, Bill]]:
    """Walk the invoices that hold, the first that came first."""
    found = [
        (bill.heard_at, name, bill)
        for name, bills in state.bills.items()
        if (bill := in_force(bills)[0]) is not None
    ]
    for _, name, bill in sorted(found, key=lambda each: each[:2]):
        yield name, bill


def digest_of(said: object) -> str:
    """Name a content: sixteen hex digits."""
    content = msgspec.json.encode(said, order="deterministic")
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def shares_of(parts: dict[str, int], currency: str) -> tuple[Share, ...]:
    """Spell parts in minor units as shares of orders."""
    return tuple(
        Share(order_id=order_id, amount=Money(minor=minor, currency=currency))
        for order_id, minor in sorted(parts.items())
    )

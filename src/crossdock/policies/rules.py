"""The rule book: everything that changes meaning without changing code, frozen, with a digest.

Loaded from the policy files by `governance`; the defaults here are what `crossdock init` writes.
A running case that must keep its version pins the digest in its state.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Literal

import msgspec
from msgspec import Struct, structs

from crossdock.canonical.tracking import Milestone
from crossdock.messages.teams import Team
from crossdock.policies.calendars import Calendar
from crossdock.policies.freight import ContractRow, ExchangeRate, FreightPolicy, ToleranceRow


class RoutingRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the routing table; first hit wins. An empty condition matches everything.

    `carriers` is the routing guide (SCACs, best first); `sla_hours` runs from the release;
    `max_weight_kg` is a decimal text, inclusive.
    """

    rule_id: str
    mode: str
    service_level: str
    carriers: tuple[str, ...]
    sla_hours: int
    from_country: str = ""
    to_country: str = ""
    customer_class: str = ""
    item_class: str = ""
    max_weight_kg: str = ""


class CompletenessPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an order must carry before anything leaves the house."""

    require_ship_from: bool = True
    require_ship_to_postal_code: bool = True
    require_requested_delivery: bool = False
    known_customer: bool = True
    known_items: bool = True
    known_ship_to: bool = True
    stale_after_hours: int = 24 * 30  # older master data is used, and the check says so


class PlanningPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long the TMS may take to confirm, and how often a planner is reminded."""

    confirm_within_minutes: int = 240
    remind_every_minutes: int = 240
    reminders_max: int = 3


class CarrierTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long one carrier has to answer an offer, and by which calendar; 0 and empty: as usual."""

    carrier_scac: str
    answer_within_minutes: int = 0
    calendar: str = ""


class TenderingPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which modes are tendered to a carrier by crossdock before the ERP hears of the plan.

    `strategy`: `sequence` asks one carrier after the other, `broadcast` all at once, and the first
    to accept has it. `answer_within_minutes` counts the working time of `calendar`; empty: all
    minutes count.
    """

    modes: tuple[str, ...] = ()
    strategy: Literal["sequence", "broadcast"] = "sequence"
    answer_within_minutes: int = 120
    calendar: str = ""
    carriers: tuple[CarrierTerms, ...] = ()


class AcceptanceRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How loads that customers offer us are answered; first hit wins, an empty condition fits all.

    `notice_hours_below`: only loads whose pickup is nearer than so many hours. `ask` leaves the
    answer to a person. `reason` is told to the customer; of a counter-offer it is the terms.
    """

    rule_id: str
    answer: Literal["accept", "decline", "counter", "ask"]
    partner: str = ""
    from_country: str = ""
    to_country: str = ""
    notice_hours_below: int = 0
    reason: str = ""


class AcceptancePolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which loads offered to us we carry. Without a row that fits, a person is asked.

    `decline_when_late`: what nobody has decided by the customer's deadline is declined; else it is
    kept open, and nothing is said.
    """

    rows: tuple[AcceptanceRow, ...] = ()
    decline_when_late: bool = True


class TellingRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A customer whose milestones a partner is told as messages (X12: 214), as they are shown.

    `partner` is its name in `crossdock.toml`; `milestones` are those it wants, empty: all.
    """

    customer_id: str
    partner: str
    milestones: tuple[Milestone, ...] = ()


class TellingPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which partners are told of milestones, beside the portal; without a row nobody is."""

    rows: tuple[TellingRow, ...] = ()


class PartnerAcknowledgement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long one partner has to acknowledge, and by which calendar; 0 and empty: as usual.

    `numbers_for_us_alone` False: it counts its interchanges for several partners together, so that
    gaps are to be expected.
    """

    partner: str
    technical_within_minutes: int = 0
    functional_within_minutes: int = 0
    calendar: str = ""
    numbers_for_us_alone: bool = True


class AcknowledgementPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long partners have to acknowledge what we sent, counted from its delivery.

    A gap in a partner's interchange numbers is told when it has lasted `gap_grace_minutes`; numbers
    further apart than `gap_max` are taken as begun anew.
    """

    technical_within_minutes: int = 60
    functional_within_minutes: int = 1440
    calendar: str = ""
    partners: tuple[PartnerAcknowledgement, ...] = ()
    gap_grace_minutes: int = 60
    gap_max: int = 1000


class BindingPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long evidence may wait for its number, and how long a container keeps its shipment.

    `reuse_after_hours` runs from the delivery: a box carries other goods soon after.
    """

    unmatched_after_hours: int = 24
    reuse_after_hours: int = 240


class PostingRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A confirmed milestone that the ERP hears of, and under which business verb."""

    milestone: Milestone
    posting: str


class PostingPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """Which milestones post to the ERP. A posting is decided when `settle_minutes` have passed
    since the milestone's last change, so that what a source corrects or takes back at once costs
    no reversal.
    """  # noqa: D205 - the two sentences belong together

    rows: tuple[PostingRow, ...] = (
        PostingRow(milestone=Milestone.PICKED_UP, posting="goods_issue"),
        PostingRow(milestone=Milestone.DELIVERED, posting="delivered"),
        PostingRow(milestone=Milestone.POD_AVAILABLE, posting="proof_of_delivery"),
    )
    settle_minutes: int = 10

    @cached_property
    def by_milestone(self) -> dict[Milestone, PostingRow]:
        """Give the row that posts each milestone: the first that names it."""
        return {row.milestone: row for row in reversed(self.rows)}


class InventoryRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A company whose ERP is asked to set stock aside; an empty company code: any other company.

    `hold_planning`: an order is planned only when its stock is set aside, or when an operator has
    let that go; else planning goes on beside it.
    """

    company_code: str
    hold_planning: bool = False


class InventoryPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For which companies the ERP is asked to commit inventory at release.

    Without a row nothing is asked: an ERP that commits by itself must not be asked too.
    """

    rows: tuple[InventoryRow, ...] = ()


class PortalPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a customer sees a shipment and which milestones are told.

    `needs_erp_reference`: the gate opens for an order when the ERP has applied the transport
    reference. `hidden` milestones are kept as evidence and never shown.
    """

    rule_id: str = "portal.erp-reference-applied"
    needs_erp_reference: bool = True
    hidden: tuple[Milestone, ...] = (Milestone.NOTE, Milestone.POSITION)


class LatenessPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a promise counts as broken, and how long nobody may say anything.

    `silence_hours` 0 switches the silence timer off. `future_skew_minutes`: an actual event later
    than its receipt by more is flagged.
    """

    grace_minutes: int = 0
    silence_hours: int = 48
    future_skew_minutes: int = 15


class EvidencePolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to believe where sources differ, and which changes of an estimate are worth telling.

    `sources` are partner names, most trusted first; a source not named comes after those that are.
    An estimate that moves by less than `eta_delta_minutes` is kept and not published.
    """

    sources: tuple[str, ...] = ()
    eta_delta_minutes: int = 15


class TeamRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An exception code that goes to another team than the one it was made for."""

    code: str
    team: Team


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The whole rule book of a tenant."""

    routing: tuple[RoutingRow, ...] = (
        RoutingRow(
            rule_id="routing.default",
            mode="ROAD",
            service_level="STANDARD",
            carriers=(),
            sla_hours=96,
        ),
    )
    completeness: CompletenessPolicy = CompletenessPolicy()
    planning: PlanningPolicy = PlanningPolicy()
    tendering: TenderingPolicy = TenderingPolicy()
    acknowledgement: AcknowledgementPolicy = AcknowledgementPolicy()
    acceptance: AcceptancePolicy = AcceptancePolicy()
    telling: TellingPolicy = TellingPolicy()
    calendars: tuple[Calendar, ...] = ()
    binding: BindingPolicy = BindingPolicy()
    posting: PostingPolicy = PostingPolicy()
    inventory: InventoryPolicy = InventoryPolicy()
    portal: PortalPolicy = PortalPolicy()
    lateness: LatenessPolicy = LatenessPolicy()
    evidence: EvidencePolicy = EvidencePolicy()
    freight: FreightPolicy = FreightPolicy()
    tolerances: tuple[ToleranceRow, ...] = (ToleranceRow(rule_id="tolerance.default"),)
    contracts: tuple[ContractRow, ...] = ()
    exchange_rates: tuple[ExchangeRate, ...] = ()
    teams: tuple[TeamRow, ...] = ()

    @cached_property
    def digest(self) -> str:
        """Name this exact rule book: the first 16 hex digits of the SHA-256 of its JSON."""
        content = msgspec.json.encode(self, order="deterministic")
        return hashlib.sha256(content).hexdigest()[:16]

    def kept_as(self, digest: str, rates: tuple[ExchangeRate, ...]) -> Rules:
        """Give an earlier rule book under the name it had, with the exchange rates of today.

        Rates are dated facts: what keeps its rules is converted at the rate of its day all the
        same. The name stays where a later release knows more policies than were written then.
        """
        kept = structs.replace(self, exchange_rates=rates)
        vars(kept)["digest"] = digest
        return kept

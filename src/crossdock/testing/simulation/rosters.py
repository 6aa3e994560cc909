"""Who takes part in the simulated house: the real processes, connectors and routing, real rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from crossdock.app.roster import PROCESSES, PROJECTIONS
from crossdock.app.routing import Target, router
from crossdock.canonical.tracking import Milestone
from crossdock.connectors import discover, promising
from crossdock.connectors.system_api.settings import SystemApiSettings
from crossdock.flow.roster import Inbound, Roster, Rulebook
from crossdock.policies.freight import ExchangeRate, FreightPolicy, ToleranceRow, UnexpectedRow
from crossdock.policies.rules import (
    AcceptancePolicy,
    AcceptanceRow,
    EvidencePolicy,
    InventoryPolicy,
    InventoryRow,
    LatenessPolicy,
    PostingPolicy,
    RoutingRow,
    Rules,
    TellingPolicy,
    TellingRow,
    TenderingPolicy,
)
from crossdock.ports import Connector, EffectClass, Endpoint
from crossdock.simulators.x12_partner import SHIPPER
from crossdock.testing.simulation.customers import (
    ABROAD,
    CALLED_OFF,
    ELSEWHERE,
    HOME,
    OFFERS,
    OWN_SCAC,
    TOLD,
)
from crossdock.testing.simulation.partners import OFFERING, Seat, seats
from crossdock.testing.simulation.wire import InFiles

TENANT = "main"
ZONE = "Europe/Berlin"
ROUTING = (
    RoutingRow(
        rule_id="routing.light",
        mode="PARCEL",
        service_level="EXPRESS",
        carriers=("PARC", "ROAD"),
        sla_hours=48,
        max_weight_kg="25",
    ),
    RoutingRow(
        rule_id="routing.default",
        mode="ROAD",
        service_level="STANDARD",
        carriers=(),
        sla_hours=96,
    ),
)
# What may be agreed without a person is the house's default (docs/reference/policies.md); what a
# day is, when a month closes and who is billed when is such as to hurt: the clocks go forward in
# the first night, and the month ends in the fourth.
FREIGHT = FreightPolicy(
    zone=ZONE,
    two_persons_above="50.00",
    allocation="value",
    billing="held",
    billing_after_hours=30,
    dispute_days=2,
    month_closes_after_days=1,
)
# The policies of money after a deploy: what is begun by then is settled by them, and nothing else.
LATER_FREIGHT = msgspec.structs.replace(
    FREIGHT,
    unexpected=(UnexpectedRow(rule_id="later.as-charged", take="accept_as_charged"),),
    opens_with="first_delivery",
    allocation="even",
    billing_waived="wait",
)
LATER_TOLERANCES = (
    ToleranceRow(
        rule_id="later.narrow",
        over_amount="1.00",
        over_per_cent="0.5",
        under_amount="1.00",
        under_per_cent="0.5",
    ),
)
# A table that is mended later changes nothing of what is posted at its rate already.
RATES = tuple(
    ExchangeRate(currency="EUR", into="USD", rate=rate, valid_from=day)
    for day, rate in (("2026-03-01", "1.0837"), ("2026-03-30", "1.0912"))
)
MENDED_RATES = (RATES[0], msgspec.structs.replace(RATES[1], rate="1.0941"))
OFFERED = TenderingPolicy(modes=("ROAD", "PARCEL"), answer_within_minutes=90)
STOCKED = frozenset({"1000"})  # the companies whose ERP is asked to set stock aside
# What we answer customers, by where a load goes to: at once, or a person is asked.
NEAR_HOURS = 6
ACCEPTANCE = AcceptancePolicy(
    rows=(
        AcceptanceRow(
            rule_id="near", answer="counter", notice_hours_below=NEAR_HOURS, reason="a day later"
        ),
        AcceptanceRow(rule_id="home", answer="accept", to_country=HOME),
        AcceptanceRow(rule_id="abroad", answer="decline", to_country=ABROAD, reason="no permit"),
    )
)
LATER_ACCEPTANCE = AcceptancePolicy(
    rows=(
        AcceptanceRow(rule_id="abroad", answer="decline", to_country=ABROAD, reason="no permit"),
        AcceptanceRow(rule_id="elsewhere", answer="accept", to_country=ELSEWHERE),
    )
)
MILESTONES_TOLD = (Milestone.PICKED_UP, Milestone.DEPARTED, Milestone.DELIVERED)
BOOK = Rules(
    acceptance=ACCEPTANCE,
    routing=ROUTING,
    freight=FREIGHT,
    exchange_rates=RATES,
    inventory=InventoryPolicy(rows=tuple(InventoryRow(company_code=each) for each in STOCKED)),
)
LATER_BOOK = Rules(
    acceptance=LATER_ACCEPTANCE,
    routing=ROUTING[1:],
    inventory=InventoryPolicy(
        rows=tuple(InventoryRow(company_code=each, hold_planning=True) for each in STOCKED)
    ),
    posting=PostingPolicy(settle_minutes=25),
    lateness=LatenessPolicy(silence_hours=24, grace_minutes=30),
    evidence=EvidencePolicy(eta_delta_minutes=30),
    freight=LATER_FREIGHT,
    tolerances=LATER_TOLERANCES,
    exchange_rates=MENDED_RATES,
)


class Numbers:
    """Ids that count, under a name of their own."""

    def __init__(self, name: str) -> None:
        """Begin at one."""
        self._name = name
        self._last = 0

    def new(self) -> str:
        """Count one further."""
        self._last += 1
        return f"{self._name}-{self._last:07}"


@cache
def connectors() -> Mapping[str, Connector]:
    """Find the connectors once."""
    return discover()


def telling_of(customers: Iterable[str]) -> TellingPolicy:
    """Tell who offers loads of all that is shown of them, and another of the rest."""
    rest = tuple(
        TellingRow(customer_id=each, partner=TOLD, milestones=MILESTONES_TOLD)
        for each in sorted(customers)
    )
    return TellingPolicy(rows=(TellingRow(customer_id=OFFERING, partner=OFFERS), *rest))


def rules_of(
    release: int,
    *,
    tendering: bool,
    ledger_currency: str = "",
    told: Iterable[str] | None = None,
) -> Rules:
    """Give the rule book of a release: every other one is another.

    `told` are the customers of whose milestones somebody is told, where anybody is.
    """
    book = LATER_BOOK if release % 2 else BOOK
    if ledger_currency:
        freight = msgspec.structs.replace(book.freight, ledger_currency=ledger_currency)
        book = msgspec.structs.replace(book, freight=freight)
    if told is not None:
        book = msgspec.structs.replace(book, telling=telling_of(told))
    return msgspec.structs.replace(book, tendering=OFFERED) if tendering else book


def roster_for(  # noqa: PLR0913 - a house has this many sides
    folder: Path,
    ids: Numbers,
    *,
    rules: Rules = BOOK,
    promises: Mapping[str, EffectClass] | None = None,
    attempts_max: int = 20,
    x12: bool = False,
    customers: bool = False,
    confirmed: bool = False,
) -> Roster:
    """Put the house together; `promises` are by the name in `Options.promises`."""
    answer = CALLED_OFF if confirmed else ""
    targets = [
        Target(
            endpoint=_endpoint(name, seat, folder, promises or {}, attempts_max, answer),
            serves=seat.serves,
        )
        for name, seat in seats(x12=x12, customers=customers).items()
    ]
    endpoints = {each.endpoint.name: each.endpoint for each in targets}
    return Roster(
        subscribers=PROCESSES,
        projections=PROJECTIONS,
        inbound={
            name: Inbound(connector=each.connector, settings=each.settings)
            for name, each in endpoints.items()
        },
        endpoints=endpoints,
        route=router(targets),
        rulebook=Rulebook(today=rules),
        ids=ids,
        tenant=TENANT,
    )


def _endpoint(  # noqa: PLR0913, PLR0917 - a partner differs in this much
    name: str,
    seat: Seat,
    folder: Path,
    promises: Mapping[str, EffectClass],
    attempts_max: int,
    cancellation_answer: str,
) -> Endpoint:
    connector = connectors()[seat.connector]
    promise = promises.get(seat.promise, EffectClass.IDEMPOTENT)
    settings: Struct
    if seat.speaks_x12:
        told = {
            "base_url": "/",  # its doors are asked without a host
            "partner": name,
            "own_id": SHIPPER,
            "partner_id": seat.serves[0],
            "time_zone": ZONE,
            "own_scac": OWN_SCAC if seat.offers else "",
            "customer_id": seat.offers,
            "cancellation_answer": cancellation_answer if seat.offers else "",
        }
        settings = msgspec.convert(told, connector.settings)
    elif seat.in_files:
        connector = InFiles(connector)
        folders = {"inbox_dir": str(folder / "drop"), "outbox_dir": str(folder / "references")}
        told = {**folders, "partner": name, "time_zone": ZONE}
        settings = msgspec.convert(told, connector.settings)
    else:
        settings = SystemApiSettings(base_url="", partner=name, time_zone=ZONE)
        if promise is not EffectClass.IDEMPOTENT:
            connector = promising(connector, dict.fromkeys(connector.operations, promise))
    return Endpoint(name=name, connector=connector, settings=settings, attempts_max=attempts_max)

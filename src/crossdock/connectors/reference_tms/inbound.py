"""The TMS's documents, read: plans, what carriers told it, and what loads cost."""

from __future__ import annotations

from crossdock.canonical.freight import ChargeBasis
from crossdock.canonical.item import Quantity
from crossdock.canonical.moments import Moment
from crossdock.canonical.party import Location
from crossdock.canonical.references import Reference
from crossdock.canonical.shipment import Leg, Mode, Portion, Shipment, Stop
from crossdock.connectors.reference_tms import wire
from crossdock.connectors.reference_tms.codes import MILESTONES, MODES, PLAN_EVENTS, STOP_ROLES
from crossdock.connectors.reference_tms.settings import Settings
from crossdock.connectors.system_api import freight, ledger, words
from crossdock.connectors.system_api.parts import amount, location, reference, scac
from crossdock.connectors.system_api.reading import (
    Element,
    choose,
    coded,
    if_readable,
    read_each,
    shaped,
)
from crossdock.connectors.system_api.times import moment_or_day
from crossdock.connectors.system_api.tracking import evidence, identity
from crossdock.messages.freight_reconciliation import LedgerStatementReceived
from crossdock.messages.freight_settlement import FreightChargesReported
from crossdock.messages.order_release import PlanCancelled, PlanConfirmed, PlanRejected
from crossdock.messages.shipment_visibility import MilestoneReported
from crossdock.ports import Reading, Reported

NAME = "reference_tms"


def plans(raw: bytes, settings: Settings) -> Reading:
    """Read how orders travel, or that they do not."""
    return read_each(raw, settings.time_zone, _plan_event)


def _plan_event(element: Element) -> Reported:
    match choose(element, PLAN_EVENTS):
        case "confirmed":
            return _confirmed(element)
        case "rejected":
            told = shaped(element, wire.PlanAnswerTold)
            rejected = PlanRejected(
                order_id=told.order_id, order_version=told.order_version, reason=told.reason
            )
            return Reported(identity=told.event_id, report=rejected, where=element.where)
        case _:
            told = shaped(element, wire.PlanAnswerTold)
            cancelled = PlanCancelled(
                order_id=told.order_id,
                order_version=told.order_version,
                revision=told.revision,
                reason=told.reason,
            )
            return Reported(identity=told.event_id, report=cancelled, where=element.where)


def _confirmed(element: Element) -> Reported:
    """Read a plan whole or not at all: what is promised and decided hangs on all of it."""
    told = shaped(element, wire.PlanConfirmedTold)
    report = PlanConfirmed(
        order_id=told.order_id,
        order_version=told.order_version,
        revision=told.revision,
        shipments=tuple(
            _shipment(element, each, f"/shipments/{number}")
            for number, each in enumerate(told.shipments)
        ),
    )
    return Reported(identity=told.event_id, report=report, where=element.where)


def _shipment(element: Element, told: words.Shipment, where: str) -> Shipment:
    mode = Mode.UNSPECIFIED
    if told.mode:
        mode = coded(element, MODES, told.mode, f"{where}/mode")
    load_id = told.load_id or told.shipment_id
    return Shipment(
        shipment_id=told.shipment_id,
        load_id=load_id,
        mode=mode,
        carrier_scac=scac(element, told.carrier_scac, f"{where}/carrier_scac"),
        service_level=told.service_level,
        stops=tuple(
            _stop(element, stop, f"{where}/stops/{number}")
            for number, stop in enumerate(told.stops)
        ),
        legs=tuple(
            Leg(
                sequence=leg.sequence,
                mode=coded(element, MODES, leg.mode, f"{where}/legs/{number}/mode"),
                carrier_scac=scac(element, leg.carrier_scac, f"{where}/legs/{number}/carrier_scac"),
                from_stop=leg.from_stop,
                to_stop=leg.to_stop,
            )
            for number, leg in enumerate(told.legs)
        ),
        order_ids=told.order_ids,
        references=_references(element, told, where),
        portions=tuple(
            _portion(element, each, f"{where}/portions/{number}")
            for number, each in enumerate(told.portions)
        ),
        charges=freight.charges(
            element,
            told.charges,
            ChargeBasis.TENDER,
            where,
            (load_id, told.shipment_id),
        ),
    )


def _portion(element: Element, told: words.Portion, where: str) -> Portion:
    value = amount(element, told.quantity, f"{where}/quantity")
    return Portion(line_id=told.line_id, quantity=Quantity(value=value, unit=told.unit or "EA"))


def _stop(element: Element, told: words.Stop, where: str) -> Stop:
    return Stop(
        sequence=told.sequence,
        role=coded(element, STOP_ROLES, told.role, f"{where}/role"),
        place=location(element, told.place, f"{where}/place") or Location(),
        planned=_moment(element, told.planned_at, f"{where}/planned_at", told.place.time_zone),
        promised=_moment(element, told.promised_at, f"{where}/promised_at", told.place.time_zone),
        line_ids=told.line_ids,
    )


def _moment(element: Element, text: str, where: str, zone: str) -> Moment | None:
    return moment_or_day(element, text, where, place=zone) if text else None


def _references(element: Element, told: words.Shipment, where: str) -> tuple[Reference, ...]:
    """Read the shipment's other numbers; one of an unknown type is left out, with a finding."""

    def read(number: int, ref: words.Ref) -> Reference | None:
        place = f"{where}/references/{number}"
        return if_readable(element, lambda: reference(element, ref, place, told.carrier_scac))

    found = (read(number, ref) for number, ref in enumerate(told.references))
    return tuple(each for each in found if each is not None)


def tracking(raw: bytes, settings: Settings) -> Reading:
    """Read what carriers told the TMS, which passes it on in the published words."""

    def read_one(element: Element) -> Reported:
        choose(element, {"tracking": True})
        event = shaped(element, words.Tracking)
        source = settings.partner or NAME
        report = MilestoneReported(evidence=evidence(element, event, source, MILESTONES))
        return Reported(identity=identity(event), report=report, where=element.where)

    return read_each(raw, settings.time_zone, read_one)


def charges(raw: bytes, settings: Settings) -> Reading:
    """Read what loads cost, as the TMS was told or rated them."""

    def read_one(element: Element) -> Reported:
        choose(element, {"charges.reported": True})
        event = shaped(element, words.ChargesTold)
        report = FreightChargesReported(notice=freight.notice(element, event))
        return Reported(identity=event.event_id, report=report, where=element.where)

    return read_each(raw, settings.time_zone, read_one)


def statement(raw: bytes, settings: Settings) -> Reading:
    """Read all that the ledger holds of freight under one business date."""

    def report(stated: ledger.Stated) -> LedgerStatementReceived:
        return LedgerStatementReceived(
            ledger=settings.partner or NAME,
            role="tms",
            business_date=stated.business_date,
            as_of=stated.as_of,
            lines=stated.lines,
        )

    return ledger.statements(raw, settings.time_zone, report)

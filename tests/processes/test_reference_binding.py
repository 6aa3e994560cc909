"""Stories of numbers and the evidence that carries them, whichever comes first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossdock.canonical.moments import Moment, ZoneSource
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.tracking import Classifier, EvidenceKind, Milestone, TrackingEvent
from crossdock.messages.envelope import Body, Key, Message
from crossdock.messages.flow import ExceptionRetried, ExceptionWaived, WakeUp
from crossdock.messages.reference_binding import (
    EvidenceBound,
    ReferenceAnnounced,
    ReferenceRevoked,
)
from crossdock.messages.shipment_visibility import MilestoneReported
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports import (
    CancelTimer,
    CloseException,
    DropReference,
    OpenException,
    PutReference,
    SetTimer,
)
from crossdock.processes.reference_binding import SUBSCRIBER
from crossdock.processes.reference_binding_state import BindingState
from crossdock.testing.story import Story

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PRO = Reference(type=ReferenceType.PRO, value="4711", issuer="ROAD")
NUMBER = Key("reference", "PRO:ROAD:4711")
FOUND = "the evidence has found its shipment"


def story() -> Story[BindingState, Rules]:
    return Story(SUBSCRIBER, NUMBER, rules=Rules(), at=NOON)


def event(name: str = "e-1", at: datetime = NOON) -> TrackingEvent:
    occurred = Moment(at=at, text=at.isoformat(), zone="+00:00", zone_source=ZoneSource.OFFSET)
    return TrackingEvent(
        source="roadhaul",
        source_event_id=name,
        kind=EvidenceKind.ORIGINAL,
        milestone=Milestone.DELIVERED,
        classifier=Classifier.ACTUAL,
        occurred=occurred,
        raw_code="DLV",
        reference=PRO,
    )


def reported(name: str = "e-1", at: datetime = NOON) -> MilestoneReported:
    return MilestoneReported(evidence=event(name, at))


def announced(
    shipment: str = "S-1",
    order: str = "SO-1",
    since: datetime | None = None,
    until: datetime | None = None,
) -> ReferenceAnnounced:
    return ReferenceAnnounced(
        reference=PRO,
        shipment_id=shipment,
        order_id=order,
        valid_from=since,
        valid_until=until,
    )


def revoked(shipment: str = "S-1", order: str = "SO-1") -> ReferenceRevoked:
    return ReferenceRevoked(reference=PRO, shipment_id=shipment, order_id=order)


def bound(shipment: str = "S-1", name: str = "e-1", at: datetime = NOON) -> EvidenceBound:
    return EvidenceBound(shipment_id=shipment, evidence=event(name, at), reported_at=NOON)


def routed(shipment: str = "S-1") -> PutReference:
    return PutReference(reference=PRO, key=Key("shipment", shipment), routable=True)


def listed(shipment: str) -> PutReference:
    return PutReference(reference=PRO, key=Key("shipment", shipment))


def unrouted(shipment: str = "S-1") -> DropReference:
    return DropReference(reference=PRO, key=Key("shipment", shipment))


SEARCHED = PutReference(reference=PRO, key=NUMBER)
ALARM = SetTimer(name="unmatched", due_at=NOON + DAY)
QUIET = CancelTimer(name="unmatched")
AMBIGUOUS = OpenException(
    code="REFERENCE_AMBIGUOUS",
    team=Team.CARRIER_RELATIONS,
    cause="PRO 4711 means shipments S-1, S-2 at the same time, so 1 reports wait",
    action="Find out which shipment has the number, and let the TMS take it from the others",
    about=("4711", "S-1", "S-2"),
    seen={"roadhaul/e-1": "DLV 2026-03-28T12:00:00+00:00"},
)
UNMATCHED = OpenException(
    code="EVIDENCE_UNMATCHED",
    team=Team.CARRIER_RELATIONS,
    cause="roadhaul reported DLV for PRO 4711, and no shipment had that number then",
    action="Let the TMS tell the number, or correct it and resubmit; the report waits on",
    about=("4711",),
    seen={"number": "PRO:ROAD:4711", "roadhaul/e-1": "DLV 2026-03-28T12:00:00+00:00"},
)


def test_a_number_of_one_shipment_routes_by_itself() -> None:
    number = story()

    said = number.tell(announced(), announced())

    assert said == [routed()]
    assert number.stage == "bound"


def test_evidence_waits_for_its_number() -> None:
    number = story()

    waiting = number.tell(reported(), reported())
    stage = number.stage
    said = number.tell(announced())

    assert waiting == [SEARCHED, ALARM]
    assert stage == "waiting"
    assert said == [bound(), routed(), QUIET]


def test_evidence_that_just_missed_the_route_is_bound_at_once() -> None:
    number = story()
    number.tell(announced())

    said = number.tell(reported())

    assert said == [bound()]


def test_evidence_keeps_the_time_it_was_reported_at() -> None:
    number = story()
    number.tell(reported())
    number.at += 2 * DAY

    said = number.tell(announced())

    assert said[0] == bound()


def test_two_shipments_at_one_time_are_asked_about_and_never_guessed() -> None:
    number = story()
    number.tell(announced("S-1"))

    shared = number.tell(announced("S-2", "SO-2"))
    said = number.tell(reported())

    assert shared == [unrouted(), listed("S-2")]
    assert said == [SEARCHED, AMBIGUOUS]
    assert number.stage == "ambiguous"


def test_a_number_given_back_settles_whose_it_is() -> None:
    number = story()
    number.tell(announced("S-1"), announced("S-2", "SO-2"), reported())

    said = number.tell(revoked("S-1"))

    assert said == [
        bound("S-2"),
        routed("S-2"),
        CloseException(code="REFERENCE_AMBIGUOUS", because=FOUND),
    ]


def test_a_shipment_keeps_its_number_as_long_as_one_order_says_so() -> None:
    number = story()
    number.tell(announced(order="SO-1"), announced(order="SO-2"))

    said = number.tell(revoked(order="SO-1"), reported(), revoked(order="SO-2"))

    assert said == [bound(), unrouted()]
    assert number.stage == "unbound"


def test_a_number_used_again_means_the_shipment_of_its_time() -> None:
    number = story()
    number.tell(announced("S-1", until=NOON), announced("S-2", "SO-2", since=NOON))

    said = number.tell(reported("old", NOON - DAY), reported("new", NOON))

    assert said == [bound("S-1", "old", NOON - DAY), bound("S-2", "new", NOON)]


def test_a_number_with_an_end_no_longer_routes_by_itself() -> None:
    number = story()
    number.tell(announced())

    ended = number.tell(announced(until=NOON))
    said = number.tell(announced())

    assert ended == [unrouted()]
    assert said == [routed()]


def test_evidence_nobody_claims_is_asked_about_and_waits_on() -> None:
    number = story()
    number.tell(reported())

    said = number.wait_until(NOON + 10 * DAY)
    late = number.tell(announced())

    assert said == [UNMATCHED]
    assert late == [
        bound(),
        routed(),
        CloseException(code="EVIDENCE_UNMATCHED", because=FOUND),
    ]


def test_each_report_gets_its_whole_time_to_find_a_shipment() -> None:
    number = story()
    number.tell(reported())
    number.at += DAY / 2
    number.tell(reported("e-2"))

    said = number.wait_until(NOON + 10 * DAY)

    second = {"roadhaul/e-2": "DLV 2026-03-28T12:00:00+00:00"}
    assert said == [
        SetTimer(name="unmatched", due_at=NOON + DAY * 1.5),
        UNMATCHED,
        replace(UNMATCHED, seen=UNMATCHED.seen | second),
    ]


def test_an_alarm_that_was_overtaken_is_silence() -> None:
    number = story()
    number.tell(reported(), announced())

    said = number.tell(WakeUp(timer="unmatched", due_at=NOON + DAY, fired_at=NOON + DAY))

    assert said == []


def test_a_waiver_stops_the_asking_and_not_the_waiting() -> None:
    number = story()
    number.tell(reported())
    number.wait_until(NOON + DAY)

    waived = number.tell(ExceptionWaived(code="EVIDENCE_UNMATCHED", by="ann", reason="not ours"))
    said = number.tell(announced())

    assert waived == []
    assert said[0] == bound()


def test_a_retry_says_what_still_holds() -> None:
    number = story()
    number.tell(reported())
    number.wait_until(NOON + DAY)
    retried = ExceptionRetried(code="EVIDENCE_UNMATCHED", by="ann", reason="asked the TMS")

    said = number.tell(retried)
    number.tell(announced())

    assert said == [UNMATCHED]
    assert number.tell(retried) == []


def test_evidence_that_intake_could_route_is_not_ours() -> None:
    message = Message(
        id="m",
        tenant="main",
        correlation_id="",
        causation_id="",
        received_at=NOON,
        origin="partner:roadhaul",
        body=reported(),
    )

    found = [SUBSCRIBER.keys(each) for each in (message, replace(message, bound=NUMBER))]

    assert found == [(NUMBER,), ()]


MESSAGES: tuple[Body, ...] = (
    reported("e-1"),
    reported("e-2", NOON - DAY),
    announced("S-1", until=NOON),
    announced("S-2", "SO-2", since=NOON),
)


@given(st.permutations(MESSAGES + MESSAGES))
def test_evidence_finds_its_shipment_in_any_order(told: list[Body]) -> None:
    number = story()

    number.tell(*told)

    found = {repr(each) for each in number.said if isinstance(each, EvidenceBound)}
    assert found == {repr(bound("S-2")), repr(bound("S-1", "e-2", NOON - DAY))}
    assert (number.state.waiting, number.timers, number.exceptions) == ((), {}, {})

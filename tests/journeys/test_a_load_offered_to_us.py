"""A customer offers us a load in X12: 204 in, 990 out, acknowledged, and 214s of its way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.app.roster import PROCESSES, PROJECTIONS
from crossdock.app.routing import Target, router
from crossdock.canonical.tracking import Milestone
from crossdock.connectors import discover
from crossdock.connectors.x12_carrier.settings import Settings
from crossdock.flow.decisions import Decision
from crossdock.flow.machine import Machine
from crossdock.flow.roster import Inbound, Roster, Rulebook
from crossdock.formats.x12.envelope import read
from crossdock.formats.x12.writer import Envelope, render
from crossdock.messages.acknowledgement import AcknowledgementNoted
from crossdock.messages.envelope import Key
from crossdock.policies.rules import (
    AcceptancePolicy,
    AcceptanceRow,
    Rules,
    TellingPolicy,
    TellingRow,
)
from crossdock.ports import Endpoint, Request, Subscriber
from crossdock.ports.store import OutboxStatus
from crossdock.processes.shipment_visibility_facts import Visibility, travelling
from crossdock.store.memory import MemoryStore
from crossdock.testing.in_process import InProcess, arrival
from crossdock.testing.plain_partner import PlainPartner
from tests.journeys.test_any_order import Named

BEGIN = datetime(2026, 3, 30, 6, 0, tzinfo=UTC)
LOAD = "acme.4711"
Letter = Literal["", "A", "D", "R"]
Processes = tuple[Subscriber[Any, Any], ...]
ACCEPTED = AcceptancePolicy(
    rows=(
        AcceptanceRow(
            rule_id="too-near", answer="counter", notice_hours_below=4, reason="pick up tomorrow"
        ),
        AcceptanceRow(rule_id="home", answer="accept", from_country="US", to_country="US"),
        AcceptanceRow(rule_id="abroad", answer="decline", to_country="MX", reason="no permit"),
    )
)
TOLD = TellingPolicy(
    rows=(
        TellingRow(customer_id="C-100", partner="acme"),
        TellingRow(customer_id="C-100", partner="consignee", milestones=(Milestone.DELIVERED,)),
    )
)
RULES = Rules(acceptance=ACCEPTED, telling=TOLD)
SCACS = {"acme": "ACME", "roadhaul": "ROAD", "consignee": "PRNT"}


def speaking(name: str, cancellation_answer: Letter = "") -> Settings:
    ours = name == "acme"
    return Settings(
        partner=name,
        own_id="CROSSDOCK",
        partner_id=SCACS[name],
        base_url=f"http://{name}",
        own_scac="XDCK" if ours else "",
        customer_id="C-100" if ours else "",
        cancellation_answer=cancellation_answer if ours else "",
    )


def town(
    rules: Rules = RULES, processes: Processes = PROCESSES, cancellation_answer: Letter = ""
) -> InProcess:
    connector = discover()["x12_carrier"]
    endpoints = {
        name: Endpoint(name=name, connector=connector, settings=speaking(name, cancellation_answer))
        for name in SCACS
    }
    roster = Roster(
        subscribers=processes,
        projections=PROJECTIONS,
        inbound={
            name: Inbound(connector=connector, settings=each.settings)
            for name, each in endpoints.items()
        },
        endpoints=endpoints,
        route=router([Target(endpoint=each) for each in endpoints.values()]),
        rulebook=Rulebook(today=rules),
        ids=Named(),
    )
    machine = Machine(store=MemoryStore(), roster=roster)
    return InProcess(machine, dict.fromkeys(SCACS, PlainPartner()), BEGIN)


def document(sender: str, functional_id: str, number: int, lines: Sequence[str]) -> bytes:
    """One set in an interchange of its own; the later its number, the later it was written."""
    envelope = Envelope(
        sender_qualifier="02",
        sender=SCACS[sender],
        receiver_qualifier="ZZ",
        receiver="CROSSDOCK",
        group_sender=SCACS[sender],
        group_receiver="CROSSDOCK",
        functional_id=functional_id,
        release="004010",
        usage="P",
        interchange_control=number,
        group_control=number,
        written_at=BEGIN + timedelta(minutes=number, days=4 if functional_id == "QM" else 0),
    )
    return render(envelope, [(f"{number:04d}", [line.split("*") for line in lines])])


def offered(
    number: int = 1,
    purpose: str = "00",
    pickup: str = "0900",
    to: str = "WI*53214*US",
    respond_by: str = "20260330*1*1200",
) -> bytes:
    return document(
        "acme",
        "SM",
        number,
        [
            "ST*204",
            "B2**XDCK**4711**PP",
            f"B2A*{purpose}*LT",
            "L11*PO-9*PO",
            f"G62*64*{respond_by}*ET",
            "S5*1*CL",
            f"G62*69*20260331*U*{pickup}*LT",
            "N1*SH*MILL*93*1520",
            "N4*RUMFORD*ME*04276*US",
            "S5*2*CU",
            "G62*70*20260402*X*1500*LT",
            "N1*CN*PRINTERS INC",
            f"N4*WEST ALLIS*{to}",
            "L3*5472*G*557.21*FR*55721",
        ],
    )


def status(number: int, *at7: str) -> bytes:
    """What the carrier that drives for us tells, under the customer's number."""
    lines = ["ST*214", "B10*PRO17*4711*ROAD", "LX*1", *at7]
    return document("roadhaul", "QM", number, lines)


def acknowledged(of: bytes, number: int) -> bytes:
    (group,) = read(of).interchanges[0].groups
    control = group.transactions[0].control
    lines = [
        "ST*997",
        f"AK1*{group.functional_id}*{group.control}",
        f"AK2*{group.transactions[0].segments[0].elements()[1]}*{control}",
        "AK5*A",
        "AK9*A*1*1*1",
    ]
    return document("acme", "FA", number, lines)


def hear(house: InProcess, partner: str, content: bytes) -> None:
    house.receive(arrival(partner, "interchange", content))
    house.settle()


def sent(house: InProcess, partner: str, verb: str) -> list[str]:
    """What a partner was sent for a verb, in order: its segments between ST and SE, in one text."""
    return [" ".join(lines_of(each)) for each in bodies(house, partner, verb)]


def bodies(house: InProcess, partner: str, verb: str) -> list[bytes]:
    asking = ("load_acceptance", Key("load", LOAD)), ("shipment_visibility", Key("shipment", LOAD))
    with house.machine.store.read() as reader:
        rows = [row for name, key in asking for row in reader.outbox_of("main", name, key)]
    wanted = [row for row in rows if (row.endpoint, row.verb) == (partner, verb)]
    assert {row.status for row in wanted} <= {OutboxStatus.APPLIED}
    return [msgspec.json.decode(row.request, type=Request).body for row in wanted]


def lines_of(body: bytes) -> list[str]:
    (found,) = read(body).interchanges[0].groups[0].transactions
    return [segment.text for segment in found.segments][1:-1]


def questions(house: InProcess) -> list[tuple[str, str]]:
    with house.machine.store.read() as reader:
        return sorted((row.code, row.cause) for row in reader.exceptions("main"))


def decided(house: InProcess, verb: str, reason: str) -> None:
    """A person answers the one question that is open."""
    with house.machine.store.read() as reader:
        (row,) = reader.exceptions("main")
    decision = Decision(verb=verb, exception_id=row.id, by="ann", reason=reason)
    house.machine.decide(decision, house.at)
    house.settle()


def stage(house: InProcess) -> str:
    name = ("main", "load_acceptance", Key("load", LOAD))
    with house.machine.store.read() as reader:
        return reader.processes([name])[name].stage


def carried(house: InProcess) -> list[str]:
    """The orders that travel on the load, as the shipment knows them."""
    name = ("main", "shipment_visibility", Key("shipment", LOAD))
    with house.machine.store.read() as reader:
        found = reader.processes([name]).get(name)
    state = (
        msgspec.json.decode(found.state, type=Visibility) if found else Visibility(shipment_id="")
    )
    return list(travelling(state))


def acknowledgements(house: InProcess) -> list[tuple[str, str]]:
    """How far the promises of what acme was sent are: the verb, and where it stands."""
    with house.machine.store.read() as reader:
        rows = reader.find("main", "acknowledgement", {"partner": "acme"})
    found = [msgspec.json.decode(row.body, type=AcknowledgementNoted) for row in rows]
    return [(each.verb, each.status) for each in found]


ANSWER, TELL = "customer.answer_tender", "customer.tell_milestone"
PICKED_UP = ("AT7*AF*NS***20260331*0930*LT", "MS1*RUMFORD*ME*US")
DELIVERED = ("AT7*D1*NS***20260402*1410*LT", "MS1*WEST ALLIS*WI*US")


def test_an_accepted_load_is_answered_acknowledged_and_told_of_to_its_end() -> None:
    house = town()

    hear(house, "acme", offered())
    (answer,) = bodies(house, "acme", ANSWER)
    before = acknowledgements(house)
    hear(house, "acme", acknowledged(answer, 2))
    house.wait_until(BEGIN + timedelta(days=3, hours=14))
    hear(house, "roadhaul", status(1, *PICKED_UP))
    hear(house, "roadhaul", status(2, *DELIVERED))
    house.wait_until(house.at + timedelta(hours=2))

    assert lines_of(answer) == ["B1*XDCK*4711*20260330*A", "N9*CN*acme.4711"]
    assert before == [(ANSWER, "waiting")]
    assert sent(house, "acme", TELL) == [
        "B10*4711*4711*XDCK L11*PO-9*PO LX*1 AT7*AF*NS***20260331*0930*LT MS1*RUMFORD*ME*US",
        "B10*4711*4711*XDCK L11*PO-9*PO LX*1 AT7*D1*NS***20260402*1410*LT MS1*WEST ALLIS*WI*US",
    ]
    assert len(sent(house, "consignee", TELL)) == 1
    assert acknowledgements(house)[0] == (ANSWER, "accepted")
    assert questions(house) == []


ASKED = (
    "LOAD_OFFERED",
    "acme offers load 4711: RUMFORD to WEST ALLIS; it waits until 2026-03-30T16:00:00+00:00",
)


def test_what_no_row_answers_is_asked_and_a_person_accepts() -> None:
    house = town(Rules(telling=TOLD))
    hear(house, "acme", offered())
    asked = questions(house)

    decided(house, "retry", "we have a truck there")

    assert asked == [ASKED]
    assert sent(house, "acme", ANSWER) == ["B1*XDCK*4711*20260330*A N9*CN*acme.4711"]
    assert (stage(house), carried(house), questions(house)) == ("accepted", [LOAD], [])


def test_a_person_declines_and_the_reason_is_told() -> None:
    house = town(Rules())
    hear(house, "acme", offered())

    decided(house, "waive", "no driver before Tuesday")

    declined = "B1*XDCK*4711*20260330*D N9*CN*acme.4711 K1*no driver before Tuesday"
    assert sent(house, "acme", ANSWER) == [declined]
    assert (stage(house), carried(house), questions(house)) == ("declined", [], [])


def test_what_nobody_decides_in_time_is_declined() -> None:
    house = town(Rules())
    hear(house, "acme", offered())

    house.wait_until(BEGIN + timedelta(days=1))

    declined = "B1*XDCK*4711*20260330*D N9*CN*acme.4711 K1*not decided in time"
    assert sent(house, "acme", ANSWER) == [declined]
    assert questions(house) == []


def test_a_load_that_is_too_near_is_countered_and_its_change_accepted() -> None:
    house = town()
    house.wait_until(datetime(2026, 3, 31, 10, 0, tzinfo=UTC))  # three hours before the pickup

    hear(house, "acme", offered(respond_by="20260331*1*1200"))
    before = carried(house)
    hear(house, "acme", offered(2, "04", pickup="1700", respond_by="20260331*1*1200"))

    assert sent(house, "acme", ANSWER) == [
        "B1*XDCK*4711*20260331*C N9*CN*acme.4711 K1*pick up tomorrow",
        "B1*XDCK*4711*20260331*A N9*CN*acme.4711",
    ]
    assert (before, carried(house)) == ([], [LOAD])


def test_an_offer_that_comes_when_nobody_waits_for_its_answer_is_declined() -> None:
    house = town()
    house.wait_until(BEGIN + timedelta(hours=11))  # the customer waited for ten

    hear(house, "acme", offered())

    late = "B1*XDCK*4711*20260330*D N9*CN*acme.4711 K1*not decided in time"
    assert (sent(house, "acme", ANSWER), carried(house)) == ([late], [])


def failing(faults: list[Exception]) -> Processes:
    """All processes, of which the one that answers offers raises until its faults are mended."""

    def decide(state: Any, received: Any, rules: Any) -> Any:
        if faults:
            raise faults[0]
        return original(state, received, rules)

    (answering,) = (each for each in PROCESSES if each.name == "load_acceptance")
    original = answering.decide
    others = (each for each in PROCESSES if each is not answering)
    return (*others, msgspec.structs.replace(answering, decide=decide))


def test_an_offer_whose_step_waited_for_a_person_past_its_time_is_not_promised() -> None:
    faults: list[Exception] = [ZeroDivisionError("a fault of this release")]
    house = town(processes=failing(faults))
    hear(house, "acme", offered())
    house.wait_until(BEGIN + timedelta(hours=11))  # the customer waited for ten

    faults.clear()
    decided(house, "retry", "mended")
    replayed = house.machine.preview("load_acceptance", Key("load", LOAD))

    late = "B1*XDCK*4711*20260330*D N9*CN*acme.4711 K1*not decided in time"
    assert (sent(house, "acme", ANSWER), carried(house)) == ([late], [])
    assert (replayed.same_state, {each.mark for each in replayed.effects}) == (True, {"done"})


def test_a_load_abroad_is_declined_by_the_policy() -> None:
    house = town()

    hear(house, "acme", offered(to="NL*64000*MX"))

    assert sent(house, "acme", ANSWER) == ["B1*XDCK*4711*20260330*D N9*CN*acme.4711 K1*no permit"]


WORDS = (offered(1), offered(2, "04", pickup="1000"), offered(3, "01"))


@given(order=st.permutations(WORDS), again=st.sampled_from(WORDS))
@settings(max_examples=12, deadline=None)
def test_an_offer_its_change_and_its_end_leave_nothing_to_carry_in_any_order(
    order: list[bytes], again: bytes
) -> None:
    house = town()

    for each in (*order, again):
        hear(house, "acme", each)
    house.wait_until(BEGIN + timedelta(hours=2))

    assert (stage(house), carried(house), questions(house)) == ("taken back", [], [])


@pytest.mark.parametrize("letter", ["A", "D", "R"])
def test_a_customer_who_wants_an_answer_to_what_it_takes_back_gets_it(letter: Letter) -> None:
    house = town(cancellation_answer=letter)
    hear(house, "acme", offered())

    hear(house, "acme", offered(3, "01"))
    hear(house, "acme", offered(3, "01"))

    assert sent(house, "acme", ANSWER) == [
        "B1*XDCK*4711*20260330*A N9*CN*acme.4711",
        f"B1*XDCK*4711*20260330*{letter} N9*CN*acme.4711",
    ]
    assert (stage(house), carried(house)) == ("taken back", [])


@given(order=st.permutations(WORDS[:2]))
@settings(max_examples=4, deadline=None)
def test_an_offer_and_its_change_are_carried_as_changed_in_any_order(order: list[bytes]) -> None:
    house = town()

    for each in order:
        hear(house, "acme", each)

    name = ("main", "shipment_visibility", Key("shipment", LOAD))
    with house.machine.store.read() as reader:
        state = msgspec.json.decode(reader.processes([name])[name].state, type=Visibility)
    plan = state.orders[LOAD].plan
    assert plan is not None
    assert [str(each.planned and each.planned.at) for each in plan.shipment.stops] == [
        "2026-03-31 14:00:00+00:00",
        "2026-04-02 20:00:00+00:00",
    ]
    assert (plan.customer_id, plan.offered_as, plan.shipment.charges) == ("C-100", "4711", ())


def test_a_change_that_is_declined_leaves_the_load_carried_as_agreed() -> None:
    house = town()
    hear(house, "acme", offered())

    hear(house, "acme", offered(2, "04", to="NL*64000*MX"))

    assert [each[:25] for each in sent(house, "acme", ANSWER)] == [
        "B1*XDCK*4711*20260330*A N",
        "B1*XDCK*4711*20260330*D N",
    ]
    assert (stage(house), carried(house)) == ("declined", [LOAD])


def test_a_load_that_is_not_offered_to_us_is_somebody_elses() -> None:
    house = town()

    hear(house, "acme", offered().replace(b"XDCK", b"ROAD"))

    assert sent(house, "acme", ANSWER) == []


def test_a_time_at_a_place_that_cannot_be_named_is_told_in_utc() -> None:
    house = town()
    hear(house, "acme", offered())
    house.wait_until(BEGIN + timedelta(days=2))

    hear(house, "roadhaul", status(1, "AT7*P1*NS***20260331*1030*UT", "MS1***DE"))

    assert sent(house, "acme", TELL) == [
        "B10*4711*4711*XDCK L11*PO-9*PO LX*1 AT7*P1*NS***20260331*1030*UT"
    ]

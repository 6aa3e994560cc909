"""A charge that nobody knows: the bill is kept, finance is asked, and once taught told anew."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from crossdock.app.routing import Target, router
from crossdock.canonical.freight import ChargeKind
from crossdock.connectors import discover
from crossdock.connectors.x12_carrier.settings import Settings
from crossdock.flow.decisions import Decision
from crossdock.flow.machine import Machine
from crossdock.flow.roster import Inbound, Roster, Rulebook
from crossdock.messages.acknowledgement import Environment
from crossdock.messages.freight_settlement import FreightInvoiceReceived
from crossdock.policies.rules import Rules
from crossdock.ports import Endpoint
from crossdock.ports.store import DocumentStatus
from crossdock.store.memory import MemoryStore
from crossdock.testing.in_process import InProcess, arrival
from crossdock.testing.plain_partner import PlainPartner
from tests.journeys.test_any_order import Named

BEGIN = datetime(2026, 4, 2, 8, tzinfo=UTC)
BILL = (
    b"ISA*00*          *00*          *02*ROAD           *ZZ*SHIPPERCO      "
    b"*260402*0230*U*00401*000000091*0*T*>~GS*IM*ROAD*SHIPPERCO*20260402*0230*91*X*004010~"
    b"ST*210*0001~B3**INV-7*SH-9*PP**20260401*1500****ROAD~C3*USD~LX*1~L1*1***1500****CUS~"
    b"L3*****1500~SE*7*0001~GE*1*91~IEA*1*000000091~"
)


def house(store: MemoryStore, charges: dict[str, str]) -> InProcess:
    """A house with one carrier that bills, and nobody else."""
    settings = msgspec.convert(
        {
            "own_id": "SHIPPERCO",
            "partner_id": "ROAD",
            "partner": "road",
            "environment": "test",
            "base_url": "http://road.example",
            "charges": charges,
        },
        Settings,
    )
    ids = Named()
    ids.tell(repr(charges).encode())
    connector, test = discover()["x12_carrier"], Environment.TEST
    road = Endpoint(
        name="road", connector=connector, settings=settings, environment=test, credentials=test
    )
    roster = Roster(
        subscribers=(),
        projections=(),
        inbound={"road": Inbound(connector=connector, settings=settings, environment=test)},
        endpoints={"road": road},
        route=router([Target(endpoint=road)]),
        rulebook=Rulebook(today=Rules()),
        ids=ids,
        environment=test,
    )
    return InProcess(Machine(store=store, roster=roster), {"road": PlainPartner()}, BEGIN)


def asked(house: InProcess) -> list[tuple[str, str, str]]:
    """Tell the open exceptions: whose, why, and which code was sent."""
    with house.machine.store.read() as reader:
        return [(row.team, row.code, row.seen["sent"]) for row in reader.exceptions("main")]


def billed(house: InProcess) -> list[tuple[str, bool]]:
    """Tell what each word on the bill charges for, and whether it amends an earlier one."""
    with house.machine.store.read() as reader:
        documents = [row.id for row in reader.documents("main")]
        said = reader.messages_caused_by("main", documents)
    invoices = [
        (msgspec.json.decode(row.body, type=FreightInvoiceReceived).invoice, row.amends)
        for row in said
        if row.type == "FreightInvoiceReceived"
    ]
    return [(each.kind, bool(amends)) for bill, amends in invoices for each in bill.charges]


def test_a_taught_charge_code_tells_the_bill_anew() -> None:
    store = MemoryStore()
    unaware = house(store, {})
    (receipt,) = unaware.receive(arrival("road", "interchange", BILL))
    unaware.settle()
    before = asked(unaware), billed(unaware)
    unaware.machine.stop()

    taught = house(store, {"CUS": "CUSTOMS"})
    with store.read() as reader:
        (stuck,) = reader.exceptions("main")
    decision = Decision(verb="retry", exception_id=stuck.id, by="ann", reason="taught")
    taught.machine.decide(decision, BEGIN)
    taught.settle()

    assert receipt.status is DocumentStatus.PARTIAL
    assert before == (
        [("FINANCE", "UNKNOWN_CHARGE_CODE", "CUS")],
        [(ChargeKind.UNCLASSIFIED, False)],
    )
    assert asked(taught) == []
    assert sorted(billed(taught)) == [(ChargeKind.CUSTOMS, True), (ChargeKind.UNCLASSIFIED, False)]


def test_what_a_finding_leaves_empty_is_no_number_to_look_for() -> None:
    store = MemoryStore()

    house(store, {}).receive(arrival("road", "interchange", BILL.replace(b"*CUS~", b"*XF7~")))

    with store.read() as reader:
        assert [row.about for row in reader.exceptions("main")] == [("XF7", "SH-9")]

"""A load that a TMS tenders by itself: 204, 990 and 214 of one load, with and without the ERP.

The real load's documents contradict each other: consignee, places, weight and times. Its twin has
the same shapes and agrees with itself. Both are flagged as tests, and so is the house.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from crossdock.apis.process.v1.operations import Operations
from crossdock.app.roster import PROCESSES, PROJECTIONS
from crossdock.app.routing import Target, router
from crossdock.connectors import discover
from crossdock.connectors.system_api.settings import SystemApiSettings
from crossdock.connectors.x12_carrier.settings import CodeMeaning, Settings
from crossdock.flow.machine import Machine
from crossdock.flow.reading import Arrival
from crossdock.flow.roster import Inbound, Roster, Rulebook
from crossdock.messages.acknowledgement import Environment
from crossdock.messages.envelope import Key
from crossdock.policies.rules import CompletenessPolicy, Rules
from crossdock.ports import Endpoint
from crossdock.store.memory import MemoryStore
from crossdock.testing.in_process import InProcess, arrival
from crossdock.testing.plain_partner import PlainPartner
from tests.journeys.test_any_order import Named

LOAD, ORDER = "75027674", "88756818"
SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
REAL = (
    "x12-204/204-mercurygate-load-75027674.edi",
    "x12-990/990-mercurygate-accept-75027674.edi",
    "x12-214/214-mercurygate-75027674.edi",
)
TWIN = Path(__file__).parent / "load_75027674"
BEGIN = datetime(2016, 7, 29, 20, 0, tzinfo=UTC)
RULES = Rules(
    completeness=CompletenessPolicy(known_customer=False, known_items=False, known_ship_to=False)
)
TEST = Environment.TEST
OTHERS = ("http://mill.example", "/shipment-requests")
PARTNERS = {"erp": "reference_erp", "tms": "reference_tms", "mill": "x12_carrier"}


def town(
    partner: PlainPartner,
    ids: Named,
    store: MemoryStore | None = None,
    codes: tuple[CodeMeaning, ...] = (),
) -> InProcess:
    """Put a house for tests together, with an ERP, a TMS and whoever speaks X12."""
    found = discover()
    wanted: dict[str, Struct] = {
        name: SystemApiSettings(base_url="", partner=name) for name in PARTNERS
    }
    wanted["mill"] = Settings(
        partner="mill",
        own_id="MGCTLYST",
        partner_id="SCAC",
        environment="test",
        base_url="http://mill.example",
        order_qualifier="SI",
        codes=codes,
    )
    endpoints = {
        name: Endpoint(
            name=name,
            connector=found[connector],
            settings=wanted[name],
            environment=TEST,
            credentials=TEST,
        )
        for name, connector in PARTNERS.items()
    }
    roster = Roster(
        subscribers=PROCESSES,
        projections=PROJECTIONS,
        inbound={
            name: Inbound(connector=each.connector, settings=wanted[name], environment=TEST)
            for name, each in endpoints.items()
        },
        endpoints=endpoints,
        route=router([Target(endpoint=each) for each in endpoints.values()]),
        rulebook=Rulebook(today=RULES),
        ids=ids,
        environment=TEST,
    )
    machine = Machine(store=store or MemoryStore(), roster=roster)
    return InProcess(machine, dict.fromkeys(PARTNERS, partner), BEGIN)


def released() -> bytes:
    """The ERP releases the order that the load carries."""
    mill = {"location_id": "1520", "country": "US", "city": "Rumford", "time_zone": "UTC"}
    printer = {
        "location_id": "0000011660",
        "country": "US",
        "city": "West Allis",
        "postal_code": "53214",
        "time_zone": "America/Chicago",
    }
    order = {
        "order_id": ORDER,
        "version": 1,
        "company_code": "1000",
        "customer_id": "C-1",
        "customer_reference": "3297832",
        "ship_from": mill,
        "ship_to": printer,
        "lines": [{"line_id": "10", "item_id": "ROL", "quantity": "3", "unit": "EA"}],
    }
    return msgspec.json.encode(
        {
            "event_id": "rel-1",
            "event_type": "order.released",
            "occurred_at": BEGIN.isoformat(),
            "order": order,
        }
    )


def documents(folder: Path, names: tuple[str, ...]) -> list[Arrival]:
    """Read the documents of a load."""
    return [arrival("mill", "interchange", (folder / name).read_bytes()) for name in names]


def twin() -> list[Arrival]:
    """The coherent load, released by the ERP."""
    names = ("204.edi", "990.edi", "214.edi")
    return [arrival("erp", "orders", released()), *documents(TWIN, names)]


class End(Struct, frozen=True, kw_only=True):
    """Where it ends, for pages, people and partners."""

    stages: dict[str, str]
    customers: dict[str, tuple[bool, str, str]]
    erp: tuple[str, ...]
    exceptions: tuple[str, ...]
    answers: int
    offers: tuple[str, ...]


def lived(told: list[Arrival]) -> tuple[InProcess, PlainPartner]:
    """Bring the documents in this order, then let every timer ring."""
    partner, ids = PlainPartner(), Named()
    house = town(partner, ids)
    for each in told:
        ids.tell(each.content)
        house.receive(each)
        house.settle()
    house.wait_until(BEGIN + timedelta(days=3))
    return house, partner


def end_of(told: list[Arrival]) -> End:
    """Tell where it ends when the documents come in this order."""
    house, partner = lived(told)
    with house.machine.store.read() as reader:
        wanted = [
            ("main", "order_release", Key("order", ORDER)),
            ("main", "shipment_visibility", Key("shipment", LOAD)),
        ]
        rows = reader.processes(wanted)
        order = msgspec.json.decode(rows[wanted[0]].state)
        views = reader.find("main", "shipment_view", {})
        # While nobody has released the order, it is nobody's: that view is left behind, and empty.
        named = [row for row in views if row.key != f"{LOAD}/"] or views
        given = reader.outbox_of("main", "", Key("partner", "mill"))
        return End(
            stages={name: row.stage for (_, name, _), row in rows.items()},
            customers={row.key: _seen(msgspec.json.decode(row.body)) for row in named},
            erp=tuple(sorted(path for path, _ in partner.applied if not path.startswith(OTHERS))),
            exceptions=tuple(sorted({row.code for row in reader.exceptions("main")})),
            answers=sum(row.status == "applied" for row in given),
            offers=tuple(
                f"{offer['carrier_scac']} {'+'.join(offer['told'])}"
                for each in order["carriages"]
                for offer in each["offers"]
            ),
        )


def _seen(view: Any) -> tuple[bool, str, str]:
    gate = view["gate"]
    return gate["visible"], view["picture"]["status"], gate["because"]


@pytest.fixture(scope="module")
def real() -> list[Arrival]:
    """The real load's documents."""
    if not SAMPLES.is_dir():
        pytest.skip("the shared samples are not beside this repository")
    return documents(SAMPLES, REAL)


@pytest.fixture(scope="module")
def expected() -> End:
    """The twin's end when everything comes in order and once."""
    return end_of(twin())


def test_the_real_load_ends_withheld_and_inconsistent(real: list[Arrival]) -> None:
    end = end_of(real)

    assert end == End(
        stages={"order_release": "unreleased", "shipment_visibility": "delivered"},
        customers={
            f"{LOAD}/": (
                False,
                "DELIVERED",
                f"withheld: the ERP has not confirmed the transport reference of {ORDER}",
            )
        },
        erp=(),
        exceptions=("CONTROL_NUMBER_RESET", "EVIDENCE_INCONSISTENT"),
        answers=3,
        offers=("SCAC sent+accepted",),
    )


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_the_real_load_ends_so_in_any_order(real: list[Arrival], data: st.DataObject) -> None:
    told = data.draw(st.permutations([*real, *real[:2]]))

    assert replace(end_of(told), answers=3) == end_of(real)


def test_the_twin_ends_delivered_visible_and_referenced(expected: End) -> None:
    assert expected == End(
        stages={"order_release": "delivered", "shipment_visibility": "delivered"},
        customers={
            f"{LOAD}/C-1": (
                True,
                "DELIVERED",
                f"the ERP confirmed the transport reference of {ORDER}",
            )
        },
        erp=(
            f"/orders/{ORDER}/transport-references",
            f"/shipments/{LOAD}/postings",
            f"/shipments/{LOAD}/postings",
        ),
        exceptions=(),
        answers=3,
        offers=("SCAC sent+accepted",),
    )


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_twin_ends_so_in_any_order_and_any_number(expected: End, data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(twin()), max_size=4))
    told = data.draw(st.permutations([*twin(), *again]))

    assert replace(end_of(told), answers=3) == expected


def test_a_trace_tells_how_far_the_offer_came() -> None:
    house = town(PlainPartner(), ids := Named())
    for each in twin():
        ids.tell(each.content)
        house.receive(each)
        house.settle()

    story = Operations(house.machine.store.read, "main").trace(LOAD)

    assert [
        (each.shipment_id, each.carrier_scac, [one.state for one in each.states])
        for each in story.tenders
    ] == [(LOAD, "SCAC", ["sent", "accepted"])]


def test_a_document_that_comes_again_is_answered_again_with_the_same_bytes() -> None:
    once, twice = end_of(twin()), end_of([*twin(), *twin()])

    assert (once.answers, twice.answers) == (3, 6)
    assert replace(twice, answers=3) == once

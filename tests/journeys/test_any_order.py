"""Whatever order a shipment's messages come in, and however often: the same end for everyone.

The messages are documents in the partners' own words, through the real connectors, processes and
store. No timer rings before all have come; then all ring.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from crossdock.app.roster import PROCESSES, PROJECTIONS
from crossdock.app.routing import Target, router
from crossdock.connectors import discover
from crossdock.connectors.system_api.settings import SystemApiSettings
from crossdock.flow.machine import Machine
from crossdock.flow.roster import Inbound, Roster, Rulebook
from crossdock.messages.envelope import Key
from crossdock.policies.rules import CompletenessPolicy, Rules
from crossdock.ports import Endpoint
from crossdock.store.memory import MemoryStore
from crossdock.testing.in_process import InProcess, arrival
from crossdock.testing.plain_partner import PlainPartner

BEGIN = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)  # half an hour later it is another day
DONE = BEGIN + timedelta(days=10)
RULES = Rules(
    completeness=CompletenessPolicy(known_customer=False, known_items=False, known_ship_to=False)
)
PLACE = {
    "location_id": "P-1",
    "country": "DE",
    "city": "Berlin",
    "postal_code": "10115",
    "time_zone": "Europe/Berlin",
}
DOCK = {"location_id": "DC-1", "country": "DE", "city": "Hamburg", "time_zone": "Europe/Berlin"}
PRO = {"type": "PRO", "value": "700123", "issuer": "ROAD"}


class Told(Struct, frozen=True, kw_only=True):
    """One document: who says it, and what."""

    partner: str
    document: str
    content: dict[str, Any]


def release() -> Told:
    """The ERP releases the order."""
    lines = [{"line_id": "10", "item_id": "IT-1", "quantity": "3", "unit": "EA"}]
    order = {
        "order_id": "SO-1",
        "version": 1,
        "company_code": "1000",
        "customer_id": "C-1",
        "ship_from": DOCK,
        "ship_to": PLACE,
        "lines": lines,
    }
    content = {
        "event_id": "rel-1",
        "event_type": "order.released",
        "occurred_at": BEGIN.isoformat(),
        "order": order,
    }
    return Told(partner="erp", document="orders", content=content)


def plan() -> Told:
    """The TMS confirms the plan."""
    stops = [
        {"sequence": 1, "role": "PICKUP", "place": DOCK},
        {"sequence": 2, "role": "DELIVERY", "place": PLACE, "promised_at": "2026-03-29"},
    ]
    shipment = {
        "shipment_id": "SH-1",
        "load_id": "LD-1",
        "mode": "ROAD",
        "carrier_scac": "ROAD",
        "service_level": "STANDARD",
        "stops": stops,
        "order_ids": ["SO-1"],
        "references": [PRO],
    }
    content = {
        "event_id": "plan-1",
        "event_type": "plan.confirmed",
        "occurred_at": BEGIN.isoformat(),
        "order_id": "SO-1",
        "order_version": 1,
        "revision": 1,
        "shipments": [shipment],
    }
    return Told(partner="tms", document="plans", content=content)


def tracking(  # noqa: PLR0913 - an event has this many parts
    code: str,
    hour: int,
    *,
    kind: str = "original",
    revision: int = 0,
    name: str = "",
    classifier: str = "ACT",
    reference: dict[str, str] = PRO,
) -> Told:
    """The carrier tells of an event, so many hours before the night of the clock change."""
    content = {
        "event_id": name or f"ev-{code}",
        "event_type": "tracking",
        "kind": kind,
        "revision": revision,
        "occurred_at": (BEGIN - timedelta(hours=24 - hour)).isoformat(),
        "status_code": code,
        "classifier": classifier,
        "carrier_scac": "ROAD",
        "reference": reference,
    }
    return Told(partner="road", document="tracking", content=content)


MESSAGES = (
    release(),
    plan(),
    tracking("PUP", 1),
    tracking("DEP", 2),
    tracking("ITR", 3, reference={"type": "SHIPMENT", "value": "SH-1"}),
    tracking("DLY", 9),
    tracking("ETA", 20, classifier="EST"),
    tracking("OFD", 10),
    tracking("DLV", 11),
    tracking("DLV", 12, kind="correction", revision=1),
    tracking("DLF", 10, name="ev-mistake"),
    tracking("DLF", 10, kind="retraction", revision=1, name="ev-mistake"),
    tracking("POD", 13),
    tracking("X42", 5),
)
VERBS = {"erp": "reference_erp", "tms": "reference_tms", "road": "reference_carrier"}


class Named:
    """Ids made of what is being told, so that they do not depend on the order of telling."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self._told: Counter[bytes] = Counter()
        self._name = ""
        self._numbers = count(1)

    def tell(self, content: bytes) -> None:
        """Name the next ids after this, and after how often it was told."""
        self._told[content] += 1
        self._name = f"{sha256(content).hexdigest()[:12]}-{self._told[content]}"
        self._numbers = count(1)

    def new(self) -> str:
        """Mint the next."""
        return f"{self._name}-{next(self._numbers)}"


def town(partner: PlainPartner, ids: Named) -> InProcess:
    """Put the real house together over a store in memory, partners answering at once."""
    found = discover()
    wanted = SystemApiSettings(base_url="", partner="road")
    endpoints = {
        name: Endpoint(name=name, connector=found[connector], settings=wanted)
        for name, connector in VERBS.items()
    }
    roster = Roster(
        subscribers=PROCESSES,
        projections=PROJECTIONS,
        inbound={
            name: Inbound(connector=each.connector, settings=wanted)
            for name, each in endpoints.items()
        },
        endpoints=endpoints,
        route=router([Target(endpoint=each) for each in endpoints.values()]),
        rulebook=Rulebook(today=RULES),
        ids=ids,
    )
    machine = Machine(store=MemoryStore(), roster=roster)
    return InProcess(machine, dict.fromkeys(VERBS, partner), BEGIN)


class End(Struct, frozen=True, kw_only=True):
    """Where it ends: the states, what the customer sees, and what the partners were asked to do."""

    states: dict[str, Any]
    picture: Any
    effects: dict[tuple[str, bytes], int]


def end_of(told: list[Told]) -> End:
    """Tell the messages in this order, then let every timer ring."""
    partner, ids = PlainPartner(), Named()
    house = town(partner, ids)
    for each in told:
        content = msgspec.json.encode(each.content)
        ids.tell(content)
        house.receive(arrival(each.partner, each.document, content))
        house.settle()
    house.wait_until(DONE)
    with house.machine.store.read() as reader:
        wanted = [
            ("main", "order_release", Key("order", "SO-1")),
            ("main", "shipment_visibility", Key("shipment", "SH-1")),
        ]
        states = {
            name: msgspec.json.decode(row.state)
            for (_tenant, name, _key), row in reader.processes(wanted).items()
        }
        view = reader.projections("main", "shipment_view", ["SH-1/C-1"])["SH-1/C-1"]
    return End(states=states, picture=msgspec.json.decode(view.body), effects=dict(partner.applied))


@pytest.fixture(scope="module")
def expected() -> End:
    """The end when everything comes in order and once."""
    return end_of(list(MESSAGES))


def test_in_order_the_customer_sees_a_corrected_delivery(expected: End) -> None:
    postings = Counter(path.split("/")[3] for path, _ in expected.effects if "postings" in path)

    assert expected.picture["gate"]["visible"]
    assert expected.picture["picture"]["status"] == "POD_AVAILABLE"
    assert sorted(expected.effects.values()) == [1, 1, 1, 1, 1]
    assert postings == {"postings": 3}


@settings(max_examples=60, deadline=None)
@given(
    order=st.permutations(MESSAGES),
    again=st.lists(st.sampled_from(MESSAGES), max_size=8),
    seed=st.randoms(use_true_random=False),
)
def test_any_order_and_any_repetition_end_the_same(
    expected: End, order: list[Told], again: list[Told], seed: Any
) -> None:
    told = [*order, *again]
    seed.shuffle(told)

    assert end_of(told) == expected

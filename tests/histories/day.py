"""The real house over a store in memory, for the length of one history."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossdock.apis.process.v1 import counter_offers
from crossdock.apis.process.v1.counter_offers import OFFERED, Countering
from crossdock.app.roster import PROCESSES, PROJECTIONS
from crossdock.app.routing import Target, router
from crossdock.canonical.freight import ChargeKind
from crossdock.canonical.money import Money
from crossdock.canonical.tracking import Milestone
from crossdock.connectors import discover
from crossdock.connectors.system_api.settings import SystemApiSettings
from crossdock.connectors.x12_carrier.settings import Settings as X12Settings
from crossdock.flow.decisions import Decision
from crossdock.flow.machine import Machine
from crossdock.flow.operator_word import Word
from crossdock.flow.roster import Inbound, Roster, Rulebook
from crossdock.messages.envelope import Key
from crossdock.messages.freight_settlement import FreightDecided, FreightVerdict
from crossdock.policies.freight import FreightPolicy, OpeningRow
from crossdock.policies.rules import (
    InventoryPolicy,
    InventoryRow,
    RoutingRow,
    Rules,
    TellingPolicy,
    TellingRow,
    TenderingPolicy,
)
from crossdock.ports import Call, Endpoint, Exchange, Stage, Transport
from crossdock.ports.store import Store
from crossdock.store.memory import MemoryStore
from crossdock.testing.in_process import InProcess, arrival
from crossdock.testing.plain_partner import PlainPartner
from tests.histories.words import BEGIN, Told

CONNECTORS = {
    "erp": ("reference_erp", ()),
    "tms": ("reference_tms", ()),
    "road": ("reference_carrier", ("ROAD",)),
    "slow": ("reference_carrier", ("SLOW",)),
    "haul": ("x12_carrier", ("HAUL",)),
}
ROUTE = RoutingRow(
    rule_id="routing.de",
    mode="ROAD",
    service_level="STANDARD",
    carriers=("ROAD", "SLOW"),
    sla_hours=48,
)
PLAIN = Rules(routing=(ROUTE,))
STOCKED = Rules(
    routing=(ROUTE,),
    inventory=InventoryPolicy(rows=(InventoryRow(company_code="1000"),)),
)
HELD = Rules(
    routing=(ROUTE,),
    inventory=InventoryPolicy(rows=(InventoryRow(company_code="", hold_planning=True),)),
)
BILLED = Rules(routing=(ROUTE,), freight=FreightPolicy(billing="held"))
CARRYING = Rules(
    routing=(ROUTE,),
    telling=TellingPolicy(rows=(TellingRow(customer_id="haul", partner="haul"),)),
)
OPENED = Rules(
    routing=(ROUTE,),
    freight=FreightPolicy(
        opens=(
            OpeningRow(
                rule_id="freight.origin-at-pickup",
                milestone=Milestone.PICKED_UP,
                kinds=(ChargeKind.LOADING,),
            ),
        )
    ),
)
TENDERED = Rules(routing=(ROUTE,), tendering=TenderingPolicy(modes=("ROAD",)))


class Counted:
    """Ids that count."""

    def __init__(self) -> None:
        """Begin at one."""
        self._numbers = count(1)

    def new(self) -> str:
        """Count one further."""
        return f"m-{next(self._numbers):04}"


class Moody:
    """A partner that refuses or loses what matches, as often as it was told, and else says yes."""

    def __init__(self) -> None:
        """Begin in a good mood."""
        self.moods: dict[str, list[Exchange]] = {}
        self._plain = PlainPartner()

    async def exchange(self, call: Call) -> Exchange:
        """Answer as the mood is."""
        for pattern, answers in self.moods.items():
            if answers and re.search(pattern, f"{call.method} {call.url}"):
                return answers.pop(0)
        return self._plain.answer(call)


def refusal(said: str) -> Exchange:
    """Refuse for good."""
    body = msgspec.json.encode({"error": "refused", "detail": said})
    return Exchange(stage=Stage.ANSWERED, status=422, body=body)


class Day:
    """A day to tell a history in: documents come, time passes, operators decide."""

    def __init__(
        self,
        rules: Rules,
        store: Store | None = None,
        partners: Mapping[str, Transport] | None = None,
    ) -> None:
        """Begin with an empty store; one in memory where none is given.

        `partners` answer for themselves, by name; any other says yes to everything.
        """
        self.partner = Moody()
        self.machine = Machine(store=store or MemoryStore(), roster=_roster(rules))
        others: dict[str, Transport] = dict.fromkeys(CONNECTORS, self.partner)
        self._world = InProcess(self.machine, others | dict(partners or {}), BEGIN)

    @property
    def at(self) -> datetime:
        """The time of day."""
        return self._world.at

    def tell(self, *told: Told) -> None:
        """Bring documents in, one after the other, and let everything settle."""
        for each in told:
            content = msgspec.json.encode(each.content)
            self._world.receive(arrival(each.partner, each.document, content))
            self._world.settle()

    def hand_in(self, *interchanges: bytes) -> None:
        """Bring interchanges of HAUL in, one after the other, and let everything settle."""
        for each in interchanges:
            self._world.receive(arrival("haul", "interchange", each))
            self._world.settle()

    def wait(self, **span: float) -> None:
        """Let time pass, timers and effects included."""
        self._world.wait_until(self.at + timedelta(**span))

    def adopt(self, rules: Rules) -> None:
        """Start the house again by other rules."""
        self.machine.stop()
        roster = replace(self.machine.roster, rulebook=Rulebook(today=rules))
        self.machine = Machine(store=self.machine.store, roster=roster)
        self._world = InProcess(self.machine, self._world.partners, self.at)

    def decide(self, verb: str, code: str, content: Mapping[str, object] | None = None) -> None:
        """Let an operator decide about the open exception of this code."""
        with self.machine.store.read() as reader:
            (row,) = [each for each in reader.exceptions("main") if each.code == code]
        decision = Decision(
            verb=verb,
            exception_id=row.id,
            by="ann",
            reason="as agreed on the phone",
            content=b"" if content is None else msgspec.json.encode(content),
        )
        self.machine.decide(decision, self.at)
        self._world.settle()

    def counter(self, asked: Countering) -> None:
        """Let a person counter the one load that is offered."""
        with self.machine.store.read() as reader:
            (row,) = (each for each in reader.exceptions("main") if each.code == OFFERED)
            word = counter_offers.judge(reader, "main", row.id, asked)
        self.machine.say(word, self.at)
        self._world.settle()

    def judge(
        self, verdict: FreightVerdict, *persons: str, charge: str = "", amount: Money | None = None
    ) -> None:
        """Let persons say the same, one after the other, about the money of load LD-SH-1."""
        for by in persons:
            body = FreightDecided(
                verdict=verdict, by=by, reason="as agreed", charge=charge, amount=amount
            )
            word = Word(
                subscriber="freight_settlement",
                key=Key("load", "LD-SH-1"),
                body=body,
                by=by,
                reason=body.reason,
                action=f"freight.{verdict}",
                ground=self.at.isoformat(),
            )
            self.machine.say(word, self.at)
            self._world.settle()


def _roster(rules: Rules) -> Roster:
    found = discover()
    settings: dict[str, Struct] = {
        name: SystemApiSettings(base_url="", partner=name, time_zone="Europe/Berlin")
        for name in CONNECTORS
    }
    settings["haul"] = X12Settings(
        partner="haul",
        own_id="SHIPPERCO",
        partner_id="HAUL",
        base_url="http://haul.example",
        own_scac="XDCK",
    )
    endpoints = {
        name: Endpoint(name=name, connector=found[connector], settings=settings[name])
        for name, (connector, _serves) in CONNECTORS.items()
    }
    targets = [
        Target(endpoint=endpoints[name], serves=serves)
        for name, (_connector, serves) in CONNECTORS.items()
    ]
    return Roster(
        subscribers=PROCESSES,
        projections=PROJECTIONS,
        inbound={
            name: Inbound(connector=each.connector, settings=settings[name])
            for name, each in endpoints.items()
        },
        endpoints=endpoints,
        route=router(targets),
        rulebook=Rulebook(today=rules),
        ids=Counted(),
    )

"""Each posting stands once in the ERP's books, or is exactly one question, whatever it promises.

The real deliverer over real HTTP against the simulated ERP, for each effect class: the answer is
lost, the ERP is busy, the house dies while it waits for the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from crossdock.canonical.freight import ChargeKind
from crossdock.canonical.money import Money
from crossdock.channels.http import HttpTransport
from crossdock.connectors import discover, promising
from crossdock.connectors.system_api.settings import SystemApiSettings
from crossdock.flow.machine import Machine
from crossdock.flow.roster import Inbound, Roster, Rulebook
from crossdock.flow.shell import Shell
from crossdock.messages.envelope import Key, Message
from crossdock.messages.flow import EffectAnswered
from crossdock.messages.freight_settlement import AccrueFreight
from crossdock.messages.order_release import OrderCancelled
from crossdock.policies.rules import Rules
from crossdock.ports import EffectClass, Emission, Endpoint, Received, Routed, Subscriber
from crossdock.ports.store import OutboxRow
from crossdock.simulators.clock import AcceleratedClock
from crossdock.store.memory import MemoryStore
from crossdock.testing.plain_partner import NoSettings
from tests.flow.kit import Chatty, Line, Numbers, lines
from tests.simulators.kit import DAY, PATIENCE_SECONDS, Partner, simulator

VERB = "erp.accrue"
ENDED = {"applied", "refused", "unresolved"}
STANDS, ASKED = ("applied", 1), ("unresolved", 1)


class Told(Struct, frozen=True, kw_only=True):
    """The asker remembers nothing."""


def ask(state: Told, received: Received[Any], _rules: Rules) -> tuple[Told, tuple[Emission, ...]]:
    """Ask for an accrual."""
    body = received.body
    if not isinstance(body, OrderCancelled):
        return state, ()
    amount = Money(minor=11_700, currency="EUR")
    accrual = AccrueFreight(
        load_id=body.order_id,
        charge="LINEHAUL",
        kind=ChargeKind.LINEHAUL,
        carrier_scac="ROAD",
        amount=amount,
        before=Money(minor=0, currency="EUR"),
        revision=1,
        business_date=date(2026, 3, 28),
        shares=(),
        proofs=(),
        rule="r",
    )
    return state, (accrual,)


def keys(message: Message) -> tuple[Key, ...]:
    """Choose the load."""
    body = message.body
    return (Key("load", body.order_id),) if isinstance(body, OrderCancelled) else ()


ASKER: Subscriber[Told, Rules] = Subscriber(
    name="asker",
    state=Told,
    start=lambda _key: Told(),
    receives=(OrderCancelled, EffectAnswered),
    keys=keys,
    decide=ask,
    stage=lambda _state: "asking",
)


class WallClock:
    """The time of day."""

    def now(self) -> datetime:
        """Tell it."""
        return datetime.now(UTC)


class House:
    """A store, and lives of a house over it."""

    def __init__(self, erp: Partner, effect: EffectClass) -> None:
        """Know the ERP, and what it promises."""
        self.erp = erp
        self.store = MemoryStore()
        self._connector = promising(discover()["reference_erp"], {VERB: effect})

    @asynccontextmanager
    async def life(self) -> AsyncIterator[Shell]:
        """Live until the end, which is a death: what is on its way is not waited for."""
        settings = SystemApiSettings(base_url=self.erp.url, partner="erp")
        told = Chatty()
        endpoint = Endpoint(
            name="erp",
            connector=self._connector,
            settings=settings,
            retry_base_seconds=0.01,
            retry_max_seconds=0.2,
            breaker_failures=10_000,
        )
        write = self._connector.write
        roster = Roster(
            subscribers=(ASKER,),
            projections=(),
            inbound={"tms": Inbound(connector=told, settings=NoSettings())},
            endpoints={"erp": endpoint},
            route=lambda command, _rules: (
                Routed(endpoint="erp", request=write(command, settings)),
            ),
            rulebook=Rulebook(today=Rules()),
            ids=Numbers(),
        )
        machine = Machine(store=self.store, roster=roster)
        async with HttpTransport() as via:
            shell = Shell(machine, clock=WallClock(), transports={"erp": via}, threaded=False)
            await shell.start()
            yield shell
            await shell.stop(grace_seconds=0)

    def effect_of(self, load: str) -> OutboxRow:
        """Tell the effect that was asked for."""
        with self.store.read() as reader:
            (row,) = reader.outbox_of("main", "asker", Key("load", load))
        return row

    def tried(self, load: str) -> bool:
        """Tell whether a call has ended, well or not."""
        with self.store.read() as reader:
            attempts = reader.attempts("main", self.effect_of(load).id)
        return any(row.finished_at is not None for row in attempts)

    def ended(self, load: str) -> bool:
        """Tell whether the effect has come to its end."""
        return self.effect_of(load).status.value in ENDED

    async def booked(self, load: str) -> int:
        """Count how often the ERP booked it."""
        return len(await asyncio.to_thread(self._entries, load))

    def _entries(self, load: str) -> list[dict[str, Any]]:
        return self.erp.entries(f"kind=received&content_key=accrual/{load}/LINEHAUL/1")

    async def trouble(self, faults: str) -> None:
        """Change the ERP's faults."""
        await asyncio.to_thread(self.erp.post, "/faults", {"faults": faults})

    async def outcome(self, load: str) -> tuple[str, int]:
        """Tell how the effect ended, and how often it is booked."""
        return self.effect_of(load).status.value, await self.booked(load)

    def questions(self) -> list[str]:
        """Tell what people are asked."""
        with self.store.read() as reader:
            return [row.code for row in reader.exceptions("main")]


async def until(true: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not true():  # noqa: ASYNC110 - what is waited for is in the store
            await asyncio.sleep(0.01)


def asking(load: str) -> Line:
    return Line(id=load, order=load)


async def struck(house: House, load: str, faults: str) -> tuple[str, int]:
    """Let the first call meet a fault, then heal the ERP."""
    async with house.life() as shell:
        await house.trouble(faults)
        await shell.take(lines(asking(load)))
        await until(lambda: house.tried(load))
        await house.trouble("")
        await until(lambda: house.ended(load))
    return await house.outcome(load)


async def died(house: House, load: str) -> tuple[str, int]:
    """Let the house die while the ERP, which has done it, is slow to say so; then live again."""
    await house.trouble("slow=1")
    async with house.life() as shell:
        await shell.take(lines(asking(load)))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await house.booked(load):  # noqa: ASYNC110 - the ERP is another process
                await asyncio.sleep(0.01)
    await house.trouble("")
    async with house.life():
        await until(lambda: house.ended(load))
    return await house.outcome(load)


@pytest.mark.parametrize("effect", EffectClass)
def test_a_posting_stands_once_or_is_one_question(tmp_path: Path, effect: EffectClass) -> None:
    clock = AcceleratedClock(real_epoch=datetime.now(UTC), simulated_epoch=DAY, factor=1.0)
    arguments = ("--clock", str(clock), "--promises", f"{VERB}={effect.value}")

    async def story(erp: Partner) -> list[tuple[str, int]]:
        house = House(erp, effect)
        lost = await struck(house, "LD-lost", "lost=1")
        busy = await struck(house, "LD-busy", "down=1")
        dead = await died(house, "LD-dead")
        assert house.questions() == [
            "EFFECT_UNRESOLVED" for each in (lost, busy, dead) if each == ASKED
        ]
        return [lost, busy, dead]

    with simulator("erp", tmp_path / "erp", *arguments) as erp:
        found = asyncio.run(story(erp))

    asked = ASKED if effect is EffectClass.NEITHER else STANDS
    assert found == [asked, STANDS, asked]

"""A partner with a ledger of its own, behind a fault proxy, and the real shell in front of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from crossdock.channels.http import HttpTransport
from crossdock.flow.machine import Machine
from crossdock.flow.shell import Shell
from crossdock.messages.envelope import Key
from crossdock.ports import EffectClass
from crossdock.ports.store import OutboxRow, OutboxStatus
from crossdock.store.memory import MemoryStore
from crossdock.testing.fault_proxy import HttpFaultProxy
from tests.flow.kit import Chatty, Ledgered, Line, house, lines

OVER = {
    OutboxStatus.APPLIED,
    OutboxStatus.REFUSED,
    OutboxStatus.UNRESOLVED,
}
PATIENCE_SECONDS = 120.0


class WallClock:
    """The time of day."""

    def now(self) -> datetime:
        """Tell it."""
        return datetime.now(UTC)


class LedgerPartner:
    """Does what it is asked, and writes it down by business content, never by the key.

    `honours` tells whether the same key again is the same request; without it, only the look-up by
    path helps.
    """

    def __init__(self, *, honours: bool) -> None:
        """Begin with an empty ledger."""
        self.ledger: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self._honours = honours
        self._done: dict[str, str] = {}

    async def post(self, request: web.Request) -> web.Response:
        """Do it."""
        content = await request.read()
        msgspec.json.decode(content)
        key = request.headers["key"] if self._honours else str(self.requests.total())
        self.requests[request.path] += 1
        if key not in self._done:
            self.ledger[request.path] += 1
            self._done[key] = f"DOC{request.path.replace('/', '-')}"
        return _json(self._done[key], 201)

    async def get(self, request: web.Request) -> web.Response:
        """Tell whether it was done."""
        if not self.ledger[request.path]:
            return web.Response(status=404)
        return _json(f"DOC{request.path.replace('/', '-')}", 200)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """Serve on a free port."""
        app = web.Application()
        app.add_routes([web.post("/{rest:.*}", self.post), web.get("/{rest:.*}", self.get)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
        await runner.cleanup()


def _json(document: str, status: int) -> web.Response:
    body = msgspec.json.encode(Ledgered(document_id=document))
    return web.Response(body=body, status=status, content_type="application/json")


class Place:
    """A machine whose partner is behind a proxy."""

    def __init__(self, machine: Machine, proxy: HttpFaultProxy, partner: LedgerPartner) -> None:
        """Know all three."""
        self.machine = machine
        self.proxy = proxy
        self.partner = partner

    def effects(self, order: str = "SO-1") -> list[OutboxRow]:
        """Tell the effects an order asked for."""
        with self.machine.store.read() as reader:
            return reader.outbox_of("main", "counter", Key("order", order))

    def outcomes(self) -> list[tuple[str, str]]:
        """Tell the attempts at the first effect that was asked for: why, and their outcomes."""
        with self.machine.store.read() as reader:
            return [
                (row.purpose, row.outcome)
                for effect in self.effects()[:1]
                for row in reader.attempts("main", effect.id)
                if row.finished_at is not None
            ]

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not true():  # noqa: ASYNC110 - what is waited for is in the store
                await asyncio.sleep(0.005)

    def over(self, *orders: str) -> bool:
        """Tell whether these orders have asked for effects, and every one of those has ended."""
        asked = [self.effects(order) for order in orders]
        return all(asked) and all(row.status in OVER for effects in asked for row in effects)


@asynccontextmanager
async def place(
    effect: EffectClass, faults: str, *asked: Line, seed: int = 1, shut: bool = False, **wishes: Any
) -> AsyncIterator[Place]:
    """Ask for effects of this class at a partner behind these faults, and deliver in earnest."""
    partner = LedgerPartner(honours=effect is EffectClass.IDEMPOTENT)
    wanted: dict[str, Any] = {
        "retry_base_seconds": 0.01,
        "retry_max_seconds": 0.5,
        "breaker_failures": 10_000,
    }
    async with (
        partner.serving() as port,
        HttpFaultProxy("127.0.0.1", port, seed=seed, faults=faults) as proxy,
        HttpTransport() as via,
    ):
        if shut:
            await proxy.shut()
        chatty = Chatty(effect, path=proxy.url, busy_means="not_applied")
        machine = house(MemoryStore(), chatty, **wanted, **wishes)
        shell = Shell(machine, clock=WallClock(), transports={"tms": via}, threaded=False)
        await shell.start()
        try:
            await shell.take(lines(*asked))
            yield Place(machine, proxy, partner)
        finally:
            await shell.stop(grace_seconds=2)

"""Restate: a virtual object for each order, its key the order's id.

Deployment   one server with its log and state on disk, handlers served by hypercorn (HTTP/2) in one
             process
Receipt      each call carries its event's id as idempotency key: a repeated call is the same one
Validation   a durable step (`ctx.run_typed`)
TMS, ERP     durable steps, each with the order's key, so that a repeated step is no second effect
Confirmation a call of its own; the object's handlers run one at a time, in order
View         the object's state, which a shared handler reads
Accrual      a durable step of whichever of delivery and charge comes last
Guarantee    exactly once by the journal; steps at least once
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import restate
from hypercorn.asyncio import serve
from hypercorn.config import Config

from benchmarks.peers.work import (
    DELIVERED,
    Ledger,
    Order,
    enriched,
    event_id,
    key_of,
    order,
)
from benchmarks.servers import Missing, answers, free_port, running, wait_for

DEPLOYMENT = "one server, log and state on disk; one process of handlers"
GUARANTEE = "handlers exactly once by the journal, steps at least once"
COHORT, COHORTS = 25, 4
PATIENCE_SECONDS = 60
SERVER = Path(".venv-peers/node/node_modules/.bin/restate-server")
PROGRESS = "progress"

ledger = Ledger()
orders = restate.VirtualObject("Order")


@orders.handler()
async def release(ctx: restate.ObjectContext, released: Order) -> None:
    """Take an order in, and plan it."""
    ready = await ctx.run_typed("validate", lambda: enriched(released))
    await ctx.run_typed("plan", lambda: ledger.apply("plan", ctx.key()))
    ctx.set("order", ready)


@orders.handler()
async def confirm(ctx: restate.ObjectContext) -> None:
    """Take the confirmation in, and write the reference."""
    await ctx.run_typed("reference", lambda: ledger.apply("reference", ctx.key()))


@orders.handler()
async def track(ctx: restate.ObjectContext, code: str) -> None:
    """Take a milestone in, and show it."""
    shown = await ctx.get("view", type_hint=list[str]) or []
    if code in shown:
        return
    shown.append(code)
    ctx.set("view", shown)
    ledger.show(ctx.key(), shown)
    await _accrue_when_due(ctx, shown, charged=bool(await ctx.get("charged", type_hint=bool)))


@orders.handler()
async def charge(ctx: restate.ObjectContext) -> None:
    """Take the charge in."""
    ctx.set("charged", True)  # noqa: FBT003 - the state's own interface
    shown = await ctx.get("view", type_hint=list[str]) or []
    await _accrue_when_due(ctx, shown, charged=True)


@orders.handler(kind="shared")
async def view(ctx: restate.ObjectSharedContext) -> list[str]:
    """Show what the customer may see."""
    return await ctx.get("view", type_hint=list[str]) or []


async def _accrue_when_due(ctx: restate.ObjectContext, shown: list[str], *, charged: bool) -> None:
    if charged and DELIVERED in shown and not await ctx.get("accrued", type_hint=bool):
        await ctx.run_typed("accrue", lambda: ledger.apply("accrue", ctx.key()))
        ctx.set("accrued", True)  # noqa: FBT003 - the state's own interface


class Deployment:
    """The running peer."""

    def __init__(self, session: aiohttp.ClientSession, ingress: str) -> None:
        """Speak to this ingress."""
        self._session = session
        self._ingress = ingress

    async def release(self, numbers: Sequence[int]) -> None:
        """Send the releases."""
        await asyncio.gather(*(self._send(each, "release", order(each)) for each in numbers))

    async def confirm(self, numbers: Sequence[int]) -> None:
        """Send the confirmations."""
        await asyncio.gather(*(self._send(each, "confirm", None) for each in numbers))

    async def track(self, numbers: Sequence[int], code: str) -> None:
        """Send a milestone of each."""
        await asyncio.gather(*(self._send(each, "track", code, code) for each in numbers))

    async def charge(self, numbers: Sequence[int]) -> None:
        """Call with the charge, and hear that it has been handled: nothing comes after it."""
        await asyncio.gather(*(self._send(each, "charge", None, how="") for each in numbers))

    async def ended(self, numbers: Sequence[int]) -> None:
        """Nothing is left to wait for: the charge is the last call, and was answered."""
        del numbers

    async def account(self) -> Ledger:
        """Show the ledger."""
        return ledger

    async def shown_at(self) -> dict[tuple[str, str], float]:
        """Show the ledger's times."""
        return ledger.shown_at

    async def _send(
        self, number: int, handler: str, said: Any, about: str = "", how: str = "/send"
    ) -> None:
        address = f"{self._ingress}/Order/{key_of(number)}/{handler}{how}"
        headers = {"idempotency-key": event_id(number, about or handler)}
        async with self._session.post(
            address, json=said, headers=headers, skip_auto_headers=() if said else ["Content-Type"]
        ) as answer:
            if answer.status >= 400:  # noqa: PLR2004 - HTTP's errors
                raise ConnectionError(await answer.text())


@asynccontextmanager
async def handlers(port: int) -> AsyncIterator[None]:
    """Serve the handlers in this process."""
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.h2_max_concurrent_streams = 2_000
    ended = asyncio.Event()

    async def until_ended() -> None:
        await ended.wait()

    serving = asyncio.create_task(
        serve(restate.app([orders]), config, shutdown_trigger=until_ended)
    )
    try:
        yield
    finally:
        ended.set()
        await serving


def _server() -> Path:
    if not SERVER.exists():
        raise Missing("restate-server is not installed: npm, with @restatedev/restate-server")
    return SERVER.absolute()


@asynccontextmanager
async def deploy(folder: Path) -> AsyncIterator[Deployment]:
    """Start the handlers and the server, and make them known to each other."""
    server = _server()
    ingress, admin, fabric, served = (free_port() for _ in range(4))
    environment = {
        "RESTATE_BASE_DIR": str(folder / "restate"),
        "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
        "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
        "RESTATE_BIND_ADDRESS": f"127.0.0.1:{fabric}",
        "RESTATE_ADVERTISED_ADDRESS": f"http://127.0.0.1:{fabric}",
        "RESTATE_LOG_FILTER": "warn",
        "DO_NOT_TRACK": "1",
    }
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    async with (
        handlers(served),
        aiohttp.ClientSession(
            timeout=timeout, connector=aiohttp.TCPConnector(limit=COHORT * COHORTS)
        ) as session,
    ):
        with running([server], folder / "restate.log", env=environment):
            await asyncio.to_thread(
                wait_for, lambda: answers(ingress) and answers(admin), "Restate"
            )
            known = {"uri": f"http://127.0.0.1:{served}", "force": True}
            async with session.post(f"http://127.0.0.1:{admin}/deployments", json=known) as answer:
                if not answer.ok:
                    raise ConnectionError(await answer.text())
            yield Deployment(session, f"http://127.0.0.1:{ingress}")

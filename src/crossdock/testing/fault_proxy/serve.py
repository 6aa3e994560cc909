"""A fault proxy as a process of its own, changed while it runs through its control port.

GET  /counts     how often each fault struck, and what could have been struck
POST /faults     {"faults": "lost=0.2"}; an empty text heals
POST /cut        resets every connection there is
POST /shut       connections are refused from now on
POST /open       and taken again
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web
from msgspec import Struct

from crossdock.faults import Misconfigured
from crossdock.testing.fault_proxy.http import HttpFaultProxy
from crossdock.testing.fault_proxy.proxy import HOST, FaultProxy
from crossdock.testing.fault_proxy.tcp import TcpFaultProxy

KINDS: dict[str, type[FaultProxy]] = {"http": HttpFaultProxy, "tcp": TcpFaultProxy}
REFUSED = 422
Route = Callable[[web.Request], Awaitable[web.Response]]


class Wanted(Struct, frozen=True, kw_only=True):
    """Which faults a caller of the control port wants."""

    faults: str


def proxy_of(kind: str, behind: str, *, port: int, seed: int, faults: str) -> FaultProxy:
    """Build a proxy. Raises Misconfigured for a kind, an address or a fault that cannot work."""
    host, _, number = behind.rpartition(":")
    if kind not in KINDS:
        raise Misconfigured("A fault proxy is http or tcp", kind=kind)
    if not host or not number.isascii() or not number.isdecimal():
        raise Misconfigured("Write the address behind as HOST:PORT", behind=behind)
    return KINDS[kind](host, int(number), seed=seed, faults=faults, listen_port=port)


def control(proxy: FaultProxy) -> web.Application:
    """Build the control port's application."""

    async def counts(_request: web.Request) -> web.Response:
        return _told(dict(proxy.counts))

    async def faults(request: web.Request) -> web.Response:
        try:
            proxy.trouble(msgspec.json.decode(await request.read(), type=Wanted).faults)
        except (Misconfigured, msgspec.DecodeError, UnicodeDecodeError) as error:
            return _told({"error": str(error)}, REFUSED)
        return _told({})

    async def cut(_request: web.Request) -> web.Response:
        proxy.cut()
        return _told({})

    async def shut(_request: web.Request) -> web.Response:
        await proxy.shut()
        return _told({})

    async def opened(_request: web.Request) -> web.Response:
        await proxy.open()
        return _told({})

    posts: dict[str, Route] = {"/faults": faults, "/cut": cut, "/shut": shut, "/open": opened}
    app = web.Application()
    app.add_routes([web.get("/counts", counts)])
    app.add_routes([web.post(path, route) for path, route in posts.items()])
    return app


def _told(content: object, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(content), status=status, content_type="application/json"
    )


async def serve(proxy: FaultProxy, control_port: int, say: Callable[[str], None]) -> None:
    """Serve a proxy and its control port until SIGINT or SIGTERM."""
    runner = web.AppRunner(control(proxy), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, control_port).start()
    stopped = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    async with proxy:
        say(f"listens on {HOST}:{proxy.port}, control on http://{HOST}:{runner.addresses[0][1]}")
        await stopped.wait()
    await runner.cleanup()

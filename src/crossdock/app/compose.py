"""The house put together: configuration in, one process that serves partners and people out."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from datetime import UTC, datetime
from typing import Protocol

import uvicorn

from crossdock.apis.server import App
from crossdock.app.asgi import assemble
from crossdock.app.clock import SystemClock
from crossdock.app.config import Config
from crossdock.app.folders import watched
from crossdock.app.roster import roster
from crossdock.app.streams import followed
from crossdock.channels.http import HttpTransport
from crossdock.flow.machine import Machine
from crossdock.flow.shell import Shell
from crossdock.governance.load import load_rules
from crossdock.ports import Clock
from crossdock.store.sqlite import Reserve, open_sqlite
from crossdock.telemetry.metrics import Metrics

SHUTDOWN_SECONDS = 5


class RunningClock(Protocol):
    """A business clock that may run faster than the wall, as the demo's does."""

    @property
    def factor(self) -> float:
        """Tell how many seconds pass on it in one of the wall's."""
        ...

    def now(self) -> datetime:
        """Tell the time, in UTC."""
        ...


class House:
    """A store, the machine over it, and everything that serves it."""

    def __init__(self, config: Config, clock: Clock, pace: float) -> None:
        """Open the store. Raises Misconfigured where another process writes it."""
        self.config = config
        self.clock = clock
        rules = load_rules(config.policies)
        reserve = Reserve.of_mib(config.ballast_mib, config.low_water_mib)
        self.store = open_sqlite(config.store, reserve)
        self.machine = Machine(
            store=self.store, roster=roster(config, rules), metrics=Metrics(), pace=pace
        )

    async def serve(self) -> None:
        """Serve until SIGINT or SIGTERM, then finish what is under way and close."""
        async with HttpTransport() as web:
            shell = Shell(
                self.machine,
                clock=self.clock,
                transports=dict.fromkeys(self.machine.roster.endpoints, web),
            )
            await shell.start()
            entrances = [
                *(watched(each, shell, self.config.tenant) for each in self.config.partners),
                *(followed(each, shell, self.config.tenant) for each in self.config.streams),
            ]
            tasks = [asyncio.create_task(each) for each in entrances]
            await self._serve_web(shell)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await shell.stop()
        self.store.close()

    async def _serve_web(self, shell: Shell) -> None:
        settings = uvicorn.Config(
            self.app(shell),
            host=self.config.host,
            port=self.config.port,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        server = uvicorn.Server(settings)
        loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as signals:
            for each in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(each, _end, server)
                signals.callback(loop.remove_signal_handler, each)
            await server._serve()  # noqa: SLF001 - `serve` takes the signals for itself

    def app(self, shell: Shell) -> App:
        """Build the application over a shell."""
        return assemble(
            self.config,
            read=self.store.read,
            intake=shell,
            operator=shell,
            now=self.clock.now,
            wall=wall,
            meters=self.machine.metrics.registry,
            not_ready=shell.not_ready,
            waits=shell.held,
        )


def build(config: Config, clock: RunningClock | None = None) -> House:
    """Put the house together; nothing runs yet. Raises Misconfigured for what cannot work."""
    if clock is None:
        return House(config, SystemClock(), pace=1.0)
    return House(config, clock, pace=clock.factor)


def wall() -> datetime:
    """Tell the wall's time, which signatures and cookies go by."""
    return datetime.now(UTC)


def _end(server: uvicorn.Server) -> None:
    server.should_exit = True

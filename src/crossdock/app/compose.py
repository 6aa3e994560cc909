"""The house put together: configuration in, one process that serves partners and people out."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Protocol

from crossdock.apis.gate import listening
from crossdock.apis.server import App, Front, build_health
from crossdock.app.asgi import assemble, held
from crossdock.app.clock import SystemClock
from crossdock.app.config import Config
from crossdock.app.folders import watched_folders
from crossdock.app.roster import roster
from crossdock.app.shapes import learn_shapes
from crossdock.app.stores import Role, open_store
from crossdock.app.streams import FollowedStream
from crossdock.app.web import Web
from crossdock.channels.http import HttpTransport
from crossdock.faults import Misconfigured
from crossdock.flow.machine import Machine
from crossdock.flow.shell import Shell
from crossdock.governance.load import load_rules
from crossdock.ports import Clock
from crossdock.telemetry.metrics import Metrics


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

    def __init__(self, config: Config, clock: Clock, pace: float, role: Role) -> None:
        """Open the store. Raises Misconfigured where another process writes it."""
        self.role = role
        self.config = config
        self.clock = clock
        rules = load_rules(config.policies)
        self.store = open_store(config, role)
        self.machine = Machine(
            store=self.store, roster=roster(config, rules), metrics=Metrics(), pace=pace
        )

    async def serve(self, health_port: int = 0) -> None:
        """Serve until SIGINT or SIGTERM, then finish what is under way and close.

        Raises Misconfigured where nobody can listen at its address.

        A worker takes steps and delivers, and has no door but one for health checks and figures,
        at `health_port`; 0: none.
        """
        learn_shapes()
        async with HttpTransport() as web:
            shell = Shell(
                self.machine,
                clock=self.clock,
                transports=dict.fromkeys(self.machine.roster.endpoints, web),
                works=self.role is not Role.API,
            )
            await shell.start()
            if self.role is Role.WORKER and health_port:
                await self._serve_web(self._health(shell), health_port)
            elif self.role is Role.WORKER:
                await _told_to_end()
            else:
                await self._serve_doors(shell)
            await shell.stop()
        self.store.close()

    async def _serve_doors(self, shell: Shell) -> None:
        """Serve the web, watched folders and streams until told to end."""
        for folder in watched_folders(self.config.partners, shell, self.config.tenant):
            shell.watch(folder)
        for source in self.config.streams:
            shell.watch(FollowedStream(source, shell, self.config.tenant))
        await self._serve_web(self.app(shell), self.config.port)

    async def _serve_web(self, app: App, port: int) -> None:
        try:
            sockets = listening(self.config.host, port)
        except OSError as error:
            raise Misconfigured(
                f"Nobody can listen at {self.config.host}:{port}; end what does, or set another",
                error=error,
            ) from error
        web = Web(app, sockets)
        with _at_the_end(web.end):
            await web.serve()

    def _health(self, shell: Shell) -> App:
        return build_health(
            not_ready=shell.not_ready,
            held=lambda: {**held(self.store.read), **shell.held()},
            meters=self.machine.metrics.registry,
        )

    def app(self, shell: Shell) -> Front:
        """Build the application over a shell."""
        front = assemble(
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
        self.machine.metrics.turned_away(lambda: front.door.refused)
        return front


def build(config: Config, clock: RunningClock | None = None, role: Role = Role.COMMAND) -> House:
    """Put the house together; nothing runs yet. Raises Misconfigured for what cannot work."""
    if clock is None:
        return House(config, SystemClock(), pace=1.0, role=role)
    return House(config, clock, pace=clock.factor, role=role)


def wall() -> datetime:
    """Tell the wall's time, which signatures and cookies go by."""
    return datetime.now(UTC)


@contextlib.contextmanager
def _at_the_end(call: Callable[[], None]) -> Iterator[None]:
    """Call this at SIGINT or SIGTERM, as long as it is wanted."""
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as signals:
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, call)
            signals.callback(loop.remove_signal_handler, each)
        yield


async def _told_to_end() -> None:
    ended = asyncio.Event()
    with _at_the_end(ended.set):
        await ended.wait()

"""The web server: uvicorn behind a gate."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from crossdock.apis.doorkeeper import Doorkeeper, is_whole, may_stay
from crossdock.apis.gate import Gate
from crossdock.apis.patience import Patience
from crossdock.apis.server import App, Front

SHUTDOWN_SECONDS = 5
PATIENCE = Patience()


class Web:
    """An application at listening sockets, served from `serve` until `end`."""

    def __init__(
        self, app: App, sockets: Sequence[socket.socket], patience: Patience = PATIENCE
    ) -> None:
        """Take over the sockets. Before an application with a door stands a gate."""
        settings = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        self._server = uvicorn.Server(settings)
        self._sockets = sockets
        self._patience = patience
        self._gate: Gate | None = None
        if isinstance(app, Front):
            keeper = Doorkeeper(app.door)
            state = self._server.server_state
            inside = partial(Guest, keeper, config=settings, server_state=state, app_state={})
            self._gate = Gate(sockets, keeper, inside)
            self._sockets = ()

    async def serve(self) -> None:
        """Serve, and finish what is under way at the end."""
        watch: asyncio.Task[None] | None = None
        if self._gate is not None:
            self._gate.open()
            watch = asyncio.create_task(self._watch_time(self._gate))
        try:
            await self._server._serve(list(self._sockets))  # noqa: SLF001 - `serve` takes the signals for itself
        finally:
            self.end()
            if watch is not None:
                watch.cancel()

    async def _watch_time(self, gate: Gate) -> None:
        """Look around now and then, and end those whose requests do not come."""
        while True:
            seconds = self._patience.look_seconds
            await asyncio.sleep(seconds)
            gate.let_pass(seconds, self._patience.head_seconds)
            for each in tuple(self._server.server_state.connections):
                if isinstance(each, Guest):
                    each.let_pass(seconds, self._patience)

    def end(self) -> None:
        """Let `serve` come to its end; nobody comes in any more."""
        if self._gate is not None:
            self._gate.close()
        self._server.should_exit = True


class Guest(HttpToolsProtocol):
    """The server's side of one connection: who stays is looked at anew with each request."""

    def __init__(self, keeper: Doorkeeper, said: bytes, **given: Any) -> None:
        """Begin with what the connection said already, which has been let in."""
        super().__init__(**given)
        self._keeper = keeper
        self._said = said
        self._is_between = True  # two requests
        self._has_head = False  # of the request that is being read
        self._came = 0  # bytes of its body
        self._waited = 0.0  # seconds for what it lacks
        self._was_refused = False  # since the time of its silence began

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Go on where the gate has stopped."""
        super().connection_made(transport)
        super().data_received(self._said)
        self._said = b""

    def data_received(self, data: bytes) -> None:
        """Let the next request in, or turn it away where that can be done at a look."""
        if not self._is_idle:
            super().data_received(data)
        elif self._keeper.lets_in(data):
            super().data_received(data)
            self.loop.call_soon(self._keeper.seated, data)
        elif self.flow.write_paused or not (is_whole(data) and may_stay(data)):
            super().data_received(data)  # to the door, which reads it as what it is
        else:
            self.transport.write(self._keeper.refusal(closes=False))
            self._was_refused = True

    @property
    def _is_idle(self) -> bool:
        """Tell whether all requests before have been read and answered."""
        first = self.cycle is None  # until there is a request, whatever its type says
        return self._is_between and (first or self.cycle.response_complete)

    def let_pass(self, seconds: float, patience: Patience) -> None:
        """Let time pass: where a request takes too long to come, its connection ends."""
        if not self._is_waiting:
            self._waited = 0.0
            return
        self._waited += seconds
        most = patience.head_seconds
        if self._has_head:
            most = patience.body_seconds_for(self._came)
        if self._waited >= most:
            if not (self._has_head and self.cycle.response_started):
                self.transport.write(self._keeper.farewell())
            self.transport.close()

    @property
    def _is_waiting(self) -> bool:
        """Tell whether it is the client's turn, and no other clock runs for it."""
        if self.flow.read_paused or self.timeout_keep_alive_task or self.transport.is_closing():
            return False
        first = self.cycle is None  # until there is a request, whatever its type says
        return self._has_head or first or self.cycle.response_complete

    def timeout_keep_alive_handler(self) -> None:
        """End a connection that was silent; a refusal sets no timer, so it is asked about here."""
        if self._was_refused:
            self._was_refused = False
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        else:
            super().timeout_keep_alive_handler()

    def on_message_begin(self) -> None:
        """Note that a request has begun."""
        self._is_between = False
        self._came, self._waited = 0, 0.0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that what is waited for now is the body."""
        self._has_head, self._waited = True, 0.0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Note how much of it came."""
        self._came += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that a request has been read."""
        self._is_between, self._has_head = True, False
        super().on_message_complete()

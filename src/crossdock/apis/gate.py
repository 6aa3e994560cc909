"""The gate: where connections come in, before anything is made for them.

What a connection says first is read at once. A delivery that finds the door full is answered right
there, without a transport, a parser or a task. The others become the server's.

Refusing takes a tenth of the time at most, and the rest is for those who are inside: whoever cannot
be answered yet waits in the kernel's queue, and where that is full their TCP tries again.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial

from crossdock.apis.doorkeeper import Doorkeeper, is_whole

log = logging.getLogger("crossdock.apis")

QUEUE = 2048  # connections that wait in the kernel; it may keep fewer
FIRST_BYTES = 64 << 10  # a delivery of that size is refused without another look
REFUSING_PART = 0.1
SAVED_SECONDS = 0.25  # of what passes; a transaction, in which nothing is looked at, is shorter
REST_SECONDS = 0.01  # for whoever is inside, once that part is spent
SCARCE_SECONDS = 1.0  # where no more connections can be open
WITH_THE_END = socket.MSG_DONTWAIT | getattr(socket, "MSG_MORE", 0)  # answer and end in one packet
LINGER_SECONDS = 2.0  # for what is still on its way: a socket closed over it takes the answer along
LINGER_BYTES_MAX = 16 << 20


def listening(host: str, port: int) -> list[socket.socket]:
    """Listen at a name's every address. Raises OSError where one of them cannot be had."""
    found: list[socket.socket] = []
    names = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    try:
        for family, _, _, _, address in dict.fromkeys(names):
            found.append(socket.create_server(address, family=family, backlog=QUEUE))
            found[-1].settimeout(0)
    except OSError:
        for each in found:
            each.close()
        raise
    return found


class Share:
    """A part of the time that something may take; what is not taken is saved up, for a moment."""

    def __init__(self, part: float, clock: Callable[[], float] = time.perf_counter) -> None:
        """Begin with all that is saved up; `clock` tells seconds and never goes back."""
        self._part = part
        self.clock = clock
        self._left = self._most = part * SAVED_SECONDS
        self._at = clock()

    @property
    def is_spent(self) -> bool:
        """Tell whether there is nothing left of it."""
        self._save_up()
        return self._left <= 0

    def take(self, seconds: float) -> None:
        """Take so much of it, which may be more than there is."""
        self._save_up()
        self._left -= seconds

    def _save_up(self) -> None:
        now = self.clock()
        self._left = min(self._left + self._part * (now - self._at), self._most)
        self._at = now


class Silent:
    """One that has said nothing yet: what it took of the share, and for how long it is waited."""

    def __init__(self, took: float) -> None:
        """Begin to wait; all in seconds."""
        self.took = took
        self.waited = 0.0


class Gate:
    """Listening sockets with a doorkeeper, open from `open` to `close`.

    `inside` makes the server's side of a connection that said this much already.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        keeper: Doorkeeper,
        inside: Callable[[bytes], asyncio.Protocol],
        share: Share | None = None,
    ) -> None:
        """Take over the sockets; `share` is what refusing may take of the time."""
        self._sockets = sockets
        self._keeper = keeper
        self._inside = inside
        self._share = share or Share(REFUSING_PART)
        self._silent: dict[socket.socket, Silent] = {}
        self._coming: set[asyncio.Task[None]] = set()
        self._rest: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Let connections come."""
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            loop.add_reader(each, self._welcome, each)

    def close(self) -> None:
        """Let nobody come any more; who is in stays, and who has said nothing yet goes."""
        self._pause()
        for each in tuple(self._silent):
            self._listen_no_more(each)
            each.close()
        for each in self._sockets:
            each.close()
        self._sockets = ()

    def let_pass(self, seconds: float, most: float) -> None:
        """Let time pass: whoever has said nothing for `most` seconds goes."""
        for connection, silent in tuple(self._silent.items()):
            silent.waited += seconds
            if silent.waited >= most:
                self._listen_no_more(connection)
                connection.close()

    def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            loop.remove_reader(each)
        if self._rest is not None:
            self._rest.cancel()

    def _pause_for(self, seconds: float) -> None:
        self._pause()
        self._rest = asyncio.get_running_loop().call_later(seconds, self.open)

    def _welcome(self, listener: socket.socket) -> None:
        """Take who waits, as many as there can be at once, until refusing has had its part."""
        for _ in range(QUEUE):
            if self._share.is_spent:
                self._pause_for(REST_SECONDS)
                return
            began = self._share.clock()
            try:
                connection, _ = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as scarce:
                log.error("apis.gate.scarce", extra={"error": repr(scarce)})  # noqa: TRY400 - no bug
                self._pause_for(SCARCE_SECONDS)
                return
            self._look_at(connection, began)

    def _look_at(self, connection: socket.socket, began: float) -> None:
        """Let a connection in, or answer it 429, by what it says, once it says it."""
        try:
            said = connection.recv(FIRST_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            asyncio.get_running_loop().add_reader(connection, self._speaks, connection)
            self._silent[connection] = Silent(self._share.clock() - began)
            return
        except OSError:
            said = b""
        if not said:
            connection.close()
        elif self._keeper.lets_in(said):
            self._connect(connection, said, partial(self._inside, said))
        else:
            self._refuse(connection, said)
            self._share.take(self._share.clock() - began)

    def _speaks(self, connection: socket.socket) -> None:
        began = self._share.clock() - self._listen_no_more(connection)
        self._look_at(connection, began)

    def _listen_no_more(self, connection: socket.socket) -> float:
        asyncio.get_running_loop().remove_reader(connection)
        return self._silent.pop(connection).took

    def _refuse(self, connection: socket.socket, said: bytes) -> None:
        """Answer and end; what comes after that is not looked at."""
        try:
            connection.send(self._keeper.refusal(closes=True), WITH_THE_END)
            if not is_whole(said):
                connection.shutdown(socket.SHUT_WR)
                self._connect(connection, b"", Leaving)
                return
        except OSError:  # it has left already
            log.debug("apis.gate.gone")
        connection.close()

    def _connect(
        self, connection: socket.socket, said: bytes, side: Callable[[], asyncio.Protocol]
    ) -> None:
        task = asyncio.get_running_loop().create_task(self._connected(connection, said, side))
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)

    async def _connected(
        self, connection: socket.socket, said: bytes, side: Callable[[], asyncio.Protocol]
    ) -> None:
        """Give a connection its side here; by the end of that its request has been begun."""
        try:
            await asyncio.get_running_loop().connect_accepted_socket(side, connection)
        except OSError:
            connection.close()
        finally:
            self._keeper.seated(said)


class Leaving(asyncio.Protocol):
    """One that has its answer: what it still sends is dropped, for some time and up to a size."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait until it ends the connection, and not for ever."""
        self._transport = transport
        self._bytes_left = LINGER_BYTES_MAX
        self._end = asyncio.get_running_loop().call_later(LINGER_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        """Drop it."""
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        del exc
        self._end.cancel()

"""Telling other processes that there is work: a bell outside of every transaction.

What was left for others since the last ring is told together. A ring that is lost costs a moment:
everybody looks for work by itself, too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from crossdock.faults import Fault
from crossdock.store.postgres.connections import connect

CHANNEL = "crossdock"
RING = "SELECT pg_notify($1, $2)"
PAUSE_SECONDS = 0.002  # between two rings; what comes meanwhile is told together
LOOK_SECONDS = 1.0  # how often a listener looks whether it shall end
AGAIN_SECONDS = 1.0
BYTES_MAX = 7000  # of a notification; PostgreSQL takes 8000


class News:
    """Where work was left: lanes with new steps, endpoints with new effects."""

    def __init__(self) -> None:
        self.lanes: set[int] = set()
        self.endpoints: set[str] = set()

    def __bool__(self) -> bool:
        """Tell whether there is anything to tell."""
        return bool(self.lanes or self.endpoints)

    def add(self, lanes: Collection[int], endpoints: Collection[str]) -> None:
        """Note work for some of them."""
        self.lanes.update(lanes)
        self.endpoints.update(endpoints)

    def written(self) -> str:
        """Write it as a notification: the lanes as bits in hex, then the endpoints."""
        bits = sum(1 << lane for lane in self.lanes)
        text = " ".join([f"{bits:x}", *sorted(self.endpoints)])
        return text if len(text.encode()) <= BYTES_MAX else f"{bits:x}"


def read(text: str) -> News:
    """Read a notification."""
    bits, *endpoints = text.split(" ")
    news = News()
    news.add([lane for lane in range(64) if int(bits, 16) >> lane & 1], endpoints)
    return news


class Bell:
    """Rings for the others, from a thread and a connection of its own."""

    def __init__(self, address: str) -> None:
        """Take the address; the thread begins with the first ring."""
        self._address = address
        self._news = News()
        self._turn = threading.Condition()
        self._ended = False
        self._thread: threading.Thread | None = None

    def ring(self, lanes: Collection[int], endpoints: Collection[str]) -> None:
        """Tell the others soon that there is work."""
        if not lanes and not endpoints:
            return
        with self._turn:
            self._news.add(lanes, endpoints)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
                self._thread.start()
            self._turn.notify()

    def close(self) -> None:
        """Tell what is left to tell, and end."""
        with self._turn:
            self._ended = True
            self._turn.notify()
        if self._thread is not None:
            self._thread.join(timeout=AGAIN_SECONDS)

    def _run(self) -> None:
        connection: Connection[TupleRow] | None = None
        while (news := self._next()) is not None:
            try:
                if connection is None or connection.closed:
                    connection = connect(self._address, {})
                connection.execute(RING, (CHANNEL, news.written()))
            except (psycopg.Error, Fault):
                time.sleep(AGAIN_SECONDS)
            time.sleep(PAUSE_SECONDS)
        if connection is not None:
            connection.close()

    def _next(self) -> News | None:
        with self._turn:
            self._turn.wait_for(lambda: self._news or self._ended)
            news, self._news = self._news, News()
            return news or None


class Ear:
    """Hears the bell, from a thread and a connection of its own."""

    def __init__(self, address: str, heard: Callable[[News], None]) -> None:
        """Listen; `heard` is called from the thread."""
        self._address = address
        self._heard = heard
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ear", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hear nothing more."""
        self._ended.set()
        self._thread.join(timeout=2 * LOOK_SECONDS)

    def _run(self) -> None:
        while not self._ended.is_set():
            with suppress(psycopg.Error, Fault), connect(self._address, {}) as connection:
                connection.execute(f"LISTEN {CHANNEL}")
                self._hear(connection)
            self._ended.wait(AGAIN_SECONDS)

    def _hear(self, connection: Connection[TupleRow]) -> None:
        while not self._ended.is_set():
            for each in connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
                self._heard(read(each.payload))

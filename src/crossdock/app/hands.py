"""Hands as processes of this machine: each reads the store's file and drafts what it is asked.

They are started anew, not forked. One ends when the pipe to it closes, and, whatever it is doing,
when the house is gone.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from crossdock.app.config import Config, load_config
from crossdock.app.memory import collect_seldom
from crossdock.app.roster import roster
from crossdock.connectors import discover
from crossdock.flow import draft as drafts
from crossdock.flow.crew import Lost
from crossdock.flow.draft import Draft, Order, Readable
from crossdock.flow.roster import Directory, Roster
from crossdock.governance.load import load_rules
from crossdock.policies.rules import Rules
from crossdock.store.sqlite import open_reader

T = TypeVar("T")

START_SECONDS = 60.0
ANSWER_SECONDS = 30.0  # a draft that takes longer will not end
END_SECONDS = 5.0
LOOK_SECONDS = 1.0


class Desk(Struct, frozen=True, kw_only=True):
    """What a hand works with. `sign` names the configuration: by another it decides otherwise."""

    store: Readable
    roster: Roster
    sign: str


class HandProcess:
    """One hand; `furnish` is called in its process, so it must be something to be pickled."""

    def __init__(
        self, furnish: Callable[[], Desk], sign: str, patience_seconds: float = ANSWER_SECONDS
    ) -> None:
        """Prepare a hand that decides by the configuration of this sign.

        One that has not drafted within the patience is ended.
        """
        self._furnish = furnish
        self._sign = sign
        self._patience_seconds = patience_seconds
        self._process: BaseProcess | None = None
        self._ours: Connection | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="crossdock-hand")

    @property
    def pid(self) -> int | None:
        """Tell the process's number; None before it is started."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start the process, unless it runs.

        Raises Lost where it does not start or would decide otherwise.
        """
        if self._process is not None and self._process.is_alive():
            return
        found = await self._in_time(START_SECONDS, self._begin)
        if found != self._sign:
            self.close()
            raise Lost("the configuration has changed since the start; start again to have hands")

    def _begin(self) -> str:
        self.close()
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(
            target=lend_a_hand, args=(theirs, self._furnish, os.getpid()), daemon=True
        )
        self._process.start()
        theirs.close()
        return self._ours.recv_bytes().decode()

    async def draft(self, order: Order) -> Draft:
        """Draft. Raises Lost, and Failed where the hand could not."""
        return await self._in_time(self._patience_seconds, partial(self._ask, order))

    def _ask(self, order: Order) -> Draft:
        if self._ours is None:
            raise EOFError
        self._ours.send_bytes(drafts.encode(order))
        return drafts.heard(self._ours.recv_bytes())

    async def _in_time(self, seconds: float, call: Callable[[], T]) -> T:
        """Make a call that waits for the process, in the thread it has; end one that hangs."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                return await loop.run_in_executor(self._pool, call)
        except (EOFError, OSError) as error:  # a time-out is an OSError, too
            self._kill()
            raise Lost(f"a hand has ended or does not answer: {error!r}") from error

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def close(self) -> None:
        """End the process: it is idle, and notices that its pipe closes."""
        if self._ours is not None:
            self._ours.close()
        if self._process is not None:
            self._process.join(END_SECONDS)
            self._process.kill()
            self._process.join()


def lend_a_hand(connection: Connection, furnish: Callable[[], Desk], house: int) -> None:
    """Be a hand of the process `house`: draft what comes over the pipe until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the house's to heed
    threading.Thread(target=_end_with, args=(house,), daemon=True).start()
    desk = furnish()
    with desk.store.read() as reader:
        kept = reader.rules(desk.roster.tenant)
    directory = Directory(replace(desk.roster, rulebook=desk.roster.rulebook.remembering(kept)))
    collect_seldom()
    try:
        connection.send_bytes(desk.sign.encode())
        while True:
            connection.send_bytes(drafts.reply(directory, desk.store, connection.recv_bytes()))
    except (EOFError, OSError):
        return


def _end_with(house: int) -> None:
    """End this process when the other is gone, even where it does not come to read its pipe."""
    while os.getppid() == house:
        time.sleep(LOOK_SECONDS)
    os._exit(1)


def sign_of(config: Config, rules: Rules) -> str:
    """Name what is decided by: the configuration as it is written, and the rule book."""
    return sha256(config.file.read_bytes() + rules.digest.encode()).hexdigest()


def furnish(file: Path) -> Desk:
    """Put together what a hand of a house works with. Raises Misconfigured."""
    config = load_config(file, discover())
    rules = load_rules(config.policies)
    return Desk(
        store=open_reader(config.store), roster=roster(config, rules), sign=sign_of(config, rules)
    )


def hands_of(config: Config, rules: Rules, cores: int) -> list[HandProcess]:
    """Prepare the hands of a house whose store is a file, one for each other core at most."""
    return [
        HandProcess(partial(furnish, config.file), sign_of(config, rules))
        for _ in range(min(config.hands, cores - 1))
    ]


def cores() -> int:
    """Count the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not every system tells
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

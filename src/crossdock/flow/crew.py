"""Hands: processes beside the shell's own that decide, so that every core has something to do.

A hand reads the store and writes nothing: it hands back a draft, and this process writes it. One
that dies has done nothing, and what it was asked for is done here as if nobody had been asked.
Hands are asked only where there is much to do: for little, asking takes longer than doing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from crossdock.flow.dispatcher import Dispatched
from crossdock.flow.draft import Draft, Order
from crossdock.flow.machine import Machine
from crossdock.flow.receiver import Receipt
from crossdock.flow.writer import Writer
from crossdock.telemetry.events import LogEvent, tell

CROWD_BYTES = 32 * 1024  # of documents at the door: from here on hands are asked
ORDERS_MAX = 2  # for each hand: it goes on while this process is busy
REST_SECONDS = 1.0  # before a hand that has ended is started again


class Lost(Exception):
    """A hand has ended, or does not answer; nothing of what it was asked for was done."""


class Hand(Protocol):
    """A process that drafts, one order at a time."""

    async def start(self) -> None:
        """Start the process, and wait until it can draft. Raises Lost where it cannot."""
        ...

    async def draft(self, order: Order) -> Draft:
        """Draft. Raises Lost, and whatever drafting raises."""
        ...

    def close(self) -> None:
        """End the process."""
        ...


class Crew:
    """The hands of a shell, and how many orders each has.

    They are started when there is much to do for the first time.
    """

    def __init__(self, machine: Machine, writer: Writer, hands: Sequence[Hand]) -> None:
        """Begin with none of them started."""
        self._machine = machine
        self._writer = writer
        self._hands = tuple(hands)
        self._orders: Counter[Hand] = Counter()
        self._ready: set[Hand] = set()
        self._starting: list[asyncio.Task[None]] = []

    @property
    def ready(self) -> int:
        """Tell how many can be asked."""
        return len(self._ready)

    def free(self, waiting_bytes: int) -> Hand | None:
        """Choose the hand for the next order.

        None where so many bytes of documents are too few to ask for help, or nobody has time; then
        whoever asks does the work.
        """
        if waiting_bytes < CROWD_BYTES or not self._hands or self._machine.careful:
            return None
        if not self._starting:
            self._starting = [asyncio.create_task(self._start(each)) for each in self._hands]
        found = min(self._ready, key=lambda each: self._orders[each], default=None)
        if found is None or self._orders[found] == ORDERS_MAX:
            return None
        self._orders[found] += 1
        return found

    async def _start(self, hand: Hand, rest_seconds: float = 0.0) -> None:
        await asyncio.sleep(rest_seconds)
        try:
            await hand.start()
        except Lost as lost:
            tell(LogEvent.HAND_LOST, level=logging.ERROR, error=str(lost))
        else:
            self._ready.add(hand)

    async def carry_out(self, hand: Hand, order: Order) -> tuple[tuple[Receipt, ...], Dispatched]:
        """Let a hand draft, and write it.

        Raises Lost, Stale where somebody else was faster, and whatever drafting or writing raises;
        then nothing was done.
        """
        try:
            draft = await hand.draft(order)
        except Lost:
            self._lose(hand)
            raise
        finally:
            self._orders[hand] -= 1
        return await self._writer.run(partial(self._machine.write, draft))

    def _lose(self, hand: Hand) -> None:
        if hand in self._ready:  # else another order has told already
            self._ready.discard(hand)
            self._machine.beware()
            self._starting.append(asyncio.create_task(self._start(hand, REST_SECONDS)))

    async def close(self) -> None:
        """End them all."""
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        for each in self._hands:
            each.close()

"""A partner is back after ten minutes to 10,000 effects: the real deliverer, in simulated time.

    make recovery-herd MESSAGES=10000

The partner takes 50 requests a second and answers 429 with Retry-After beyond. Counted are attempts
after its recovery for each message, and the time to drain against messages / 50, in the worst of
several moments of recovery: the breaker's probes are rare, and it must not matter when one falls.
"""

from __future__ import annotations

import argparse
import heapq
import logging
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import msgspec
from msgspec import Struct

from crossdock.flow.bucket import Bucket, available, full, taken
from crossdock.flow.deliverer import Result
from crossdock.flow.machine import Machine
from crossdock.ports import Exchange
from crossdock.store.sqlite import open_sqlite
from tests.flow.kit import NOON, THROTTLE, UNREACHED, Chatty, Line, answered, house, lines
from tools.figures import record

RATE = 50
LATENCY = timedelta(milliseconds=80)
OUTAGE = timedelta(minutes=10)
MOMENTS = (0, 11, 23)  # seconds after the outage at which the partner is back
BATCH = 500
ATTEMPTS_MOST, DRAIN_MOST = 1.3, 1.2  # what is promised, of messages and of the ideal


class Recovery(Struct, frozen=True, kw_only=True):
    """How a recovery went; `attempts` and `throttled` count from the moment the partner is back."""

    messages: int
    attempts_before: int
    attempts: int
    throttled: int
    seconds: float
    applied: int

    @property
    def attempts_ratio(self) -> float:
        """Attempts after recovery for each message."""
        return self.attempts / self.messages

    @property
    def drain_ratio(self) -> float:
        """The time it took against what the partner's pace allows."""
        return self.seconds / (self.messages / RATE)


class Partner:
    """Away until it is back, then at its pace."""

    def __init__(self, back_at: datetime) -> None:
        """Know when it is back."""
        self.back_at = back_at
        self.before = self.attempts = self.throttled = self.applied = 0
        self._bucket: Bucket = full(RATE, back_at)

    def answer(self, now: datetime) -> Exchange:
        """Answer a call that arrives now."""
        if now < self.back_at:
            self.before += 1
            return UNREACHED
        self.attempts += 1
        if available(self._bucket, now) < 1:
            self.throttled += 1
            return msgspec.structs.replace(THROTTLE, retry_after=1)
        self._bucket = taken(self._bucket, now, 1)
        self.applied += 1
        return answered()


def recover(messages: int, later: timedelta = timedelta()) -> Recovery:
    """Park messages at a partner that is away, and deliver until nothing is left."""
    partner = Partner(NOON + OUTAGE + later)
    with tempfile.TemporaryDirectory() as folder:
        store = open_sqlite(Path(folder) / "crossdock.db")
        machine = house(store, Chatty(), rate_per_second=float(RATE), attempts_max=1000)
        park(machine, messages)
        last = drain(machine, partner, messages)
        store.close()
    return Recovery(
        messages=messages,
        attempts_before=partner.before,
        attempts=partner.attempts,
        throttled=partner.throttled,
        seconds=(last - partner.back_at).total_seconds(),
        applied=partner.applied,
    )


def park(machine: Machine, messages: int) -> None:
    """Let as many orders ask for an effect each."""
    names = [f"SO-{number:05}" for number in range(messages)]
    for chunk in chunks(names):
        machine.receive([lines(*(Line(id=name, order=name, reason="ask") for name in chunk))], NOON)
        machine.run_to_quiescence(NOON)


def chunks(names: list[str]) -> Iterator[list[str]]:
    """Take so many at a time."""
    yield from (names[at : at + BATCH] for at in range(0, len(names), BATCH))


def drain(machine: Machine, partner: Partner, messages: int) -> datetime:
    """Lease, call and record in simulated time until all is applied; answer when that was."""
    now = NOON
    numbers = count()
    under_way: list[tuple[datetime, int, Result]] = []
    while partner.applied < messages or under_way:
        for work in machine.lease("tms", now).works:
            back = now + LATENCY
            exchange = partner.answer(now + LATENCY / 2)
            result = Result(work=work, exchange=exchange, ended_at=back)
            heapq.heappush(under_way, (back, next(numbers), result))
        next_at = machine.next_lease("tms", now)
        dues = [each for each in (next_at, under_way[0][0] if under_way else None) if each]
        now = max(now + timedelta(milliseconds=1), min(dues))
        came = []
        while under_way and under_way[0][0] <= now:
            came.append(heapq.heappop(under_way)[2])
        if came:
            machine.record("tms", came, now)
    return now


def main() -> int:
    """Recover at every moment, print the worst, and record it."""
    words = argparse.ArgumentParser(prog="make recovery-herd")
    words.add_argument("--messages", type=int, default=10_000)
    messages = words.parse_args().messages
    logging.disable(logging.WARNING)
    recoveries = [recover(messages, timedelta(seconds=each)) for each in MOMENTS]
    attempts = max(each.attempts_ratio for each in recoveries)
    drained = max(each.drain_ratio for each in recoveries)
    figures = {
        "messages": messages,
        "moments_of_recovery": len(recoveries),
        "attempts_while_away": max(each.attempts_before for each in recoveries),
        "attempts_for_each_message": f"{attempts:.3f}",
        "throttled": max(each.throttled for each in recoveries),
        "drain_against_ideal": f"{drained:.3f}",
        "not_applied": sum(each.messages - each.applied for each in recoveries),
    }
    title = "A partner is back after ten minutes, in simulated time"
    record("recovery_herd", title, f"make recovery-herd MESSAGES={messages}", figures)
    print(msgspec.json.encode(figures).decode())
    return 0 if attempts <= ATTEMPTS_MOST and drained <= DRAIN_MOST else 1


if __name__ == "__main__":
    raise SystemExit(main())

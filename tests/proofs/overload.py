"""Five times as much as it can take: an open loop of documents against a real `crossdock up`.

    make overload SECONDS=20

First the peak is found by senders that wait for each answer. Then documents come at five times that
rate whether or not the earlier ones are answered, as the world does it; a first such flood, that
fills whatever fills, is not measured. Told are the accepted against the peak, a second and a CPU
second of the house, the refusals (429, each with Retry-After) and the memory of the process.
What was acknowledged must be stored.

Sender and house share a machine: where it has two cores each gets its own, at the peak and in the
flood alike, or the flood would be measured on a house that has lost half of its core to the sender.
What else runs on the machine takes from both; a CPU second of the house is one all the same.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import cast

import msgspec
from msgspec import Struct

from crossdock.store.sqlite import open_reader
from tests.histories.words import cancelled
from tests.proofs.poison import CONFIG, POLICY, until_answers
from tests.simulators.kit import free_port
from tools.figures import Figure, record

TIMES = 5
SENDERS = 64  # enough to find the peak
OPEN_MOST = 9000  # connections at once: more than the door takes, fewer than a process may open
ACCEPTED, TOO_MANY, NO_ANSWER = 202, 429, 0
DEADLINE_SECONDS = 60.0
SAMPLE_SECONDS = 0.25


class Load(Struct, frozen=True, kw_only=True):
    """What came of a load: answers by status, what was acknowledged, and how long it took.

    `cpu_seconds` are those that the house spent on it.
    """

    statuses: dict[int, int]
    acknowledged: list[str]
    retry_after: int
    seconds: float
    cpu_seconds: float
    memory_kib: list[int]

    @property
    def rate(self) -> float:
        """Documents accepted a second."""
        return len(self.acknowledged) / self.seconds

    @property
    def thrift(self) -> float:
        """Documents accepted in a CPU second of the house."""
        return len(self.acknowledged) / self.cpu_seconds


class Call(asyncio.Protocol):
    """One delivery over a connection of its own, as cheap as can be: the sender shares the machine.

    `done` becomes the head of the answer; empty where the connection ended before.
    """

    def __init__(self, request: bytes) -> None:
        """Send this as soon as there is a connection."""
        self._request = request
        self._heard = b""
        self.done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send."""
        self._transport = transport
        cast("asyncio.Transport", transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        """Read on, until the head of the answer is whole."""
        self._heard += data
        head, found, _ = self._heard.partition(b"\r\n\r\n")
        if found and not self.done.done():
            self.done.set_result(head)
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that no answer comes any more."""
        del exc
        if not self.done.done():
            self.done.set_result(b"")


class Sender:
    """Sends documents with numbers of their own, and writes down what is answered."""

    def __init__(self, port: int, pid: int) -> None:
        """Know the door, and the process behind it."""
        self.pid = pid
        self._port = port
        self._numbers = count(1)
        self._clear()

    def _clear(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.acknowledged: list[str] = []
        self.retry_after = 0
        self.memory_kib: list[int] = []
        self._cpu_before = cpu_of(self.pid)

    async def send(self) -> None:
        """Send one document."""
        name = f"SO-{next(self._numbers)}"
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                call = partial(Call, request_for(name))
                _, sent = await loop.create_connection(call, "127.0.0.1", self._port)
                head = await sent.done
        except (OSError, TimeoutError):
            head = b""
        status = int(head.split(b" ", 2)[1]) if head else NO_ANSWER
        self.statuses[status] += 1
        self.retry_after += status == TOO_MANY and b"retry-after:" in head.lower()
        if status == ACCEPTED:
            self.acknowledged.append(name)

    async def peak(self, seconds: float) -> Load:
        """Send from many senders that wait for their answers."""
        self._clear()
        begun = time.monotonic()

        async def sending() -> None:
            while time.monotonic() - begun < seconds:
                await self.send()

        await asyncio.gather(*(sending() for _ in range(SENDERS)))
        return self._load(time.monotonic() - begun)

    async def flood(self, rate: float, seconds: float) -> Load:
        """Send at a rate, whatever is answered; the time ends with the last answer."""
        self._clear()
        begun = time.monotonic()
        under_way: set[asyncio.Task[None]] = set()
        sent = 0
        while (passed := time.monotonic() - begun) < seconds:
            for _ in range(int(passed * rate) - sent):
                sent += 1
                if len(under_way) < OPEN_MOST:
                    task = asyncio.create_task(self.send())
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
            if passed > SAMPLE_SECONDS * len(self.memory_kib):
                self.memory_kib.append(memory_of(self.pid))
            await asyncio.sleep(0.005)
        while under_way:
            await asyncio.wait(under_way)
        return self._load(time.monotonic() - begun)

    def _load(self, seconds: float) -> Load:
        return Load(
            statuses=dict(self.statuses),
            acknowledged=self.acknowledged,
            retry_after=self.retry_after,
            seconds=seconds,
            cpu_seconds=cpu_of(self.pid) - self._cpu_before,
            memory_kib=self.memory_kib,
        )


EVENT = msgspec.json.decode(msgspec.json.encode(cancelled().content))


def request_for(name: str) -> bytes:
    """Write the delivery of one document."""
    event = EVENT | {"event_id": name, "order": EVENT["order"] | {"order_id": name}}
    body = msgspec.json.encode(event)
    head = (
        "POST /system/v1/partners/erp/orders HTTP/1.1\r\nHost: crossdock\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def memory_of(pid: int) -> int:
    """Tell how much memory a process holds, in KiB."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.split("VmRSS:")[1].split()[0])


def cpu_of(pid: int) -> float:
    """Tell how many CPU seconds a process has spent."""
    spent = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[11:13]
    return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def on_a_core_of_their_own() -> Iterator[None]:
    """Let what is started here have the first core, and then this process the others."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, cores[:1])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores[1:] or cores)


@contextmanager
def serving(folder: Path) -> Iterator[Sender]:
    """Start `crossdock up`, and give somebody who sends to it."""
    port = free_port()
    cores = os.sched_getaffinity(0)
    (folder / "policies").mkdir()
    (folder / "policies" / "completeness.toml").write_text(POLICY, "utf-8")
    config = folder / "crossdock.toml"
    config.write_text(CONFIG.format(port=port), "utf-8")
    command = [sys.executable, "-m", "crossdock.cli", "up", "--config", str(config)]
    with (folder / "up.log").open("wb") as log, on_a_core_of_their_own():
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until_answers(f"http://127.0.0.1:{port}/readyz")
        yield Sender(port, process.pid)
    finally:
        process.terminate()
        process.wait(60)
        os.sched_setaffinity(0, cores)


def stored(folder: Path) -> set[str]:
    """Tell which documents are in the store."""
    store = open_reader(folder / "crossdock.db")
    found: set[str] = set()
    after = ""
    with store.read() as reader:
        while page := reader.list_processes("main", "order_release", None, after, 1000):
            found |= {row.key.id for row in page}
            after = page[-1].key.id
    store.close()
    return found


def main() -> int:
    """Find the peak, flood, and record both."""
    words = argparse.ArgumentParser(prog="make overload")
    words.add_argument("--seconds", type=float, default=20.0)
    seconds = words.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder) as sender:
            peak = asyncio.run(sender.peak(seconds / 2))
            first = asyncio.run(sender.flood(TIMES * peak.rate, seconds / 4))
            flood = asyncio.run(sender.flood(TIMES * peak.rate, seconds))
        acknowledged = {*peak.acknowledged, *first.acknowledged, *flood.acknowledged}
        lost = acknowledged - stored(folder)
    figures: dict[str, Figure] = {
        "peak_a_second": round(peak.rate),
        "offered_a_second": round(TIMES * peak.rate),
        "accepted_a_second": round(flood.rate),
        "accepted_against_peak": f"{flood.rate / peak.rate:.2f}",
        "accepted_a_cpu_second_against_peak": f"{flood.thrift / peak.thrift:.2f}",
        "refused_429": flood.statuses.get(TOO_MANY, 0),
        "refused_without_retry_after": flood.statuses.get(TOO_MANY, 0) - flood.retry_after,
        "no_answer": flood.statuses.get(NO_ANSWER, 0),
        "memory_most_against_least": f"{max(flood.memory_kib) / min(flood.memory_kib):.2f}",
        "acknowledged": len(acknowledged),
        "acknowledged_and_lost": len(lost),
    }
    title = "Five times as much as it can take, sender and house on one machine"
    record("overload", title, f"make overload SECONDS={seconds:g}", figures)
    print(msgspec.json.encode(figures).decode())
    return 1 if lost else 0


if __name__ == "__main__":
    raise SystemExit(main())

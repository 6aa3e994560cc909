"""A sender of documents that takes little of the machine it shares with the house.

Plain sockets and one `epoll`: a delivery is prepared bytes, and of an answer the head is read. It
sends over a connection for each delivery, or keeps connections open and sends over one that is
free, as both is the custom.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.histories.words import cancelled

SENDERS = 64  # that wait for their answers: enough to find the peak
OPEN_MOST = 9000  # connections at once: more than the door takes, fewer than a process may open
ACCEPTED, TOO_MANY, NO_ANSWER = 202, 429, 0
DEADLINE_SECONDS = 60.0
SAMPLE_SECONDS = 0.25
TURN_SECONDS = 0.002


class Load(Struct, frozen=True, kw_only=True):
    """What came of a load.

    Answers by status; the names acknowledged, and how many of them while there was something to
    send; how long that was, and how long it took to the last answer; the CPU seconds
    that the house and the sender spent on it; how long those waited who were refused, in seconds;
    what the house held in memory meanwhile. `unsent` are those no connection was left for.
    """

    statuses: dict[int, int]
    acknowledged: list[str]
    acknowledged_meanwhile: int
    retry_after: int
    seconds: float
    cpu_seconds: float
    sender_cpu_seconds: float
    refused_after: list[float]
    memory_kib: list[int]
    sent: int
    sending_seconds: float
    unsent: int

    @property
    def rate(self) -> float:
        """Documents accepted a second, as long as the load was there."""
        return self.acknowledged_meanwhile / self.sending_seconds

    @property
    def thrift(self) -> float:
        """Documents accepted in a CPU second of the house."""
        return len(self.acknowledged) / self.cpu_seconds

    @property
    def refused(self) -> int:
        """Documents refused with 429."""
        return self.statuses.get(TOO_MANY, 0)


class Call:
    """One delivery under way over a connection."""

    def __init__(self, link: socket.socket, name: str) -> None:
        """Begin now."""
        self.link = link
        self.name = name
        self.request = request_for(name)
        self.heard = b""
        self.begun = time.monotonic()


class Sender:
    """Sends documents with numbers of their own, and writes down what is answered."""

    def __init__(self, port: int, pid: int, *, keeps: bool = False) -> None:
        """Know the door, and the process behind it; `keeps` keeps connections open."""
        self.pid = pid
        self._port = port
        self._keeps = keeps
        self._numbers = count(1)
        self._poll = select.epoll()
        self._calls: dict[int, Call] = {}
        self._free: dict[int, socket.socket] = {}
        self._clear()

    def _clear(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.acknowledged: list[str] = []
        self.acknowledged_meanwhile = 0
        self.retry_after = 0
        self.refused_after: list[float] = []
        self.memory_kib: list[int] = []
        self.sent = self.unsent = 0
        self._begun = time.monotonic()
        self._cpu_before, self._own_before = cpu_of(self.pid), cpu_of(os.getpid())

    def peak(self, seconds: float) -> Load:
        """Send from many that wait for their answers."""
        self._clear()
        return self._load(self._send_for(seconds, lambda _: SENDERS - len(self._calls)))

    def flood(self, rate: float, seconds: float) -> Load:
        """Send at a rate, whatever is answered, and wait for the last answer."""
        self._clear()
        return self._load(
            self._send_for(seconds, lambda passed: int(passed * rate) - self.sent - self.unsent)
        )

    def _send_for(self, seconds: float, due: Callable[[float], int]) -> float:
        """Send what is due, and hear the answers; give how long was sent."""
        while (passed := time.monotonic() - self._begun) < seconds:
            for _ in range(due(passed)):
                if self._free or len(self._calls) < OPEN_MOST:
                    self._send()
                else:
                    self.unsent += 1
            if passed > SAMPLE_SECONDS * len(self.memory_kib):
                self.memory_kib.append(memory_of(self.pid))
            self._hear()
        self.acknowledged_meanwhile = len(self.acknowledged)
        while self._calls:
            self._hear()
            self._give_up()
        for link in self._free.values():
            link.close()
        self._free.clear()
        return passed

    def _send(self) -> None:
        """Send one document, or as much of it as goes."""
        self.sent += 1
        name = f"SO-{next(self._numbers)}"
        if self._free:
            number, link = self._free.popitem()
            self._calls[number] = Call(link, name)
            self._write(number)
            return
        link = socket.socket()
        link.settimeout(0)
        self._calls[link.fileno()] = Call(link, name)
        link.connect_ex(("127.0.0.1", self._port))
        self._poll.register(link, select.EPOLLOUT)
        self._write(link.fileno())

    def _write(self, number: int) -> None:
        call = self._calls[number]
        try:
            call.request = call.request[call.link.send(call.request) :]
        except BlockingIOError:
            return
        except OSError:
            self._end(number, call)
            return
        if not call.request:
            self._poll.modify(number, select.EPOLLIN)

    def _hear(self) -> None:
        """Go on with every connection that can."""
        for number, event in self._poll.poll(TURN_SECONDS):
            if number in self._free:  # the house has ended it
                self._free.pop(number).close()
            elif event & select.EPOLLOUT:
                self._write(number)
            else:
                self._read(number)

    def _read(self, number: int) -> None:
        call = self._calls[number]
        try:
            heard = call.link.recv(1 << 16)
        except OSError:
            heard = b""
        call.heard += heard
        if not heard or b"\r\n\r\n" in call.heard:
            self._end(number, call)

    def _end(self, number: int, call: Call) -> None:
        """Write down what was answered."""
        del self._calls[number]
        head = call.heard.partition(b"\r\n\r\n")[0].lower()
        status = int(head.split(b" ", 2)[1]) if head else NO_ANSWER
        self.statuses[status] += 1
        if status == TOO_MANY:
            self.retry_after += b"\r\nretry-after:" in head
            self.refused_after.append(time.monotonic() - call.begun)
        elif status == ACCEPTED:
            self.acknowledged.append(call.name)
        if self._keeps and head and b"\r\nconnection: close" not in head:
            self._free[number] = call.link
        else:
            call.link.close()

    def _give_up(self) -> None:
        """Wait for none for ever."""
        late = time.monotonic() - DEADLINE_SECONDS
        for number, call in list(self._calls.items()):
            if call.begun < late:
                self._end(number, call)

    def _load(self, sending_seconds: float) -> Load:
        return Load(
            statuses=dict(self.statuses),
            acknowledged=self.acknowledged,
            acknowledged_meanwhile=self.acknowledged_meanwhile,
            retry_after=self.retry_after,
            seconds=time.monotonic() - self._begun,
            cpu_seconds=cpu_of(self.pid) - self._cpu_before,
            sender_cpu_seconds=cpu_of(os.getpid()) - self._own_before,
            refused_after=self.refused_after,
            memory_kib=self.memory_kib,
            sent=self.sent,
            sending_seconds=sending_seconds,
            unsent=self.unsent,
        )


NAME = "SO-OF-THE-FLOOD"
EVENT = msgspec.json.decode(msgspec.json.encode(cancelled().content))
BODY = msgspec.json.encode(
    EVENT | {"event_id": NAME, "order": EVENT["order"] | {"order_id": NAME}}
).split(NAME.encode())
HEAD = (
    "POST /system/v1/partners/erp/orders HTTP/1.1\r\nHost: crossdock\r\n"
    "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)


def request_for(name: str) -> bytes:
    """Write the delivery of one document."""
    body = name.encode().join(BODY)
    return (HEAD % len(body)).encode() + body


def memory_of(pid: int) -> int:
    """Tell how much memory a process holds, in KiB."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.split("VmRSS:")[1].split()[0])


def cpu_of(pid: int) -> float:
    """Tell how many CPU seconds a process has spent."""
    spent = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[11:13]
    return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")

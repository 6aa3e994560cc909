"""The whole machine in one thread, with partners that answer at once and a clock told by hand.

For tests, benchmarks and replays of history: nothing waits for a socket, and the same messages at
the same times give the same ends.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from datetime import datetime
from typing import Any, TypeVar

from crossdock.flow.deliverer import Result
from crossdock.flow.machine import Machine
from crossdock.flow.reading import Arrival
from crossdock.flow.receiver import Receipt
from crossdock.flow.settling import SEND, Work
from crossdock.ports import Transport

T = TypeVar("T")

ROUNDS_MAX = 1_000_000  # more than any day has


class NoEnd(Exception):
    """The machine goes on talking to itself; the last endpoint and time are in the text."""


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits to its end, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        answer: T = end.value
        return answer
    coroutine.close()
    raise NoEnd("a partner in this process must answer at once")


class InProcess:
    """A started machine, its partners behind transports, and the time of day.

    `at` moves only forward: by `receive`, `settle` and `wait_until`. `taken` counts steps.
    """

    def __init__(self, machine: Machine, partners: Mapping[str, Transport], at: datetime) -> None:
        """Start the machine at a time; `partners` are transports by endpoint."""
        self.machine = machine
        self.partners = partners
        self.at = at
        self.taken = 0
        machine.start()

    def receive(self, *arrivals: Arrival) -> list[Receipt]:
        """Receive documents now, in one transaction, and take the first steps."""
        receipts, dispatched = self.machine.receive_and_turn(arrivals, self.at)
        self.taken += dispatched.taken
        return receipts

    def settle(self) -> None:
        """Take steps, ring what is due and deliver, until nothing is left to do now."""
        for _ in range(ROUNDS_MAX):
            taken = self.machine.run_to_quiescence(self.at)
            self.taken += taken
            if not self._deliver() and not taken:
                return
        raise NoEnd(f"still busy at {self.at}")

    def wait_until(self, at: datetime) -> None:
        """Let time pass to `at`, stopping whenever a timer or an effect is due."""
        self.settle()
        while (due := self._next()) is not None and due <= at:
            self.at = max(self.at, due)
            self.settle()
        self.at = max(self.at, at)

    def jump_to(self, at: datetime) -> None:
        """Let time pass to `at` at once: what was due on the way rings late, in order of due time.

        Decisions go by due times, so they are the same; far fewer transactions are needed.
        """
        self.at = max(self.at, at)
        self.settle()

    def close(self) -> None:
        """Stop cleanly."""
        self.machine.stop()

    def _next(self) -> datetime | None:
        """Tell when something is due next; what is due and could not be done waits for another."""
        machine = self.machine
        # A partner left alone by its breaker is due when that ends, whatever waits for it.
        dues = [
            machine.next_timer(),
            *(machine.next_lease(name, self.at) for name in self.partners),
        ]
        return min((due for due in dues if due is not None and due > self.at), default=None)

    def _deliver(self) -> int:
        """Make every call that may be made now; answer how many."""
        made = 0
        for endpoint in self.partners:
            works = self.machine.lease(endpoint, self.at).works
            if works:
                results = [self._call(endpoint, work) for work in works]
                recorded = self.machine.record(endpoint, results, self.at)
                self.taken += recorded.dispatched.taken
                made += len(works)
        return made

    def _call(self, endpoint: str, work: Work) -> Result:
        wanted = self.machine.roster.endpoints[endpoint]
        connector = wanted.connector
        make = connector.send if work.purpose == SEND else connector.look_up
        key = work.row.idempotency_key
        exchange = finish(make(work.request, key, wanted.settings, self.partners[endpoint]))
        return Result(work=work, exchange=exchange, ended_at=self.at)


def arrival(partner: str, document: str, content: bytes, tenant: str = "main") -> Arrival:
    """Write a document as it arrives."""
    return Arrival(
        tenant=tenant,
        partner=partner,
        document=document,
        content=content,
        content_type="application/octet-stream",
    )

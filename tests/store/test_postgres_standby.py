"""A standby that is told of each commit has all that was acknowledged; one that lags has not."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from msgspec.structs import replace

from crossdock.faults import NotNow
from crossdock.flow.machine import Machine
from crossdock.flow.receiver import Receipt
from crossdock.ports.store import Store
from crossdock.store.postgres import open_postgres
from crossdock.testing.postgres import NotInstalled, PostgresServer
from tests.flow.kit import NOON, Line, house, lines

PATIENCE_SECONDS = 60.0
DOCUMENTS = 20
REPLICATED = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
WAITS = """
SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'crossdock %'
    AND wait_event = 'SyncRep'
"""
IN_RECOVERY = "SELECT pg_is_in_recovery()::int"


class Pair:
    """A server that works, and one that follows it."""

    def __init__(self, folder: Path) -> None:
        """Start both; the first waits for nobody yet."""
        self.first = PostgresServer(folder / "first")
        self.first.run()
        self.address = self.first.database()
        self.second = self.first.standby(folder / "second")

    def acknowledge_on_both(self) -> None:
        """Let the first answer a commit when the second has it."""
        ask(self.first, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        ask(self.first, "SELECT pg_reload_conf()")
        until(self.first, REPLICATED, 1)

    def freeze_the_second(self) -> None:
        """Stop every process of it: it hears nothing any more."""
        self._signal(signal.SIGSTOP)

    def _signal(self, number: signal.Signals) -> None:
        assert self.second.process is not None
        pid = self.second.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        for each in (pid, *map(int, children)):
            os.kill(each, number)

    def fail_over(self) -> str:
        """Make the second the one that works, now that the first is gone; answer its address."""
        self._signal(signal.SIGCONT)
        ask(self.second, "SELECT pg_promote()")
        until(self.second, IN_RECOVERY, 0)
        return self.address.replace(str(self.first.port), str(self.second.port))

    def end(self) -> None:
        """End both."""
        with suppress(ProcessLookupError):
            self._signal(signal.SIGCONT)
        self.second.stop()
        self.first.stop()


def ask(server: PostgresServer, statement: str) -> int:
    with psycopg.connect(server.address("postgres"), autocommit=True) as connection:
        found = connection.execute(statement.encode())
        row = found.fetchone() if found.description else None
        return int(row[0]) if row else 0


def until(server: PostgresServer, question: str, answer: int) -> None:
    """Wait until a server answers so."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while ask(server, question) != answer:
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two servers, in a folder that the server's own user may enter."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        try:
            both = Pair(Path(folder))
        except NotInstalled as missing:
            pytest.skip(str(missing))
        yield both
        both.end()


class Delivery(threading.Thread):
    """A document that is delivered; `heard` tells what its sender hears in the end."""

    def __init__(self, machine: Machine) -> None:
        """Begin with nothing heard."""
        super().__init__(daemon=True)
        self.heard: list[str] = []
        self._machine = machine

    def run(self) -> None:
        """Deliver it."""
        try:
            self._machine.receive([lines(Line(id="e0"))], NOON)
        except NotNow:
            self.heard.append("NotNow")
        else:
            self.heard.append("acknowledged")


class Names:
    """Ids that no other machine gives."""

    def new(self) -> str:
        """Give the next one."""
        return uuid.uuid4().hex


def machine_over(store: Store) -> Machine:
    machine = Machine(store=store, roster=replace(house(store).roster, ids=Names()))
    machine.start()
    return machine


def delivered(address: str, numbers: range) -> list[Receipt]:
    """Deliver a document for each number, and take the steps of all of them."""
    with closing(open_postgres(address)) as store:
        machine = machine_over(store)
        receipts = [
            receipt
            for number in numbers
            for receipt in machine.receive([lines(Line(id=f"e{number}"))], NOON)
        ]
        machine.run_to_quiescence(NOON)
        return receipts


def test_what_was_acknowledged_is_on_the_standby_that_took_over(pair: Pair) -> None:
    pair.acknowledge_on_both()
    acknowledged = delivered(pair.address, range(DOCUMENTS))
    pair.first.kill()

    after = delivered(pair.fail_over(), range(DOCUMENTS + 1))

    assert [each.accepted for each in acknowledged] == DOCUMENTS * [1]
    assert [each.duplicates for each in after] == DOCUMENTS * [1] + [0]


def test_nothing_is_acknowledged_that_the_standby_does_not_have(pair: Pair) -> None:
    pair.acknowledge_on_both()
    with closing(open_postgres(pair.address)) as store:
        machine = machine_over(store)
        pair.freeze_the_second()
        waiting = Delivery(machine)
        waiting.start()
        until(pair.first, WAITS, 1)
        still_waits = waiting.is_alive()
        pair.first.kill()
        address = pair.fail_over()
        waiting.join(PATIENCE_SECONDS)

    assert (still_waits, waiting.heard) == (True, ["NotNow"])
    assert [each.accepted + each.duplicates for each in delivered(address, range(1))] == [1]


def test_a_standby_that_lags_has_lost_what_was_acknowledged_meanwhile(pair: Pair) -> None:
    pair.second.kill()  # what lies in its socket is no part of it
    acknowledged = delivered(pair.address, range(DOCUMENTS))
    pair.first.kill()
    pair.second.run()

    after = delivered(pair.fail_over(), range(DOCUMENTS))

    assert [each.accepted for each in acknowledged] == DOCUMENTS * [1]
    assert [each.accepted for each in after] == DOCUMENTS * [1]

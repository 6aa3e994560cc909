"""Workers share a database: a lane and an endpoint are one worker's, and move on when they must."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from queue import Queue

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from crossdock.faults import Misconfigured, NotNow
from crossdock.messages.envelope import Key
from crossdock.ports.shared import Part
from crossdock.ports.store import Handled
from crossdock.store.postgres import (
    Door,
    WorkingStore,
    locks,
    open_door,
    open_postgres,
    open_worker,
)
from crossdock.store.postgres.bell import News, read
from crossdock.store.postgres.connections import WORKING
from crossdock.store.postgres.session import open_session
from crossdock.testing.postgres import PostgresServer
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN, MINUTE, NOON

ENDPOINTS = ("erp", "road", "tms")
TERMINATE = b"X\x00\x00\x00\x04"
LOCKED = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
Open = Callable[[], WorkingStore]


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    return postgres.database()


@pytest.fixture
def worker(address: str) -> Iterator[Open]:
    """Opens a worker's store; all are closed at the end."""
    with ExitStack() as opened:

        def open_another() -> WorkingStore:
            store = open_worker(address, MAIN)
            opened.callback(store.close)
            return store

        yield open_another


def parts(*stores: WorkingStore, turns: int = 3) -> list[Part]:
    """Let workers balance a few times, each in its turn; answer what is whose in the end."""
    for _ in range(turns):
        found = [store.balance(ENDPOINTS, ()) for store in stores]
    return found


def sizes(found: list[Part]) -> list[tuple[int, int]]:
    return [(len(each.lanes), len(each.endpoints)) for each in found]


def union(found: list[Part]) -> list[str]:
    return sorted(str(each) for part in found for each in (*part.lanes, *part.endpoints))


WHOLE = sorted(map(str, (*range(64), *ENDPOINTS)))


def test_a_worker_alone_has_everything(worker: Open) -> None:
    (part,) = parts(worker())

    assert part == Part(lanes=frozenset(range(64)), endpoints=frozenset(ENDPOINTS), unclean=False)


def test_who_joins_gets_a_fair_part(worker: Open) -> None:
    first, second, third = worker(), worker(), worker()
    parts(first)

    found = parts(first, second, third)

    assert (sizes(found), union(found)) == ([(22, 1), (21, 1), (21, 1)], WHOLE)


def test_who_leaves_leaves_it_to_the_others_in_order(worker: Open) -> None:
    first, second = worker(), worker()
    parts(first, second)

    second.leave()
    (part,) = parts(first, turns=1)

    assert (sizes([part]), part.unclean) == ([(64, 3)], False)


def cut_off(address: str, store: WorkingStore) -> None:
    """End a worker's session, as the server does when its process is gone."""
    with psycopg.connect(address, autocommit=True) as other:
        pid = store._writer.connection.info.backend_pid  # noqa: SLF001 - which of all sessions it is
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


def test_what_a_lost_worker_had_moves_on_and_is_looked_at_with_care(
    worker: Open, address: str
) -> None:
    first, second = worker(), worker()
    parts(first, second)

    cut_off(address, second)
    (part,) = parts(first, turns=1)
    (again,) = parts(first, turns=1)

    assert (sizes([part]), part.unclean, again.unclean) == ([(64, 3)], True, False)


def queue(store: Door, *lanes: int) -> None:
    with store.write() as unit:
        for lane in lanes:
            unit.append([rows.message(f"m{lane}")])
            unit.enqueue([rows.step(f"m{lane}", key=Key("order", f"SO-{lane}"), lane=lane)])


def claimed(store: WorkingStore) -> set[int]:
    with store.write() as unit:
        return {step.row.lane for step in unit.claim(99)}


def test_each_step_is_claimed_by_the_worker_of_its_lane(worker: Open) -> None:
    first, second = worker(), worker()
    queue(first, *range(64))
    mine, yours = parts(first, second)

    assert [claimed(first), claimed(second)] == [set(mine.lanes), set(yours.lanes)]


def test_a_worker_that_has_lost_its_lanes_cannot_finish_what_it_began(
    worker: Open, address: str
) -> None:
    first, second = worker(), worker()
    parts(first, second)
    queue(first, *range(64))

    def take_up() -> None:
        with second.write() as unit:
            steps = unit.claim(99)
            cut_off(address, second)
            parts(first, turns=1)
            unit.finish([Handled(seq=each.row.seq, revision=1, at=NOON) for each in steps])

    with pytest.raises(NotNow):
        take_up()

    assert (claimed(first), claimed(second)) == (set(range(64)), set())


def lease(store: WorkingStore, endpoint: str) -> list[str]:
    with store.write() as unit:
        return [row.id for row in unit.lease(MAIN, endpoint, NOON, NOON + MINUTE, 9)]


def test_one_worker_at_a_time_delivers_to_an_endpoint(worker: Open) -> None:
    first, second = worker(), worker()
    with first.write() as unit:
        unit.ask([rows.effect(each, endpoint=each) for each in ENDPOINTS])
    mine, yours = parts(first, second)

    leased = [
        {name for name in ENDPOINTS if lease(store, name)} for store in (second, first, second)
    ]

    assert leased == [set(yours.endpoints), set(mine.endpoints), set()]


def test_an_endpoint_with_calls_on_their_way_waits_before_it_moves(worker: Open) -> None:
    first = worker()
    parts(first)
    second = worker()

    while_busy = [first.balance(ENDPOINTS, ENDPOINTS), *parts(second)]
    at_rest = parts(first, second)

    assert sizes(while_busy) == [(32, 1), (32, 0)]
    assert (sizes(at_rest), union(at_rest)) == ([(32, 1), (32, 2)], WHOLE)


def test_a_door_takes_in_and_wakes_whoever_has_the_lane(worker: Open, address: str) -> None:
    working, heard = worker(), Queue[frozenset[str]]()
    parts(working)
    working.listen(heard.put)
    with closing(open_door(address)) as door:
        assert door.balance(ENDPOINTS, ()) == Part()
        while heard.empty():  # the ear may have begun a moment ago
            queue(door, 7)
            with suppress(Exception):
                heard.put(heard.get(timeout=0.2))

    assert (heard.get(), claimed(working)) == (frozenset(), {7})


def gone(address: str, pid: int) -> bool:
    """Wait until the server has ended a session; answer whether it has."""
    ends = time.monotonic() + 30
    with psycopg.connect(address, autocommit=True) as other:
        while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchall():
            if time.monotonic() > ends:
                return False
            time.sleep(0.05)
    return True


def hastened(store: WorkingStore, setting: str) -> int:
    """Let the server wait for less time; answer the session's number."""
    session = store._writer  # noqa: SLF001 - the very session that works
    session.tell("SELECT set_config($1, '300ms', false)", (setting,))
    return session.connection.info.backend_pid


def test_a_worker_that_freezes_between_transactions_is_ended(worker: Open, address: str) -> None:
    store = worker()
    parts(store)
    pid = hastened(store, "idle_session_timeout")
    with store.write() as unit:
        unit.set_mark("busy", "yes")

    assert gone(address, pid)


def test_a_worker_that_freezes_in_a_transaction_is_ended(worker: Open, address: str) -> None:
    store = worker()
    pid = hastened(store, "idle_in_transaction_session_timeout")

    def freeze() -> None:
        with store.write() as unit:
            unit.pending()
            assert gone(address, pid)
            unit.pending()

    with pytest.raises(NotNow):
        freeze()


def test_a_worker_that_freezes_while_it_sends_is_ended_by_another(
    worker: Open, address: str
) -> None:
    frozen, other = (worker()._writer for _ in range(2))  # noqa: SLF001 - their very sessions
    frozen.send("BEGIN")
    frozen.send("SELECT 1")
    time.sleep(1.5)

    other.tell(locks.END_FROZEN, (locks.WRITER, 1))

    assert gone(address, frozen.connection.info.backend_pid)


def test_news_is_written_and_read(worker: Open) -> None:
    del worker
    news = News()
    news.add([0, 63, 17], ["tms", "erp"])

    told = read(news.written())

    assert (told.lanes, told.endpoints) == ({0, 63, 17}, {"erp", "tms"})


def test_what_is_closed_holds_no_lock_however_late_the_server_hears_of_the_end(
    address: str,
) -> None:
    heard = threading.Event()

    def late(said: bytes) -> bytes:
        if said.startswith(TERMINATE):
            heard.wait(10)
        return said

    with relay(address, bytes, late) as far, psycopg.connect(address, autocommit=True) as watcher:
        session = open_session(far, WORKING)
        session.ask("SELECT pg_advisory_lock(7)::text")
        session.close()
        left = watcher.execute(LOCKED).fetchone()
        heard.set()

    assert left == (0,)


@contextmanager
def relay(
    address: str, change: Callable[[bytes], bytes], upward: Callable[[bytes], bytes] = bytes
) -> Iterator[str]:
    """Stand before the server as a pooler does; what it says, and is told, can be changed."""
    parts_of = conninfo_to_dict(address)
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(5)

        def serve() -> None:
            with suppress(OSError):
                client, _ = door.accept()
                place = (str(parts_of["host"]), int(str(parts_of["port"])))
                with client, socket.create_connection(place) as server:
                    pump = threading.Thread(target=_pump, args=(client, server, upward))
                    pump.start()
                    _pump(server, client, change)
                    pump.join()

        thread = threading.Thread(target=serve)
        thread.start()
        yield make_conninfo(address, port=door.getsockname()[1], sslmode="disable")
        thread.join()


def _pump(source: socket.socket, target: socket.socket, change: Callable[[bytes], bytes]) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(change(data))
        target.shutdown(socket.SHUT_RDWR)


def another_session(data: bytes) -> bytes:
    """Give the client another session's number, as a pooler does that keeps its own."""
    place = data.find(b"K\x00\x00\x00\x0c")
    if place < 0:
        return data
    return data[: place + 5] + b"\x00\x00\x00\x07" + data[place + 9 :]


def an_older_server(data: bytes) -> bytes:
    return data.replace(b"server_version\x001", b"server_version\x000")


def test_a_pooler_before_the_database_is_refused(address: str) -> None:
    with relay(address, another_session) as pooled, pytest.raises(Misconfigured) as refusal:
        open_postgres(pooled)

    assert "pooler" in refusal.value.said


def test_a_server_that_is_too_old_is_refused(address: str) -> None:
    with relay(address, an_older_server) as old, pytest.raises(Misconfigured) as refusal:
        open_postgres(old)

    assert "15 or newer" in refusal.value.said


def test_a_database_without_tables_is_refused(postgres: PostgresServer) -> None:
    with pytest.raises(Misconfigured) as refusal:
        open_postgres(postgres.empty_database())

    assert "crossdock migrate" in refusal.value.said

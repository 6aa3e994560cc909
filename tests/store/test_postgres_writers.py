"""Several processes write one database at once; nothing they do together goes wrong."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeVar

import psycopg
import pytest
from msgspec.structs import replace

from crossdock.faults import NotNow
from crossdock.messages.envelope import Key
from crossdock.ports.store import Handled, Seen, Stale, Store, Unit
from crossdock.store.postgres import PostgresStore, open_postgres
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN, MINUTE, NOON, ORDER, OTHER

T = TypeVar("T")

UNTIL = NOON + MINUTE
MANY = 4


@pytest.fixture
def stores(database: str) -> Iterator[list[PostgresStore]]:
    """Stores over one database, as four processes would open them."""
    with ExitStack() as opened:
        yield [_closing(opened, open_postgres(database)) for _ in range(MANY)]


def _closing(opened: ExitStack, store: PostgresStore) -> PostgresStore:
    opened.callback(store.close)
    return store


def at_once(stores: Sequence[Store], work: Callable[[Store, int], T]) -> list[T]:
    """Let every store work in a thread of its own, all begun together."""
    begin = threading.Barrier(len(stores))
    answers: dict[int, T] = {}

    def one(number: int) -> None:
        begin.wait()
        answers[number] = work(stores[number], number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[number] for number in range(len(stores))]


def again(store: Store, work: Callable[[Unit], T]) -> T:
    """Work in a transaction, from the start where another was in the way."""
    while True:
        try:
            with store.write() as unit:
                return work(unit)
        except Stale:
            continue


def test_an_identity_said_to_all_at_once_is_new_to_one(stores: list[PostgresStore]) -> None:
    said = [rows.seen(f"e{number}") for number in range(50)]

    answers = at_once(stores, lambda store, _: again(store, lambda unit: unit.remember(said)))

    verdicts = [Counter(each) for each in zip(*answers, strict=True)]
    assert verdicts == [Counter({Seen.DUPLICATE: MANY - 1, Seen.NEW: 1})] * 50


def test_counting_waits_for_nobody_and_loses_nothing(stores: list[PostgresStore]) -> None:
    first, second = stores[:2]
    with first.write() as unit:
        unit.bump(MAIN, {"received": 1})
        unit.append([rows.message("m1")])
        with second.write() as other:
            other.bump(MAIN, {"received": 2})
            other.append([rows.message("m2")])

    with first.read() as reader:
        counted = (reader.counters(MAIN), reader.count_messages(MAIN))
    assert counted == ({"received": 3}, {"OrderReleased": 2})


def test_the_same_trouble_noticed_by_all_is_one_row(stores: list[PostgresStore]) -> None:
    def opened(about: tuple[str, ...], unit: Unit) -> None:
        unit.open_exceptions([rows.trouble(about=about)])

    def notice(store: Store, number: int) -> None:
        for turn in range(10):
            again(store, partial(opened, (f"SO-{number}", f"turn-{turn}")))

    at_once(stores, notice)

    with stores[0].read() as reader:
        (row,) = reader.exceptions(MAIN)
        numbers = [*(f"SO-{each}" for each in range(MANY)), *(f"turn-{each}" for each in range(10))]
        found = {each for each in numbers if reader.exceptions(MAIN, about=each)}
    assert (row.count, found) == (10 * MANY, set(row.about))


def test_rows_written_in_any_order_do_not_lock_each_other_out(stores: list[PostgresStore]) -> None:
    keys = [f"k{number}" for number in range(40)]

    def write(store: Store, number: int) -> None:
        mine = keys[::-1] if number % 2 else keys
        for _ in range(5):
            with store.write() as unit:  # no second try: a deadlock would fail the story
                unit.put_references([rows.number(rows.pro(each)) for each in mine])
                unit.set_timers([rows.timer(each) for each in mine])
                unit.open_exceptions([rows.trouble(each) for each in mine])

    at_once(stores, write)

    with stores[0].read() as reader:
        assert {row.count for row in reader.exceptions(MAIN)} == {5 * MANY}


def test_a_read_model_row_written_by_two_is_told_to_the_slower(stores: list[PostgresStore]) -> None:
    slower, faster = stores[:2]

    def overtaken() -> None:
        with slower.write() as unit:
            unit.put_projections([rows.view("S-1", ("status", "EARLY"), body=b"1")])

    with faster.write() as unit:
        unit.put_projections([rows.view("S-1", ("status", "LATE"), body=b"2")])
        unit.pending()  # with the question, what was written before it goes to the server
        waiting = threading.Thread(target=lambda: outcome.append(is_stale(overtaken)))
        outcome: list[bool] = []
        waiting.start()
        waiting.join(0.3)  # it has asked, and waits for this transaction's row
    waiting.join()

    with slower.read() as reader:
        found = [reader.find(MAIN, "shipment_view", {"status": each}) for each in ("EARLY", "LATE")]
    assert (outcome, [len(each) for each in found]) == ([True], [0, 1])


def is_stale(work: Callable[[], object]) -> bool:
    """Tell whether the work was told that another was faster."""
    try:
        work()
    except Stale:
        return True
    return False


def test_a_state_saved_by_two_is_told_to_the_slower(stores: list[PostgresStore]) -> None:
    def save(store: Store, _: int) -> bool:
        def work() -> None:
            with store.write() as unit:
                unit.save([rows.state(1), rows.state(1, key=OTHER)])

        return is_stale(work)

    assert sorted(at_once(stores, save)) == [False, *[True] * (MANY - 1)]


def test_an_effect_is_leased_to_one_of_many(stores: list[PostgresStore]) -> None:
    with stores[0].write() as unit:
        unit.ask([rows.effect(f"x{number:02}") for number in range(40)])

    def lease(store: Store, _: int) -> list[str]:
        with store.write() as unit:
            return [row.id for row in unit.lease(MAIN, "tms", NOON, UNTIL, 15)]

    leased = [id_ for each in at_once(stores, lease) for id_ in each]
    assert (len(leased), len(set(leased))) == (40, 40)


def test_an_effect_being_leased_keeps_its_line_waiting(stores: list[PostgresStore]) -> None:
    with stores[0].write() as unit:
        unit.ask([rows.effect(each, sequence_key="L-1") for each in ("x1", "x2")])

    with stores[0].write() as first, stores[1].write() as second:
        leases = [unit.lease(MAIN, "tms", NOON, UNTIL, 9) for unit in (first, second)]

    assert [[row.id for row in each] for each in leases] == [["x1"], []]


def test_a_timer_rings_for_one_of_many(stores: list[PostgresStore]) -> None:
    names = [f"t{number:02}" for number in range(40)]
    with stores[0].write() as unit:
        unit.set_timers([rows.timer(each) for each in names])

    def ring(store: Store, _: int) -> list[str]:
        with store.write() as unit:
            return [row.name for row in unit.due_timers(NOON, 15)]

    assert sorted(name for each in at_once(stores, ring) for name in each) == names


def queue(unit: Unit, *message_ids: str) -> None:
    unit.append([rows.message(each) for each in message_ids])
    unit.enqueue([rows.step(each) for each in message_ids])


def claimed(store: Store) -> list[str]:
    with store.write() as unit:
        return [step.row.message_id for step in unit.claim(9)]


def test_a_step_added_while_its_key_is_parked_waits_with_it(stores: list[PostgresStore]) -> None:
    with stores[0].write() as adding:
        queue(adding, "m1")
        with stores[1].write() as parking:
            parking.park(MAIN, "order_release", ORDER, "it broke", NOON)

    parked = claimed(stores[2])
    with stores[1].write() as unit:
        unit.release(MAIN, "order_release", ORDER)
    assert (parked, claimed(stores[2])) == ([], ["m1"])


def test_a_step_added_while_its_key_is_released_goes_with_it(stores: list[PostgresStore]) -> None:
    with stores[0].write() as unit:
        unit.park(MAIN, "order_release", ORDER, "it broke", NOON)

    def release() -> None:
        with stores[1].write() as unit:
            unit.release(MAIN, "order_release", ORDER)

    releasing = threading.Thread(target=release)
    with stores[0].write() as adding:
        queue(adding, "m1")
        adding.pending()
        releasing.start()
        releasing.join(0.3)  # it waits for the steps on their way
    releasing.join()

    assert claimed(stores[2]) == ["m1"]


def test_a_claim_looks_only_at_what_waits(stores: list[PostgresStore], database: str) -> None:
    with stores[0].write() as unit:
        queue(unit, *(f"m{number}" for number in range(2_000)))
        taken = [step.row.seq for step in unit.claim(2_000)]
        unit.finish([Handled(seq=seq, revision=1, at=NOON) for seq in taken[:-1]])

    with psycopg.connect(database) as connection:
        left = connection.execute("SELECT seq FROM pending").fetchall()
    assert (left, claimed(stores[1])) == ([(taken[-1],)], ["m1999"])


def test_a_lost_connection_is_for_later_and_takes_nothing_with_it(
    stores: list[PostgresStore], database: str
) -> None:
    store = stores[0]

    def cut_off() -> None:
        with store.write() as unit:
            queue(unit, "lost")
            unit.pending()
            with psycopg.connect(database, autocommit=True) as other:
                other.execute(CUT_OFF, (database.rpartition("/")[2],))

    with pytest.raises(NotNow) as later:
        cut_off()
    with store.write() as unit:
        queue(unit, "kept")

    assert (later.value.seen["store"], claimed(store)) == (shown_as(database), ["kept"])


CUT_OFF = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = %s AND state LIKE 'idle in transaction%%'
"""


def shown_as(address: str) -> str:
    return address.removeprefix("postgresql://")


def test_a_server_that_is_away_is_for_later(postgres: Any, database: str) -> None:
    del postgres
    nobody = psycopg.conninfo.make_conninfo(database, port=1)

    with pytest.raises(NotNow):
        open_postgres(nobody)


def test_a_text_with_a_nul_is_kept_with_its_picture(stores: list[PostgresStore]) -> None:
    with stores[0].write() as unit:
        unit.open_exceptions([rows.trouble(cause="said \0 and no more")])

    with stores[0].read() as reader:
        (row,) = reader.exceptions(MAIN)
    assert row == replace(rows.trouble(), cause="said \u2400 and no more")


def test_a_key_of_every_kind_of_letter_comes_back(stores: list[PostgresStore]) -> None:
    keys = [Key("order", each) for each in ("a", "B", "ä", "Ω", "日本", "a b", "'", '"', "\\")]
    with stores[0].write() as unit:
        unit.save([rows.state(1, key=key) for key in keys])

    with stores[0].read() as reader:
        listed = reader.list_processes(MAIN, "order_release", None, "", 99)
    assert [row.key for row in listed] == sorted(keys)

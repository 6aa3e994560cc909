"""The same work on two stores gives the same answers, whatever the work is."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from crossdock.messages.envelope import Key
from crossdock.ports.store import (
    AuditRow,
    BreakerRow,
    ExceptionStatus,
    Handled,
    HandledStep,
    InboxRow,
    OutboxRow,
    OutboxStatus,
    Reader,
    Repeated,
    Stale,
    Step,
    Store,
    Unit,
)
from crossdock.store.memory import MemoryStore
from crossdock.store.postgres import open_postgres
from crossdock.store.sqlite import open_sqlite
from crossdock.testing.postgres import PostgresServer
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN, MINUTE, NOON

Call = tuple[str, tuple[Any, ...]]
Work = tuple[list[Call], bool]

TENANTS = (MAIN, "acme")
IDS = ("a", "b", "ab")
KEYS = tuple(Key("order", each) for each in IDS)
SUBSCRIBER = "order_release"
TERMS = (("status", "LATE"), ("status", "DONE"), ("order", "a"))

tenants = st.sampled_from(TENANTS)
ids = st.sampled_from(IDS)
keys = st.sampled_from(KEYS)
small = st.integers(1, 4)
fences = st.integers(0, 3)
times = st.builds(lambda shift: NOON + shift * MINUTE, st.integers(0, 5))
words = st.sampled_from(("a", "b"))
bodies = st.sampled_from((b"1", b"2"))
effects = st.builds(
    rows.effect,
    ids,
    tenant=tenants,
    idempotency_key=words,
    business_key=words,
    sequence_key=st.sampled_from(("", "a", "b")),
    status=st.sampled_from(OutboxStatus),
    due_at=times,
    created_at=times,
    lease_until=times,
    attempts=st.integers(0, 1),
    fence=fences,
    key=keys,
)


def several(row: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(row, max_size=3)


def call(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Call]:
    return st.tuples(st.just(name), st.tuples(*arguments))


CALLS: st.SearchStrategy[Call] = st.one_of(
    call("remember", several(st.builds(rows.seen, ids, tenant=tenants, hash=bodies))),
    call(
        "append",
        several(st.builds(rows.message, ids, tenant=tenants, causation_id=ids, received_at=times)),
        st.sampled_from((0, 0, 1, 3)),
    ),
    call("enqueue", several(st.builds(rows.step, st.just("m0"), key=keys, lane=small))),
    call("enqueue", several(st.builds(rows.step, st.just("m1"), key=keys, lane=small))),
    call("claim", small, st.none() | st.lists(small, max_size=2)),
    call("finish", several(st.builds(Handled, seq=small, revision=small, at=times))),
    call("try_alone", small),
    call("forgive", small),
    call("park", st.just(MAIN), st.just(SUBSCRIBER), keys, words, times),
    call("release", st.just(MAIN), st.just(SUBSCRIBER), keys),
    call("save", several(st.builds(rows.state, small, key=keys, stage=words, updated_at=times))),
    call("ask", several(effects)),
    call("drop_effects", tenants, st.just("tms.plan"), words, st.just("1"), words, times),
    call("lease", tenants, st.just("tms"), times, times, small),
    call("settle", st.lists(effects, max_size=3, unique_by=lambda row: (row.tenant, row.id))),
    call("rewrite_effect", effects),
    call("doubt_effects", words, times),
    call("note_attempts", several(st.builds(rows.attempt, small, fence=fences, said=words))),
    call("set_timers", several(st.builds(rows.timer, words, key=keys, due_at=times))),
    call("cancel_timers", several(st.tuples(tenants, st.just(SUBSCRIBER), keys, words))),
    call("due_timers", times, small),
    call(
        "put_references",
        several(
            st.builds(rows.number, st.builds(rows.pro, words), key=keys, routable=st.booleans())
        ),
    ),
    call(
        "open_exceptions",
        several(st.builds(rows.trouble, ids, opened_at=times, team=words, about=st.tuples(words))),
    ),
    call(
        "close_exceptions",
        tenants,
        st.lists(ids, max_size=2),
        st.sampled_from((ExceptionStatus.RESOLVED, ExceptionStatus.WAIVED)),
        words,
        words,
        times,
    ),
    call("assign_exception", tenants, ids, words),
    call("keep_documents", several(st.builds(rows.document, ids, bodies))),
    call(
        "put_projections",
        several(
            st.builds(
                lambda key, index, body: rows.view(key, *index, body=body),
                ids,
                st.lists(st.sampled_from(TERMS), max_size=3),
                bodies,
            )
        ),
    ),
    call("drop_projections", tenants, st.just("shipment_view"), st.lists(ids, max_size=2)),
    call(
        "save_breaker",
        st.builds(BreakerRow, tenant=tenants, endpoint=st.just("tms"), generation=fences),
        fences,
    ),
    call("log", several(st.builds(rows.line, words, tenant=tenants))),
    call("bump", tenants, st.dictionaries(words, small)),
    call("keep_rules", tenants, words, bodies),
    call("set_mark", words, words),
    call("next_control_number", tenants, words, words),
    call("raise_control_floor", small),
)


def answers(reader: Reader, tenant: str) -> Iterator[object]:
    """Ask everything there is to ask in this small world."""
    yield [reader.messages(tenant, IDS), reader.messages_caused_by(tenant, IDS)]
    yield [reader.count_messages(tenant), [reader.seen(tenant, "erp", each) for each in IDS]]
    yield reader.processes([(tenant, SUBSCRIBER, key) for key in KEYS])
    yield [reader.list_processes(tenant, SUBSCRIBER, each, "a", 2) for each in (None, "a", "b")]
    yield [reader.stages(tenant), reader.pending(tenant), reader.pending(), reader.parked(tenant)]
    yield [reader.handled(tenant, SUBSCRIBER, key) for key in KEYS]
    yield [reader.unhandled(tenant, SUBSCRIBER, key) for key in KEYS]
    yield [reader.outbox(tenant, IDS), reader.outbox_counts(tenant), reader.oldest_waiting(tenant)]
    yield [reader.outbox_of(tenant, SUBSCRIBER, key) for key in KEYS]
    yield [reader.attempts(tenant, "x1"), reader.next_effect(tenant, "tms"), reader.next_timer()]
    yield [reader.outbox_standing(tenant, "tms", "tms.plan", each, 2) for each in OutboxStatus]
    yield [reader.timers(tenant, SUBSCRIBER, key) for key in KEYS]
    yield [reader.routes(tenant, [rows.pro("a"), rows.pro("b")]), reader.search(tenant, "A")]
    yield [reader.references_of(tenant, key) for key in KEYS]
    yield [reader.exceptions(tenant, status=None), reader.exceptions(tenant, after="a", limit=1)]
    yield [reader.exceptions(tenant, about=each, team="a") for each in ("a", "b")]
    yield [reader.exceptions(tenant, status=None, subject="order_release/order/SO-1", after="b")]
    yield [reader.exception(tenant, "a"), reader.exception_counts(tenant)]
    yield [reader.documents(tenant), reader.document(tenant, "a"), reader.last_heard(tenant)]
    yield reader.projections(tenant, "shipment_view", IDS)
    yield [reader.find(tenant, "shipment_view", dict([term])) for term in TERMS]
    yield reader.find(tenant, "shipment_view", {"status": "LATE", "order": "a"}, after="a")
    yield [reader.breaker(tenant, "tms"), reader.audit(tenant), reader.audit(tenant, "a", 1)]
    yield [reader.counters(tenant), reader.rules(tenant), reader.mark("a")]


class Abandoned(Exception):
    """The step breaks off."""


def begin(unit: Unit) -> None:
    unit.append([rows.message("m0"), rows.message("m1")])


def waiting(unit: Unit) -> list[int]:
    """The places of all steps, in their order: a store may leave gaps between them."""
    taken = [
        step.row.seq
        for tenant in TENANTS
        for key in KEYS
        for step in (
            *unit.unhandled(tenant, SUBSCRIBER, key),
            *(each.step for each in unit.handled(tenant, SUBSCRIBER, key)),
        )
    ]
    return sorted(taken)


def placed(unit: Unit, arguments: tuple[Any, ...], name: str) -> tuple[Any, ...]:
    """Mean the n-th step by n, whatever its place is in this store."""
    if name not in {"finish", "forgive", "try_alone"}:
        return arguments
    places = [0, *waiting(unit)]
    (asked,) = arguments
    if name != "finish":
        return (places[asked] if asked < len(places) else -1,)
    known = [row for row in asked if row.seq < len(places)]
    return ([replace(row, seq=places[row.seq]) for row in known],)


def plain(answer: Any) -> Any:
    """Leave the places out of an answer: its lists tell the order."""
    if isinstance(answer, Sequence) and not isinstance(answer, (str, bytes)):
        return [plain(each) for each in answer]
    if isinstance(answer, dict):
        return {name: plain(each) for name, each in answer.items()}
    if isinstance(answer, Step):
        return replace(answer, row=plain(answer.row))
    if isinstance(answer, HandledStep):
        return replace(answer, step=plain(answer.step))
    if isinstance(answer, (InboxRow, OutboxRow, AuditRow)):
        return replace(answer, seq=0)
    return answer


def worked(unit: Unit, work: Work, said: list[object]) -> None:
    calls, commits = work
    for name, arguments in calls:
        answer = plain(getattr(unit, name)(*placed(unit, arguments, name)))
        unit.pending()  # who was slower is told now, where it would be told with the commit
        said.append(answer)
    if not commits:
        raise Abandoned


def story(store: Store, works: list[Work]) -> list[object]:
    """Do the work, one transaction after the other; tell all that the store answered."""
    said: list[object] = []
    with store.write() as unit:
        begin(unit)
    for work in works:
        try:
            with store.write() as unit:
                worked(unit, work, said)
        except (Abandoned, Repeated, Stale) as end:
            said.append(type(end))
        with store.read() as reader:
            said.append(plain([list(answers(reader, tenant)) for tenant in TENANTS]))
    return said


WORKS = st.lists(st.tuples(st.lists(CALLS, max_size=6), st.sampled_from((True, True, False))))


SEARCHED = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@settings(SEARCHED, max_examples=100)
@given(WORKS)
def test_memory_and_sqlite_give_the_same_answers(works: list[Work]) -> None:
    with TemporaryDirectory() as folder:
        durable = open_sqlite(Path(folder) / "crossdock.db")
        try:
            told = story(durable, works)
        finally:
            durable.close()

    assert told == story(MemoryStore(), works)


@settings(SEARCHED, max_examples=25)
@given(works=WORKS)
def test_memory_and_postgres_give_the_same_answers(
    postgres: PostgresServer, database: str, works: list[Work]
) -> None:
    shared = open_postgres(postgres.emptied(database))
    try:
        told = story(shared, works)
    finally:
        shared.close()

    assert told == story(MemoryStore(), works)

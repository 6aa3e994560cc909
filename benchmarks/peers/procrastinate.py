"""Procrastinate on PostgreSQL: a task for each thing that happens, one after the other by order.

Deployment   a worker in the application's process, queue and state in PostgreSQL (fsync on)
Receipt      a task for each event, deferred in bulk; its event id is inserted once into `seen`
Order        `lock` is the order's id: tasks of one order run one at a time, in order
State        one row for each order, changed in the transaction that remembers the event
TMS, ERP     called in the task with the order's key, so that a repeated task is no second effect
Confirmation a task of its own that finds the order waiting
View         a row for each order, in the same transaction
Accrual      by whichever of delivery and charge comes last, once by the row's state
Guarantee    tasks at least once (a stalled one is started anew by an operator's task)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import procrastinate
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from benchmarks.peers.work import CODES, DELIVERED, Ledger, Order, enriched, event_id, key_of, order
from benchmarks.servers import postgres

DEPLOYMENT = "one worker process; PostgreSQL, fsync on"
GUARANTEE = "tasks at least once, one at a time by order"
COHORT, COHORTS = 50, 2
CONCURRENCY, POOL = 20, 24

TABLES = """
CREATE TABLE seen (id text PRIMARY KEY);
CREATE TABLE flow (id text PRIMARY KEY, body jsonb NOT NULL,
    confirmed boolean NOT NULL DEFAULT false,
    charged boolean NOT NULL DEFAULT false,
    accrued boolean NOT NULL DEFAULT false);
CREATE TABLE view (id text PRIMARY KEY, shown jsonb NOT NULL);
"""

ledger = Ledger()
connector = procrastinate.PsycopgConnector()
app = procrastinate.App(connector=connector)
pools: list[AsyncConnectionPool[AsyncConnection]] = []


async def _is_new(connection: AsyncConnection, event: str) -> bool:
    found = await connection.execute(
        "INSERT INTO seen VALUES (%s) ON CONFLICT DO NOTHING RETURNING 1", (event,)
    )
    return await found.fetchone() is not None


@app.task(name="release")
async def release(event: str, released: Order) -> None:
    """Take an order in, and plan it."""
    async with pools[0].connection() as connection:
        if await _is_new(connection, event):
            body = enriched(released)
            ledger.apply("plan", body["order_id"])
            await connection.execute(
                "INSERT INTO flow (id, body) VALUES (%s, %s)", (body["order_id"], Jsonb(body))
            )


@app.task(name="confirm")
async def confirm(event: str, key: str) -> None:
    """Take the confirmation in, and write the reference."""
    async with pools[0].connection() as connection:
        if await _is_new(connection, event):
            ledger.apply("reference", key)
            await connection.execute("UPDATE flow SET confirmed = true WHERE id = %s", (key,))


@app.task(name="track")
async def track(event: str, key: str, code: str) -> None:
    """Take a milestone in, and show it."""
    async with pools[0].connection() as connection:
        if not await _is_new(connection, event):
            return
        found = await connection.execute(
            "INSERT INTO view VALUES (%s, %s)"
            " ON CONFLICT (id) DO UPDATE SET shown = view.shown || excluded.shown RETURNING shown",
            (key, Jsonb([code])),
        )
        ((shown,),) = await found.fetchall()
        if code == DELIVERED:
            await _accrue(connection, key)
    ledger.show(key, shown)
    _end_if_over(key)


@app.task(name="charge")
async def charge(event: str, key: str) -> None:
    """Take the charge in."""
    async with pools[0].connection() as connection:
        if await _is_new(connection, event):
            await connection.execute("UPDATE flow SET charged = true WHERE id = %s", (key,))
            await _accrue(connection, key)
    _end_if_over(key)


async def _accrue(connection: AsyncConnection, key: str) -> None:
    found = await connection.execute(
        "UPDATE flow SET accrued = true WHERE id = %s AND charged AND NOT accrued AND EXISTS"
        " (SELECT 1 FROM view WHERE view.id = flow.id AND view.shown ? %s) RETURNING 1",
        (key, DELIVERED),
    )
    if await found.fetchone() is not None:
        ledger.apply("accrue", key)


def _end_if_over(key: str) -> None:
    if ledger.accruals[key] and ledger.views.get(key) == set(CODES):
        ledger.end(key)


class Deployment:
    """The running peer."""

    async def release(self, numbers: Sequence[int]) -> None:
        """Defer the releases."""
        jobs = [{"event": f"rel-{each}", "released": order(each)} for each in numbers]
        await self._defer(release, numbers, jobs)

    async def confirm(self, numbers: Sequence[int]) -> None:
        """Defer the confirmations."""
        jobs = [{"event": f"plan-{each}", "key": key_of(each)} for each in numbers]
        await self._defer(confirm, numbers, jobs)

    async def track(self, numbers: Sequence[int], code: str) -> None:
        """Defer a milestone of each."""
        jobs = [
            {"event": event_id(each, code), "key": key_of(each), "code": code} for each in numbers
        ]
        await self._defer(track, numbers, jobs)

    async def charge(self, numbers: Sequence[int]) -> None:
        """Defer the charges."""
        jobs = [{"event": f"charge-{each}", "key": key_of(each)} for each in numbers]
        await self._defer(charge, numbers, jobs)

    async def ended(self, numbers: Sequence[int]) -> None:
        """Wait for the last task of each."""
        await ledger.ended(numbers)

    async def account(self) -> Ledger:
        """Show the ledger."""
        return ledger

    async def shown_at(self) -> dict[tuple[str, str], float]:
        """Show the ledger's times."""
        return ledger.shown_at

    @staticmethod
    async def _defer(
        task: procrastinate.tasks.Task[..., None, ...],
        numbers: Sequence[int],
        jobs: Sequence[Mapping[str, object]],
    ) -> None:
        if len(jobs) == 1:
            await task.configure(lock=key_of(numbers[0])).defer_async(**jobs[0])
            return
        # One bulk statement takes one lock; the orders of a cohort go each under their own.
        deferring = [
            task.configure(lock=key_of(each)).defer_async(**job)
            for each, job in zip(numbers, jobs, strict=True)
        ]
        await asyncio.gather(*deferring)


@asynccontextmanager
async def working(bound: procrastinate.App) -> AsyncIterator[None]:
    """Run a worker in this process."""
    worker = asyncio.create_task(
        bound.run_worker_async(
            concurrency=CONCURRENCY, install_signal_handlers=False, delete_jobs="successful"
        )
    )
    try:
        yield
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


@asynccontextmanager
async def deploy(folder: Path) -> AsyncIterator[Deployment]:
    """Start PostgreSQL and the worker."""
    ledger.begin()
    with postgres(folder) as address:
        pool = AsyncConnectionPool(address, min_size=4, max_size=POOL, open=False)
        connected = procrastinate.PsycopgConnector(conninfo=address, max_size=POOL)
        with app.replace_connector(connected) as bound:
            async with pool, bound.open_async():
                await bound.schema_manager.apply_schema_async()
                async with pool.connection() as connection:
                    await connection.execute(TABLES)
                pools[:] = [pool]
                async with working(bound):
                    yield Deployment()

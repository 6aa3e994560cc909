"""Celery with Redis: a task for each thing that happens, the order's state in Redis.

Deployment   two worker processes, late acknowledgement; Redis flushes every write
Receipt      a task for each event; its event id is noted in Redis once all of it is done
Order        a lock by order (`redis.lock`), for two workers may hold its tasks
State        a hash for each order
TMS, ERP     called in the task with the order's key; their memory is in Redis as well
Confirmation a task of its own
View         a hash for each order
Accrual      by whichever of delivery and charge comes last, once by `HSETNX`
Guarantee    tasks at least once: unacknowledged ones come back after the visibility time-out
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from pathlib import Path

import celery
from redis import Redis
from redis.lock import Lock

from benchmarks.peers.work import CODES, DELIVERED, Order, enriched, event_id, key_of, order
from benchmarks.servers import redis, running

DEPLOYMENT = "two worker processes, late acknowledgement; Redis, appendfsync always"
GUARANTEE = "tasks at least once"
COHORT, COHORTS = 25, 4
WORKERS = 2
BROKER = "CROSSDOCK_BENCH_REDIS"

app = celery.Celery("bench", broker=os.environ.get(BROKER, "redis://127.0.0.1:1"))
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=16,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    task_default_queue="bench",
)


@cache
def store() -> Redis:
    """Give this process's connections to the application's Redis."""
    found: Redis = Redis.from_url(os.environ[BROKER], decode_responses=True)
    return found


def _is_done(event: str) -> bool:
    return bool(store().exists(f"done/{event}"))


def _mark_done(event: str) -> None:
    store().set(f"done/{event}", "1")  # last: a task whose worker died before is done again


def _apply(verb: str, key: str) -> None:
    if store().hsetnx("effects", f"{verb}/{key}", "1") and verb == "accrue":
        store().hincrby("accruals", key, 1)


def _alone(key: str) -> Lock:
    return store().lock(f"lock/{key}", timeout=30, sleep=0.01)


@app.task
def release(event: str, released: Order) -> None:
    """Take an order in, and plan it."""
    if not _is_done(event):
        body = enriched(released)
        _apply("plan", body["order_id"])
        store().hset(f"flow/{body['order_id']}", "body", json.dumps(body))
        _mark_done(event)


@app.task
def confirm(event: str, key: str) -> None:
    """Take the confirmation in, and write the reference."""
    if not _is_done(event):
        _apply("reference", key)
        store().hset(f"flow/{key}", "confirmed", "1")
        _mark_done(event)


@app.task
def track(event: str, key: str, code: str) -> None:
    """Take a milestone in, and show it."""
    with _alone(key):
        if not _is_done(event):
            store().hsetnx(f"view/{key}", code, repr(time.time()))
            _accrue_when_due(key)
            _mark_done(event)


@app.task
def charge(event: str, key: str) -> None:
    """Take the charge in."""
    with _alone(key):
        if not _is_done(event):
            store().hset(f"flow/{key}", "charged", "1")
            _accrue_when_due(key)
            _mark_done(event)


def _accrue_when_due(key: str) -> None:
    shown = store().hkeys(f"view/{key}")
    if DELIVERED in shown and store().hget(f"flow/{key}", "charged"):
        _apply("accrue", key)
        if set(shown) == set(CODES):
            store().sadd("ended", key)


def _views() -> dict[str, dict[str, str]]:
    names = list(store().scan_iter("view/*", count=1_000))
    return {name.partition("/")[2]: store().hgetall(name) for name in names}


class Counted:
    """What Redis says was done."""

    def __init__(self, accruals: dict[str, str], views: dict[str, set[str]]) -> None:
        """Take the counts as they were written."""
        self.accruals = Counter({key: int(count) for key, count in accruals.items()})
        self.views = views


class Deployment:
    """The running peer."""

    async def release(self, numbers: Sequence[int]) -> None:
        """Send the releases."""
        await self._send(release, [(f"rel-{each}", order(each)) for each in numbers])

    async def confirm(self, numbers: Sequence[int]) -> None:
        """Send the confirmations."""
        await self._send(confirm, [(f"plan-{each}", key_of(each)) for each in numbers])

    async def track(self, numbers: Sequence[int], code: str) -> None:
        """Send a milestone of each."""
        sent = [(event_id(each, code), key_of(each), code) for each in numbers]
        await self._send(track, sent)

    async def charge(self, numbers: Sequence[int]) -> None:
        """Send the charges."""
        await self._send(charge, [(f"charge-{each}", key_of(each)) for each in numbers])

    async def ended(self, numbers: Sequence[int]) -> None:
        """Look until all have ended."""
        keys = [key_of(each) for each in numbers]
        async with asyncio.timeout(100):
            while not all(await asyncio.to_thread(store().smismember, "ended", keys)):  # noqa: ASYNC110 - the workers are other processes
                await asyncio.sleep(0.02)

    async def account(self) -> Counted:
        """Read what was done out of Redis."""
        views = {key: set(shown) for key, shown in _views().items()}
        return Counted(store().hgetall("accruals"), views)

    async def shown_at(self) -> dict[tuple[str, str], float]:
        """Read when each view showed each milestone out of Redis."""
        views = await asyncio.to_thread(_views)
        return {
            (key, code): float(at) for key, shown in views.items() for code, at in shown.items()
        }

    @staticmethod
    async def _send(task: celery.Task, calls: Sequence[tuple[object, ...]]) -> None:
        def send() -> None:
            with app.producer_pool.acquire(block=True) as producer:
                for call in calls:
                    task.apply_async(call, producer=producer)

        await asyncio.to_thread(send)


@asynccontextmanager
async def deploy(folder: Path) -> AsyncIterator[Deployment]:
    """Start Redis and the workers."""
    async with AsyncExitStack() as stack:
        address = stack.enter_context(redis(folder))
        os.environ[BROKER] = address
        app.conf.broker_url = address
        worker = [
            *(sys.executable, "-m", "celery", "-A", "benchmarks.peers.celery", "worker"),
            *("--concurrency", str(WORKERS), "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ]
        stack.enter_context(running(worker, folder / "celery.log", env={"C_FORCE_ROOT": "1"}))
        yield Deployment()

"""How many flows a second several workers take over one PostgreSQL, with a door before them.

    python -m benchmarks.workers [--workers 2] [--flows 400] [--ease 5]

Each worker is a process with the shell in earnest: it takes the steps of its lanes and delivers to
its endpoints, whose partners answer at once in that process. This process is the door: it takes the
documents in and leaves the work to them. The flows come in cohorts beside each other, as on any
day: while one waits for its plans, another's milestones are told. Postings settle at once, since
these clocks cannot be moved by hand; everything else is as in `order_to_delivery`. The last line is
JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec

from benchmarks import flows, view_delay
from benchmarks.order_to_delivery import PARTNERS, Run, figures, is_accrual, unfinished
from benchmarks.servers import cpu_seconds, postgres, running
from benchmarks.setting import RULES, roster
from benchmarks.watching import TENANT, codes_in
from crossdock.app.memory import collect_seldom
from crossdock.flow.machine import Machine
from crossdock.flow.roster import Roster, Rulebook
from crossdock.flow.shell import Shell
from crossdock.messages.envelope import Key
from crossdock.policies.rules import PostingPolicy
from crossdock.ports.store import OutboxStatus, Reader, Store
from crossdock.projections.shipment_visibility import KIND, view_key
from crossdock.store.postgres import migrate_postgres, open_door, open_worker
from crossdock.testing.in_process import arrival
from crossdock.testing.plain_partner import PlainPartner

DAY_OVER = flows.told_at(flows.CODES[-1]) + timedelta(hours=1)  # all that is told has happened
COHORT = 100  # flows that are told together
LOOK_SECONDS = 0.03
PATIENCE_SECONDS = 150.0
ON_ITS_WAY = "open"  # the stage of an order whose transport reference the ERP has
AT_ONCE = msgspec.structs.replace(RULES, posting=PostingPolicy(settle_minutes=0))


def house() -> Roster:
    """Put the house together with postings that settle at once."""
    return msgspec.structs.replace(roster(), rulebook=Rulebook(today=AT_ONCE))


async def work(address: str, began: float) -> list[str]:
    """Be a worker until asked to stop; tell what the partners here were asked for."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, ended.set)
    partner = PlainPartner()
    store = open_worker(address, TENANT)
    shell = Shell(
        Machine(store=store, roster=house()),
        clock=view_delay.DayClock(DAY_OVER, began),
        transports=dict.fromkeys(PARTNERS, partner),
    )
    await shell.start()
    await ended.wait()
    await shell.stop()
    store.close()
    return [url for url, _ in partner.applied.elements()]


def command(address: str, began: float, ledger: Path) -> list[str]:
    """Write the command of a worker."""
    told = ["--work", address, "--began", str(began), "--ledger", str(ledger)]
    return [sys.executable, "-m", "benchmarks.workers", *told]


async def live(store: Store, began_at: float, count: int) -> Run:
    """Take the flows in at the door, cohort beside cohort, and wait for the workers."""
    clock = view_delay.DayClock(DAY_OVER, began_at)
    shell = Shell(Machine(store=store, roster=house()), clock=clock, transports={}, works=False)
    await shell.start()
    await _tell(shell, "erp", "master_data", iter([flows.master_data()]))
    while _is_busy(store):  # noqa: ASYNC110 - the workers are other processes
        await asyncio.sleep(LOOK_SECONDS)
    cpu, began = cpu_seconds(), time.perf_counter()
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as cohorts:
        for first in range(0, count, COHORT):
            cohorts.create_task(_cohort(shell, range(first, min(first + COHORT, count))))
    while _is_busy(store):  # noqa: ASYNC110 - as above
        await asyncio.sleep(LOOK_SECONDS)
    seconds = time.perf_counter() - began
    run = Run(
        flows=count,
        seconds=seconds,
        milestone_seconds=seconds,  # milestones are told beside orders, plans and charges
        cpu_seconds=cpu_seconds() - cpu,
        commits=0,
        effects=0,
    )
    await shell.stop()
    return run


async def _cohort(shell: Shell, numbers: Sequence[int]) -> None:
    """Tell the flows of one cohort, each thing when all of it before has had its effect."""
    first, count = numbers[0], len(numbers)
    store = shell.machine.store
    await _tell(shell, "erp", "orders", flows.arrays(flows.orders(count, first)))
    await _until(store, numbers, _asked_for)
    await _tell(shell, "tms", "plans", flows.arrays(flows.plans(count, first)))
    await _until(store, numbers, _on_their_way)
    for code in flows.CODES:
        await _tell(shell, "road", "tracking", flows.arrays(flows.tracking(count, code, first)))
        await _until(store, numbers, partial(_show, code))
    await _tell(shell, "road", "charges", flows.arrays(flows.charges(count, first)))


async def _tell(shell: Shell, partner: str, document: str, contents: Iterator[bytes]) -> None:
    """Bring documents to the door."""
    await shell.take_all([arrival(partner, document, content) for content in contents])


Done = Callable[[Reader, Sequence[int]], set[int]]


async def _until(store: Store, numbers: Sequence[int], done: Done) -> None:
    """Look again and again at the last of those that are left, then at all, until none is.

    The last told is mostly the last done: a look at all of them each time would take more of the
    machine than a partner who waits for our calls does.
    """
    left = list(numbers)
    while left:
        with store.read() as reader:
            over = done(reader, left) if done(reader, left[-1:]) else set()
        left = [each for each in left if each not in over]
        if left:
            await asyncio.sleep(LOOK_SECONDS)


def _asked_for(reader: Reader, numbers: Sequence[int]) -> set[int]:
    """Find the first of them for which the TMS was asked for a plan."""
    return set(itertools.takewhile(partial(_is_asked_for, reader), numbers))


def _is_asked_for(reader: Reader, number: int) -> bool:
    asked = reader.outbox_of(TENANT, "order_release", Key("order", f"SO-{number}"))
    return any(each.status is OutboxStatus.APPLIED for each in asked)


def _on_their_way(reader: Reader, numbers: Sequence[int]) -> set[int]:
    """Find those whose reference the ERP has, and which the customer sees."""
    cases = {(TENANT, "order_release", Key("order", f"SO-{each}")): each for each in numbers}
    found = reader.processes(list(cases))
    released = {cases[name] for name, row in found.items() if row.stage == ON_ITS_WAY}
    return released & set(_views(reader, numbers))


def _show(code: str, reader: Reader, numbers: Sequence[int]) -> set[int]:
    """Find those whose view shows a milestone."""
    views = _views(reader, numbers)
    return {each for each, body in views.items() if code in codes_in(body)}


def _views(reader: Reader, numbers: Sequence[int]) -> dict[int, bytes]:
    keys = {view_key(f"SH-{each}", "C-1"): each for each in numbers}
    found = reader.projections(TENANT, KIND, list(keys))
    return {keys[name]: row.body for name, row in found.items()}


def _is_busy(store: Store) -> bool:
    """Look for steps, effects and timers; nothing here waits for a day to come but promises."""
    soon = DAY_OVER + timedelta(hours=1)
    with store.read() as reader:
        timer = reader.next_timer()
        return bool(
            reader.pending()
            or (timer is not None and timer < soon)
            or any(reader.next_effect("main", name) is not None for name in PARTNERS)
        )


def check(address: str, ledgers: Sequence[Path], count: int) -> int:
    """Stop a benchmark that did not do the work; answer how many effects there were."""
    urls = [url for each in ledgers for url in json.loads(each.read_text())]
    store = open_door(address)
    missing = unfinished(store, range(count))
    store.close()
    accruals = [url for url in urls if is_accrual(url)]
    if missing or len(accruals) != count or len(set(accruals)) != count:
        sys.exit(f"not all {count} flows were completed: {missing}, {len(accruals)} accruals")
    return len(urls)


def measure(folder: Path, workers: int, count: int) -> dict[str, float]:
    """Run PostgreSQL, the workers and the door."""
    began = time.time()  # one clock for all processes
    ledgers = [folder / f"worker-{each}.json" for each in range(workers)]
    with postgres(folder) as address:
        migrate_postgres(address)
        with ExitStack() as stack:
            for ledger in ledgers:
                started = running(command(address, began, ledger), ledger.with_suffix(".log"))
                stack.enter_context(started)
            store = open_door(address)
            run = asyncio.run(live(store, began, count))
            store.close()
        effects = check(address, ledgers, count)
    found = figures(run)
    del found["commits"]
    return found | {"effects_per_flow": effects / count}


def main() -> None:
    """Measure once, and print one line of JSON; or be a worker."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--flows", type=int, default=400)
    parser.add_argument("--ease", type=float, default=0.0, help="not measured here")
    parser.add_argument("--work", default="", help="be a worker over this database")
    parser.add_argument("--began", type=float, default=0.0, help="when the common clock started")
    parser.add_argument("--ledger", type=Path, default=Path("ledger.json"))
    asked = parser.parse_args()
    collect_seldom()  # as `crossdock worker` does
    if asked.work:
        asked.ledger.write_text(json.dumps(asyncio.run(work(asked.work, asked.began))))
        return
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(measure(Path(name), asked.workers, asked.flows)))


if __name__ == "__main__":
    main()

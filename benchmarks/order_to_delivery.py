"""How many complete order-to-delivery flows a second crossdock takes, beside two limits.

    python -m benchmarks.order_to_delivery [--store postgres] [--flows 1500] [--ease 5]

Everything is durable before it is acknowledged. Partners answer at once, in this process, so what
is measured is crossdock and the disk. One run, its figures as one line of JSON; `make bench` runs
it again and again beside the peers.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

from msgspec import Struct

from benchmarks import flows, limits, view_delay
from benchmarks.servers import cpu_seconds, postgres
from benchmarks.setting import CountedStore, roster
from benchmarks.watching import TENANT, codes_in
from crossdock.app.memory import collect_seldom
from crossdock.flow.machine import Machine
from crossdock.messages.envelope import Key
from crossdock.ports.store import Store
from crossdock.projections.shipment_visibility import KIND, view_key
from crossdock.store.postgres import migrate_postgres, open_postgres
from crossdock.store.sqlite import open_sqlite
from crossdock.testing.in_process import InProcess, arrival
from crossdock.testing.plain_partner import PlainPartner

PARTNERS = ("erp", "tms")
SETTLED = timedelta(hours=12)
# How a flow ends: the process, its last stage, and its key's kind and the beginning of its id.
ENDS = {
    "order_release": ("delivered", "order", "SO"),
    "freight_settlement": ("accrued", "load", "LD"),
}
GOAL_EVENTS_PER_S = 500.0  # at which a view shall be young


class Run(Struct, frozen=True, kw_only=True):
    """One run: seconds in all and for the milestones, CPU seconds, commits and effects."""

    flows: int
    seconds: float
    milestone_seconds: float
    cpu_seconds: float
    commits: int
    effects: int

    @property
    def flows_per_s(self) -> float:
        """Tell how many flows were completed in a second."""
        return self.flows / self.seconds


def live(opened: Store, count: int, first: int = 0) -> Run:
    """Run the flows from release to accrual, numbered from `first` on; see that all was done."""
    store = CountedStore(opened)
    partner = PlainPartner()
    machine = Machine(store=store, roster=roster())
    town = InProcess(machine, dict.fromkeys(PARTNERS, partner), flows.BEGIN)
    town.receive(arrival("erp", "master_data", flows.master_data()))
    town.settle()
    cpu, began = cpu_seconds(), time.perf_counter()
    _tell(town, "erp", "orders", flows.arrays(flows.orders(count, first)))
    _tell(town, "tms", "plans", flows.arrays(flows.plans(count, first)))
    milestones = time.perf_counter()
    for code in flows.CODES:
        town.jump_to(flows.told_at(code))
        _tell(town, "road", "tracking", flows.arrays(flows.tracking(count, code, first)))
    milestone_seconds = time.perf_counter() - milestones
    _tell(town, "road", "charges", flows.arrays(flows.charges(count, first)))
    town.wait_until(flows.BEGIN + SETTLED)
    run = Run(
        flows=count,
        seconds=time.perf_counter() - began,
        milestone_seconds=milestone_seconds,
        cpu_seconds=cpu_seconds() - cpu,
        commits=store.commits,
        effects=sum(partner.applied.values()),
    )
    check(store, partner, range(first, first + count))
    return run


def _tell(town: InProcess, partner: str, document: str, contents: Iterator[bytes]) -> None:
    for content in contents:
        town.receive(arrival(partner, document, content))
    town.settle()


def unfinished(store: Store, numbers: Sequence[int]) -> str:
    """Tell what is missing: each flow must have ended, accrued, and be shown whole."""
    cases = [
        (TENANT, name, Key(kind, f"{prefix}-{number}"))
        for name, (_, kind, prefix) in ENDS.items()
        for number in numbers
    ]
    views = [view_key(f"SH-{number}", "C-1") for number in numbers]
    with store.read() as reader:
        found = reader.processes(cases)
        shown = reader.projections(TENANT, KIND, views)
    ended = Counter(name for (_, name, _), row in found.items() if row.stage == ENDS[name][0])
    whole = [each for each in shown.values() if codes_in(each.body) == set(flows.CODES)]
    if [*ended.values(), len(whole)] == [len(numbers)] * 3:
        return ""
    return f"{dict(ended)}, {len(whole)} whole views"


def is_accrual(url: str) -> bool:
    """Tell whether a request asks the ERP to accrue."""
    return url.endswith("/accruals")


def check(store: Store, partner: PlainPartner, numbers: Sequence[int]) -> None:
    """Stop a benchmark that did not do the work, or accrued a flow twice."""
    missing, count = unfinished(store, numbers), len(numbers)
    accruals = [times for (url, _), times in partner.applied.items() if is_accrual(url)]
    if missing or accruals != [1] * count:
        sys.exit(f"not all {count} flows were completed: {missing}, {len(accruals)} accruals")


@contextmanager
def on_sqlite(folder: Path) -> Iterator[str]:
    """Tell where the store in one file is."""
    yield str(folder / "flows.db")


@contextmanager
def on_postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL, and tell where the store in it is."""
    with postgres(folder) as address:
        migrate_postgres(address)
        yield address


def open_file(address: str) -> Store:
    """Open the store in one file, as `crossdock up` does."""
    return open_sqlite(Path(address), threads=True)


Opening = Callable[[str], Store]
STORES: dict[str, tuple[Callable[[Path], AbstractContextManager[str]], Opening]] = {
    "sqlite": (on_sqlite, open_file),
    "postgres": (on_postgres, open_postgres),
}


@contextmanager
def opened(store: str, folder: Path) -> Iterator[tuple[Store, str]]:
    """Give an empty store of this kind, and its address."""
    place, opening = STORES[store]
    with place(folder) as address:
        found = opening(address)
        yield found, address
        found.close()


def main() -> None:
    """Measure once, and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=STORES, default="sqlite")
    parser.add_argument("--flows", type=int, default=1500)
    parser.add_argument("--ease", type=float, default=0.0, help="seconds at a fifth of the peak")
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to be measured")
    asked = parser.parse_args()
    collect_seldom()  # as `crossdock up` does
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        with opened(asked.store, folder) as (store, _):
            run = live(store, asked.flows)
        found: dict[str, object] = {**figures(run)}
        if asked.store == "sqlite":
            found |= limits.measured(folder, run.commits, run.flows)
        if asked.ease:
            own = run.flows_per_s * flows.EVENTS_PER_FLOW * view_delay.SHARE
            for view, pace in (("view", own), ("view_at_goal", GOAL_EVENTS_PER_S)):
                (folder / view).mkdir()
                with opened(asked.store, folder / view) as (store, address):
                    found[view] = view_delay.measured(store, address, folder, pace, asked.ease)
    print(json.dumps(found))


def figures(run: Run) -> dict[str, float]:
    """Write a run as figures."""
    return {
        "flows": run.flows,
        "seconds": run.seconds,
        "flows_per_s": run.flows_per_s,
        "milestone_events_per_s": run.flows * flows.EVENTS_PER_FLOW / run.milestone_seconds,
        "cpu_seconds_per_1000_flows": 1000 * run.cpu_seconds / run.flows,
        "commits": run.commits,
        "effects_per_flow": run.effects / run.flows,
    }


if __name__ == "__main__":
    main()

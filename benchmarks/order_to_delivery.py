"""How many complete order-to-delivery flows a second, beside the bare rows of the same flows.

    python -m benchmarks.order_to_delivery [--flows 2000] [--repeats 3]

Embedded SQLite, `synchronous=FULL`: everything is durable before it is acknowledged. Partners
answer at once, in this process, so what is measured is crossdock and the disk. The limit measured
beside it inserts the very rows that the flows left behind into an empty store of the same schema,
with the same durability and the same number of commits; updates on the way are not repeated there.
Runs alternate, and the ratio is taken within each pair. The last line is JSON.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import apsw
import msgspec
from msgspec import Struct

from benchmarks import flows
from benchmarks.setting import CountedStore, roster
from crossdock.app.memory import collect_seldom
from crossdock.flow.machine import Machine
from crossdock.store.sqlite import open_sqlite
from crossdock.store.sqlite.connections import open_writer
from crossdock.testing.in_process import InProcess, arrival
from crossdock.testing.plain_partner import PlainPartner

PARTNERS = ("erp", "tms")
SETTLED = timedelta(hours=12)


class Run(Struct, frozen=True, kw_only=True):
    """One run: seconds in all and for the milestones, CPU seconds, commits and rows."""

    seconds: float
    milestone_seconds: float
    cpu_seconds: float
    commits: int
    effects: int


class Pair(Struct, frozen=True, kw_only=True):
    """A run and its limit, one after the other."""

    run: Run
    bare_seconds: float
    rows: int


def live(file: Path, count: int) -> Run:
    """Run the flows from release to posted delivery."""
    store = CountedStore(open_sqlite(file))
    partner = PlainPartner()
    machine = Machine(store=store, roster=roster())
    town = InProcess(machine, dict.fromkeys(PARTNERS, partner), flows.BEGIN)
    town.receive(arrival("erp", "master_data", flows.master_data()))
    town.settle()
    cpu, began = _cpu(), time.perf_counter()
    _tell(town, "erp", "orders", flows.arrays(flows.orders(count)))
    _tell(town, "tms", "plans", flows.arrays(flows.plans(count)))
    milestones = time.perf_counter()
    for code in flows.CODES:
        town.jump_to(flows.told_at(code))
        _tell(town, "road", "tracking", flows.arrays(flows.tracking(count, code)))
    milestone_seconds = time.perf_counter() - milestones
    town.wait_until(flows.BEGIN + SETTLED)
    run = Run(
        seconds=time.perf_counter() - began,
        milestone_seconds=milestone_seconds,
        cpu_seconds=_cpu() - cpu,
        commits=store.commits,
        effects=sum(partner.applied.values()),
    )
    _check(store, count)
    store.close()
    return run


def _tell(town: InProcess, partner: str, document: str, contents: Iterator[bytes]) -> None:
    for content in contents:
        town.receive(arrival(partner, document, content))
    town.settle()


def _check(store: CountedStore, count: int) -> None:
    """Stop a benchmark that did not do the work."""
    with store.read() as reader:
        stages = {(each.subscriber, each.stage): each.count for each in reader.stages("main")}
    if stages.get(("order_release", "delivered")) != count:
        sys.exit(f"not all {count} flows were completed: {stages}")


def bare(file: Path, empty: Path, commits: int) -> tuple[float, int]:
    """Insert the rows of a store into an empty one of the same schema; seconds and rows."""
    open_sqlite(empty).close()
    source = open_writer(file)
    tables = [name for (name,) in source.execute(TABLES)]
    columns = {name: _columns(source, name) for name in tables}
    rows = {
        name: source.execute(f'select {columns[name]} from "{name}"').fetchall()  # noqa: S608 - our own names
        for name in tables
    }
    source.close()
    target = open_writer(empty)
    for name in tables:
        target.execute(f'delete from "{name}"')  # noqa: S608 - our own names
    began = time.perf_counter()
    for part in range(commits):
        target.execute("begin immediate")
        for name, all_rows in rows.items():
            _insert(target, name, columns[name], _slice(all_rows, part, commits))
        target.execute("commit")
    seconds = time.perf_counter() - began
    target.close()
    return seconds, sum(map(len, rows.values()))


TABLES = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"


def _slice(rows: list[tuple[object, ...]], part: int, parts: int) -> list[tuple[object, ...]]:
    return rows[len(rows) * part // parts : len(rows) * (part + 1) // parts]


def _columns(source: apsw.Connection, table: str) -> str:
    """Name the columns that are written; generated ones are not."""
    names = source.execute("select name from pragma_table_xinfo(?) where hidden = 0", (table,))
    return ",".join(f'"{name}"' for (name,) in names)


def _insert(
    target: apsw.Connection, name: str, columns: str, rows: list[tuple[object, ...]]
) -> None:
    if rows:
        marks = ",".join("?" * len(rows[0]))
        target.executemany(f'insert into "{name}" ({columns}) values ({marks})', rows)  # noqa: S608 - our own names


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def _folder(where: Path | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=where) as name:
        yield Path(name)


def measure(count: int, where: Path | None) -> Pair:
    """Run the flows, then the limit."""
    with _folder(where) as folder:
        run = live(folder / "flows.db", count)
        seconds, rows = bare(folder / "flows.db", folder / "bare.db", run.commits)
        return Pair(run=run, bare_seconds=seconds, rows=rows)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="Order to delivery on embedded SQLite.")
    parser.add_argument("--flows", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to be measured")
    asked = parser.parse_args()
    collect_seldom()  # as `crossdock up` does
    pairs = []
    for number in range(asked.repeats):
        pair = measure(asked.flows, asked.folder)
        pairs.append(pair)
        sys.stdout.write(
            f"run {number + 1}: {asked.flows / pair.run.seconds:8.0f} flows/s, "
            f"{asked.flows * flows.EVENTS_PER_FLOW / pair.run.milestone_seconds:8.0f} milestone "
            f"events/s; {pair.rows} bare rows in {pair.bare_seconds:.2f} s are "
            f"{asked.flows / pair.bare_seconds:.0f} flows/s\n"
        )
    sys.stdout.write(msgspec.json.encode(_figures(asked.flows, pairs)).decode() + "\n")


def _figures(count: int, pairs: list[Pair]) -> dict[str, object]:
    ratios = [pair.bare_seconds / pair.run.seconds for pair in pairs]
    runs = [pair.run for pair in pairs]
    return {
        "store": "sqlite",
        "flows": count,
        "flows_per_second": round(count / statistics.median(run.seconds for run in runs)),
        "milestone_events_per_second": round(
            count * flows.EVENTS_PER_FLOW / statistics.median(run.milestone_seconds for run in runs)
        ),
        "cpu_seconds_per_1000_flows": round(
            1000 * statistics.median(run.cpu_seconds for run in runs) / count, 3
        ),
        "bare_flows_per_second": round(
            count / statistics.median(pair.bare_seconds for pair in pairs)
        ),
        "ratio_to_bare": round(statistics.median(ratios), 3),
        "ratio_to_bare_spread": [round(min(ratios), 3), round(max(ratios), 3)],
        "rows_per_flow": round(pairs[0].rows / count, 1),
        "commits": runs[0].commits,
        "effects_per_flow": runs[0].effects / count,
    }


if __name__ == "__main__":
    main()

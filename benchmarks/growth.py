"""What an event costs in a store that holds five million of them, beside one of fifty thousand.

    python -m benchmarks.growth [--events 5000000] [--flows 200] [--rounds 3] [--folder DIR]

The smaller store is lived: flows from release to accrual. The larger one is the same store with
its rows put in again and again under other names, by SQL: history, steps, states, effects,
attempts, numbers, documents and read models, with every index. Copies have ids of earlier days, as
a history has, and names between the others. Then new flows are lived in both, in turn, and their
cost is compared round by round. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from hashlib import blake2b
from pathlib import Path

import apsw

from benchmarks.order_to_delivery import live
from benchmarks.watching import TENANT
from crossdock.app.memory import collect_seldom
from crossdock.store.sqlite import open_sqlite

EVENTS, SMALL_EVENTS = 5_000_000, 50_000
MESSAGES_PER_FLOW = 44
COPIES_MAX = 9_999  # as many names as four digits have
FILLING = (
    "PRAGMA journal_mode = OFF",  # a file that is filled can be filled again
    "PRAGMA synchronous = OFF",
    "PRAGMA cache_size = -1000000",
)

# What names a row, and so must be another in each copy: ids that begin with their time (they get an
# earlier one), digests, and names of things. The rest is copied as it is.
BY_TIME = {
    "message": ("id", "causation_id", "document_id"),
    "seen": ("message_id",),
    "inbox": ("message_id",),
    "outbox": ("message_id",),
    "raw_document": ("id",),
    "raw_chunk": ("document_id",),
}
DIGESTS = {"outbox": ("id", "idempotency_key"), "attempt": ("outbox_id",)}
NAMES = {
    "message": ("bound_id",),
    "seen": ("identity",),
    "inbox": ("key_id",),
    "process": ("key_id",),
    "outbox": ("business_key", "sequence_key", "key_id"),
    "attempt": (),
    "reference": ("value", "folded", "key_id"),
    "raw_document": (),
    "raw_chunk": (),
    "projection": ("key",),
    "projection_index": ("key",),
}


def fill(small: Path, large: Path, events: float) -> None:
    """Make the larger store of the smaller one. Raises ValueError for more copies than names."""
    shutil.copyfile(small, large)
    connection = apsw.Connection(str(large))
    for pragma in FILLING:
        connection.execute(pragma)
    connection.create_scalar_function("digested", _digested, 2, deterministic=True)
    connection.execute("ATTACH ? AS one", (str(small),))
    own = sum(1 for _ in connection.execute("SELECT 1 FROM one.message"))
    copies = max(int(events / own) - 1, 0)
    if copies > COPIES_MAX:
        raise ValueError(f"{copies} copies have no names; begin with a larger store")
    statements = [_copying(connection, table) for table in NAMES]
    connection.execute("BEGIN")
    for copy in range(1, copies + 1):
        for statement in statements:
            connection.execute(statement, {"copy": copy})
    connection.execute("COMMIT")
    connection.close()


def _digested(*named: object) -> str:
    """Give a copy of a digest another one."""
    return blake2b(repr(named).encode(), digest_size=16).hexdigest()


def _copying(connection: apsw.Connection, table: str) -> str:
    """Write the statement that puts the rows of a table in once more, as `:copy`."""
    found = connection.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", (table,))
    columns = [name for (name,) in found if name != "seq"]
    values = ", ".join(_value(table, column) for column in columns)
    into = f"INSERT INTO {table} ({', '.join(columns)})"
    return f"{into} SELECT {values} FROM one.{table}"  # noqa: S608 - our own names


def _value(table: str, column: str) -> str:
    if column in BY_TIME.get(table, ()):
        return f"iif({column} = '', '', printf('%04d', :copy) || substr({column}, 5))"
    if column in DIGESTS.get(table, ()):
        return f"digested({column}, :copy)"
    if column in NAMES[table]:
        return f"iif({column} = '', '', {column} || '.' || :copy)"
    return column


def lived(file: Path, flows: int, first: int) -> dict[str, float]:
    """Live new flows in a store: how many events, and what one costs in seconds and CPU seconds."""
    store = open_sqlite(file, threads=True)
    with store.read() as reader:
        before = sum(reader.count_messages(TENANT).values())
    run = live(store, flows, first)
    with store.read() as reader:
        events = sum(reader.count_messages(TENANT).values()) - before
    store.close()
    return {
        "events": events,
        "seconds": run.seconds / events,
        "cpu_seconds": run.cpu_seconds / events,
    }


def measured(folder: Path, events: int, flows: int, rounds: int) -> dict[str, float]:
    """Fill both stores, and live new flows in them in turn."""
    small, large = folder / "small.db", folder / "large.db"
    own = min(events, SMALL_EVENTS) // MESSAGES_PER_FLOW
    lived(small, own, 0)
    began = time.perf_counter()
    fill(small, large, events)
    filled = time.perf_counter() - began
    pairs = [
        (lived(small, flows, first), lived(large, flows, first))
        for first in range(own, own + rounds * flows, flows)
    ]
    return {
        "events": events,
        "large_bytes": large.stat().st_size,
        "fill_seconds": round(filled, 1),
        "growth_ratio": _ratio(pairs, "seconds"),
        "growth_cpu_ratio": _ratio(pairs, "cpu_seconds"),
    }


def _ratio(pairs: list[tuple[dict[str, float], dict[str, float]]], cost: str) -> float:
    return round(statistics.median(large[cost] / small[cost] for small, large in pairs), 3)


def main() -> None:
    """Measure once, and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="in the larger store")
    parser.add_argument("--flows", type=int, default=200, help="lived in each store in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to be measured")
    asked = parser.parse_args()
    collect_seldom()  # as `crossdock up` does
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        print(json.dumps(measured(Path(name), asked.events, asked.flows, asked.rounds)))


if __name__ == "__main__":
    main()

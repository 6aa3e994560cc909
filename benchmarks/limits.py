"""What the disk and SQLite allow: the rows of the flows alone, and one row for each message.

Bare are the very rows that the flows left behind, inserted into an empty store of the same schema
with the same durability and as many commits; updates on the way are not repeated. The other limit
is a table of its own without indexes: one row for each message of the history, in as many commits.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw

from crossdock.store.sqlite import open_sqlite
from crossdock.store.sqlite.connections import open_writer

Rows = Sequence[tuple[object, ...]]
TABLES = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"
ALONE = "create table alone (id text not null, body blob not null) strict"


def measured(folder: Path, commits: int, flows: int) -> dict[str, float]:
    """Measure both limits of the flows in `folder/flows.db`."""
    bare_seconds, rows = bare(folder / "flows.db", folder / "bare.db", commits)
    alone_seconds, messages = alone(folder / "flows.db", folder / "alone.db", commits)
    return {
        "rows_per_flow": rows / flows,
        "messages_per_flow": messages / flows,
        "bare_flows_per_s": flows / bare_seconds,
        "one_row_flows_per_s": flows / alone_seconds,
    }


def bare(file: Path, empty: Path, commits: int) -> tuple[float, int]:
    """Insert the rows of a store into an empty one of the same schema; seconds and rows."""
    open_sqlite(empty).close()
    with _opened(file) as source:
        tables = [name for (name,) in source.execute(TABLES)]
        columns = {name: _columns(source, name) for name in tables}
        rows = {
            name: source.execute(f'select {columns[name]} from "{name}"').fetchall()  # noqa: S608 - our own names
            for name in tables
        }
    with _opened(empty) as target:
        for name in tables:
            target.execute(f'delete from "{name}"')  # noqa: S608 - our own names
        inserts = {
            _insert(name, columns[name], len(rows[name][0])): rows[name]
            for name in tables
            if rows[name]
        }
        return _in_parts(target, inserts, commits), sum(map(len, rows.values()))


def alone(file: Path, empty: Path, commits: int) -> tuple[float, int]:
    """Insert one row for each message of a store; seconds and rows."""
    with _opened(file) as source:
        rows = source.execute("select id, body from message").fetchall()
    with _opened(empty) as target:
        target.execute(ALONE)
        return _in_parts(target, {_insert("alone", '"id","body"', 2): rows}, commits), len(rows)


def _in_parts(target: apsw.Connection, inserts: Mapping[str, Rows], parts: int) -> float:
    began = time.perf_counter()
    for part in range(parts):
        target.execute("begin immediate")
        for statement, rows in inserts.items():
            own = rows[len(rows) * part // parts : len(rows) * (part + 1) // parts]
            target.executemany(statement, own)
        target.execute("commit")
    return time.perf_counter() - began


@contextmanager
def _opened(file: Path) -> Iterator[apsw.Connection]:
    connection = open_writer(file)
    try:
        yield connection
    finally:
        connection.close()


def _columns(source: apsw.Connection, table: str) -> str:
    """Name the columns that are written; generated ones are not."""
    names = source.execute("select name from pragma_table_xinfo(?) where hidden = 0", (table,))
    return ",".join(f'"{name}"' for (name,) in names)


def _insert(table: str, columns: str, width: int) -> str:
    marks = ",".join("?" * width)
    return f'insert into "{table}" ({columns}) values ({marks})'  # noqa: S608 - our own names

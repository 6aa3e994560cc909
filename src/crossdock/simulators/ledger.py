"""A partner's ledger: what it did and told, by business content, kept through any crash.

Each entry is committed before the answer leaves. Entries are found by `content_key`, which is read
from the wire (order and version, shipment, posting); the caller's idempotency key is only noted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import apsw
import msgspec
from msgspec import Struct

SCHEMA = """
create table if not exists entry (
  seq integer primary key, at text not null, kind text not null, verb text not null,
  content_key text not null, content text not null, idempotency_key text not null,
  document_id text not null);
create index if not exists entry_by_content on entry (content_key, kind);
create index if not exists entry_by_key on entry (idempotency_key) where idempotency_key <> '';
create table if not exists asked (content_key text primary key, times integer not null);
create table if not exists kept (
  kind text not null, name text not null, body text not null, primary key (kind, name));
create table if not exists outgoing (
  number integer primary key, due real not null, target text not null, document text not null,
  subject text not null, webhook_id text not null, body blob not null, tells text not null,
  tries integer not null default 0, state text not null default 'waiting');
create table if not exists taken (number integer primary key, at real not null);
create index if not exists outgoing_by_state on outgoing (state, due);
create index if not exists outgoing_by_subject on outgoing (subject, state);
"""


IN_MEMORY = ":memory:"


class Entry(Struct, frozen=True, kw_only=True):
    """One line of a ledger.

    `kind` is `received` (and done), `repeated` (known by its idempotency key, not done again),
    `refused`, `sent`, `acknowledged` (the receiver said 2xx), `given_up`, or a partner's own word
    (`planned`, `withdrawn`). `at` is simulated time. `content` is what was on the wire.
    """

    seq: int = 0
    at: datetime
    kind: str
    verb: str
    content_key: str
    content: Any = None
    idempotency_key: str = ""
    document_id: str = ""


class Told(Struct, frozen=True, kw_only=True):
    """One event inside of a telling: how the ledger names it, and what it says."""

    verb: str
    content_key: str
    content: Any


class Telling(Struct, frozen=True, kw_only=True):
    """A call still to be made: `body` to `document` at `target`, due in simulated time.

    `subject` is what it is about (an order, a shipment), so that it can be withdrawn.
    """

    number: int = 0
    due: datetime
    target: str
    document: str
    subject: str
    webhook_id: str
    body: bytes
    tells: tuple[Told, ...]
    tries: int = 0


class Ledger:
    """A ledger in a file, and beside it what the partner still has to tell."""

    def __init__(self, path: Path | str) -> None:
        """Open it, or begin it; one in memory begins as a copy, quicker than by its schema."""
        if isinstance(path, Path):
            path.parent.mkdir(parents=True, exist_ok=True)
        if path == IN_MEMORY:
            self._connection = in_memory()
            return
        self._connection = apsw.Connection(str(path))
        self._connection.execute("pragma journal_mode = wal")
        # A killed process loses nothing this way; a power cut may, and this is a rehearsal.
        self._connection.execute("pragma synchronous = normal")
        self._connection.set_busy_timeout(5_000)
        self._connection.execute(SCHEMA)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Commit what is written inside as one, or none of it."""
        with self._connection:
            yield

    def write(self, entry: Entry) -> None:
        """Append an entry; its `seq` is given here."""
        self._connection.execute(
            "insert into entry (at, kind, verb, content_key, content, idempotency_key, document_id)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (
                entry.at.isoformat(),
                entry.kind,
                entry.verb,
                entry.content_key,
                msgspec.json.encode(entry.content).decode(),
                entry.idempotency_key,
                entry.document_id,
            ),
        )

    def entries(
        self, *, kind: str = "", verb: str = "", content_key: str = "", since: int = 0
    ) -> tuple[Entry, ...]:
        """Read the entries after number `since`, oldest first; an empty filter lets all pass."""
        rows = self._connection.execute(
            "select seq, at, kind, verb, content_key, content, idempotency_key, document_id"
            " from entry where seq > ?1 and (?2 = '' or kind = ?2) and (?3 = '' or verb = ?3)"
            " and (?4 = '' or content_key = ?4) order by seq",
            (since, kind, verb, content_key),
        )
        return tuple(_entry(row) for row in rows)

    def holds(self, kind: str, content_key: str) -> bool:
        """Tell whether there is an entry of that kind for the content."""
        found = self._connection.execute(
            "select 1 from entry where content_key = ? and kind = ? limit 1", (content_key, kind)
        )
        return found.fetchone() is not None

    def done_under(self, idempotency_key: str) -> tuple[str, str]:
        """Find what was done under a key, and the document that was made; empty where nothing."""
        found = self._connection.execute(
            "select verb, document_id from entry where idempotency_key = ?"
            " and idempotency_key <> '' and kind = 'received' order by seq limit 1",
            (idempotency_key,),
        ).fetchone()
        return (str(found[0]), str(found[1])) if found else ("", "")

    def count_asked(self, content_key: str) -> int:
        """Count one more request for this content, and tell which one it is: 1 first."""
        (times,) = next(
            self._connection.execute(
                "insert into asked values (?, 1)"
                " on conflict do update set times = times + 1 returning times",
                (content_key,),
            )
        )
        return int(times)

    def keep(self, kind: str, name: str, body: Any) -> None:
        """Keep a partner's own record, replacing the earlier one."""
        self._connection.execute(
            "insert into kept values (?, ?, ?) on conflict do update set body = excluded.body",
            (kind, name, msgspec.json.encode(body).decode()),
        )

    def kept(self, kind: str, name: str) -> Any:
        """Give a partner's own record back; None where there is none."""
        found = self._connection.execute(
            "select body from kept where kind = ? and name = ?", (kind, name)
        ).fetchone()
        return msgspec.json.decode(found[0]) if found else None

    def kept_of(self, kind: str) -> tuple[tuple[str, Any], ...]:
        """List a partner's own records of a kind, with their names."""
        rows = self._connection.execute("select name, body from kept where kind = ?", (kind,))
        return tuple((str(name), msgspec.json.decode(body)) for name, body in rows)

    def post(self, telling: Telling) -> int:
        """Put a telling among those still to be made, and give its number."""
        self._connection.execute(
            "insert into outgoing (due, target, document, subject, webhook_id, body, tells)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (
                telling.due.timestamp(),
                telling.target,
                telling.document,
                telling.subject,
                telling.webhook_id,
                telling.body,
                msgspec.json.encode(telling.tells).decode(),
            ),
        )
        return self._connection.last_insert_rowid()

    def waiting(self) -> tuple[tuple[float, int, str], ...]:
        """List what is still to be told: due (Unix seconds, simulated), number, subject."""
        rows = self._connection.execute(
            "select due, number, subject from outgoing where state = 'waiting' order by due, number"
        )
        return tuple((float(due), int(number), str(subject)) for due, number, subject in rows)

    def next_due(self) -> datetime | None:
        """Tell when the first of what is still to be told is due; None where nothing is."""
        (due,) = next(
            self._connection.execute("select min(due) from outgoing where state = 'waiting'")
        )
        return None if due is None else datetime.fromtimestamp(due, UTC)

    def telling(self, number: int) -> Telling | None:
        """Read a telling that still waits; None where it was withdrawn."""
        row = self._connection.execute(
            "select number, due, target, document, subject, webhook_id, body, tells, tries"
            " from outgoing where number = ? and state = 'waiting'",
            (number,),
        ).fetchone()
        if row is None:
            return None
        number, due, target, document, subject, webhook_id, body, tells, tries = row
        return Telling(
            number=number,
            due=datetime.fromtimestamp(due, UTC),
            target=target,
            document=document,
            subject=subject,
            webhook_id=webhook_id,
            body=body,
            tells=msgspec.json.decode(tells, type=tuple[Told, ...]),
            tries=tries,
        )

    def postpone(self, number: int, due: datetime, *, tried: bool) -> None:
        """Tell it later; `tried` says whether this counts as an attempt."""
        self._connection.execute(
            "update outgoing set due = ?, tries = tries + ? where number = ?",
            (due.timestamp(), int(tried), number),
        )

    def taken(self, number: int, at: datetime) -> None:
        """Take a telling from the waiting ones: its target has acknowledged it."""
        self.close(number, "acknowledged")
        self._connection.execute(
            "insert into taken values (?, ?) on conflict do update set at = excluded.at",
            (number, at.timestamp()),
        )

    def close(self, number: int, state: str) -> None:
        """Take a telling from the waiting ones: `acknowledged` or `given_up`."""
        self._connection.execute("update outgoing set state = ? where number = ?", (state, number))

    def wait_again(self, target: str, since: datetime) -> None:
        """Put everything among what is still to be told that a target has taken since."""
        self._connection.execute(
            "update outgoing set state = 'waiting', tries = 0"
            " where target = ? and state = 'acknowledged'"
            " and number in (select number from taken where at >= ?)",
            (target, since.timestamp()),
        )

    def withdraw(self, subject: str) -> None:
        """Tell nothing more about a subject."""
        self._connection.execute(
            "update outgoing set state = 'withdrawn' where subject = ? and state = 'waiting'",
            (subject,),
        )

    def outgoing_counts(self) -> dict[str, int]:
        """Count the tellings by state."""
        rows = self._connection.execute("select state, count(*) from outgoing group by state")
        return {str(state): int(count) for state, count in rows}


def in_memory() -> apsw.Connection:
    """Copy a blank ledger; whoever has one has it alone, so it needs no lock at each value."""
    connection = apsw.Connection(
        IN_MEMORY,
        flags=apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_NOMUTEX,
    )
    # Else what asks beside the partial index is planned anew each time.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    with connection.backup("main", _blank(), "main") as copy:
        copy.step()
    return connection


@cache
def _blank() -> apsw.Connection:
    """Give a ledger with nothing in it."""
    connection = apsw.Connection(IN_MEMORY)
    connection.execute(SCHEMA)
    return connection


def _entry(row: Any) -> Entry:
    seq, at, kind, verb, content_key, content, idempotency_key, document_id = row
    return Entry(
        seq=seq,
        at=datetime.fromisoformat(at),
        kind=kind,
        verb=verb,
        content_key=content_key,
        content=msgspec.json.decode(content),
        idempotency_key=idempotency_key,
        document_id=document_id,
    )

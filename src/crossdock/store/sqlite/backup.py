"""Backups of the file: taken beside a running house, checked, and put back without losing the old.

Nothing here copies files: pages are read in one snapshot through SQLite's own backup, so that
a store that is written meanwhile is caught at one moment. A backup is one file, without a log
beside it, and carries the mark `backed_up_at`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import apsw

from crossdock.faults import Misconfigured, NotNow
from crossdock.ports.backup import Backup
from crossdock.ports.store import CONTROL_FLOOR, Unit
from crossdock.store.flushing import flush
from crossdock.store.instants import instant
from crossdock.store.sqlite.connections import open_for_reading, open_writer
from crossdock.store.sqlite.lock import WriterLock
from crossdock.store.sqlite.migrations import check, shipped
from crossdock.store.sqlite.store import SqliteStore

T = TypeVar("T")

BACKED_UP_AT = "backed_up_at"
LOGS = ("-wal", "-shm")
SET_MARK = """
INSERT INTO mark (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value
"""
MARK = "SELECT value FROM mark WHERE name = ?"
MESSAGES = "SELECT coalesce(sum(count), 0) FROM message_count"
NEWEST = "SELECT received_at FROM message ORDER BY seq DESC LIMIT 1"


def back_up(store: Path, file: Path, now: datetime) -> Backup:
    """Write a backup, whether or not another process writes the store; durable when it returns.

    Raises Misconfigured where there is no such store or the file exists already, and NotNow where
    it cannot be written whole.
    """
    if file.exists():
        raise Misconfigured("There is a file of this name; choose another", file=file)
    with closing(open_for_reading(store)) as source, _unfinished(file) as unfinished:
        _refuse_foreign(source, store)
        _copy(source, unfinished)
        with closing(open_writer(unfinished)) as copy:
            copy.execute(SET_MARK, (BACKED_UP_AT, now.astimezone(UTC).isoformat()))
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()
        verify(unfinished)
        flush(unfinished)
        unfinished.replace(file)
        flush(file.parent)
    return look_at(file)


def look_at(file: Path) -> Backup:
    """Tell what a backup or a store holds. Raises Misconfigured where it is neither, or damaged."""
    with closing(open_for_reading(file)) as connection, _told_of_damage(file):
        _refuse_foreign(connection, file)
        taken_at = _asked(connection, MARK, BACKED_UP_AT)
        floor = _asked(connection, MARK, CONTROL_FLOOR)
        newest = _asked(connection, NEWEST)
        messages = _asked(connection, MESSAGES)
    return Backup(
        file=str(file),
        size=file.stat().st_size,
        taken_at=datetime.fromisoformat(taken_at) if taken_at else None,
        as_of=instant(int(newest)) if newest else None,
        messages=int(messages),
        control_floor=int(floor or 0),
    )


@contextmanager
def _told_of_damage(file: Path) -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        raise Misconfigured("The file is damaged", file=file, found=str(error)) from error


def _asked(connection: apsw.Connection, question: str, *bindings: str) -> str:
    """Ask for one value; empty where there is none."""
    found = connection.execute(question, bindings).fetchall()
    return str(found[0][0]) if found else ""


def verify(file: Path) -> None:
    """Read every page of a file. Raises Misconfigured where it is damaged or no store of ours."""
    with closing(open_for_reading(file)) as connection:
        try:
            found = [str(said) for (said,) in connection.execute("PRAGMA integrity_check(10)")]
        except apsw.Error as error:
            found = [str(error)]
        if found != ["ok"]:
            raise Misconfigured(
                "The file is damaged; take another backup", file=file, found="; ".join(found)
            )
        _refuse_foreign(connection, file)


def put_back(
    file: Path, store: Path, prepare: Callable[[Unit], T], now: datetime, *, replace: bool = False
) -> T:
    """Put a backup in the place of the store, which is kept beside it.

    The copy is brought up to this release and `prepare`d in one transaction before it takes the
    place, so that nobody ever opens it otherwise. Raises Misconfigured where a process writes the
    store, where there is one and `replace` is not said, and where the backup is damaged or foreign;
    then nothing is changed.
    """
    verify(file)
    lock = WriterLock(store)
    try:
        if store.exists() and not replace:
            raise Misconfigured(
                "There is a store in this place; say that it shall be replaced (it is kept beside)",
                file=store,
            )
        staged = store.with_name(f"{store.name}.restoring")
        with _cleared(staged):
            with closing(open_for_reading(file)) as source:
                _copy(source, staged)
            prepared = _prepared(staged, prepare)
            replaced = aside_of(store, now)
            if replaced is not None:
                _set_aside(store, replaced)
            staged.replace(store)
            flush(store.parent)
    finally:
        lock.release()
    return prepared


def _refuse_foreign(connection: apsw.Connection, file: Path) -> None:
    if check(connection, shipped()) == 0:
        raise Misconfigured("This file is no store of crossdock", file=file)


def _copy(source: apsw.Connection, target: Path) -> None:
    """Copy every page in one step, so that a busy writer cannot make it begin anew."""
    try:
        with (
            closing(apsw.Connection(str(target))) as copy,
            copy.backup("main", source, "main") as pages,
        ):
            pages.step(-1)
    except (apsw.FullError, apsw.IOError) as error:
        raise NotNow("The copy could not be written; free some space", file=target) from error


def _prepared(staged: Path, prepare: Callable[[Unit], T]) -> T:
    made = SqliteStore(staged)
    try:
        with made.write() as unit:
            prepared = prepare(unit)
            unit.set_mark(BACKED_UP_AT, "")
    finally:
        made.close()
    flush(staged)
    return prepared


def aside_of(store: Path, now: datetime) -> Path | None:
    """Name the place where a store is kept that is replaced now; None where there is none."""
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
    return store.with_name(f"{store.name}.replaced-{stamp}") if store.exists() else None


def _set_aside(store: Path, aside: Path) -> None:
    """Keep the store beside its place, with what its log still holds.

    The place is never empty, and never without what belongs to it: a house that starts after a
    power cut finds the old store whole, or the restored one.
    """
    logs = {store.with_name(store.name + each): aside.with_name(aside.name + each) for each in LOGS}
    for log, kept in logs.items():
        if log.exists():
            _keep(log, kept)
    if _is_settled(store):
        for kept in logs.values():
            kept.unlink(missing_ok=True)
    _keep(store, aside)
    for log in logs:  # a log of the old store must never be read into the restored one
        log.unlink(missing_ok=True)
    flush(store.parent)


def _is_settled(store: Path) -> bool:
    """Write what the log holds into the file; answer whether that could be done."""
    try:
        with closing(open_writer(store)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except (Misconfigured, apsw.Error):
        return False  # damaged: it is kept as it is, with its log
    return True


def _keep(file: Path, aside: Path) -> None:
    """Give a file a second name."""
    try:
        os.link(file, aside)
    except OSError:  # not every file system has links; nobody writes it while we hold the lock
        shutil.copy2(file, aside)


@contextmanager
def _unfinished(file: Path) -> Iterator[Path]:
    with _cleared(file.with_name(f".{file.name}.part")) as unfinished:
        yield unfinished


@contextmanager
def _cleared(path: Path) -> Iterator[Path]:
    """Give a name for a file in the making; whatever is left under it is removed."""
    names = [path, *(path.with_name(path.name + each) for each in (*LOGS, "-journal", ".lock"))]
    for each in names:
        each.unlink(missing_ok=True)
    try:
        yield path
    finally:
        for each in names:
            each.unlink(missing_ok=True)

"""The verdict: what must be true of a house that died, and of one that came to its day's end.

It is found from what those outside know, their ledgers and folders, and from the store; never from
what the house says of itself alone. Each broken promise is one sentence.

INV-1   what was acknowledged is stored, byte for byte
INV-2   at the end nothing is on its way, and nothing waits for a person without a row
INV-8   a step is there whole or not at all: folding the history gives the states and the effects
INV-11  no partner did one thing twice; at the end each did what a day without a crash makes it do
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import cast

import apsw
from msgspec import Struct

from crossdock.faults import Misconfigured
from crossdock.flow.machine import Machine
from crossdock.flow.replayer import Mark
from crossdock.messages.envelope import Key
from crossdock.ports.store import OutboxStatus, Reader, Store
from crossdock.store.sqlite import open_reader
from crossdock.testing.proof.day import ACKNOWLEDGED, TENANT, Places, house
from crossdock.testing.proof.partners import APPLIED

PARTNERS = ("erp", "tms", "road")
MANY = 10_000
LOST = "acknowledged and lost"
OVER = {OutboxStatus.APPLIED, OutboxStatus.WAIVED, OutboxStatus.SUPERSEDED}
REPLAYED_OTHERWISE = {Mark.CHANGED, Mark.WOULD_SEND, Mark.UNWRITTEN}


class Ends(Struct, frozen=True, kw_only=True):
    """How a day ended: what partners did, which files lie there, where each process stands."""

    done: tuple[tuple[str, str, str], ...]
    files: tuple[tuple[str, str], ...]
    stages: tuple[tuple[str, str, int], ...]


def integrity(file: Path) -> Iterator[str]:
    """Let SQLite look at its own file."""
    connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        for pragma in ("integrity_check", "foreign_key_check"):
            for row in connection.execute(f"PRAGMA {pragma}"):
                if row != ("ok",):
                    yield f"{pragma}: {row}"
    finally:
        connection.close()


def at_rest(places: Places) -> list[str]:
    """Judge a house that died: what is broken, in sentences; empty is well."""
    broken = doubled(places)
    if not places.store.exists():
        return [*broken, *(f"{LOST}: {each}" for each in promised(places))]
    broken += integrity(places.store)
    try:
        store = open_reader(places.store)
    except Misconfigured:  # it died before its tables were made
        return [*broken, *(f"{LOST}: {each}" for each in promised(places))]
    broken += judge(places, cast("Store", store))  # it is read alone
    store.close()
    return broken


def judge(places: Places, store: Store) -> list[str]:
    """Judge what a store holds."""
    with store.read() as reader:
        return [*lost(places, reader), *unfolded(places, store, reader)]


def promised(places: Places) -> dict[str, str]:
    """Tell what was acknowledged: the SHA-256 of each document, and what it was."""
    notes = places.ledger("people").of(ACKNOWLEDGED)
    told = {sha256(each.content.encode()).hexdigest(): each.about for each in notes}
    archive = places.drop / "archive"
    files = archive.iterdir() if archive.is_dir() else ()
    return told | {sha256(each.read_bytes()).hexdigest(): each.name for each in files}


def lost(places: Places, reader: Reader) -> Iterator[str]:
    """INV-1: find what was acknowledged and is not there as it came."""
    kept = {
        row.sha256: sha256(row.content).hexdigest() for row in reader.documents(TENANT, limit=MANY)
    }
    for digest, name in promised(places).items():
        if kept.get(digest) != digest:
            yield f"{LOST}: {name}"


def unfolded(places: Places, store: Store, reader: Reader) -> Iterator[str]:
    """INV-8: find processes whose state or effects are not what their steps make of them."""
    machine = Machine(store=store, roster=house(places))
    for name, key, revision in _processes(reader):
        seen = machine.preview(name, key)
        steps = reader.handled(TENANT, name, key)
        if not seen.same_state or seen.stumbles or revision != steps[-1].revision:
            yield f"{name} {key.id}: its steps make another state"
        for effect in seen.effects:
            if effect.mark in REPLAYED_OTHERWISE:
                yield f"{name} {key.id}: {effect.verb} {effect.business_key} is {effect.mark}"


def _processes(reader: Reader) -> Iterator[tuple[str, Key, int]]:
    for name in sorted({each.subscriber for each in reader.stages(TENANT)}):
        for row in reader.list_processes(TENANT, name, None, "", MANY):
            yield name, row.key, row.revision


def doubled(places: Places) -> list[str]:
    """INV-11: find what a partner did more than once."""
    counted = Counter(_done(places))
    return [f"done {count} times: {each[:2]}" for each, count in counted.items() if count > 1]


def _done(places: Places) -> Iterator[tuple[str, str, str]]:
    for name in PARTNERS:
        for each in places.ledger(name).of(APPLIED):
            yield name, each.about, each.content


def ends(places: Places) -> Ends:
    """Tell how a day ended."""
    store = open_reader(places.store)
    with store.read() as reader:
        stages = sorted((row.subscriber, row.stage, row.count) for row in reader.stages(TENANT))
    store.close()
    files = sorted((each.name, each.read_text()) for each in places.to_erp.iterdir())
    return Ends(done=tuple(sorted(_done(places))), files=tuple(files), stages=tuple(stages))


def at_end(places: Places, wanted: Ends | None = None) -> list[str]:
    """Judge a house at its day's end; `wanted` is how a day without a crash ends."""
    broken = at_rest(places)
    store = open_reader(places.store)
    with store.read() as reader:
        broken += unfinished(reader)
    store.close()
    broken += [f"never taken in: {each.name}" for each in _left(places)]
    found = ends(places)
    if wanted is not None and found != wanted:
        broken.append(f"the day ended otherwise: {_differences(found, wanted)}")
    return broken


def _left(places: Places) -> Iterator[Path]:
    for folder in (places.drop, places.drop / "processing"):
        yield from (each for each in folder.iterdir() if each.is_file())


def unfinished(reader: Reader) -> Iterator[str]:
    """INV-2: find what is still on its way, or waits for a person who was asked in vain."""
    if reader.pending():
        yield f"{reader.pending()} steps were never taken"
    for (endpoint, verb, status), count in reader.outbox_counts(TENANT).items():
        if status not in OVER:
            yield f"{count} x {verb} at {endpoint} stayed {status}"
    for row in reader.exceptions(TENANT):
        yield f"nobody settled {row.code} of {row.subject}"


def _differences(found: Ends, wanted: Ends) -> str:
    parts: list[Callable[[Ends], tuple[object, ...]]] = [
        lambda each: each.done,
        lambda each: each.files,
        lambda each: each.stages,
    ]
    more = [one for part in parts for one in part(found) if one not in part(wanted)]
    less = [one for part in parts for one in part(wanted) if one not in part(found)]
    return f"too much {more}, too little {less}"

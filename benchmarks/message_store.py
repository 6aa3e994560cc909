"""The message store alone, in batches as the dispatcher writes them, beside bare rows.

    python -m benchmarks.message_store [--batches N]

One batch: 500 new milestones of 84 shipments are remembered, appended, queued, claimed and
finished; each second one says one message more, each sixth asks for an effect; each shipment's
state and view are written. Bare are the same bytes as rows without keys or indexes, in as many
commits, flushed alike. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import apsw

from crossdock.messages.envelope import Key
from crossdock.ports.store import (
    Handled,
    InboxRow,
    MessageRow,
    OutboxRow,
    ProcessRow,
    ProjectionRow,
    SeenRow,
    Step,
    Store,
)
from crossdock.store.sqlite import open_sqlite

BATCH = 500
AT_ONE_SHIPMENT = 6  # milestones of one shipment in a batch
BODY, STATE, VIEW, REQUEST = bytes(720), bytes(1500), bytes(900), bytes(600)
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
TENANT, SUBSCRIBER = "main", "shipment_visibility"


def message(message_id: str, cause: str = "") -> MessageRow:
    """A milestone, or what was said because of it."""
    return MessageRow(
        tenant=TENANT,
        id=message_id,
        type="MilestoneConfirmed" if cause else "MilestoneReported",
        schema=1,
        body=BODY,
        correlation_id=cause or message_id,
        causation_id=cause,
        received_at=NOON,
        origin="partner:road",
    )


def effect(step: Step) -> OutboxRow:
    """A posting to the ERP, one line for each shipment."""
    about = step.row.message_id
    return OutboxRow(
        tenant=TENANT,
        id=f"x{about}",
        endpoint="erp",
        verb="erp.post_milestone",
        business_key=about,
        version="1",
        idempotency_key=f"k{about}",
        sequence_key=step.row.key.id,
        subscriber=SUBSCRIBER,
        key=step.row.key,
        message_id=about,
        correlation_id=about,
        owner="FINANCE",
        request=REQUEST,
        created_at=NOON,
        due_at=NOON,
    )


def view(key: Key, revision: int) -> ProjectionRow:
    """What the customer sees of a shipment."""
    return ProjectionRow(
        tenant=TENANT,
        kind="shipment_view",
        key=f"{key.id}/C-1",
        body=VIEW + str(revision).encode(),
        index=(("customer", key.id[-3:]), ("order", key.id), ("visible", "yes")),
        updated_at=NOON,
    )


def state(key: Key, revision: int) -> ProcessRow:
    """What is known of a shipment."""
    return ProcessRow(
        tenant=TENANT,
        subscriber=SUBSCRIBER,
        key=key,
        state=STATE,
        schema=1,
        revision=revision,
        stage="moving",
        updated_at=NOON,
    )


def take(store: Store, ids: Sequence[str], keys: Sequence[Key]) -> int:
    """Take one batch in and through its steps, in one transaction; answer how many steps."""
    with store.write() as unit:
        unit.remember(
            [
                SeenRow(
                    tenant=TENANT,
                    endpoint="road",
                    identity=f"{each}/1",
                    hash=bytes(16),
                    message_id=each,
                )
                for each in ids
            ]
        )
        unit.append([message(each) for each in ids])
        unit.enqueue(
            [
                InboxRow(tenant=TENANT, message_id=each, subscriber=SUBSCRIBER, key=key)
                for each, key in zip(ids, keys, strict=True)
            ]
        )
        steps = unit.claim(BATCH)
        places = {step.row.key: (TENANT, SUBSCRIBER, step.row.key) for step in steps}
        before = unit.processes(list(places.values()))
        revisions = {
            key: before[place].revision + 1 if place in before else 1
            for key, place in places.items()
        }
        unit.save([state(*each) for each in revisions.items()])
        unit.append(
            [message(f"e{step.row.message_id}", step.row.message_id) for step in steps[::2]]
        )
        unit.ask([effect(step) for step in steps[::6]])
        unit.put_projections([view(*each) for each in revisions.items()])
        unit.finish([Handled(seq=step.row.seq, revision=1, at=NOON) for step in steps])
    return len(steps)


def through_the_store(path: Path) -> Callable[[int], int]:
    """Prepare the store; answer what takes one batch."""
    store = open_sqlite(path)

    def one(number: int) -> int:
        ids = [f"{number:08x}-{each:04x}-7abc-8def-0123456789ab" for each in range(BATCH)]
        first = number * BATCH
        keys = [
            Key("shipment", f"S-{(first + each) // AT_ONE_SHIPMENT:08d}") for each in range(BATCH)
        ]
        return take(store, ids, keys)

    return one


def as_bare_rows(path: Path) -> Callable[[int], int]:
    """Prepare a file without keys; answer what inserts the bytes of one batch."""
    connection = apsw.Connection(str(path))
    for statement in (
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA wal_autocheckpoint = 4000",
        "CREATE TABLE bare (id TEXT, body BLOB) STRICT",
    ):
        connection.execute(statement)
    shipments = BATCH // AT_ONE_SHIPMENT
    sizes = [BODY] * (BATCH + BATCH // 2) + [STATE, VIEW, REQUEST] * shipments

    def one(number: int) -> int:
        rows = [(f"{number:08x}-{each:04x}", body) for each, body in enumerate(sizes)]
        with connection:
            connection.executemany("INSERT INTO bare VALUES (?, ?)", rows)
        return BATCH

    return one


def rate(one: Callable[[int], int], batches: int) -> tuple[int, int]:
    """Run the batches; answer messages for each second of the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    taken = sum(one(number) for number in range(batches))
    return (
        round(taken / (time.perf_counter() - clock)),
        round(taken / (time.process_time() - processor)),
    )


def main() -> None:
    """Measure both, and say so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=60)
    batches = parser.parse_args().batches
    with tempfile.TemporaryDirectory(dir=".") as folder:
        bare = rate(as_bare_rows(Path(folder) / "bare.db"), batches)
        stored = rate(through_the_store(Path(folder) / "store.db"), batches)
    print(f"bare rows     {bare[0]:>8,} messages/s  {bare[1]:>8,} for each processor second")
    print(f"message store {stored[0]:>8,} messages/s  {stored[1]:>8,} for each processor second")
    print(json.dumps({"messages": batches * BATCH, "bare": bare[0], "stored": stored[0]}))


if __name__ == "__main__":
    main()

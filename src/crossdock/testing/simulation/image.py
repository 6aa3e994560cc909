"""A store to begin with: migrated, and with the master data of the simulated companies in it.

Made once by the real machine; each seed begins with its bytes, in memory.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from crossdock.flow.machine import Machine
from crossdock.simulators.world import Record, Release, World, world
from crossdock.store.sqlite import open_sqlite
from crossdock.testing.in_process import InProcess, arrival
from crossdock.testing.simulation.rosters import Numbers, roster_for

DAY = date(2026, 3, 28)  # in the night that follows, clocks in Europe go forward
WORLD_SEED = 11
POOL = 400  # releases to draw orders from
BEGIN = datetime(2026, 3, 28, 6, 0, tzinfo=UTC)


class Image(Struct, frozen=True, kw_only=True):
    """The bytes of a store, and the world it belongs to."""

    store: bytes
    records: tuple[Record, ...]
    releases: tuple[Release, ...]


@cache
def made() -> Image:
    """Give the image; it is made once in each process."""
    with tempfile.TemporaryDirectory(prefix="crossdock-image-") as folder:
        return _make(Path(folder))


def _make(folder: Path) -> Image:
    day: World = world(WORLD_SEED, POOL, DAY)
    file = folder / "image.db"
    store = open_sqlite(file)
    machine = Machine(store=store, roster=roster_for(folder, Numbers("image")))
    town = InProcess(machine, {}, BEGIN)
    town.receive(arrival("erp", "master_data", msgspec.json.encode(list(map(_event, day.records)))))
    town.settle()
    town.close()
    store.close()
    return Image(store=file.read_bytes(), records=day.records, releases=day.releases)


def _event(record: Record) -> dict[str, object]:
    return {
        "event_id": f"master/{record.kind}/{record.record_id}/1",
        "event_type": f"{record.kind}.changed",
        "occurred_at": BEGIN,
        "version": 1,
        "record": record.record,
    }

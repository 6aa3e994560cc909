"""Room held back beside the store, on disks of a few MiB."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock.ports.space import Space
from crossdock.ports.store import StoreFull
from crossdock.store.sqlite import Reserve, SqliteStore, open_sqlite
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN
from tests.proofs.small_disk import MIB, NoMount, fill, free, small_disk

DISK_MIB = 16
RESERVE = Reserve(ballast_bytes=2 * MIB, low_water_bytes=3 * MIB)
LITTLE = 256 * 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a small disk."""
    try:
        with small_disk(tmp_path, DISK_MIB) as place:
            yield place
    except NoMount as why:
        pytest.skip(str(why))


def overfill(store: SqliteStore) -> None:
    """Write more than fits."""
    with pytest.raises(StoreFull, match="disk of the store is full"), store.write() as unit:
        unit.append([rows.message(f"m{each}", body=bytes(MIB)) for each in range(DISK_MIB)])


def test_ballast_is_held_where_there_is_room(disk: Path) -> None:
    store = open_sqlite(disk / "crossdock.db", RESERVE)

    assert store.space() == Space(free_bytes=free(disk))
    assert (disk / "crossdock.db.ballast").stat().st_size == 2 * MIB
    store.close()


def test_a_disk_below_low_water_is_scarce_and_keeps_its_ballast(disk: Path) -> None:
    store = open_sqlite(disk / "crossdock.db", RESERVE)
    fill(disk, leave=2 * MIB + LITTLE)

    said = store.space().scarce

    store.close()
    assert said == "The store's disk has 2 MiB left and needs 3 MiB; make room on it"
    assert (disk / "crossdock.db.ballast").exists()


def test_a_full_disk_drops_the_ballast_and_the_next_write_fits(disk: Path) -> None:
    store = open_sqlite(disk / "crossdock.db", RESERVE)
    fill(disk, leave=LITTLE)
    overfill(store)

    with store.write() as unit:
        unit.append([rows.message(body=bytes(MIB))])

    with store.read() as reader:
        assert reader.count_messages(MAIN) == {"OrderReleased": 1}
    assert store.space().scarce.endswith("needs 7 MiB; make room on it")
    store.close()


def test_with_room_on_the_disk_the_ballast_is_held_again(disk: Path) -> None:
    store = open_sqlite(disk / "crossdock.db", RESERVE)
    filler = fill(disk, leave=LITTLE)
    overfill(store)
    filler.unlink()

    said = store.space().scarce

    store.close()
    assert (said, (disk / "crossdock.db.ballast").exists()) == ("", True)


def test_a_house_that_starts_on_a_full_disk_gives_up_its_ballast_first(disk: Path) -> None:
    open_sqlite(disk / "crossdock.db", RESERVE).close()
    fill(disk, leave=1)

    store = open_sqlite(disk / "crossdock.db", RESERVE)

    with store.write() as unit:
        unit.append([rows.message()])
    store.close()
    assert not (disk / "crossdock.db.ballast").exists()

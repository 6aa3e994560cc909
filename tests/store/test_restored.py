"""The same loss on every store: a day is finished, lost, restored from its middle, and told again.

The partners' ledger goes on through all of it: whatever it holds twice was done twice.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import Struct

from benchmarks import flows
from crossdock.flow import recovery
from crossdock.flow.recovery import Recovery, Restored
from crossdock.ports.backup import Backup
from crossdock.ports.store import Store, Unit
from crossdock.store.postgres import backup as databases
from crossdock.store.postgres import open_postgres
from crossdock.store.sqlite import backup as files
from crossdock.store.sqlite import open_sqlite
from crossdock.testing.in_process import InProcess
from crossdock.testing.plain_partner import PlainPartner
from tests.store import grown

ORDERS = 40
NOW = flows.BEGIN + timedelta(days=1)


def begun(found: Backup) -> Callable[[Unit], Restored]:
    """Prepare a backup's content to be gone on with."""

    def prepare(unit: Unit) -> Restored:
        return recovery.begin(unit, "main", found, at=NOW, by="ann", reason="it is lost")

    return prepare


class Place(Struct, frozen=True, kw_only=True):
    """Where a store is: how it is opened, backed up, and put back where nothing is left of it."""

    open: Callable[[], Store]
    back_up: Callable[[Path], Backup]
    restore: Callable[[Path], Restored]
    open_restored: Callable[[], Store]


@pytest.fixture(params=["file", "database"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A store in a file, and one in a database; each is restored in an empty place."""
    if request.param == "file":
        lost, empty = tmp_path / "lost.db", tmp_path / "restored.db"
        return Place(
            open=lambda: open_sqlite(lost),
            back_up=lambda file: files.back_up(lost, file, NOW),
            restore=lambda file: files.put_back(file, empty, begun(files.look_at(file)), NOW),
            open_restored=lambda: open_sqlite(empty),
        )
    server = request.getfixturevalue("postgres")
    there, bare = server.database(), server.empty_database()
    return Place(
        open=lambda: open_postgres(there),
        back_up=lambda file: databases.back_up(there, file, NOW),
        restore=lambda file: databases.put_back(file, bare, begun(databases.look_at(file)), NOW),
        open_restored=lambda: open_postgres(bare),
    )


@contextmanager
def opened(opening: Callable[[], Store]) -> Iterator[Store]:
    store = opening()
    yield store
    store.close()


def told_again(store: Store, partner: PlainPartner) -> InProcess:
    """Tell everything once more that was ever told."""
    town = grown.town(store, partner, 3, "erp", "tms")
    town.jump_to(grown.END)
    grown.tell(town, "erp", "orders", flows.arrays(flows.orders(ORDERS)))
    grown.tell(town, "tms", "plans", flows.arrays(flows.plans(ORDERS)))
    for code in flows.CODES:
        grown.tell(town, "road", "tracking", flows.arrays(flows.tracking(ORDERS, code)))
    with store.write() as unit:
        for key in grown.PARKED:
            unit.release("main", "shipment_visibility", key)
    town.settle()
    return town


def standing(store: Store) -> Recovery | None:
    with store.read() as reader:
        return recovery.recovery(reader, "main")


def ends(store: Store) -> list[object]:
    """Tell where the cases and the effects stand, and what customers see."""
    with store.read() as reader:
        views = reader.find("main", "shipment_view", {}, limit=1000)
        return [
            [(each.subscriber, each.stage, each.count) for each in reader.stages("main")],
            reader.outbox_counts("main"),
            reader.pending("main"),
            [(row.key, row.index) for row in views],
        ]


def test_a_day_that_was_lost_is_done_once(place: Place, tmp_path: Path) -> None:
    partner, file = PlainPartner(), tmp_path / "middle.backup"
    with opened(place.open) as store:
        grown.grow(store, partner, ORDERS)
        place.back_up(file)
        grown.finish(store, partner, ORDERS)
        whole_day = ends(store)
    done = dict(partner.applied)

    restored = place.restore(file)
    with opened(place.open_restored) as store:
        town = told_again(store, partner)
        held = [dict(partner.applied) == done, standing(store)]
        town.machine.recover("release", "ann", "all was told again", NOW)
        town.jump_to(grown.END + timedelta(hours=24))
        town.machine.recover("finish", "ann", "nothing is missing", NOW)
        after = ends(store)

    assert restored.doubted == {"erp": {"erp.write_reference": ORDERS}}
    assert (held[0], getattr(held[1], "outbound", None)) == (True, "held")
    assert dict(partner.applied) == done
    assert (set(done.values()), after) == ({1}, whole_day)


def test_a_backup_answers_as_the_store_it_was_taken_of(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "middle.backup"
    with opened(place.open) as store:
        grown.grow(store, PlainPartner(), ORDERS)
        made = place.back_up(file)
        with store.read() as reader:
            before = [*grown.answers(reader), reader.mark("clean_shutdown")]
            messages = sum(reader.count_messages("main").values())
    place.restore(file)

    with opened(place.open_restored) as store, store.read() as reader:
        after = [*grown.answers(reader), reader.mark("clean_shutdown")]

    changed = [each for each, other in zip(before, after, strict=True) if each != other]
    assert made.messages == messages
    assert len(changed) == 1 + ORDERS  # the count of effects by status, and each doubted effect


def test_numbers_go_on_after_a_restore(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "early.backup"
    with opened(place.open) as store:
        with store.write() as unit:
            unit.next_control_number("main", "road", "ISA")
        place.back_up(file)
        with store.write() as unit:
            lost = [unit.next_control_number("main", each, "ISA") for each in ("road", "tms")]

    restored = place.restore(file)
    with opened(place.open_restored) as store, store.write() as unit:
        again = [unit.next_control_number("main", each, "ISA") for each in ("road", "tms")]

    assert lost == [2, 1]
    assert again == [restored.control_floor + 1] * 2

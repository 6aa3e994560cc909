"""A store in the middle of its work is opened by the next release, and loses nothing of it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from crossdock.store.migrations import Migration
from crossdock.store.sqlite import SqliteStore
from crossdock.store.sqlite.migrations import shipped
from crossdock.testing.plain_partner import PlainPartner
from tests.store import grown, released

ORDERS = 150


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in the middle of a day, as today's release leaves it."""
    file = tmp_path_factory.mktemp("day") / "today.db"
    store = SqliteStore(file)
    grown.grow(store, PlainPartner(), ORDERS)
    store.close()
    return file


def earlier() -> Sequence[Migration]:
    """Give the changes of the tables that the oldest released version had."""
    return shipped()[: released.frozen("sqlite")[0].migrations]


def upgraded(day: Path, folder: Path) -> Path:
    """Write the day as the oldest released version would have left it."""
    image = folder / "earlier.db"
    grown.as_of(earlier(), day, image)
    return image


def copied(day: Path, folder: Path) -> Path:
    """Write the day as it is."""
    twin = folder / "twin.db"
    grown.as_of(shipped(), day, twin)
    return twin


def finished(file: Path) -> tuple[Counter[tuple[str, bytes]], list[object]]:
    """Finish the day; tell what partners were asked, and all that the store answers then."""
    store, partner = SqliteStore(file), PlainPartner()
    grown.finish(store, partner, ORDERS)
    store.close()
    return partner.applied, grown.all_answers(file)


def test_the_day_has_all_that_an_upgrade_can_lose(day: Path) -> None:
    store = SqliteStore(day)
    with store.read() as reader:
        statuses = Counter(
            status for (_, _, status), n in reader.outbox_counts("main").items() for _ in range(n)
        )
        messages, pending = sum(reader.count_messages("main").values()), reader.pending("main")
        timers = sum(
            len(reader.timers("main", "shipment_visibility", row.key))
            for row in reader.list_processes("main", "shipment_visibility", None, "", 1000)
        )
    store.close()

    assert statuses == {"applied": ORDERS, "leased": grown.ON_THEIR_WAY, "waiting": ORDERS - 7}
    assert (messages > 12 * ORDERS, pending > 0, timers >= ORDERS) == (True, True, True)


def test_a_grown_store_answers_after_an_upgrade_as_before(day: Path, tmp_path: Path) -> None:
    before = grown.all_answers(day)

    after = grown.all_answers(upgraded(day, tmp_path))

    assert after == before


def test_what_an_earlier_release_began_ends_as_if_there_had_been_no_upgrade(
    day: Path, tmp_path: Path
) -> None:
    asked, found = finished(upgraded(day, tmp_path))
    straight, expected = finished(copied(day, tmp_path))

    assert set(asked.values()) == {1}
    assert (asked, found) == (straight, expected)
    kinds = Counter(path.rsplit("/", 1)[-1] for path, _ in asked)
    assert kinds == {"transport-references": ORDERS, "postings": 3 * ORDERS}

"""A store in the middle of its work is opened by the next release, and loses nothing of it."""

from collections import Counter
from typing import NamedTuple

import pytest

from crossdock.testing.plain_partner import PlainPartner
from tests.store import earlier, grown
from tests.store.earlier import Databases, Engine, Files

ORDERS = 60


class Day(NamedTuple):
    """A store in the middle of a day, as today's release leaves it."""

    engine: Engine
    place: str


@pytest.fixture(scope="module", params=["file", "database"])
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Day:
    """A day in a file, and one in a database."""
    engine: Engine = (
        Files(tmp_path_factory.mktemp("day"))
        if request.param == "file"
        else Databases(request.getfixturevalue("postgres"))
    )
    place = engine.place()
    store = engine.open(place)
    grown.grow(store, PlainPartner(), ORDERS)
    store.close()
    return Day(engine, place)


def upgraded(day: Day) -> str:
    """Write the day as the oldest released version would have left it."""
    return day.engine.as_of(earlier.oldest(day.engine), day.place)


def copied(day: Day) -> str:
    """Write the day as it is."""
    return day.engine.as_of(earlier.changes(day.engine), day.place)


def finished(engine: Engine, place: str) -> tuple[Counter[tuple[str, bytes]], list[object]]:
    """Finish the day; tell what partners were asked, and all that the store answers then."""
    store, partner = engine.open(place), PlainPartner()
    grown.finish(store, partner, ORDERS)
    store.close()
    return partner.applied, earlier.answers(engine, place)


def test_the_day_has_all_that_an_upgrade_can_lose(day: Day) -> None:
    store = day.engine.open(day.place)
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


def test_a_grown_store_answers_after_an_upgrade_as_before(day: Day) -> None:
    before = earlier.answers(*day)

    after = earlier.answers(day.engine, upgraded(day))

    assert after == before


def test_what_an_earlier_release_began_ends_as_if_there_had_been_no_upgrade(day: Day) -> None:
    asked, found = finished(day.engine, upgraded(day))
    straight, expected = finished(day.engine, copied(day))

    assert set(asked.values()) == {1}
    assert (asked, found) == (straight, expected)
    kinds = Counter(path.rsplit("/", 1)[-1] for path, _ in asked)
    assert kinds == {"transport-references": ORDERS, "postings": 3 * ORDERS}

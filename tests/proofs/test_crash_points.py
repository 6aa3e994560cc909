"""The house is killed at points of a day, and what it must still know is held against ledgers."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from crossdock.store.sqlite import open_sqlite
from crossdock.testing.proof import verdict
from crossdock.testing.proof.crashing import Fate, choose, live
from crossdock.testing.proof.day import ACKNOWLEDGED, Day, Places
from crossdock.testing.proof.ledger import Entry
from crossdock.testing.proof.partners import APPLIED
from crossdock.testing.proof.points import Points, name_of

KINDS_AROUND = ("file write", "flush", "rename", "send", "look-up", "acknowledgement")


def test_a_house_killed_at_every_kind_of_point_loses_nothing_and_doubles_nothing() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.proofs.crash_points", "--every", "400", "--jobs", "2"],
        capture_output=True,
        text=True,
        check=False,
    )

    found = msgspec.json.decode(run.stdout.splitlines()[-1])
    told = {name: found[name] for name in ("lost", "doubled", "broken", "planted_mistakes_found")}
    assert (run.returncode, told) == (
        0,
        {"lost": 0, "doubled": 0, "broken": 0, "planted_mistakes_found": "3 of 3"},
    ), run.stdout + run.stderr
    assert found["kinds_hit"] == found["kinds"]


def test_the_day_passes_every_kind_of_point_and_asks_each_class_of_partner(tmp_path: Path) -> None:
    points, places = Points(), Places(tmp_path)

    live(places, points)

    around = {f"{when} {what}" for what in KINDS_AROUND for when in ("before", "after")}
    assert around - set(points.names) == set()
    # The tables are made in a transaction of their own, before the store is open.
    assert points.names["before commit"] == points.names["after commit"] + 1
    asked = [each.about for name in verdict.PARTNERS for each in places.ledger(name).of(APPLIED)]
    assert (len(asked), len(list(places.to_erp.iterdir()))) == (14, 4)
    assert verdict.at_end(places) == []


def test_the_verdict_notices_what_was_acknowledged_and_is_not_stored(tmp_path: Path) -> None:
    places = Places(tmp_path)
    live(places, Points())
    places.ledger("people").write(Entry(kind=ACKNOWLEDGED, about="a lost one", content="[]"))

    assert verdict.at_rest(places) == ["acknowledged and lost: a lost one"]


def test_the_verdict_notices_what_was_done_twice_under_another_key(tmp_path: Path) -> None:
    places = Places(tmp_path)
    live(places, Points())
    first, *_ = places.ledger("tms").of(APPLIED)
    places.ledger("tms").write(msgspec.structs.replace(first, key="another"))

    assert verdict.doubled(places) == [f"done 2 times: ('tms', '{first.about}')"]


def test_the_verdict_notices_a_step_that_is_not_whole(tmp_path: Path) -> None:
    places = Places(tmp_path)
    live(places, Points())
    store = open_sqlite(places.store)
    with store.write() as unit:
        (row,) = unit.list_processes("main", "order_release", None, "SO-1", 1)
        unit.save([msgspec.structs.replace(row, revision=row.revision + 1)])
    store.close()

    assert verdict.at_rest(places) == ["order_release SO-3: its steps make another state"]


def test_a_day_goes_on_where_its_ledgers_end(tmp_path: Path) -> None:
    places = Places(tmp_path)
    live(places, Points())
    store, again = open_sqlite(places.store), Points()

    Day(places, store, again).live()

    store.close()
    assert [name for name in again.order if "send" in name] == []


def test_a_part_of_the_points_has_one_of_each_name_and_is_the_same_for_a_seed() -> None:
    points = ["a"] * 9 + ["b"] + ["a"] * 9

    chosen = choose(points, every=8, seed=3)

    assert {points[number - 1] for number in chosen} == {"a", "b"}
    assert chosen == choose(points, every=8, seed=3)
    assert choose(points, every=1, seed=3) == list(range(1, 20))


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("INSERT INTO message (tenant) VALUES (?)", "insert message"),
        ("SELECT 1 FROM migration LIMIT 1", "select migration"),
        ("-- why\nUPDATE outbox SET status = ?", "update outbox"),
        ("BEGIN IMMEDIATE", "begin"),
        ("COMMIT;", "commit"),
    ],
)
def test_a_statement_is_named_by_its_verb_and_table(statement: str, name: str) -> None:
    assert name_of(statement) == name


def test_a_broken_promise_names_the_point_it_broke_at() -> None:
    fate = Fate(at=7, point="before commit", again="", broken=("a", "b"))

    assert fate.told() == ["7 before commit: a", "7 before commit: b"]

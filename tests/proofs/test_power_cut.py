"""A disk that forgets what was not flushed, and a store that must not have promised it."""

import random
import subprocess
import sys
from pathlib import Path

import apsw
import msgspec

from crossdock.testing.proof.power import Written, image, plugged_in, sectors, survivors


def test_a_power_cut_loses_nothing_acknowledged_where_a_weaker_setting_does() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.proofs.power_cut", "--every", "60", "--jobs", "2"],
        capture_output=True,
        text=True,
        check=False,
    )

    found = msgspec.json.decode(run.stdout.splitlines()[-1])
    assert (run.returncode, found["lost"], found["broken"]) == (0, 0, 0), run.stdout + run.stderr
    assert found["images"] > 80
    assert found["acknowledged_looked_for"] > 300
    assert found["told_to_the_end"] > 0
    assert found["control_lost"] > 0


def chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - chooses what is forgotten, no secret


def test_what_was_flushed_is_in_every_image_and_what_was_not_is_in_some(tmp_path: Path) -> None:
    file = str(tmp_path / "a.db")
    with plugged_in() as disk:
        connection = apsw.Connection(file)
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("CREATE TABLE t (x)")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        connection.execute("INSERT INTO t VALUES ('in the log, not flushed')")
        images = [dict(image(disk, chance(seed))) for seed in range(40)]
        connection.close()

    flushed = {each[file] for each in images}
    logs = {each.get(f"{file}-wal", b"") for each in images}
    assert len(flushed) == 1
    assert len(logs) > 1


def test_any_part_of_the_writes_since_the_last_flush_may_survive() -> None:
    since = [Written(0, b"a"), Written(1, b"b"), Written(2, b"c")]

    drawn = [tuple(survivors(since, chance(seed))) for seed in range(300)]

    assert {len(each) for each in drawn} == {0, 1, 2, 3}
    assert (since[1], since[0]) in drawn


def test_a_write_is_torn_where_a_sector_begins() -> None:
    parts = list(sectors(Written(500, bytes(600))))

    assert [(each.offset, len(each.content or b"")) for each in parts] == [
        (500, 12),
        (512, 512),
        (1024, 76),
    ]


def test_a_file_cut_short_is_not_torn() -> None:
    assert list(sectors(Written(7, None))) == [Written(7, None)]

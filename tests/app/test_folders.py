"""Watched folders: which document a file is, and what becomes of one that cannot be read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from crossdock.app.compose import House, build
from crossdock.app.config import load_config
from crossdock.app.folders import document_of, watched_folders
from crossdock.app.stores import Role
from crossdock.connectors import discover
from crossdock.flow.shell import Shell
from crossdock.ports.store import ExceptionRow, ExceptionStatus

CONFIG = """
[store]
low_water_mib = 0
ballast_mib = 0
[[partners]]
name = "legacy"
connector = "csv_orders"
[partners.settings]
inbox_dir = "drop"
outbox_dir = "out"
"""
PATIENCE_SECONDS = 20.0


def house_in(folder: Path) -> House:
    """Build a house over a file, with one partner that drops files."""
    (folder / "out").mkdir()
    (folder / "crossdock.toml").write_text(CONFIG, "utf-8")
    return build(load_config(folder / "crossdock.toml", discover()), role=Role.HOUSE)


def asked(house: House) -> list[ExceptionRow]:
    """List what people were asked about the house's ways in, in the order of their codes."""
    with house.store.read() as reader:
        rows = reader.exceptions("main", status=None)
    ways_in = [each for each in rows if each.kind in {"entrance", "file"}]
    return sorted(ways_in, key=lambda each: each.code)


def heard(house: House) -> int:
    """Count the documents that the partner has dropped."""
    with house.store.read() as reader:
        return len(reader.last_heard("main"))


def live(house: House, *stations: tuple[Callable[[], object], Callable[[], bool]]) -> None:
    """Watch the folder; at each station do something, and wait until something is so."""

    async def day() -> None:
        shell = Shell(house.machine, clock=house.clock, transports={})
        await shell.start()
        for folder in watched_folders(house.config.partners, shell, house.config.tenant):
            shell.watch(folder, pause_seconds=0.05)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                for act, came_true in stations:
                    act()
                    while not came_true():  # noqa: ASYNC110 - a folder does not announce its files
                        await asyncio.sleep(0.05)
        finally:
            await shell.stop()

    with closing(house.store):
        asyncio.run(day())


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("statement-2026-03-29-0007.csv", "statement"),
        ("Statement-2026-03-29.CSV", "statement"),
        ("orders-0001.csv", "orders"),
        ("statements.csv", "orders"),
        ("export 17.txt", "orders"),
    ],
)
def test_a_file_is_the_document_its_name_begins_with_else_the_first(
    name: str, document: str
) -> None:
    assert document_of(("orders", "statement"), name) == document


def test_a_file_too_large_is_put_away_when_a_person_is_asked_about_it(tmp_path: Path) -> None:
    house = house_in(tmp_path)
    drop = tmp_path / "drop"
    told: list[ExceptionRow] = []

    def drop_two() -> None:
        drop.mkdir(exist_ok=True)
        with (drop / "huge.csv").open("wb") as file:
            file.truncate(50 * 1024 * 1024 + 1)
        (drop / "later.csv").write_bytes(b"order;line\n")

    def is_told() -> bool:
        told[:] = asked(house)
        return bool(told) and heard(house) == 1 and len(list((drop / "refused").iterdir())) == 1

    live(house, (drop_two, is_told))

    (kept,) = (drop / "refused").iterdir()
    assert [(each.code, each.status, each.about) for each in told] == [
        ("FILE_REFUSED", ExceptionStatus.OPEN, ("huge.csv", "legacy"))
    ]
    assert told[0].seen == {"file": "huge.csv", "place": str(kept)}


def test_a_folder_that_fails_is_asked_about_and_goes_on_when_it_is_mended(tmp_path: Path) -> None:
    house = house_in(tmp_path)
    drop = tmp_path / "drop"
    states: list[tuple[str, str]] = []

    def note(status: ExceptionStatus) -> bool:
        found = asked(house)
        if [each.status for each in found] != [status]:
            return False
        states.extend((each.subject, each.status.value) for each in found)
        return True

    def mend() -> None:
        drop.unlink()
        drop.mkdir()
        (drop / "later.csv").write_bytes(b"order;line\n")

    drop.write_bytes(b"a file where the folder should be")
    live(
        house,
        (lambda: None, lambda: note(ExceptionStatus.OPEN)),
        (mend, lambda: note(ExceptionStatus.RESOLVED) and heard(house) == 1),
    )

    assert states[0] == ("the folder of legacy", "open")
    assert states[-1] == ("the folder of legacy", "resolved")

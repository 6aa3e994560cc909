"""The commands over a database that workers share: nobody must be asked, and nobody waits."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crossdock.store.postgres.migrations import shipped
from crossdock.testing.postgres import PostgresServer
from tests.cli.conftest import Terminal
from tests.proofs.poison import until_answers
from tests.simulators.kit import free_port

PARTNER = """
[[partners]]
name = "erp"
connector = "reference_erp"

[partners.settings]
base_url = "http://127.0.0.1:9"
"""
CANCELLED = {
    "event_id": "E-1",
    "event_type": "order.cancelled",
    "occurred_at": "2026-03-29T01:30:00+01:00",
    "order": {"order_id": "SO-1", "version": 2, "reason": "not needed"},
}
WORKED_SECONDS = 60.0


def configured(terminal: Terminal, address: str) -> Terminal:
    text = f'[store]\naddress = "{address}"\n{PARTNER}'
    terminal.config.write_text(text, "utf-8")
    return terminal


@pytest.fixture
def house(terminal: Terminal, postgres: PostgresServer) -> Terminal:
    """A configuration with an ERP over a database of its own; nothing runs."""
    return configured(terminal, postgres.database())


@pytest.fixture
def health() -> int:
    """A port for the worker's health."""
    return free_port()


@pytest.fixture
def worker(house: Terminal, health: int) -> Iterator[subprocess.Popen[bytes]]:
    """A worker over that database."""
    command = [sys.executable, "-m", "crossdock.cli", "worker", "--config", str(house.config)]
    command += ["--port", str(health)]
    with (house.folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    yield process
    process.terminate()
    assert process.wait(30) == 0


def written(house: Terminal, name: str, text: str) -> str:
    file = house.folder / name
    file.write_text(text, "utf-8")
    return str(file)


def take_in(house: Terminal, text: str) -> list[tuple[int, int, str]]:
    file = written(house, "document.json", text)
    told = house.run("receive", file, "--partner", "erp", "--document", "orders", "--json")
    receipts = json.loads(told.answer)["receipts"]
    return [(each["accepted"], each["duplicates"], each["status"]) for each in receipts]


def stages(house: Terminal) -> list[str]:
    told = house.run("trace", "SO-1", "--json")
    return [each["stage"] for each in json.loads(told.answer)["chapters"]]


def until(house: Terminal, done: Callable[[Terminal], object]) -> None:
    ends = time.monotonic() + WORKED_SECONDS
    while not done(house):
        assert time.monotonic() < ends, (house.folder / "worker.log").read_text("utf-8")
        time.sleep(0.2)


@pytest.mark.usefixtures("worker")
def test_what_a_command_takes_in_and_decides_a_worker_takes_further(house: Terminal) -> None:
    first, again = take_in(house, json.dumps(CANCELLED)), take_in(house, json.dumps(CANCELLED))
    until(house, stages)

    assert (first, again) == ([(1, 0, "translated")], [(0, 1, "translated")])
    assert stages(house) == ["cancelled", "nothing_committed"]


@pytest.mark.usefixtures("worker")
def test_a_worker_tells_of_its_health_and_its_work(house: Terminal, health: int) -> None:
    until_answers(f"http://127.0.0.1:{health}/readyz")
    take_in(house, json.dumps(CANCELLED))
    until(house, stages)

    alive, figures = (heard(f"http://127.0.0.1:{health}/{each}") for each in ("livez", "metrics"))

    assert alive == '{"status":"alive"}'
    assert "# TYPE crossdock_commit_seconds histogram" in figures


def heard(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own address
        return str(answer.read().decode())


def test_what_cannot_be_read_is_decided_without_a_worker(house: Terminal) -> None:
    unread = take_in(house, "<html>")
    (stuck,) = json.loads(house.run("exceptions", "ls", "--json").answer)["exceptions"]
    mended = written(house, "mended.json", json.dumps(CANCELLED))

    told = house.run("exceptions", "edit", stuck["id"], mended, "--reason", "cut off")

    left = json.loads(house.run("exceptions", "ls", "--json").answer)["exceptions"]
    status = json.loads(house.run("status", "--json").answer)
    assert (unread, told.code, left, status["pending_steps"]) == (
        [(0, 0, "unreadable")],
        0,
        [],
        2,
    )


def test_a_new_database_is_migrated_once(terminal: Terminal, postgres: PostgresServer) -> None:
    house = configured(terminal, postgres.empty_database())

    before = house.run("status")
    first, again = house.run("migrate"), house.run("migrate")

    assert before.code == 3
    assert before.said == "The database is not up to this release; run `crossdock migrate` once.\n"
    assert (first.code, first.answer.splitlines()) == (0, [each.name for each in shipped()])
    assert again.answer.endswith("is up to this release\n")
    assert house.run("status").code == 0


def checked(house: Terminal) -> dict[str, str]:
    found = json.loads(house.run("doctor", "--json").answer)["checks"]
    return {each["name"]: each["said"] for each in found}


def test_the_doctor_asks_the_database(house: Terminal, postgres: PostgresServer) -> None:
    well = checked(house)
    away = checked(configured(house, postgres.address("nobody_made_it")))

    assert well["store"].endswith(" answers")
    assert away["store"].startswith("The database does not let crossdock in")


@pytest.mark.parametrize("command", ["worker", "api"])
def test_a_file_is_not_shared(terminal: Terminal, command: str) -> None:
    told = terminal.run(command)

    assert told.code == 3
    assert told.said.startswith(f"`crossdock {command}` shares the store with others")


def test_a_file_is_not_migrated_by_hand(terminal: Terminal) -> None:
    assert terminal.run("migrate").code == 3


def test_a_database_is_backed_up_and_put_back(house: Terminal, tmp_path: Path) -> None:
    take_in(house, json.dumps(CANCELLED))
    backup = str(tmp_path / "monday.backup")
    made = house.run("backup", backup, "--json")
    take_in(house, json.dumps({**CANCELLED, "event_id": "E-2"}))

    restored = house.run("restore", backup, "--replace", "--reason", "the disk broke", "--json")
    board = json.loads(house.run("status", "--json").answer)

    assert (made.code, json.loads(made.answer)["messages"]) == (0, 1)
    assert (restored.code, board["pending_steps"]) == (0, 2)
    assert house.run("recovery", "release", "--reason", "all came again").code == 0

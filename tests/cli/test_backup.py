"""A backup is taken and put back from the terminal, and what it holds is seen everywhere."""

import json
import time
import urllib.request
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.cli.test_running_house import CANCELLED, house, running, take_in, written

__all__ = ["house", "running"]


def backed_up(house: Terminal, name: str = "monday.db") -> Path:
    """Take a document in, and a backup of it."""
    take_in(house, written(house, "cancelled.json", CANCELLED))
    file = house.folder / name
    assert house.run("backup", str(file)).code == 0
    return file


def restored(house: Terminal, file: Path) -> dict[str, object]:
    told = house.run(
        "restore", str(file), "--replace", "--reason", "the disk broke", "--by", "ann", "--json"
    )
    assert told.code == 0, told.said
    found: dict[str, object] = json.loads(told.answer)
    return found


def test_a_backup_says_what_is_in_it(house: Terminal) -> None:
    take_in(house, written(house, "cancelled.json", CANCELLED))
    file = house.folder / "monday.db"

    told = house.run("backup", str(file), "--json")
    again = house.run("backup", str(file))

    made = json.loads(told.answer)
    assert (told.code, made["messages"], made["size"]) == (0, 1, file.stat().st_size)
    assert (again.code, again.said) == (3, "There is a file of this name; choose another.\n")


def test_a_store_is_not_replaced_by_mistake(house: Terminal) -> None:
    file = backed_up(house)

    bare = house.run("restore", str(file), "--reason", "why not")
    silent = house.run("restore", str(file), "--replace", "--reason", " ")

    assert (bare.code, bare.said) == (
        3,
        "There is a store in this place; say that it shall be replaced (it is kept beside).\n",
    )
    assert (silent.code, silent.said) == (
        2,
        "Say why with --reason; it is kept with the decision.\n",
    )


def test_a_torn_backup_is_refused_and_a_torn_store_is_replaced(house: Terminal) -> None:
    file, store = backed_up(house), house.folder / "crossdock.db"
    torn = house.folder / "torn.db"
    torn.write_bytes(file.read_bytes()[:9000])
    store.write_bytes(store.read_bytes()[:9000])

    refused = house.run("restore", str(torn), "--replace", "--reason", "the disk broke")
    looked = house.run("status")
    put_back = house.run("restore", str(file), "--replace", "--reason", "the disk broke")

    assert [(each.code, each.said) for each in (refused, looked)] == 2 * [
        (3, "The file is damaged.\n")
    ]
    assert (put_back.code, house.run("status").code) == (0, 0)


def test_a_restore_is_seen_and_ended_where_nothing_runs(house: Terminal) -> None:
    found = restored(house, backed_up(house))

    doctor = json.loads(house.run("doctor", "--json").answer)["checks"]
    status = house.run("status")
    board = json.loads(house.run("status", "--json").answer)
    codes = [
        house.run("recovery", "release", "--reason", "all came again").code,
        house.run("recovery", "finish", "--reason", "nothing is missing").code,
        house.run("recovery", "finish", "--reason", "once more").code,
        house.run("recovery", "show").code,
    ]

    (held,) = [each for each in doctor if each["name"] == "outbound"]
    assert held["verdict"] == "look"
    assert held["said"].startswith("nothing is sent and no timer rings since the restore")
    assert status.answer.splitlines()[0].endswith("by ann: the disk broke")
    assert board["recovery"]["outbound"] == "held"
    assert board["recovery"]["restored"] == found
    assert codes == [0, 0, 5, 4]


def ready(url: str) -> object:
    with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:  # noqa: S310 - ours
        return json.load(answer)


@pytest.mark.usefixtures("running")
def test_a_running_house_is_backed_up_and_never_replaced(house: Terminal) -> None:
    file = backed_up(house)

    told = house.run("restore", str(file), "--replace", "--reason", "why not")

    assert (told.code, told.said) == (
        3,
        "Another process is writing this store; stop it first, or only read here.\n",
    )


@pytest.fixture
def restored_house(house: Terminal) -> Terminal:
    """The house, restored; nothing runs yet."""
    restored(house, backed_up(house))
    return house


def test_a_running_house_lets_go_what_a_restore_holds(
    restored_house: Terminal, running: str
) -> None:
    held = ready(running)
    with urllib.request.urlopen(f"{running}/console/", timeout=5) as answer:  # noqa: S310 - ours
        page = answer.read().decode()

    told = restored_house.run("recovery", "release", "--reason", "all came again")

    assert held == {
        "status": "ready",
        "held": {"outbound": "a backup was restored; nothing is sent until it is released"},
    }
    assert 'data-outbound="held"' in page
    assert (told.code, told.said) == (0, "carried out by the running house\n")
    assert ready(running) == {"status": "ready"}
    assert gauge(running) == "0.0"


def gauge(url: str) -> str:
    """Read the gauge of what is held, when it was looked at again."""
    deadline = time.monotonic() + 20
    while True:
        with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:  # noqa: S310 - ours
            text = answer.read().decode()
        (line,) = [each for each in text.splitlines() if each.startswith("crossdock_outbound_held")]
        found = str(line.split()[1])
        if found == "0.0" or time.monotonic() > deadline:
            return found
        time.sleep(0.5)

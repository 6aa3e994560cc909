"""The same commands beside a running house, and where nothing runs."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Terminal

PARTNER = """
[[partners]]
name = "erp"
connector = "reference_erp"
[partners.settings]
base_url = "http://127.0.0.1:9"
"""
BOOT_SECONDS = 20.0


@pytest.fixture
def house(terminal: Terminal) -> Terminal:
    """A configuration with an ERP and a free port; nothing runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    terminal.config.write_text(f"[server]\nport = {port}\n{PARTNER}", "utf-8")
    return terminal


@pytest.fixture
def running(house: Terminal) -> Iterator[str]:
    """The same house, running; its address."""
    command = [sys.executable, "-m", "crossdock.cli", "up", "--config", str(house.config)]
    port = house.config.read_text("utf-8").split("port = ")[1].split()[0]
    url = f"http://127.0.0.1:{port}"
    with (house.folder / "up.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for(f"{url}/readyz")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - our own address
        except OSError:
            assert time.monotonic() < deadline, url
            time.sleep(0.1)
        else:
            return


def written(house: Terminal, name: str, event: object) -> str:
    file = house.folder / name
    file.write_text(json.dumps(event), "utf-8")
    return str(file)


CANCELLED = {
    "event_id": "E-1",
    "event_type": "order.cancelled",
    "occurred_at": "2026-03-29T01:30:00+01:00",
    "order": {"order_id": "SO-1", "version": 2, "reason": "not needed"},
}


def take_in(house: Terminal, *files: str) -> tuple[int, list[tuple[int, int, str]], str]:
    told = house.run("receive", *files, "--partner", "erp", "--document", "orders", "--json")
    receipts = json.loads(told.answer)["receipts"]
    counts = [(each["accepted"], each["duplicates"], each["status"]) for each in receipts]
    return told.code, counts, told.said.splitlines()[0]


def test_documents_are_taken_in_where_nothing_runs(house: Terminal) -> None:
    file = written(house, "cancelled.json", CANCELLED)

    first, second = take_in(house, file), take_in(house, file)

    here = "taken in here; `crossdock up` sends what is asked of partners"
    assert first == (0, [(1, 0, "translated")], here)
    assert second == (0, [(0, 1, "translated")], here)


@pytest.mark.usefixtures("running")
def test_documents_are_taken_in_by_the_running_house(house: Terminal) -> None:
    file = written(house, "cancelled.json", CANCELLED)

    taken = take_in(house, file)
    traced = json.loads(house.run("trace", "SO-1", "--json").answer)

    assert taken == (0, [(1, 0, "translated")], "taken in by the running house")
    assert [each["said"] for each in traced["timeline"]] == ["Order SO-1 is cancelled"]


def test_what_cannot_be_read_ends_with_one_and_waits_for_people(house: Terminal) -> None:
    file = house.folder / "broken.json"
    file.write_text("<html>", "utf-8")

    code, counts, _ = take_in(house, str(file))
    waiting = json.loads(house.run("exceptions", "ls", "--json").answer)["exceptions"]

    assert (code, counts) == (1, [(0, 0, "unreadable")])
    assert [(each["code"], each["team"]) for each in waiting] == [("UNREADABLE", "INTEGRATION")]


def decided(house: Terminal) -> list[tuple[int, str]]:
    """Take in what cannot be read, mend it, and decide once more."""
    file = house.folder / "broken.json"
    file.write_text("<html>", "utf-8")
    take_in(house, str(file))
    (stuck,) = json.loads(house.run("exceptions", "ls", "--json").answer)["exceptions"]
    mended = written(house, "mended.json", CANCELLED)

    first = house.run("exceptions", "edit", stuck["id"], mended, "--reason", "cut off")
    again = house.run("exceptions", "waive", stuck["id"][:8], "--reason", "done", "--by", "ann")
    return [(each.code, each.said.splitlines()[0]) for each in (first, again)]


def test_a_document_is_mended_where_nothing_runs(house: Terminal) -> None:
    first, again = decided(house)

    assert first == (0, "carried out here; `crossdock up` sends what is asked of partners")
    assert (again[0], again[1].startswith("This is resolved already, by ")) == (5, True)


def test_what_one_code_has_stopped_is_tried_again_together(house: Terminal) -> None:
    for name in ("one", "two"):
        (house.folder / f"{name}.json").write_text(f"<{name}>", "utf-8")
        take_in(house, str(house.folder / f"{name}.json"))

    told = house.run("exceptions", "retry", "--code", "UNREADABLE", "--reason", "mended")
    none = house.run("exceptions", "retry", "--code", "UNHEARD_OF", "--reason", "mended")
    both = house.run("exceptions", "retry", "x", "--code", "UNREADABLE", "--reason", "mended")

    assert (told.code, told.said.splitlines()[-1]) == (
        0,
        "2 tried again; 2 of that code wait now",
    )
    assert (none.code, none.said) == (4, "No open exception UNHEARD_OF.\n")
    assert (both.code, both.said) == (2, "Name one exception, or a code with --code.\n")


@pytest.mark.usefixtures("running")
def test_a_document_is_mended_by_the_running_house(house: Terminal) -> None:
    first, again = decided(house)

    assert first == (0, "carried out by the running house")
    assert (again[0], again[1].startswith("This is resolved already, by ")) == (5, True)
    assert json.loads(house.run("trace", "SO-1", "--json").answer)["chapters"][0]["stage"] == (
        "cancelled"
    )


def test_a_running_house_serves_every_door(running: str) -> None:
    doors = ["/", "/console/", "/portal/", "/experience/v1/openapi.json"]
    doors += ["/process/v1/openapi.json", "/livez", "/metrics"]

    answers = {}
    for door in doors:
        with urllib.request.urlopen(f"{running}{door}", timeout=5) as answer:  # noqa: S310 - ours
            answers[door] = (answer.status, answer.read())

    assert {door: status for door, (status, _) in answers.items()} == dict.fromkeys(doors, 200)
    assert b"crossdock_documents_total" in answers["/metrics"][1]


def test_a_port_that_is_taken_is_told_with_what_to_do(house: Terminal) -> None:
    port = int(house.config.read_text("utf-8").split("port = ")[1].split()[0])
    command = [sys.executable, "-m", "crossdock.cli", "up", "--config", str(house.config)]
    with socket.create_server(("127.0.0.1", port)):
        told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    said = f"Nobody can listen at 127.0.0.1:{port}; end what does, or set another."
    assert (told.returncode, told.stderr.splitlines()[-1]) == (3, said)


def test_an_unknown_partner_or_document_is_told_with_a_suggestion(house: Terminal) -> None:
    file = written(house, "cancelled.json", CANCELLED)

    partner = house.run("receive", file, "--partner", "epr")
    document = house.run("receive", file, "--partner", "erp", "--document", "order")
    unsaid = house.run("receive", file, "--partner", "erp")

    assert (partner.code, partner.said) == (
        4,
        "There is no partner `epr`; did you mean `erp`?\n",
    )
    assert (document.code, document.said) == (
        4,
        "`erp` brings no document `order`; did you mean `orders`?\n",
    )
    assert (unsaid.code, unsaid.said) == (
        2,
        "Say with --document which one of `erp` it is: master_data, orders, statement\n",
    )


@pytest.mark.parametrize("words", [("retry", "x"), ("waive", "x"), ("edit", "x", "file")])
def test_a_decision_needs_a_reason(house: Terminal, words: tuple[str, ...]) -> None:
    told = house.run("exceptions", *words)

    assert (told.code, "--reason" in told.said) == (2, True)

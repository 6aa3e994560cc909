"""What was decided without a partner is looked at again once there is one."""

import json
from pathlib import Path

import pytest

from crossdock.store.sqlite import open_reader
from tests.cli.conftest import Terminal

ERP = """
[[partners]]
name = "erp"
connector = "reference_erp"
[partners.settings]
base_url = "http://127.0.0.1:9"
"""
TMS = """
[[partners]]
name = "tms"
connector = "reference_tms"
[partners.settings]
base_url = "http://127.0.0.1:9"
"""
PLACE = {"location_id": "W-1", "country": "DE", "city": "Hamburg", "postal_code": "20095"}
RELEASED = {
    "event_id": "E-1",
    "event_type": "order.released",
    "occurred_at": "2026-03-27T08:00:00+01:00",
    "order": {
        "order_id": "SO-1",
        "version": 1,
        "company_code": "1000",
        "customer_id": "C-1",
        "ship_from": PLACE,
        "ship_to": PLACE,
        "requested_delivery": "2026-03-29",
        "lines": [{"line_id": "10", "item_id": "I-1", "quantity": "1", "unit": "EA"}],
    },
}
TRUSTING = "known_customer = false\nknown_items = false\nknown_ship_to = false\n"


@pytest.fixture
def house(terminal: Terminal) -> Terminal:
    """A house that took an order in when it had no TMS, and has one since."""
    (terminal.folder / "policies").mkdir()
    (terminal.folder / "policies" / "completeness.toml").write_text(TRUSTING, "utf-8")
    file = terminal.folder / "released.json"
    file.write_text(json.dumps(RELEASED), "utf-8")
    terminal.config.write_text(ERP, "utf-8")
    terminal.run("receive", str(file), "--partner", "erp", "--document", "orders")
    terminal.config.write_text(ERP + TMS, "utf-8")
    return terminal


def effects(house: Terminal) -> list[tuple[str, str, str, str]]:
    told = json.loads(house.run("replay", "SO-1", "--dry-run", "--json").answer)
    (of_order,) = [each for each in told["replays"] if each["process"] == "order_release"]
    return [
        (each["id"], each["endpoint"], each["verb"], each["mark"]) for each in of_order["effects"]
    ]


def outbox(folder: Path, id_: str) -> list[tuple[str, str]]:
    store = open_reader(folder / "crossdock.db")
    with store.read() as reader:
        found = [(each.endpoint, each.status.value) for each in reader.outbox("main", [id_])]
    store.close()
    return found


def test_a_look_shows_what_would_be_sent_today_and_sends_nothing(house: Terminal) -> None:
    told = house.run("replay", "SO-1", "--dry-run")

    ((id_, *rest),) = effects(house)
    assert (told.code, "NEW: sent only if you choose it" in told.answer) == (8, True)
    assert rest == ["tms", "tms.plan", "would_send"]
    assert outbox(house.folder, id_) == []


def test_what_is_chosen_waits_to_be_sent_and_is_not_new_any_more(house: Terminal) -> None:
    ((id_, *_),) = effects(house)

    sent = house.run("replay", "SO-1", "--only", id_, "--reason", "The TMS is there now")
    again = house.run("replay", "SO-1", "--only", id_, "--reason", "The TMS is there now")

    assert (sent.code, sent.answer) == (0, "1 effect(s) wait to be sent\n")
    assert outbox(house.folder, id_) == [("tms", "waiting")]
    assert (again.code, again.said) == (5, f"{id_} is not new; look again with --dry-run.\n")


@pytest.mark.parametrize(
    "words", [(), ("--dry-run", "--only", "x"), ("--only", "x")], ids=["none", "both", "no reason"]
)
def test_a_replay_says_what_it_lacks(house: Terminal, words: tuple[str, ...]) -> None:
    told = house.run("replay", "SO-1", *words)

    assert (told.code, told.answer) == (2, "")


def test_a_number_nobody_knows_has_nothing_to_replay(house: Terminal) -> None:
    told = house.run("replay", "SO-404", "--dry-run")

    assert (told.code, told.said) == (4, "Nothing is known under SO-404.\n")

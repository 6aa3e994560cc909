"""Stock from the release to the pickup: the house, the ERP's own count, and the pages agree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from crossdock.apis.process.v1.trace import trace
from crossdock.cli.trace import tell
from crossdock.messages.inventory_commitment import CommitmentMoved
from crossdock.messages.teams import Team
from crossdock.ports import Call, Exchange
from crossdock.simulators.erp import Erp
from crossdock.simulators.partner import Setup
from crossdock.simulators.stock_audit import Shelf, is_of_stock
from crossdock.simulators.world import World
from crossdock.store.sqlite import open_sqlite
from crossdock.testing.simulation.partners import Doors
from crossdock.testing.simulation.timeline import Timeline, clock_of
from tests.apis.asgi import call
from tests.histories.day import HELD, STOCKED, Day
from tests.histories.scenarios import part, stocked
from tests.histories.words import BEGIN, HOUR, MASTERS, cancelled, order, plan, tracking
from tests.pages.house import house

TWO = {"type": "PRO", "value": "700999", "issuer": "ROAD"}


class AtTheDoor:
    """The ERP, with a stockroom of its own, asked without a socket."""

    def __init__(self) -> None:
        """Open an ERP whose ledger is in memory."""
        clock = clock_of(Timeline(BEGIN))
        setup = Setup(seed=1, clock=clock, ledger=cast("Path", ":memory:"), targets={})
        self.erp = Erp(setup, World(day=BEGIN.date(), records=(), releases=()))
        self._doors = Doors(self.erp)

    async def exchange(self, call: Call) -> Exchange:
        """Let the ERP answer."""
        return self._doors.answer(call)

    def shelf(self) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
        """Count what the ERP's ledger has set aside, and confirmed by shipment."""
        shelf = Shelf()
        for entry in self.erp.ledger.entries():
            if is_of_stock(entry):
                assert shelf.move(entry)
        confirmed = {name: _by_line(counts) for name, counts in shelf.confirmed.items()}
        return _by_line(shelf.committed), confirmed


def _by_line(counts: dict[str, Any]) -> dict[str, int]:
    return {name.split("/")[0]: int(value) for name, value in counts.items()}


@pytest.fixture
def erp() -> AtTheDoor:
    return AtTheDoor()


@pytest.fixture
def day(erp: AtTheDoor, tmp_path: Path) -> Iterator[Day]:
    store = open_sqlite(tmp_path / "store.db")
    yield Day(STOCKED, store, {"erp": erp})
    store.close()


def stock(day: Day) -> CommitmentMoved:
    """How the trace of the order tells its stock."""
    with day.machine.store.read() as reader:
        (found,) = trace(reader, "main", "SO-1").stock
    return found


def counts(moved: CommitmentMoved) -> dict[str, tuple[int, int, int, str]]:
    return {
        each.line_id: (int(each.committed), int(each.confirmed), int(each.reversed), each.status)
        for each in moved.lines
    }


def test_a_split_order_that_is_cancelled_keeps_what_has_left(day: Day, erp: AtTheDoor) -> None:
    day.tell(*MASTERS, order("released", **stocked("7")))
    day.tell(plan("confirmed", part("SH-1", "4"), part("SH-2", "3", TWO)))
    day.wait(hours=2)
    day.tell(tracking("PUP", BEGIN + HOUR))
    day.wait(hours=1)
    between = counts(stock(day))
    day.tell(cancelled())
    day.wait(hours=1)

    assert between == {"10": (7, 4, 0, "COMMITTED"), "20": (2, 0, 0, "COMMITTED")}
    # The cancelled order is withdrawn from the shipment: its goods issue is taken back, too.
    assert erp.shelf() == ({}, {"SH-1": {}})
    assert counts(stock(day)) == {"10": (0, 0, 7, "REVERSED"), "20": (0, 0, 2, "REVERSED")}


def test_both_shipments_leave_and_the_pages_tell_it(day: Day, erp: AtTheDoor) -> None:
    day.tell(*MASTERS, order("released", **stocked("7")))
    day.tell(plan("confirmed", part("SH-1", "4"), part("SH-2", "3", TWO)))
    day.wait(hours=2)
    day.tell(tracking("PUP", BEGIN + HOUR), tracking("PUP", BEGIN + HOUR, reference=TWO))
    day.wait(hours=1)

    assert erp.shelf() == ({"10": 7, "20": 2}, {"SH-1": {"10": 4}, "SH-2": {"10": 3, "20": 2}})
    page = call(house(day.machine.store), "GET", "/console/trace?q=SO-1").text
    rows = [line for line in page.splitlines() if line.startswith("<tr data-line=")]
    assert rows == [f'<tr data-line="{each}" data-status="CONFIRMED">' for each in ("10", "20")]
    with day.machine.store.read() as reader:
        told = tell(trace(reader, "main", "SO-1"))
    assert [line for line in told if "set aside" in line and "given back" in line][:2] == [
        "  line 10, IT-1: 7 of 7 EA set aside, 7 left, 0 given back",
        "  line 20, IT-1: 2 of 2 EA set aside, 2 left, 0 given back",
    ]


def test_what_is_not_available_is_asked_of_order_management_and_the_plan_goes_on(
    day: Day, erp: AtTheDoor
) -> None:
    erp.erp.trouble("sold_out=1")
    day.tell(*MASTERS, order("released"), plan("confirmed"))
    day.wait(hours=1)
    with day.machine.store.read() as reader:
        story = trace(reader, "main", "SO-1")
        (problem,) = reader.exceptions("main")
    erp.erp.trouble("")
    day.decide("retry", "EFFECT_REFUSED")
    day.wait(hours=1)

    assert (problem.team, problem.code) == (Team.ORDER_MANAGEMENT, "EFFECT_REFUSED")
    assert {each.process: each.stage for each in story.chapters} == {
        "order_release": "open",
        "shipment_visibility": "planned",
        "inventory_commitment": "stuck: erp.commit_inventory refused",
        "reference_binding": "bound",
    }
    assert "erp.commit_inventory" in story.why
    assert (stock(day).status, erp.shelf()) == ("COMMITTED", ({"10": 3}, {}))


def test_an_order_that_holds_planning_waits_for_its_stock(erp: AtTheDoor, tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "held.db")
    held = Day(HELD, store, {"erp": erp})
    erp.erp.trouble("sold_out=1")
    held.tell(*MASTERS, order("released"))
    held.wait(hours=1)
    waiting = stages(held)
    erp.erp.trouble("")
    held.decide("retry", "EFFECT_REFUSED")
    held.wait(minutes=1)

    assert waiting["order_release"] == "awaiting_commitment"
    assert stages(held) == {
        "order_release": "awaiting_confirmation",
        "inventory_commitment": "committed",
    }
    store.close()


def stages(day: Day) -> dict[str, str]:
    """Where each process of the order stands."""
    with day.machine.store.read() as reader:
        return {each.process: each.stage for each in trace(reader, "main", "SO-1").chapters}

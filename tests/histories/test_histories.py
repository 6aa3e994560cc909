"""What was decided stays decided: a changed decision is a changed file, and somebody's review."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from crossdock.app.roster import PROCESSES
from crossdock.messages.envelope import Command, Event
from crossdock.messages.registry import BODIES
from tests.histories.history import FOLDER, SUBSCRIBERS, differences, load, record
from tests.histories.scenarios import SCENARIOS

RECORDED = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_inbox_is_decided_as_it_was(path: Path) -> None:
    changed = differences(load(path))

    assert changed == [], "\n".join(
        ["", *changed, "", f"If this is meant: make histories NAME={path.stem}"]
    )


def test_every_scenario_is_recorded() -> None:
    assert {path.stem for path in RECORDED} >= set(SCENARIOS)


def test_every_process_and_all_it_receives_is_in_some_history() -> None:
    histories = [load(path) for path in RECORDED]

    heard = {
        (process.subscriber, history.messages[step.message].type)
        for history in histories
        for process in history.processes
        for step in process.steps
    }
    wanted = {(each.name, kind.__name__) for each in PROCESSES for kind in each.receives}

    assert wanted - heard == set()


def test_every_body_a_process_emits_is_in_some_history() -> None:
    said = {
        name
        for path in RECORDED
        for process in load(path).processes
        for step in process.steps
        for each in step.said
        for name in each
    }

    emitted = {name for name, kind in BODIES.items() if issubclass(kind, Event | Command)}
    assert emitted - said == set()


def test_a_changed_decision_is_told_line_by_line(request: pytest.FixtureRequest) -> None:
    name = "order_release"
    today = SUBSCRIBERS[name]

    def decide(state: Any, received: Any, rules: Any) -> Any:
        after, said = today.decide(state, received, rules)
        return after, said[1:] if type(received.body).__name__ == "PlanConfirmed" else said

    request.addfinalizer(lambda: SUBSCRIBERS.update({name: today}))
    SUBSCRIBERS[name] = replace(today, decide=decide)
    told = differences(record("order_to_delivery")), differences(load(FOLDER / "late.json"))

    assert told[0] == []
    assert [line for line in told[1] if line.startswith(("-  ", "+  "))][:2] == [
        "-     ShipmentPlanned",
        '-       company_code = "1000"',
    ]

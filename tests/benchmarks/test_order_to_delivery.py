"""The work that `make bench` measures is really done, and the peers do the same."""

import ast
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import flows, growth, limits, view_delay, workers
from benchmarks.__main__ import Measured, summary
from benchmarks.contenders import SQLITE
from benchmarks.order_to_delivery import live
from benchmarks.peers import PEERS
from benchmarks.peers.work import CODES, Ledger, enriched, order
from benchmarks.servers import Missing
from crossdock.ports.store import Store
from crossdock.store.memory import MemoryStore
from crossdock.store.sqlite import open_sqlite

FLOWS = 12
PEERS_FOLDER = Path(__file__).parents[2] / "benchmarks" / "peers"
STEPS = (*("Deployment", "Receipt", "TMS, ERP", "Confirmation", "View", "Accrual", "Guarantee"),)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened: Store = (
        MemoryStore() if request.param == "memory" else open_sqlite(tmp_path / "flows.db")
    )
    yield opened
    opened.close()


def test_every_flow_ends_with_six_effects_and_one_of_them_is_the_accrual(store: Store) -> None:
    assert live(store, FLOWS).effects == FLOWS * 6


def test_two_workers_complete_every_flow_and_accrue_each_once() -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = workers.measure(Path(folder), 2, FLOWS)
        except Missing as absent:
            pytest.skip(str(absent))

    assert (found["flows"], found["effects_per_flow"]) == (FLOWS, 6)


def test_the_limits_insert_every_row_the_flows_left(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "flows.db")
    run = live(store, FLOWS)
    store.close()

    found = limits.measured(tmp_path, run.commits, FLOWS)

    assert found["rows_per_flow"] > found["messages_per_flow"] > flows.EVENTS_PER_FLOW


def test_the_age_of_the_view_is_that_of_every_event(tmp_path: Path) -> None:
    file = tmp_path / "ease.db"
    store = open_sqlite(file)

    found = view_delay.measured(store, str(file), tmp_path, pace=400, seconds=0.1)
    store.close()

    assert found["events"] == view_delay.SAMPLES_MIN
    assert found["p99_ms"] >= found["p50_ms"] > 0.0


def test_a_store_is_filled_with_whole_flows_under_other_names(tmp_path: Path) -> None:
    small, large = tmp_path / "small.db", tmp_path / "large.db"
    one = growth.lived(small, FLOWS, 0)

    growth.fill(small, large, 3 * one["events"])
    again = growth.lived(large, FLOWS, FLOWS)

    store = open_sqlite(large)
    with store.read() as reader:
        stages = {(each.subscriber, each.stage): each.count for each in reader.stages("main")}
    store.close()
    assert again["events"] == one["events"] - 6
    assert stages["order_release", "delivered"] == 4 * FLOWS


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_says_how_it_is_deployed_and_how_it_does_each_step(name: str) -> None:
    module = ast.parse((PEERS_FOLDER / f"{name}.py").read_text("utf-8"))

    head = (ast.get_docstring(module) or "").splitlines()
    named = {target.id for each in module.body for target in _names(each)}
    functions = {each.name for each in module.body if isinstance(each, ast.AsyncFunctionDef)}

    assert [step for step in STEPS if not any(line.startswith(step) for line in head)] == []
    assert {"DEPLOYMENT", "GUARANTEE", "COHORT", "COHORTS"} - named == set()
    assert "deploy" in functions


def _names(statement: ast.stmt) -> list[ast.Name]:
    if not isinstance(statement, ast.Assign):
        return []
    return [
        each
        for target in statement.targets
        for each in ast.walk(target)
        if isinstance(each, ast.Name)
    ]


def test_the_peers_get_the_same_orders_as_we_do() -> None:
    (ours,) = flows.orders(1)

    assert enriched(order(0)) == {**ours["order"], "mode": "ROAD", "service_level": "STANDARD"}


def test_a_peers_partner_does_each_thing_once() -> None:
    ledger = Ledger()

    numbers = [ledger.apply("accrue", "SO-1"), ledger.apply("accrue", "SO-1")]
    ledger.show("SO-1", CODES)

    assert (numbers, ledger.accruals, ledger.views) == (
        ["DOC-0", "DOC-0"],
        {"SO-1": 1},
        {"SO-1": set(CODES)},
    )


def test_the_last_line_compares_with_the_best_peer_round_by_round() -> None:
    measured = Measured()
    measured.runs = {
        SQLITE: [_ran(100.0, 200.0), _ran(120.0, 200.0)],
        "Slow": [{"flows_per_s": 5.0}, {"flows_per_s": 5.0}],
        "Quick": [{"flows_per_s": 10.0}, {"flows_per_s": 20.0}],
    }

    line = summary(measured)

    assert (line["best_peer"], line["ratio_best_peer_spread"], line["ratio_limit_spread"]) == (
        "Quick",
        [6.0, 10.0],
        [0.5, 0.6],
    )


def _ran(flows_per_s: float, bare: float) -> dict[str, float]:
    return {
        "flows_per_s": flows_per_s,
        "milestone_events_per_s": 7 * flows_per_s,
        "bare_flows_per_s": bare,
        "one_row_flows_per_s": 2 * bare,
    }

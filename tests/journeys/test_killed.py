"""crossdock is killed twenty times in the middle of a day, and nobody but its log can tell."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
from pathlib import Path

from crossdock.cli.demonstration.day import crossdock_sites, quiet, ready, until_over
from crossdock.cli.demonstration.stage import ROLES, Plan, Stage, stop
from crossdock.simulators import auditor
from crossdock.simulators.auditor import Evidence
from crossdock.simulators.ledger import Ledger
from crossdock.simulators.patrol import Patrol
from tests.journeys.days import clock_soon

KILLS = 20
ORDERS = 60
FACTOR = 7200.0  # two hours a second: a day with its bills is over in two minutes
ALIVE_SECONDS = (0.2, 2.2)


def test_twenty_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    plan = Plan(folder=tmp_path / "world", clock=clock_soon(FACTOR), orders=ORDERS, seed=7)
    stage = Stage(plan)

    evidence = asyncio.run(killed_again_and_again(stage))

    assert auditor.audit(evidence).counts() == {
        "duplicate_shipments": 0,
        "portal_ahead_of_erp": 0,
        "lost_messages": 0,
        "doubled_effects": 0,
        "stock_not_conserved": 0,
        "accrual_without_proof": 0,
        "doubled_postings": 0,
        "money_not_conserved": 0,
        "books_not_reconciled": 0,
    }
    assert {role.name: doubled(stage.ledger(role.name)) for role in ROLES} == {
        role.name: [] for role in ROLES
    }


async def killed_again_and_again(stage: Stage) -> Evidence:
    """Live the day, killing crossdock at moments drawn from the seed."""
    dice = random.Random(stage.plan.seed)  # noqa: S311 - the moments of a test
    hub = stage.start("crossdock", stage.hub_command())
    try:
        with stage.partners():
            await ready(stage)
            for _ in range(KILLS):
                await asyncio.sleep(dice.uniform(*ALIVE_SECONDS))
                hub = killed_and_restarted(stage, hub)
            await ready(stage)
            await until_over(stage, lambda: quiet(stage), lambda _line: None)
            async with Patrol(crossdock_sites(stage)) as patrol:
                for customer in stage.api_keys:
                    await patrol.look(customer)
                return await patrol.evidence()
    finally:
        stop(hub)


def killed_and_restarted(stage: Stage, hub: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """Kill crossdock without a word, and start it again."""
    hub.send_signal(signal.SIGKILL)
    hub.wait()
    return stage.start("crossdock", stage.hub_command())


def doubled(path: Path) -> list[str]:
    """Find what a partner did twice: the same key applied again."""
    applied = [each for each in Ledger(path).entries() if each.kind == "received"]
    keys = [each.idempotency_key for each in applied if each.idempotency_key]
    return sorted({key for key in keys if keys.count(key) > 1})

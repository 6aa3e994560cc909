"""A day is lost after its backup, and comes back whole: each effect once, nothing missing."""

from pathlib import Path

from crossdock.cli.demonstration.stage import Plan, Stage
from crossdock.simulators.auditor import Violations
from tests.journeys.days import clock_soon
from tests.journeys.restored import FACTOR, live

ORDERS = 24


def test_what_happened_after_a_backup_happens_once(tmp_path: Path) -> None:
    plan = Plan(folder=tmp_path / "world", clock=clock_soon(FACTOR), orders=ORDERS, seed=11)

    lived = live(Stage(plan))

    assert lived.violations == Violations(
        duplicate_shipments=(), portal_ahead_of_erp=(), lost_messages=(), doubled_effects=()
    )
    assert (lived.doubled, lived.sent_while_held, lived.unfinished) == ([], 0, 0)
    assert min(lived.undone, lived.again, lived.new, lived.known, lived.files) > 0

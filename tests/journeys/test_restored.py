"""A day is lost after its backup, and comes back whole: each effect once, nothing missing."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from crossdock.cli.demonstration.stage import Plan, Stage
from crossdock.simulators.auditor import Violations
from crossdock.testing.postgres import NotInstalled, PostgresServer
from tests.journeys.days import clock_soon
from tests.journeys.restored import FACTOR, Lived, Machines, live

ORDERS = 24
# Lines and partners fail as ever, but nobody takes back what was said: an ERP that answers by the
# key it knows would keep the first word (docs/operate/backup-and-restore.md, what cannot be known).
STEADY = (
    "slow=0.02,down=0.03,lost=0.04,duplicate=0.08,reorder=0.06,late=0.04,unknown_code=0.02,"
    "unknown_master=0.02,incomplete=0.02,rejected=0.01,overbilled=0.04,unknown_charge=0.02"
)


def test_what_happened_after_a_backup_happens_once(tmp_path: Path) -> None:
    plan = Plan(folder=tmp_path / "world", clock=clock_soon(FACTOR), orders=ORDERS, seed=11)

    lived = live(Stage(plan))

    assert happened_once(lived)


def test_several_workers_over_a_restored_database_do_each_thing_once(tmp_path: Path) -> None:
    try:
        server = PostgresServer.start()
    except NotInstalled as missing:
        pytest.skip(str(missing))
    with server:
        plan = Plan(
            folder=tmp_path / "world",
            clock=clock_soon(FACTOR),
            orders=ORDERS,
            seed=11,
            faults=STEADY,
            database=server.database(),
        )
        stage = Stage(plan)
        lived = live(stage, Machines(stage, server))

    assert happened_once(lived)
    assert lived.numbers_left_out > 1_000_000


def happened_once(lived: Lived) -> bool:
    """Hold what a restored day showed against what is promised of it."""
    # What stands may be said again under the next revision: docs/operate/backup-and-restore.md.
    repeated = lived.violations.doubled_postings
    assert [each for each in repeated if each.endswith("/1")] == []
    assert replace(lived.violations, doubled_postings=()) == Violations(
        duplicate_shipments=(), portal_ahead_of_erp=(), lost_messages=(), doubled_effects=()
    )
    assert lived.whole
    assert (lived.doubled, lived.sent_while_held, lived.unfinished) == ([], 0, 0)
    assert lived.unreported == []
    return min(lived.undone, lived.again, lived.new, lived.known, lived.files) > 0

"""An ERP refuses what it shall accrue and a person waives that: nobody takes it as standing."""

import msgspec

from crossdock.apis.process.v1.evidence import evidence
from crossdock.apis.process.v1.freight import charges as charges_in
from crossdock.messages.envelope import Key
from crossdock.messages.freight_reconciliation import DifferenceKind, FreightReconciled
from crossdock.messages.freight_settlement import LineState
from crossdock.messages.teams import Team
from tests.histories.day import BILLED, Day
from tests.histories.scenarios import fuel_let_go
from tests.histories.words import (
    BEGIN,
    HOUR,
    statement,
)

FLAG = "480.00 EUR of it stands accrued: the ERP refused the rest, and it was waived"

WAIVED = ": the ERP refused it, and the posting was waived"


def waived() -> Day:
    """A day on which the fuel of a delivered and billed load is refused, and that is waived."""
    day = Day(BILLED)
    fuel_let_go(day)
    return day


def accruals(day: Day) -> dict[str, tuple[LineState, str, str]]:
    """What the view of accruals shows: state, what is agreed and what the ERP has, by charge."""
    with day.machine.store.read() as reader:
        found = charges_in(reader, "main", "accruals").charges
    return {
        each.charge: (
            each.state,
            each.confirmed.amount if each.confirmed else "",
            each.posted.amount if each.posted else "",
        )
        for each in found
    }


def asked_of_finance(day: Day) -> list[str]:
    with day.machine.store.read() as reader:
        return sorted(each.code for each in reader.exceptions("main", team=Team.FINANCE))


def test_the_view_of_accruals_and_the_pack_tell_what_stands_and_what_does_not() -> None:
    day = waived()

    with day.machine.store.read() as reader:
        pack = evidence(reader, "main", "LD-SH-1")

    assert accruals(day) == {
        "FUEL": (LineState.WAIVED, "61.26", "0.00"),
        "LINEHAUL": (LineState.ACCRUED, "480.00", "480.00"),
    }
    assert pack.load.notes == (
        f"FUEL is accrued with 0.00 EUR, not 61.26 EUR{WAIVED}",
        f"SO-1 is billed: {FLAG}",
    )
    said = [each.said for each in pack.timeline]
    assert "erp will not have 61.26 EUR for FUEL of load LD-SH-1: refused there, and waived" in said
    assert f"Let order SO-1 be billed with 541.26 EUR freight ({FLAG})" in said
    assert asked_of_finance(day) == ["FREIGHT_NOT_POSTED"]


def test_a_ledger_that_shows_what_was_waived_differs() -> None:
    day = waived()

    day.tell(statement("2026-03-28", BEGIN + 5 * HOUR, FUEL="61.26", LINEHAUL="480.00"))

    with day.machine.store.read() as reader:
        (row,) = reader.find("main", "freight_reconciliation", {"state": "differs"})
    told = msgspec.json.decode(row.body, type=FreightReconciled)
    assert [(each.charge, each.kind) for each in told.differences] == [
        ("FUEL", DifferenceKind.UNKNOWN_TO_US)
    ]
    assert asked_of_finance(day) == ["FREIGHT_NOT_POSTED", "LEDGER_DIFFERS"]


def test_a_retry_posts_it_after_all_and_the_past_decided_again_is_the_same() -> None:
    day = waived()

    day.decide("retry", "FREIGHT_NOT_POSTED")
    day.wait(hours=1)

    with day.machine.store.read() as reader:
        load = evidence(reader, "main", "LD-SH-1").load
    assert [(each.charge, each.state) for each in load.charges] == [
        ("FUEL", LineState.INVOICED),
        ("LINEHAUL", LineState.INVOICED),
    ]
    assert (load.state, load.notes, asked_of_finance(day)) == ("settled", (), [])
    assert day.machine.preview("freight_settlement", Key("load", "LD-SH-1")).same_state

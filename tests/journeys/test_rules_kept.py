"""A policy changes while a load is half settled: the load goes on by the rules that decided."""

from msgspec.structs import replace

from crossdock.apis.process.v1.evidence import Evidence, evidence
from crossdock.messages.envelope import Key
from crossdock.messages.freight_settlement import LineState
from crossdock.policies.freight import ToleranceRow
from tests.histories.day import BILLED, Day
from tests.histories.words import (
    BEGIN,
    HOUR,
    MASTERS,
    charges,
    invoice,
    order,
    plan,
    shipment,
    tracking,
)

STRICT = replace(
    BILLED, tolerances=(ToleranceRow(rule_id="tolerance.default", over_amount="0.00"),)
)


def pack_of(day: Day) -> Evidence:
    """Gather the evidence of the one load."""
    with day.machine.store.read() as reader:
        return evidence(reader, "main", "LD-SH-1")


def test_a_tightened_tolerance_changes_nothing_of_what_is_agreed_and_the_pack_tells_why() -> None:
    day = Day(BILLED)
    offered = shipment(charges=charges(LINEHAUL="480.00"))
    day.tell(*MASTERS, order("released"), plan("confirmed", offered))
    day.tell(invoice("issued", "484.00", LINEHAUL="484.00"))

    day.adopt(STRICT)
    day.tell(tracking("PUP", BEGIN + HOUR), tracking("DLV", BEGIN + 2 * HOUR))
    day.wait(hours=3)

    pack = pack_of(day)
    (charge,) = pack.load.charges
    (rule,) = pack.rules
    assert (charge.state, charge.rule) == (LineState.INVOICED, "tolerance.default")
    assert (pack.load.state, pack.load.rules) == ("settled", BILLED.digest)
    assert (rule.edition, rule.row["over_amount"]) == (BILLED.digest, "5.00")
    assert any(f"of rule book {BILLED.digest}" in each.said for each in pack.timeline)
    assert day.machine.preview("freight_settlement", Key("load", "LD-SH-1")).same_state

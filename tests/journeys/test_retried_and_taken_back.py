"""A person retries what an ERP refused, and the bill changes while nobody knows how that ended."""

from crossdock.apis.process.v1.evidence import evidence
from crossdock.apis.process.v1.freight import charges as charges_in
from crossdock.messages.envelope import Key
from crossdock.ports import Exchange, Stage
from tests.histories.day import BILLED, Day, refusal
from tests.histories.scenarios import LOST
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
from tests.journeys.test_money_is_not_edited import accrued

LOAD = Key("load", "LD-SH-1")
TAKEN = Exchange(stage=Stage.ANSWERED, status=200, body=b'{"document_id": "D-1"}')


def retried() -> Day:
    """A day on which a refused accrual is retried, its answer is lost, and the bill corrected."""
    day = Day(BILLED)
    day.partner.moods["accruals$"] = [refusal("the account is closed"), LOST]
    day.tell(*MASTERS, order("released"))
    day.tell(plan("confirmed", shipment(charges=charges(LINEHAUL="480.00"))))
    day.tell(tracking("DLV", BEGIN + 2 * HOUR))
    day.tell(invoice("issued", "481.00", LINEHAUL="481.00"))
    day.wait(hours=3)
    day.decide("retry", "EFFECT_REFUSED")
    day.tell(invoice("corrected", "480.00", BEGIN + 24 * HOUR, LINEHAUL="480.00"))
    return day


def posted(day: Day) -> list[str]:
    """What finance is shown as standing in the ERP."""
    with day.machine.store.read() as reader:
        found = charges_in(reader, "main", "accruals").charges
    return [each.posted.amount for each in found if each.posted]


def test_what_is_done_after_all_stands_where_what_followed_it_is_refused_and_waived() -> None:
    day = retried()
    before = accrued(day)

    day.partner.moods["accruals$"] = [TAKEN, refusal("the books are being closed")]
    day.wait(hours=1)
    day.decide("waive", "EFFECT_REFUSED")
    day.wait(hours=1)

    assert before == [("1", "unknown"), ("2", "waiting")]
    assert (accrued(day), posted(day)) == ([("1", "applied"), ("2", "waived")], ["481.00"])


def test_finance_has_the_rest_of_it_posted_by_a_retry() -> None:
    day = retried()
    day.partner.moods["accruals$"] = [TAKEN, refusal("the books are being closed")]
    day.wait(hours=1)
    day.decide("waive", "EFFECT_REFUSED")

    day.decide("retry", "FREIGHT_NOT_POSTED")
    day.wait(hours=1)

    assert accrued(day) == [("1", "applied"), ("2", "waived"), ("3", "applied")]
    with day.machine.store.read() as reader:
        load = evidence(reader, "main", LOAD.id).load
    assert (load.state, load.notes) == ("settled", ())
    assert day.machine.preview("freight_settlement", LOAD).same_state

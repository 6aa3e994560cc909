"""What a person is asked about is found by each number that a person would type."""

from crossdock.apis.process.v1.chapters import stuck_of
from crossdock.cli.exceptions import tell
from crossdock.flow.exceptions import REFUSED
from crossdock.ports.store import ExceptionRow
from tests.apis.asgi import call
from tests.histories.day import PLAIN, Day, refusal
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
from tests.pages.house import house


def asked(day: Day, about: str) -> list[ExceptionRow]:
    """What the ERP refused, and waits for a person, that names this number."""
    with day.machine.store.read() as reader:
        found = reader.exceptions("main", about=about)
    return [each for each in found if each.code == REFUSED]


def test_a_milestone_the_erp_refused_is_found_by_order_shipment_and_load() -> None:
    day = Day(PLAIN)
    day.partner.moods["postings$"] = [refusal("the period is closed")]
    day.tell(*MASTERS, order("released"), plan("confirmed"), tracking("PUP", BEGIN + HOUR))

    day.wait(hours=2)

    (row,) = asked(day, "SO-1")
    assert row.about == ("SO-1", "SH-1", "LD-SH-1", "SO-1/SH-1/0/goods_issue")
    assert asked(day, "SH-1") == asked(day, "LD-SH-1") == [row]
    told = tell((stuck_of(row),), day.at)
    assert "SO-1 SH-1 LD-SH-1" in told
    queue = call(house(day.machine.store), "GET", "/console/exceptions").text
    assert all(f'q={each}">{each}</a>' in queue for each in row.about[:3])


def test_an_accrual_the_erp_refused_is_found_by_order_and_load() -> None:
    day = Day(PLAIN)
    day.partner.moods["accruals$"] = [refusal("no cost centre")]
    offered = shipment(charges=charges(LINEHAUL="480.00"))
    day.tell(*MASTERS, order("released"), plan("confirmed", offered))
    day.tell(invoice("issued", "480.00", LINEHAUL="480.00"), tracking("DLV", BEGIN + HOUR))

    day.wait(hours=2)

    (row,) = asked(day, "LD-SH-1")
    assert row.about == ("SO-1", "LD-SH-1", "INV-7", "LD-SH-1/LINEHAUL")
    assert asked(day, "SO-1") == asked(day, "INV-7") == [row]

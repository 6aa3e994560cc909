"""A partner refuses what it is told of money: a person may send it again or let it be, not edit."""

import pytest

from crossdock.flow.decisions import Undecidable
from crossdock.messages.envelope import Command, Key
from crossdock.messages.registry import BODIES
from tests.apis.asgi import call
from tests.histories.day import BILLED, Day, refusal
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

EDITS: list[dict[str, object]] = [
    {"amount": {"minor": 4800, "currency": "EUR"}},
    {"business_date": "2026-04-01"},
    {"company_code": "2000"},
]


def refused() -> Day:
    """A day on which the ERP refuses once to accrue the freight of a delivered, billed load."""
    day = Day(BILLED)
    day.partner.moods["accruals$"] = [refusal("the account is closed")]
    day.tell(*MASTERS, order("released"))
    day.tell(plan("confirmed", shipment(charges=charges(LINEHAUL="480.00"))))
    day.tell(tracking("DLV", BEGIN + 2 * HOUR))
    day.tell(invoice("issued", "480.00", LINEHAUL="480.00"))
    day.wait(hours=3)
    return day


def accrued(day: Day) -> list[tuple[str, str]]:
    """What was asked of the ERP to accrue, as it stands in the outbox."""
    with day.machine.store.read() as reader:
        rows = reader.outbox_of("main", "freight_settlement", Key("load", "LD-SH-1"))
    return [(row.version, row.status.value) for row in rows if row.verb == "erp.accrue"]


@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_what_is_told_of_money_is_not_edited(edit: dict[str, object]) -> None:
    day = refused()

    with pytest.raises(Undecidable, match="nobody edits it: retry it"):
        day.decide("edit", "EFFECT_REFUSED", edit)

    assert accrued(day) == [("1", "refused")]


def test_what_the_partner_takes_after_all_is_sent_as_it_was_decided() -> None:
    day = refused()

    day.decide("retry", "EFFECT_REFUSED")
    day.wait(hours=1)

    assert accrued(day) == [("1", "applied")]


def test_the_page_of_it_names_the_ways_there_are_and_offers_no_edit() -> None:
    day = refused()
    with day.machine.store.read() as reader:
        (row,) = (each for each in reader.exceptions("main") if each.code == "EFFECT_REFUSED")

    page = call(house(day.machine.store), "GET", f"/console/exceptions/{row.id}").text

    assert row.action == (
        "Fix what the partner refused, then retry; "
        "or waive it, and finance is asked where the ledger lacks it"
    )
    assert ("/retry" in page, "/edit" in page, "/waive" in page) == (True, False, True)


def test_commands_that_say_what_is_booked_or_paid_are_of_money() -> None:
    of_money = [
        kind.verb for kind in BODIES.values() if issubclass(kind, Command) and kind.of_money
    ]

    assert sorted(of_money) == [
        "erp.accrue",
        "erp.post_freight_invoice",
        "erp.release_billing",
        "tms.share_freight_invoice",
    ]

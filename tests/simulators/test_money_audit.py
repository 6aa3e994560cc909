"""Each thing that goes wrong with money is counted where it is planted, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from crossdock.simulators import money_audit
from crossdock.simulators.ledger import Entry

PICKED_UP, DELIVERED, BILLED, POSTED = (
    datetime(2026, 3, 28, at, tzinfo=UTC) for at in (6, 9, 12, 15)
)


def entry(at: datetime, kind: str, verb: str, content_key: str, content: Any) -> Entry:
    return Entry(at=at, kind=kind, verb=verb, content_key=content_key, content=content)


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


PLANNED = entry(
    PICKED_UP,
    "planned",
    "shipment",
    "shipment/SH1",
    {"load_id": "LD1", "order_id": "SO-1", "shipment_id": "SH1"},
)


def told(
    kind: str = "original", revision: int = 0, at: datetime = DELIVERED, code: str = "DLV"
) -> Entry:
    event = {"event_id": "E1", "status_code": code, "kind": kind, "revision": revision}
    content = {"shipment_id": "SH1", "event": event}
    said = "acknowledged" if kind == "retraction" else "sent"
    return entry(at, said, "tracking", f"tracking/E1/{kind}/{revision}", content)


def bill(total: str = "110.00", event_type: str = "invoice.issued", said: int = 1) -> Entry:
    event = {
        "event_type": event_type,
        "occurred_at": f"2026-03-28T1{said}:00:00Z",
        "carrier_scac": "ROAD",
        "invoice_id": "R1",
        "total": euros(total),
        "reference": {"type": "PRO", "value": "7001"},
        "references": [],
        "charges": [{"shipment_id": "SH1"}],
    }
    return entry(
        BILLED, "sent", "invoice", f"invoice/ROAD/R1/{said}", {"load_id": "LD1", "event": event}
    )


def accrued(
    amount: str = "110.00", before: str = "0.00", revision: int = 1, at: datetime = POSTED
) -> Entry:
    content = {
        "load_id": "LD1",
        "charge": "LINEHAUL",
        "amount": euros(amount),
        "before": euros(before),
        "revision": revision,
        "shares": [{"order_id": "SO-1", "amount": euros(amount)}],
    }
    return entry(at, "received", "erp.accrue", f"accrual/LD1/LINEHAUL/{revision}", content)


def paid(payable: str = "110.00", revision: int = 1, kind: str = "received") -> Entry:
    content = {
        "load_id": "LD1",
        "carrier_scac": "ROAD",
        "invoice_id": "R1",
        "payable": euros(payable),
        "charges": ["LINEHAUL"],
        "revision": revision,
    }
    key = f"freight_invoice/ROAD/R1/{revision}"
    return entry(POSTED, kind, "erp.post_freight_invoice", key, content)


CARRIER = (told(), bill())


def unproven(erp: Iterable[Entry], carrier: Iterable[Entry] = CARRIER) -> list[str]:
    found = money_audit.accrual_without_proof((tuple(erp),), (PLANNED,), (tuple(carrier),))
    return list(found)


def adrift(
    *erp: Entry, carrier: tuple[Entry, ...] = CARRIER, excepted: frozenset[str] = frozenset()
) -> list[str]:
    return list(money_audit.money_not_conserved((erp,), (carrier,), excepted))


def test_an_accrual_after_delivery_and_bill_is_proven() -> None:
    assert unproven([accrued()]) == []


def test_a_proof_of_delivery_proves_what_no_other_word_told() -> None:
    assert unproven([accrued()], [told(code="POD"), bill()]) == []


def test_a_departure_proves_no_delivery() -> None:
    assert unproven([accrued()], [told(code="DEP"), bill()]) == [
        "accrual/LD1/LINEHAUL/1 was accrued before anything of it was delivered"
    ]


def test_an_accrual_before_the_delivery_was_told_is_not() -> None:
    early = accrued(at=PICKED_UP)

    assert unproven([early]) == [
        "accrual/LD1/LINEHAUL/1 was accrued before anything of it was delivered"
    ]


def test_an_accrual_that_nobody_charged_is_not() -> None:
    assert unproven([accrued()], [told()]) == [
        "accrual/LD1/LINEHAUL/1 was accrued before anybody charged it"
    ]


def test_a_delivery_taken_back_by_then_proves_nothing() -> None:
    carrier = [*CARRIER, told("retraction", 1, BILLED)]

    assert unproven([accrued()], carrier) == [
        "accrual/LD1/LINEHAUL/1 was accrued before anything of it was delivered"
    ]


def test_a_delivery_taken_back_just_now_proves_until_that_stands_still() -> None:
    just_now = POSTED - timedelta(minutes=1)

    assert unproven([accrued()], [*CARRIER, told("retraction", 1, just_now)]) == []


def test_a_reversal_needs_no_proof() -> None:
    assert unproven([accrued("0.00", "110.00", 2, PICKED_UP)]) == []


def test_the_same_posting_again_is_doubled_whatever_its_revision() -> None:
    book = (accrued(), accrued(revision=2), paid(), paid("100.00", 2), paid("100.00", 3))

    assert list(money_audit.doubled_postings([book])) == [
        "erp.accrue was posted again: accrual/LD1/LINEHAUL/2",
        "erp.post_freight_invoice was posted again: freight_invoice/ROAD/R1/3",
    ]


def test_what_is_accrued_and_paid_as_billed_is_conserved() -> None:
    assert adrift(accrued(), accrued("100.00", "110.00", 2), paid("100.00")) == []


def test_an_accrual_is_the_sum_of_what_moved_it() -> None:
    assert adrift(accrued(), accrued("120.00", "0.00", 2)) == [
        "LD1/LINEHAUL should stand at 120.00, and 230.00 was booked"
    ]


def test_what_stands_may_be_told_again_as_after_a_restore() -> None:
    assert adrift(accrued(), accrued(revision=2), paid()) == []


def test_what_is_paid_is_accrued_to_the_cent() -> None:
    assert adrift(accrued("109.99"), paid()) == [
        "Invoice ROAD/R1: 109.99 is accrued, and 110.00 is paid"
    ]


def test_no_more_is_paid_than_the_carrier_asks_in_the_end() -> None:
    taken_back = bill(event_type="invoice.cancelled", said=2)

    assert adrift(accrued(), paid(), carrier=(told(), taken_back, bill())) == [
        "Invoice ROAD/R1: 110.00 is paid, and its carrier asks 0"
    ]


def test_what_the_erp_refuses_must_stand_before_somebody() -> None:
    refused = paid(kind="refused")

    assert adrift(refused) == ["freight_invoice/ROAD/R1/1 was refused, and nobody was told"]
    assert adrift(refused, excepted=frozenset({"LD1"})) == []
    assert adrift(refused, accrued(), paid()) == []


def test_an_invoice_stays_as_it_was_while_a_charge_of_its_load_is_refused() -> None:
    reversal = replace(accrued("0.00", "110.00", 2), kind="refused")
    fuel = replace(accrued("120.00"), content=accrued("120.00").content | {"charge": "FUEL"})
    told_of = frozenset({"LD1"})

    assert adrift(accrued(), paid("100.00"), reversal, excepted=told_of) == []
    assert adrift(accrued(), paid("100.00"), fuel, reversal, excepted=told_of) == []
    assert adrift(accrued(), paid("100.00"), reversal, accrued("99.00", "110.00", 3)) == [
        "Invoice ROAD/R1: 99.00 is accrued, and 100.00 is paid",
        "accrual/LD1/LINEHAUL/2 was refused, and nobody was told",
    ]


def test_a_bill_that_moved_no_money_and_stands_before_nobody_is_lost() -> None:
    carrier = (replace(bill(), kind="acknowledged"),)

    def lost(*erp: Entry, tms: tuple[Entry, ...] = (PLANNED,), about: str = "") -> list[str]:
        found = money_audit.lost_invoices((erp,), tms, (carrier,), frozenset({about}))
        return [sentence for _, sentence in found]

    assert lost() == ["Invoice ROAD/R1 was lost"]
    assert lost(accrued()) == []
    assert lost(about="SH1") == []
    assert lost(tms=(PLANNED, replace(PLANNED, kind="withdrawn"))) == []

"""What a day's summary counts of carriers: by their ledgers, and by where promises stand."""

from __future__ import annotations

from datetime import date

import msgspec

from crossdock.canonical.money import Money
from crossdock.cli.demonstration.summary import (
    Orders,
    Reconciliation,
    acknowledgements_of,
    ledger_lines,
    order_lines,
    orders_of,
    reconciliation_of,
    tenders_of,
)
from crossdock.messages.envelope import Key
from crossdock.messages.freight_reconciliation import (
    FreightReconciled,
    LedgerPosting,
    LedgerTotal,
)
from crossdock.ports.store import ProcessRow, ProjectionRow
from crossdock.simulators.auditor import Evidence
from crossdock.simulators.books_audit import Differing
from crossdock.simulators.ledger import Entry
from crossdock.store.memory import MemoryStore
from tests.flow.kit import NOON


def entry(kind: str, verb: str) -> Entry:
    return Entry(at=NOON, kind=kind, verb=verb, content_key=f"{verb}/1")


def test_offers_and_answers_are_counted_over_all_carriers() -> None:
    road = (
        entry("received", "carrier.tender"),
        entry("received", "carrier.tender"),
        entry("repeated", "carrier.tender"),
        entry("sent", "tender.accepted"),
        entry("acknowledged", "tender.accepted"),
    )
    parc = (
        entry("received", "carrier.tender"),
        entry("received", "carrier.cancel_tender"),
        entry("acknowledged", "tender.declined"),
        entry("acknowledged", "tracking"),
    )

    counted = tenders_of(Evidence(erps=(), tms=(), carriers=(road, parc)))

    assert counted == {"accepted": 1, "declined": 1, "offered": 3}


def test_promises_are_counted_by_where_they_stand() -> None:
    store = MemoryStore()
    standing = ["accepted", "accepted", "overdue"]
    with store.write() as unit:
        unit.save(
            [
                ProcessRow(
                    tenant="main",
                    subscriber="acknowledgement",
                    key=Key("exchange", f"road/production/group/{number}"),
                    revision=1,
                    schema=1,
                    state=b"{}",
                    stage=stage,
                    updated_at=NOON,
                )
                for number, stage in enumerate(standing)
            ]
        )

    with store.read() as reader:
        assert acknowledgements_of(reader) == {"accepted": 2, "overdue": 1}


def released(order_id: str) -> Entry:
    content = {"order": {"order_id": order_id}}
    return Entry(
        at=NOON, kind="acknowledged", verb="order.released", content_key=order_id, content=content
    )


def test_where_orders_stand_adds_up_to_those_released_whatever_is_asked_about_them() -> None:
    stages = {"SO-1": "delivered", "SO-2": "delivered", "SO-3": "cancelled", "SO-4": "tendering"}
    store = MemoryStore()
    with store.write() as unit:
        unit.save(
            [
                ProcessRow(
                    tenant="main",
                    subscriber="order_release",
                    key=Key("order", order_id),
                    revision=1,
                    schema=1,
                    state=b"{}",
                    stage=stage,
                    updated_at=NOON,
                )
                for order_id, stage in stages.items()
            ]
        )
    evidence = Evidence(
        erps=(tuple(map(released, stages)),),
        tms=(),
        carriers=(),
        exceptions=frozenset({"SO-1", "SO-4", "LD-9"}),
    )

    with store.read() as reader:
        counted = orders_of(reader, evidence)

    assert counted == Orders(
        released=4,
        completed=2,
        cancelled=1,
        in_exception=2,
        completed_in_exception=1,
        stages={"cancelled": 1, "delivered": 2, "tendering": 1},
    )
    assert [" ".join(line.split()) for line in order_lines(counted)] == [
        "orders 4 released",
        "2 delivered and posted",
        "1 called off by the ERP",
        "1 offered, and no carrier has taken them",
        "a person is asked about 2 of them: 1 that are delivered and posted, 1 others",
    ]


def test_ledgers_are_counted_by_what_clerks_did_and_by_what_finance_is_told() -> None:
    euros = Money(minor=96_000, currency="EUR")
    total = LedgerTotal(
        ledger="erp",
        posting=LedgerPosting.ACCRUAL,
        carrier_scac="ROAD",
        currency="EUR",
        our_count=2,
        our_sum=euros,
        their_count=2,
        their_sum=euros,
    )
    day = FreightReconciled(
        business_date=date(2026, 3, 29), ledgers=(), totals=(total,), differences=()
    )
    store = MemoryStore()
    with store.write() as unit:
        unit.put_projections(
            [
                ProjectionRow(
                    tenant="main",
                    kind="freight_reconciliation",
                    key="2026-03-29",
                    body=msgspec.json.encode(day),
                    index=(),
                    updated_at=NOON,
                )
            ]
        )
    content = {
        "event": {"business_date": "2026-03-29"},
        "number": 1,
        "planted": [["accrual/L-1/FUEL", "missing"], ["accrual/L-2/FUEL", "missing"]],
    }
    statement = Entry(at=NOON, kind="sent", verb="statement", content_key="s", content=content)
    told = Differing(business_date="2026-03-29", line="accrual/L-1/FUEL", kind="missing")
    evidence = Evidence(erps=((statement,),), tms=(), carriers=(), differing=(told,))

    with store.read() as reader:
        counted = reconciliation_of(reader, evidence)

    assert counted == Reconciliation(
        dates=1, postings=2, planted={"missing": 2}, reported={"missing": 1}
    )
    head, kind = ledger_lines(counted)
    assert head.endswith(
        "2 postings of 1 business dates compared; clerks made 2 differ, finance is told of 1"
    )
    assert kind.split() == ["1", "missing"]

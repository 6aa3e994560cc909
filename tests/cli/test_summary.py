"""What a day's summary counts of carriers: by their ledgers, and by where promises stand."""

from __future__ import annotations

from crossdock.cli.demonstration.summary import acknowledgements_of, tenders_of
from crossdock.messages.envelope import Key
from crossdock.ports.store import ProcessRow
from crossdock.simulators.auditor import Evidence
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

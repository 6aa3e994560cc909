"""What judges the house is judged itself: each story is of a verdict that was wrong once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import msgspec
from msgspec.structs import replace

from crossdock.canonical.freight import ChargeKind
from crossdock.canonical.money import Money
from crossdock.flow.deliverer import Ended, Result
from crossdock.flow.outcomes import Outcome
from crossdock.flow.settling import Work
from crossdock.messages.freight_settlement import (
    FreightLine,
    FreightPicture,
    FreightPictureChanged,
    LineState,
)
from crossdock.policies.rules import Rules
from crossdock.ports import Exchange, Stage
from crossdock.processes.freight_settlement_state import Accrued, Settlement
from crossdock.simulators.ledger import Entry
from crossdock.testing.simulation.faults import Level
from crossdock.testing.simulation.image import BEGIN, made
from crossdock.testing.simulation.invariants import tenants
from crossdock.testing.simulation.invariants.agreed import Agreed
from crossdock.testing.simulation.invariants.base import Scene
from crossdock.testing.simulation.invariants.effects import Polite
from crossdock.testing.simulation.invariants.ledgers import ENDS, SETTLEMENTS, Believed
from crossdock.testing.simulation.invariants.money import BilledWhenCertain
from crossdock.testing.simulation.invariants.rules import BEGAN, SAID, STATES, KeepsItsRules
from crossdock.testing.simulation.memory import MemoryFile
from crossdock.testing.simulation.options import draw
from crossdock.testing.simulation.rosters import BOOK, FREIGHT, LATER_BOOK
from crossdock.testing.simulation.runs import stage
from crossdock.testing.simulation.witness import Heard, Sent, Witness
from crossdock.testing.simulation.world import Violation, World

NO_ANSWER = Exchange(stage=Stage.NO_ANSWER)
DONE = Exchange(stage=Stage.ANSWERED, status=201)
LEFT_BEHIND = -1  # the life of a worker that was


class Partner:
    """An ERP as the judge of politeness sees it: how calls ended, and when the next one left."""

    def __init__(self) -> None:
        self._witness = Witness(lambda _note: None)
        scene = SimpleNamespace(witness=self._witness, rows=lambda *_asked: [])
        self._judge = Polite(cast("Scene", scene))
        self._at: datetime = BEGIN

    def answers(self, exchange: Exchange, life: int) -> None:
        """Let a call end, as a life of the house hears it."""
        self._witness.turn_page()
        result = SimpleNamespace(exchange=exchange, work=SimpleNamespace(generation=0))
        heard = Heard(
            endpoint="erp",
            result=cast("Result", result),
            ended=cast("Ended", SimpleNamespace(outcome=Outcome.UNKNOWN)),
            latest=1,
            at=self._at,
            life=life,
        )
        self._witness.news.heard.append(heard)
        assert list(self._judge.after()) == []

    def is_called(self, life: int) -> list[str]:
        """Let the next call leave a second later; answer what the judge says."""
        self._witness.turn_page()
        self._at += timedelta(seconds=1)
        work = cast("Work", SimpleNamespace())
        self._witness.news.sent.append(Sent(endpoint="erp", work=work, at=self._at, life=life))
        return list(self._judge.after())


def test_a_partner_that_failed_five_times_in_a_row_is_left_alone() -> None:
    erp = Partner()

    for _ in range(5):
        erp.answers(NO_ANSWER, life=3)

    assert erp.is_called(life=3) == ["erp failed 5 times in a row and was called again"]


def test_an_answer_that_a_worker_left_behind_writes_down_breaks_the_row() -> None:
    erp = Partner()

    for exchange, life in (
        *((NO_ANSWER, 3),) * 4,
        (DONE, LEFT_BEHIND),
        (NO_ANSWER, 3),
    ):
        erp.answers(exchange, life)

    assert erp.is_called(life=3) == []


def flagged(after: timedelta, levels: Mapping[str, Level]) -> list[str]:
    """Let an order be billed with a flag so long after its delivery was told."""
    witness = Witness(lambda _note: None)
    options = SimpleNamespace(levels=levels)
    judge = BilledWhenCertain(cast("Scene", SimpleNamespace(witness=witness, options=options)))
    planned = {"load_id": "LD1", "shipment_id": "SH1", "order_id": "SO-1"}
    event = {"status_code": "DLV"}
    delivered = {"shipment_id": "SH1", "occurred_at": BEGIN.isoformat(), "event": event}
    freight = {"amount": "0.00", "currency": "EUR"}
    told = {"load_id": "LD1", "order_id": "SO-1", "freight": freight, "flagged": "not in time"}
    for partner, entry in (
        ("tms", entered("planned", "shipment", planned, BEGIN)),
        ("road", entered("sent", "tracking", delivered, BEGIN)),
        ("erp", entered("received", "erp.release_billing", told, BEGIN + after)),
    ):
        witness.entered(partner, entry)
    return list(judge.after())


def entered(kind: str, verb: str, content: object, at: datetime) -> Entry:
    return Entry(at=at, kind=kind, verb=verb, content_key=verb, content=content)


HALF_AN_HOUR_EARLY = timedelta(hours=FREIGHT.billing_after_hours, minutes=-30)
UNSEEN = "erp.release_billing: it is flagged 'not in time', and nothing of that was seen"


def test_an_order_billed_before_its_time_with_a_flag_is_told() -> None:
    assert flagged(HALF_AN_HOUR_EARLY, {}) == [UNSEEN]


def test_a_clock_that_was_set_from_side_to_side_may_ring_earlier() -> None:
    jumps = {"clock_jump": Level.LOW}

    assert flagged(HALF_AN_HOUR_EARLY, jumps) == []
    assert flagged(timedelta(hours=20), jumps) == [UNSEEN]


def released(
    accrued: str, *, stands: str = "8.37", waived: bool = True, book: Rules = BOOK
) -> list[str]:
    """Bill an order with 9.44, of which so much is said to stand accrued."""
    witness = Witness(lambda _note: None)
    witness.let_go |= {"LD1"} if waived else set()
    options = SimpleNamespace(levels={})
    scene = SimpleNamespace(witness=witness, options=options, book_of=lambda _load: book)
    judge = BilledWhenCertain(cast("Scene", scene))
    share = {"order_id": "SO-1", "amount": eur(stands)}
    accrual = {"load_id": "LD1", "charge": "LINEHAUL", "shares": [share]}
    told = {"load_id": "LD1", "order_id": "SO-1", "freight": eur("9.44"), "flagged": "waived"}
    release = {**told, "accrued": eur(accrued)}
    for verb, content in (("erp.accrue", accrual), ("erp.release_billing", release)):
        witness.entered("erp", entered("received", verb, content, BEGIN))
    return list(judge.after())


def eur(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def test_what_a_release_says_to_stand_accrued_stands_and_was_let_go() -> None:
    assert released("8.37") == []
    assert released("8.40") == [
        "erp.release_billing: it says that 8.40 stands accrued, and 8.37 does"
    ]
    assert released("9.44", stands="9.44") == [
        "erp.release_billing: not all stands accrued, it says, and all 9.44 does"
    ]
    assert released("8.37", waived=False) == [
        "erp.release_billing: 8.37 of 9.44 stands accrued, and none let it go"
    ]
    assert released("8.37", book=LATER_BOOK) == [
        "erp.release_billing: it is flagged 'waived', and nothing of that was seen"
    ]


def believed(holds: str, status: str, *, ended: bool = False) -> list[str]:
    """Let a load believe in 5.00, and have asked for 7.00 that ended so; the ERP holds this."""
    accrued = Accrued(
        amount=Money(minor=700, currency="EUR"),
        revision=2,
        settled=2 if ended else 1,
        business_date=BEGIN.date(),
        company_code="",
        shares={"SO-1": 700},
        standing={"SO-1": 500},
    )
    state = Settlement(load_id="LD1", accrued={"FUEL": accrued})
    tables = {
        SETTLEMENTS: [(msgspec.json.encode(state),)],
        ENDS: [("erp.accrue", "LD1/FUEL", status)],
    }
    witness = Witness(lambda _note: None)
    share = {"order_id": "SO-1", "amount": eur(holds)}
    told: dict[str, object] = {"load_id": "LD1", "charge": "FUEL", "shares": [share]}
    told |= {
        "amount": eur(holds),
        "carrier_scac": "ROAD",
        "business_date": "2026-03-28",
        "revision": 2,
    }
    witness.entered("erp", entered("received", "erp.accrue", told, BEGIN))
    scene = SimpleNamespace(witness=witness, rows=lambda asked, *_: tables.get(asked, []))
    return [each for each in Believed(cast("Scene", scene)).at_end() if each.startswith("erp.")]


def test_what_is_believed_to_stand_stands_and_what_is_open_may_stand_as_it_was_asked() -> None:
    stands = "erp.accrue LD1/FUEL stands as {} for SO-1, and is believed to as "
    five, seven = stands + "5.00 for SO-1", stands + "7.00 for SO-1"

    assert believed("5.00", "refused") == []
    assert believed("5.00", "waived", ended=True) == []
    assert believed("5.00", "unresolved") == believed("7.00", "unresolved") == []
    assert believed("7.00", "applied") == []
    assert believed("5.00", "applied") == [seven.format("5.00")]
    assert believed("7.00", "refused") == [five.format("7.00")]
    assert believed("7.00", "waived", ended=True) == [five.format("7.00")]
    assert believed("6.00", "unresolved") == [f"{five} or 7.00 for SO-1".format("6.00")]


def settled_by(*said: tuple[int, Rules, LineState], keeps: Rules | None) -> list[str]:
    """Let a load show its one charge at these messages; at message 10 the rule book changed."""
    state = Settlement(load_id="LD1", rules=keeps.digest if keeps else "")
    line = FreightLine(charge="FUEL", kind=ChargeKind.FUEL, state=LineState.EXPECTED)
    shown = FreightPicture(
        load_id="LD1", carrier_scac="", order_ids=(), shipment_ids=(), state="", lines=()
    )
    pictures = [
        (seq, replace(shown, rules=book.digest, lines=(replace(line, state=reached),)))
        for seq, book, reached in said
    ]
    tables = {
        STATES: [(msgspec.json.encode(state),)],
        SAID: [
            (seq, FreightPictureChanged.__name__, msgspec.json.encode({"picture": each}))
            for seq, each in pictures
        ],
        BEGAN: [(1,)],
    }
    scene = SimpleNamespace(
        witness=Witness(lambda _note: None),
        adopted=[(0, BOOK), (10, LATER_BOOK)],
        book_at=lambda seq: LATER_BOOK if seq > 10 else BOOK,
        rows=lambda asked, *_: tables.get(asked, []),
        options=SimpleNamespace(ledger_currency="USD"),
    )
    return list(KeepsItsRules(cast("Scene", scene)).at_end())


def test_a_load_that_is_decided_keeps_its_rule_book_and_another_has_the_newer_one() -> None:
    review, agreed = LineState.UNDER_REVIEW, LineState.CONFIRMED
    old, new = BOOK.digest, LATER_BOOK.digest

    assert settled_by((5, BOOK, agreed), (15, BOOK, agreed), keeps=BOOK) == []
    assert settled_by((5, BOOK, review), (15, LATER_BOOK, agreed), keeps=LATER_BOOK) == []
    assert settled_by((5, BOOK, agreed), (15, LATER_BOOK, agreed), keeps=LATER_BOOK) == [
        f"LD1 is decided by {new}, and should be by {old}"
    ]
    assert settled_by((15, BOOK, agreed), keeps=BOOK) == [
        f"LD1 is decided by {old}, and should be by {new}"
    ]
    assert settled_by((5, BOOK, agreed), keeps=None) == [
        f"LD1 keeps no rules, and was decided by {old}"
    ]


def test_a_sum_is_near_by_the_tolerance_of_the_book_that_the_load_keeps() -> None:
    agreed = Agreed(Witness(lambda _note: None))
    shipment = {"load_id": "LD1", "shipment_id": "SH1"}
    charges = [{"code": "FUEL", "amount": eur("500.00")}]
    planned = {"shipments": [{**shipment, "charges": charges}]}
    agreed.hear(entered("sent", "plan.confirmed", planned, BEGIN))

    def near(total: str) -> list[bool]:
        books = (BOOK, LATER_BOOK)
        return [agreed.is_near("LD1", "FUEL", Decimal(total), book) for book in books]

    assert near("501.00") == [True, True]
    assert near("504.00") == near("496.00") == [True, False]
    assert near("506.00") == [False, False]


def lived_beside(share: float) -> tuple[str, int]:
    """Run a world in which a neighbour moves in with this share; its digest, and how often."""
    before, tenants.MOVES_IN_SHARE = tenants.MOVES_IN_SHARE, share
    try:
        with stage() as here:
            outcome = here.run(draw(5))
    finally:
        tenants.MOVES_IN_SHARE = before
    return outcome.digest, outcome.reached.get("tenant moved in", 0)


def test_a_neighbour_who_moves_in_changes_nothing_of_the_day_it_is_told_of() -> None:
    alone, beside = lived_beside(0.0), lived_beside(1.0)

    assert (alone[1], beside[1]) == (0, 1)
    assert alone[0] == beside[0]


def test_files_of_one_look_come_again_when_the_worker_dies_of_the_first() -> None:
    with stage() as here:
        outcome = here.run(draw(6123))  # two files rest, and the first is not taken

    assert outcome.violation is None
    assert outcome.reached["legacy acknowledged order.changed"] == 1


def test_a_host_hears_of_what_it_gives_up_as_it_sends_before_a_neighbour_lives() -> None:
    with stage() as here:
        outcome = here.run(draw(7154))  # a lease has run out, and its end is told while it sends

    assert outcome.violation is None
    assert outcome.reached["tenant moved in"] == 1


def test_an_invoice_that_waits_for_what_was_let_go_is_told_and_not_adrift() -> None:
    with stage() as here:
        outcome = here.run(draw(10122))  # a reversal is refused and waived; its invoice stays

    assert outcome.violation is None
    assert outcome.reached["exception FREIGHT_NOT_POSTED"] > 0


def test_a_release_that_was_refused_is_not_told_again_where_the_one_before_it_stands() -> None:
    with stage() as here:
        outcome = here.run(draw(1645))  # a new bill brings back what was released first

    assert outcome.violation is None
    assert outcome.reached["erp refused erp.release_billing"] > 0


def test_a_partner_that_has_refused_a_call_does_not_do_its_copy() -> None:
    with stage() as here:
        outcome = here.run(draw(7641))  # sold out at first, and not any more when the copy comes

    assert outcome.violation is None
    assert outcome.reached["erp refused erp.commit_inventory"] > 0


class Tampered(World):
    """A world in which somebody writes the audit log behind the house's back, before its end."""

    statement = ""

    def _judge_the_end(self) -> Violation | None:
        self.store.connection.execute(self.statement)
        return super()._judge_the_end()


def tampered_with(folder: Path, statement: str) -> tuple[str, str]:
    """Run a world with this statement at its end; the rule that tells, and what it says."""
    image = made()
    world = Tampered(draw(5), image, MemoryFile(image.store), folder)
    world.statement = statement
    violation = world.run().violation
    assert violation is not None
    return violation.number, violation.said


def test_a_row_of_the_audit_log_that_was_changed_is_told(tmp_path: Path) -> None:
    told = tampered_with(tmp_path, "UPDATE audit SET reason = 'never said' WHERE seq = 2")

    assert told == ("INV-39", "row 2, or the seal before it, was changed")


def test_a_row_of_the_audit_log_that_nobody_brought_about_is_told(tmp_path: Path) -> None:
    told = tampered_with(
        tmp_path,
        "INSERT INTO audit (tenant, at, actor, action, subject, reason, detail)"
        " VALUES ('main', 0, 'nobody', 'freight.approve', 'L-1', '', '')",
    )

    said = "('nobody', 'freight.approve', 'L-1') is in the audit log, and nobody did it"
    assert told == ("INV-39", said)

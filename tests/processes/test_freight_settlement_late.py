"""What the ERP refused is retried by a person, taken back by us, and done all the same."""

from __future__ import annotations

from msgspec import structs

from crossdock.canonical.freight import ChargeKind
from crossdock.messages.flow import AnswerKind
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    FreightPosted,
    PostFreightInvoice,
    ReleaseBilling,
)
from crossdock.ports import DropEffect, Emission
from tests.processes.freight_settlement_world import (
    BILLED,
    OFFERED,
    answer,
    begin,
    billed,
    charge,
    commands,
    corrected,
    delivered,
    ledger,
    obey,
    planned,
    told,
    usd,
)
from tests.processes.test_freight_settlement_waived import Told, accruals, of

CLOSED = "the account is closed"
DEARER = told(charge("500.00"), charge("58.00", ChargeKind.FUEL), revision=2)


def refused_when_dearer() -> tuple[Told, AccrueFreight]:
    """A load in the books of which the ERP refuses an adjustment."""
    story = begin(BILLED)
    story.tell(planned(), told(*OFFERED))
    obey(story, story.tell(delivered()))
    (asked,) = of(AccrueFreight, story.tell(DEARER))
    story.tell(answer(asked, AnswerKind.REFUSED, CLOSED))
    return story, asked


def dropped(said: list[Emission]) -> list[tuple[str, str]]:
    """What was taken back."""
    return [(each.business_key, each.version) for each in said if isinstance(each, DropEffect)]


def test_what_was_taken_back_and_is_done_after_all_is_put_right() -> None:
    story, asked = refused_when_dearer()
    back = story.tell(told(*OFFERED, revision=3))

    said = story.tell(answer(asked))

    assert dropped(back) == [("LO-1/FUEL", "2")]
    assert accruals(said) == [("FUEL", "3", 5800, 5721)]
    assert [(each.revision, each.amount) for each in of(FreightPosted, said)] == [(2, usd("58.00"))]
    obey(story, said)
    assert ledger(story) == {"FUEL": 5721, "LINEHAUL": 50000}


def test_what_follows_it_and_is_waived_leaves_what_was_done_standing() -> None:
    story, asked = refused_when_dearer()
    dearest = told(charge("500.00"), charge("58.20", ChargeKind.FUEL), revision=3)
    (next_,) = of(AccrueFreight, story.tell(dearest))

    said = story.tell(answer(asked))
    story.tell(answer(next_, AnswerKind.REFUSED, CLOSED))
    story.tell(structs.replace(answer(next_, AnswerKind.WAIVED), document=""))

    assert accruals(said) == []
    assert ledger(story) == {"FUEL": 5800, "LINEHAUL": 50000}


def test_what_follows_it_and_is_done_holds_and_nothing_older_does() -> None:
    story, asked = refused_when_dearer()
    dearest = told(charge("500.00"), charge("58.20", ChargeKind.FUEL), revision=3)
    (next_,) = of(AccrueFreight, story.tell(dearest))

    story.tell(answer(next_))
    late = story.tell(answer(asked))

    assert (ledger(story), accruals(late)) == ({"FUEL": 5820, "LINEHAUL": 50000}, [])


def test_what_was_retried_and_refused_again_changes_nothing() -> None:
    story, asked = refused_when_dearer()
    story.tell(told(*OFFERED, revision=3))
    before = story.state.accrued

    story.tell(answer(asked, AnswerKind.REFUSED, CLOSED))
    said = story.tell(structs.replace(answer(asked, AnswerKind.WAIVED), document=""))

    assert (commands(said), ledger(story)) == ([], {"FUEL": 5721, "LINEHAUL": 50000})
    assert {name: each.shares for name, each in story.state.accrued.items()} == {
        name: each.shares for name, each in before.items()
    }


def refused_invoice() -> tuple[Told, PostFreightInvoice]:
    """A load whose corrected invoice the ERP refuses."""
    story = begin(BILLED)
    story.tell(planned(), billed())
    obey(story, story.tell(delivered()))
    waiting = commands(story.tell(corrected(charge("500.00"), charge("58.00", ChargeKind.FUEL))))
    while not isinstance(waiting[0], PostFreightInvoice):
        waiting += commands(story.tell(answer(waiting.pop(0))))
    asked = waiting[0]
    story.tell(answer(asked, AnswerKind.REFUSED, CLOSED))
    return story, asked


def test_an_invoice_that_is_posted_after_all_is_put_right() -> None:
    story, asked = refused_invoice()
    back = story.tell(corrected(*OFFERED, at=11))
    waiting = [each for each in commands(back) if isinstance(each, AccrueFreight)]
    said = [*back, *(more for each in waiting for more in story.tell(answer(each)))]

    then = story.tell(answer(asked))

    assert ("ROAD/I-1", "2") in dropped(said)
    (posted,) = of(PostFreightInvoice, then)
    assert (posted.revision, posted.payable) == (3, usd("557.21"))
    obey(story, then)
    assert [each.stood for each in story.state.paid.values()] == [55721]


def test_a_release_that_is_done_after_all_is_put_right() -> None:
    story = begin(BILLED)
    story.tell(planned(), told(*OFFERED))
    obey(story, story.tell(delivered()))
    waiting = commands(story.tell(DEARER))
    while not isinstance(waiting[0], ReleaseBilling):
        waiting += commands(story.tell(answer(waiting.pop(0))))
    asked = waiting[0]
    story.tell(answer(asked, AnswerKind.REFUSED, CLOSED))
    (cheaper,) = of(AccrueFreight, story.tell(told(*OFFERED, revision=3)))
    back = story.tell(answer(cheaper))

    said = story.tell(answer(asked))

    assert dropped(back) == [("SO-1/LO-1", "2")]
    assert [(each.revision, each.freight) for each in of(ReleaseBilling, said)] == [
        (3, usd("557.21"))
    ]

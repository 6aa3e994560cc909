"""When an order may be billed to its customer, and when that is taken back."""

from crossdock.messages.flow import AnswerKind
from crossdock.messages.freight_settlement import FreightVerdict, ReleaseBilling
from crossdock.policies.rules import Rules
from crossdock.ports import DropEffect, Emission
from crossdock.processes.freight_settlement_state import Settlement
from crossdock.testing.story import Story
from tests.processes.freight_settlement_world import (
    BILLED,
    answer,
    begin,
    billed,
    charge,
    delivered,
    hour,
    obey,
    picture,
    planned,
    shipment,
    usd,
    withdrawn,
    word,
)

LATE = "the freight was not certain in time"


def release(
    revision: int, freight: str = "557.21", flagged: str = "", order_id: str = "SO-1"
) -> ReleaseBilling:
    """Let the order be billed."""
    return ReleaseBilling(
        order_id=order_id,
        load_id="LO-1",
        freight=usd(freight),
        revision=revision,
        flagged=flagged,
        company_code="1000",
    )


def taken_back(revision: int) -> ReleaseBilling:
    """Take the release back."""
    return ReleaseBilling(
        order_id="SO-1",
        load_id="LO-1",
        freight=usd("0.00"),
        revision=revision,
        reversed_=True,
        company_code="1000",
    )


def releases(said: list[Emission]) -> list[ReleaseBilling]:
    """What the ERP is told of billing."""
    return [each for each in said if isinstance(each, ReleaseBilling)]


def late() -> tuple[Story[Settlement, Rules], list[Emission]]:
    """A load whose freight was not certain in time, and what was said then."""
    story = begin(BILLED)
    story.tell(planned(), delivered())
    return story, story.wait_until(hour(73))


def test_a_flagged_release_is_taken_back_with_the_delivery() -> None:
    story, said = late()
    assert releases(said) == [release(1, flagged=LATE)]
    obey(story, said)

    said = story.tell(delivered(revision=2, really=False))

    assert releases(said) == [taken_back(2)]
    assert picture(said).notes == ("SO-1 is billed no more: its delivery was taken back",)


def test_a_certain_release_is_taken_back_when_the_order_leaves_the_load() -> None:
    story = begin(BILLED)
    story.tell(planned(), billed())
    obey(story, story.tell(delivered()))

    said = story.tell(withdrawn())

    assert releases(said) == [taken_back(2)]


def test_an_order_delivered_after_all_is_billed_anew_and_has_its_time_again() -> None:
    story, said = late()
    obey(story, said)
    obey(story, story.tell(delivered(revision=2, really=False)))

    assert releases(story.tell(delivered(revision=3))) == []
    assert releases(story.wait_until(hour(144))) == []
    assert releases(story.wait_until(hour(146))) == [release(3, flagged=LATE)]


def test_a_release_on_its_way_is_taken_back_when_it_has_ended() -> None:
    story, said = late()

    assert releases(story.tell(delivered(revision=2, really=False))) == []
    assert releases(story.tell(answer(releases(said)[0]))) == [taken_back(2)]


def test_a_release_the_erp_refused_is_dropped_and_needs_no_taking_back() -> None:
    story, said = late()
    story.tell(answer(releases(said)[0], AnswerKind.REFUSED, "no such order"))

    said = story.tell(delivered(revision=2, really=False))

    assert releases(said) == []
    assert [each.version for each in said if isinstance(each, DropEffect)] == ["1"]
    assert releases(story.tell(delivered(revision=3), word(FreightVerdict.RELEASE, "ann"))) == []


def test_a_release_the_erp_refused_is_dropped_where_it_goes_back_to_what_stands() -> None:
    story, said = late()
    obey(story, said)
    dearer = shipment(charges=(charge("600.00"),))
    (other,) = releases(story.tell(planned(carried=dearer, revision=2)))
    assert other == release(2, "600.00", LATE)
    story.tell(answer(other, AnswerKind.REFUSED, "no such order"))

    said = story.tell(planned(revision=3))

    assert releases(said) == []
    assert [each.version for each in said if isinstance(each, DropEffect)] == ["2"]
    assert releases(story.tell(planned(carried=dearer, revision=4))) == [release(3, "600.00", LATE)]


def test_a_release_that_was_waived_is_not_told_again_where_it_goes_back_to_what_stands() -> None:
    story, said = late()
    obey(story, said)
    dearer = shipment(charges=(charge("600.00"),))
    (other,) = releases(story.tell(planned(carried=dearer, revision=2)))
    story.tell(answer(other, AnswerKind.REFUSED, "no such order"))
    story.tell(answer(other, AnswerKind.WAIVED))

    assert releases(story.tell(planned(revision=3))) == []
    assert releases(story.tell(planned(revision=3), withdrawn(revision=4))) == [taken_back(3)]


def test_a_taking_back_the_erp_refused_is_dropped_when_it_is_delivered_again() -> None:
    story, said = late()
    obey(story, said)
    (back,) = releases(story.tell(delivered(revision=2, really=False)))
    story.tell(answer(back, AnswerKind.REFUSED, "billed already"))
    story.tell(delivered(revision=3))

    said = story.wait_until(hour(146))

    assert releases(said) == []
    assert [each.version for each in said if isinstance(each, DropEffect)] == ["2"]


def test_what_persons_released_is_billed_anew_when_it_is_delivered_again() -> None:
    story = begin(BILLED)
    story.tell(planned(), delivered())
    story.tell(word(FreightVerdict.RELEASE, "ann"))
    said = story.tell(word(FreightVerdict.RELEASE, "ben"))
    why = "released by ann and ben before the freight was certain"
    assert releases(said) == [release(1, flagged=why)]
    obey(story, said)
    obey(story, story.tell(delivered(revision=2, really=False)))

    assert releases(story.tell(delivered(revision=3))) == [release(3, flagged=why)]


def test_an_order_that_no_charge_has_a_part_in_waits_for_its_time() -> None:
    story = begin(BILLED)
    of_the_first = charge("500.00", shipment_id="SH-1")
    story.tell(planned(carried=shipment(charges=(of_the_first,))), billed(of_the_first))
    obey(story, story.tell(delivered()))

    joined = planned("SO-2", shipment("SH-2", charges=()))
    said = story.tell(joined, delivered("SO-2", name="SH-2"))

    assert releases(said) == []
    assert releases(story.wait_until(hour(73))) == [release(1, "0.00", LATE, "SO-2")]

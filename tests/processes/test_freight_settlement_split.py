"""How freight is split over a load's orders: by weight, as declared, or by asking a person."""

from decimal import Decimal

import pytest
from msgspec import structs

from crossdock.messages.flow import ExceptionRetried
from crossdock.messages.freight_settlement import AccrueFreight, Proven, Share
from crossdock.messages.teams import Team
from crossdock.policies.freight import FreightPolicy
from crossdock.policies.rules import Rules
from crossdock.ports import Emission, OpenException
from tests.processes.freight_settlement_world import (
    begin,
    billed,
    commands,
    delivered,
    hour,
    planned,
    usd,
)

HEAVY = planned("SO-1", weight_kg=Decimal("112.5"), value=usd("100.00"))
LIGHT = planned("SO-2", weight_kg=Decimal("37.5"), value=usd("300.00"))


def shares(said: list[Emission]) -> tuple[Share, ...]:
    """Whose the line haul is."""
    return next(
        each.shares
        for each in said
        if isinstance(each, AccrueFreight) and each.charge == "LINEHAUL"
    )


def proof(said: list[Emission]) -> Proven:
    """What tells how it was split."""
    first = next(each for each in said if isinstance(each, AccrueFreight))
    return first.proofs[-1]


def parts(first: str, second: str) -> tuple[Share, ...]:
    """The two orders' shares."""
    return (
        Share(order_id="SO-1", amount=usd(first)),
        Share(order_id="SO-2", amount=usd(second)),
    )


@pytest.mark.parametrize(
    ("light", "policy", "first", "second", "how"),
    [
        (LIGHT, {}, "375.00", "125.00", "by weight: SO-1 112.5 kg, SO-2 37.5 kg"),
        (
            structs.replace(LIGHT, weight_kg=None),
            {},
            "125.00",
            "375.00",
            "by value, for SO-2 tells no weight: SO-1 100.00 USD, SO-2 300.00 USD",
        ),
        (
            structs.replace(LIGHT, weight_kg=None),
            {"allocation_otherwise": "even"},
            "250.00",
            "250.00",
            "evenly, for SO-2 tells no weight",
        ),
        (
            LIGHT,
            {"allocation": "value"},
            "125.00",
            "375.00",
            "by value: SO-1 100.00 USD, SO-2 300.00 USD",
        ),
        (LIGHT, {"allocation": "even"}, "250.00", "250.00", "evenly"),
    ],
)
def test_the_proof_tells_by_what_the_freight_is_split(
    light: object, policy: dict[str, str], first: str, second: str, how: str
) -> None:
    rules = Rules(freight=structs.replace(FreightPolicy(), **policy))
    story = begin(rules)
    story.tell(HEAVY, light, billed(), delivered())  # type: ignore[arg-type]  # a plan

    said = story.tell(delivered("SO-2"))

    assert shares(said) == parts(first, second)
    assert proof(said) == Proven(condition="split_known", at=hour(0), said=f"split {how}")


ASKED = OpenException(
    code="FREIGHT_SPLIT_UNKNOWN",
    team=Team.FINANCE,
    cause="The freight of load LO-1 cannot be split over its orders: SO-2 tells no weight, "
    "SO-2 tells no value",
    action="Have it told by the order or the item's master data and released again, or name "
    "another split in freight.toml (allocation_otherwise), then retry",
    about=("LO-1", "SH-1", "SO-1", "SO-2", "I-1"),
)


def test_where_nothing_gives_a_measure_a_person_is_asked_and_nothing_is_posted() -> None:
    story = begin()
    story.tell(HEAVY, structs.replace(LIGHT, weight_kg=None, value=None), billed(), delivered())

    said = story.tell(delivered("SO-2"))

    assert commands(said) == []
    assert story.exceptions == {"FREIGHT_SPLIT_UNKNOWN": ASKED}


def test_a_weight_told_later_answers_the_question() -> None:
    story = begin()
    story.tell(HEAVY, structs.replace(LIGHT, weight_kg=None, value=None), billed(), delivered())
    story.tell(delivered("SO-2"))

    said = story.tell(structs.replace(LIGHT, order_version=2))

    assert shares(said) == parts("375.00", "125.00")
    assert story.exceptions == {}


def test_another_split_declared_answers_it_when_somebody_retries() -> None:
    story = begin()
    story.tell(HEAVY, structs.replace(LIGHT, weight_kg=None, value=None), billed(), delivered())
    story.tell(delivered("SO-2"))

    story.rules = Rules(freight=FreightPolicy(allocation_otherwise="even"))
    said = story.tell(ExceptionRetried(code="FREIGHT_SPLIT_UNKNOWN", by="ann", reason="declared"))

    assert shares(said) == parts("250.00", "250.00")
    assert story.state.asked == {}


def test_values_in_several_currencies_have_no_sum_to_split_by() -> None:
    abroad = structs.replace(LIGHT, weight_kg=None, value=usd("300.00"))
    other = structs.replace(HEAVY, value=structs.replace(usd("100.00"), currency="EUR"))
    story = begin()
    story.tell(other, abroad, billed(), delivered())

    story.tell(delivered("SO-2"))

    assert story.exceptions["FREIGHT_SPLIT_UNKNOWN"].cause.endswith(
        "SO-2 tells no weight, the values are in EUR, USD"
    )


def test_one_order_bears_all_whatever_it_weighs() -> None:
    story = begin()
    story.tell(planned(weight_kg=None), billed())

    said = story.tell(delivered())

    assert shares(said) == (Share(order_id="SO-1", amount=usd("500.00")),)
    assert proof(said).condition == "charge_confirmed"

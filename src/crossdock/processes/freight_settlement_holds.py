"""What holds a charge until a person decides: the rules that stand in no table of policy.

A leaf of freight_settlement.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

# What holds a charge whatever policy says: its code is unknown, its kind was not expected beside
# others that were, or it is in another currency than was expected.
CODE_UNKNOWN = "freight.code-unknown"
NOT_EXPECTED = "freight.not-expected"
OTHER_CURRENCY = "freight.other-currency"
# What holds all charges of a document: it does not agree with itself, charges the same as another,
# is by another carrier than the load's, or for a load on which nothing travels.
DISAGREES = "freight.disagrees"
REPEATED = "freight.repeated"
OTHER_CARRIER = "freight.other-carrier"
UNPLANNED = "freight.unplanned"
# What is compared beside amounts, where policy says so (`freight.compare`).
STOPS = "freight.compare-stops"
WEIGHT = "freight.compare-weight"
CLASS = "freight.compare-class"


class Hold(NamedTuple):
    """What keeps charges from being taken without a person: by which rule, and why in words."""

    rule: str
    why: str


NOTHING_TRAVELS = Hold(UNPLANNED, "no order travels on this load")


def held_by(holds: Iterable[Hold]) -> str:
    """Name the rules that hold, each once."""
    return ", ".join(dict.fromkeys(each.rule for each in holds if each.rule))

"""Holds what was told of ledgers against what their clerks did: each difference, and no other.

Pure, as `auditor` is. What clerks did is in the partners' own ledgers, beside the last statement of
each date; what was told is on the pages of finance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from crossdock.simulators.closing import STATEMENT
from crossdock.simulators.ledger import Entry


class Differing(Struct, frozen=True, kw_only=True, order=True):
    """A posting of a ledger that differs: its date, its name without the ledger, and how."""

    business_date: str
    line: str
    kind: str


def planted(ledgers: Iterable[Iterable[Entry]]) -> Counter[Differing]:
    """Find what clerks did, as it stood when the last statement of each date was drawn."""
    found: Counter[Differing] = Counter()
    for ledger in ledgers:
        last: dict[str, Entry] = {}
        for entry in ledger:
            if entry.kind == "sent" and entry.verb == STATEMENT:
                day = entry.content["event"]["business_date"]
                if day not in last or last[day].content["number"] < entry.content["number"]:
                    last[day] = entry
        found.update(
            Differing(business_date=day, line=line, kind=kind)
            for day, entry in last.items()
            for line, kind in entry.content["planted"]
        )
    return found


def books_not_reconciled(
    ledgers: Iterable[Iterable[Entry]],
    told: Iterable[Differing] | None,
    excepted: frozenset[str] = frozenset(),
) -> Iterator[str]:
    """Name what clerks did and nobody was told, and what was told and nobody did.

    `told` None: nobody looked, and nothing is judged. Nor is a posting whose own number is among
    the `excepted`: nobody knows whether it was done at all, and a person is asked about that.
    """
    if told is None:
        return
    done, said = planted(ledgers), Counter(told)
    for each in sorted((done - said) + (said - done)):
        if each.line.partition("/")[2] in excepted:
            continue
        where = f"{each.line} of {each.business_date}"
        if done[each] > said[each]:
            yield f"{where} is {each.kind}, and nobody was told"
        else:
            yield f"{where} was told as {each.kind}, and is not"

"""Holds what ERPs have set aside, and noted as gone, against the orders, the plans and the pickups.

Pure, as the auditor is, and from the partners' ledgers alone: an ERP's own words on its orders, the
goods issues posted to it, and the TMS's plans, which tell the lines of each shipment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from crossdock.simulators.erp_inventory import (
    COMMIT,
    CONFIRM,
    REVERSE,
    Counts,
    counted,
    total,
)
from crossdock.simulators.ledger import Entry

WORDS = {"order.released", "order.changed", "order.cancelled"}


class Shelf(Struct, kw_only=True):
    """One order's stock as an ERP's ledger has it: `confirmed` by shipment."""

    committed: Counts = field(default_factory=dict)
    confirmed: dict[str, Counts] = field(default_factory=dict)

    def move(self, entry: Entry) -> bool:
        """Take in an entry; tells whether no more has left than is set aside."""
        lines = counted(entry.content["lines"])
        if entry.verb == CONFIRM:
            self.confirmed[entry.content["shipment_id"]] = lines
        else:
            self.committed = lines
        gone = total(self.confirmed.values())
        return all(value <= self.committed.get(name, 0) for name, value in gone.items())


def is_of_stock(entry: Entry) -> bool:
    """Tell whether an entry moved the stock."""
    return entry.kind == "received" and entry.verb in {COMMIT, REVERSE, CONFIRM}


def stock_not_conserved(
    erps: Iterable[Iterable[Entry]],
    tms: Iterable[Entry],
    living: Mapping[str, str],
    exceptions: frozenset[str],
    stocked: frozenset[str],
) -> Iterator[str]:
    """Name each order whose stock is not what it should be, and that nobody was asked about.

    `living` are the TMS's shipments with their orders, `stocked` the company codes whose ERP shall
    set stock aside; without any nothing is judged.
    """
    if not stocked:
        return
    plans = _plans(tms)
    for ledger in erps:
        entries = tuple(ledger)
        shelves: dict[str, Shelf] = defaultdict(Shelf)
        for entry in filter(is_of_stock, entries):
            if not shelves[entry.content["order_id"]].move(entry):
                yield f"{entry.content_key}: more has left than is set aside"
        gone = _gone(entries)
        for order_id, story in sorted(_stories(entries).items()):
            if story.company not in stocked or _is_asked_about(order_id, living, exceptions):
                continue
            shelf = shelves[order_id]
            wanted = _wanted(order_id, story, gone[order_id], plans, living)
            if (wanted.committed, wanted.confirmed) != (shelf.committed, _some(shelf.confirmed)):
                yield f"{order_id}: {_said(shelf)}, and should be {_said(wanted)}"


def _is_asked_about(order_id: str, living: Mapping[str, str], exceptions: frozenset[str]) -> bool:
    """Tell whether an order, or a shipment it travels on, stands before a person."""
    travels = {shipment_id for shipment_id, whose in living.items() if whose == order_id}
    return not exceptions.isdisjoint({order_id, *travels})


class _Story(Struct, kw_only=True):
    """What an ERP said of an order, and crossdock acknowledged: lines by version, and its end."""

    company: str = ""
    lines: dict[int, Counts] = field(default_factory=dict)
    cancelled: int = 0


def _stories(entries: Iterable[Entry]) -> dict[str, _Story]:
    stories: dict[str, _Story] = defaultdict(_Story)
    for entry in entries:
        if entry.kind != "acknowledged" or entry.verb not in WORDS:
            continue
        order: dict[str, Any] = entry.content["order"]
        story = stories[order["order_id"]]
        if entry.verb == "order.cancelled":
            story.cancelled = max(story.cancelled, order["version"])
        else:
            story.company = order["company_code"]
            story.lines[order["version"]] = counted(order["lines"])
    return stories


def _plans(tms: Iterable[Entry]) -> dict[str, tuple[int, frozenset[str]]]:
    """Read from the plans told for which version a shipment is, and which lines it carries."""
    return {
        each["shipment_id"]: (
            entry.content["order_version"],
            frozenset(line_id for stop in each["stops"] for line_id in stop.get("line_ids", ())),
        )
        for entry in tms
        if entry.verb == "plan.confirmed"
        for each in entry.content["shipments"]
    }


def _gone(entries: Iterable[Entry]) -> dict[str, set[str]]:
    """Name the shipments whose goods issue stands, by order."""
    gone: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.kind != "received" or entry.verb != "erp.post_milestone":
            continue
        told = entry.content
        if told["posting"] == "goods_issue" and not told["reversed"]:
            gone[told["order_id"]].add(told["shipment_id"])
        elif told["posting"] == "goods_issue":
            gone[told["order_id"]].discard(told["shipment_id"])
    return gone


def _wanted(
    order_id: str,
    story: _Story,
    gone: set[str],
    plans: Mapping[str, tuple[int, frozenset[str]]],
    living: Mapping[str, str],
) -> Shelf:
    newest = max(story.lines, default=0)
    confirmed: dict[str, Counts] = {}
    for shipment_id in sorted(gone):
        version, line_ids = plans[shipment_id]
        lines = story.lines.get(version, {})
        confirmed[shipment_id] = {
            name: value
            for name, value in lines.items()
            if f"{order_id}/{name.split('/')[0]}" in line_ids
        }
    travelling = {name for name, order in living.items() if order == order_id}
    over = story.cancelled >= newest or (travelling and travelling <= gone)
    left = total(confirmed.values())
    committed = left if over else story.lines.get(newest, {})
    return Shelf(committed=committed, confirmed=_some(confirmed))


def _some(confirmed: Mapping[str, Counts]) -> dict[str, Counts]:
    return {name: counts for name, counts in sorted(confirmed.items()) if counts}


def _said(shelf: Shelf) -> str:
    gone = {name: counts for name, counts in shelf.confirmed.items() if counts}
    left = "; ".join(f"{_listed(counts)} left with {name}" for name, counts in gone.items())
    return f"{_listed(shelf.committed)} set aside{f', {left}' if left else ''}"


def _listed(counts: Counts) -> str:
    return " + ".join(f"{value} of {name}" for name, value in sorted(counts.items())) or "nothing"

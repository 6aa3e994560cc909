"""The routing table: lane, customer class, item class and weight say how an order travels.

First hit wins. Weights are exact decimals. An order with items of several classes meets a row's
item class if one of its items does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from itertools import combinations, islice, product

import msgspec
from msgspec import Struct

from crossdock.canonical.item import Item
from crossdock.canonical.order import Order
from crossdock.faults import Finding, Misconfigured
from crossdock.messages.envelope import Key
from crossdock.messages.master_data import Customer, MasterKind
from crossdock.policies.master_data import Records
from crossdock.policies.rules import RoutingRow

CELLS_MAX = 20_000  # a table with more combinations is searched for gaps only this far
GAPS_MAX = 5  # enough to see what is missing

OTHER = "\x00other"  # a value no row names

_customer = msgspec.json.Decoder(Customer)
_item = msgspec.json.Decoder(Item)


class RoutingFacts(Struct, frozen=True, kw_only=True):
    """What the table looks at; `weight_kg` None where the weight of some line is not known."""

    from_country: str = ""
    to_country: str = ""
    customer_class: str = ""
    item_classes: frozenset[str] = frozenset()
    weight_kg: Decimal | None = None


def routing_facts(order: Order, records: Records) -> RoutingFacts:
    """Gather what the table looks at; a class is empty where no record tells it."""
    customer = records.get(Key(MasterKind.CUSTOMER.value, order.customer_id))
    items = _items(order, records)
    weights = line_weights(order, records)
    return RoutingFacts(
        from_country=order.ship_from.address.country if order.ship_from.address else "",
        to_country=order.ship_to.address.country if order.ship_to.address else "",
        customer_class=_customer.decode(customer.record).customer_class if customer else "",
        item_classes=frozenset(item.item_class for item in items.values() if item.item_class),
        weight_kg=sum(weights.values(), Decimal(0)) if len(weights) == len(order.lines) else None,
    )


def line_weights(order: Order, records: Records) -> dict[str, Decimal]:
    """Tell what each line weighs: as the order says, or else its item's weight times its quantity.

    A line of which neither is known is left out.
    """
    items = _items(order, records)
    weights = {
        line.line_id: line.weight_kg
        if line.weight_kg is not None
        else _weight(items.get(line.item_id), line.quantity.value)
        for line in order.lines
    }
    return {line_id: weight for line_id, weight in weights.items() if weight is not None}


def _items(order: Order, records: Records) -> dict[str, Item]:
    return {
        line.item_id: _item.decode(record.record)
        for line in order.lines
        if (record := records.get(Key(MasterKind.ITEM.value, line.item_id))) is not None
    }


def _weight(item: Item | None, quantity: Decimal) -> Decimal | None:
    return item.weight_kg * quantity if item and item.weight_kg is not None else None


def first_hit(rows: Sequence[RoutingRow], facts: RoutingFacts) -> RoutingRow | None:
    """Find the first row whose conditions all hold; None where no row speaks of such an order.

    A row with a weight limit never holds for an unknown weight. Raises Misconfigured for a limit
    that is no decimal number.
    """
    return next((row for row in rows if _holds(row, facts)), None)


def check_routing(rows: Sequence[RoutingRow]) -> tuple[Finding, ...]:
    """Find what is wrong with a table: ids used twice, limits unread, dead rows, overlaps, gaps.

    A special row before a general one is the usual way and no finding. Two rows that meet in some
    orders, neither being the more general, and that send them different ways, are an overlap.
    """
    unread = tuple(_unread_limits(rows))
    if unread:
        return unread
    return (*_repeated_ids(rows), *_dead_rows(rows), *_overlaps(rows), *_gaps(rows))


def _holds(row: RoutingRow, facts: RoutingFacts) -> bool:
    limit = _limit(row)
    return (
        row.from_country in {"", facts.from_country}
        and row.to_country in {"", facts.to_country}
        and row.customer_class in {"", facts.customer_class}
        and (not row.item_class or row.item_class in facts.item_classes)
        and (limit is None or (facts.weight_kg is not None and facts.weight_kg <= limit))
    )


def _limit(row: RoutingRow) -> Decimal | None:
    if not row.max_weight_kg:
        return None
    try:
        limit = Decimal(row.max_weight_kg)
    except InvalidOperation as error:
        raise Misconfigured(
            "A routing row's weight limit is no decimal number",
            rule_id=row.rule_id,
            max_weight_kg=row.max_weight_kg,
        ) from error
    if not limit.is_finite():
        raise Misconfigured("A routing row's weight limit has no end", rule_id=row.rule_id)
    return limit


def _texts(row: RoutingRow) -> tuple[str, str, str, str]:
    return row.from_country, row.to_country, row.customer_class, row.item_class


def _way(row: RoutingRow) -> tuple[str, str, tuple[str, ...], int]:
    return row.mode, row.service_level, row.carriers, row.sla_hours


def _contains(general: RoutingRow, special: RoutingRow) -> bool:
    wide, narrow = _limit(general), _limit(special)
    lighter = wide is None or (narrow is not None and narrow <= wide)
    pairs = zip(_texts(general), _texts(special), strict=True)
    return lighter and all(not one or one == other for one, other in pairs)


def _meet(one: RoutingRow, other: RoutingRow) -> bool:
    pairs = zip(_texts(one), _texts(other), strict=True)
    return all(not left or not right or left == right for left, right in pairs)


def _unread_limits(rows: Sequence[RoutingRow]) -> Iterator[Finding]:
    for row in rows:
        try:
            _limit(row)
        except Misconfigured as fault:
            yield Finding(
                code="ROUTING_LIMIT_UNREADABLE",
                said=f'{fault.said}: `{row.max_weight_kg}`; write one such as "30.5"',
                where=row.rule_id,
                seen=fault.seen,
            )


def _repeated_ids(rows: Sequence[RoutingRow]) -> Iterator[Finding]:
    ids = [row.rule_id for row in rows]
    for name in dict.fromkeys(ids):
        if ids.count(name) > 1:
            yield Finding(
                code="ROUTING_ID_REPEATED",
                said=f"several rows are named `{name}`; name all but one of them otherwise",
                where=name,
            )


def _dead_rows(rows: Sequence[RoutingRow]) -> Iterator[Finding]:
    for place, row in enumerate(rows):
        earlier = next((each for each in rows[:place] if _contains(each, row)), None)
        if earlier is not None:
            yield Finding(
                code="ROUTING_ROW_DEAD",
                said=(
                    f"the row `{row.rule_id}` never hits, because `{earlier.rule_id}` above it "
                    "takes every order it could take; move it up"
                ),
                where=row.rule_id,
                seen={"before": earlier.rule_id},
            )


def _overlaps(rows: Sequence[RoutingRow]) -> Iterator[Finding]:
    for first, second in combinations(rows, 2):
        ordered = _contains(first, second) or _contains(second, first)
        if _meet(first, second) and not ordered and _way(first) != _way(second):
            yield Finding(
                code="ROUTING_ROWS_OVERLAP",
                said=f"Some orders hit {first.rule_id} and {second.rule_id}; the first one decides",
                where=first.rule_id,
                seen={"other": second.rule_id},
            )


def _gaps(rows: Sequence[RoutingRow]) -> Iterator[Finding]:
    columns = [
        [*sorted({value for value in column if value}), OTHER]
        for column in zip(*map(_texts, rows), strict=True)
    ] or [[OTHER]] * 4
    limits = sorted({limit for row in rows if (limit := _limit(row)) is not None})
    cells = islice(product(*columns, (*limits, None)), CELLS_MAX)
    uncovered = (cell for cell in cells if first_hit(rows, _facts(*cell)) is None)
    for cell in islice(uncovered, GAPS_MAX):
        yield Finding(
            code="ROUTING_GAP",
            said=f"No row speaks of orders {_words(*cell)}",
            seen={} if rows else {"rows": "0"},
        )


def _facts(
    origin: str, destination: str, customer: str, item: str, weight: Decimal | None
) -> RoutingFacts:
    return RoutingFacts(
        from_country=origin,
        to_country=destination,
        customer_class=customer,
        item_classes=frozenset({item}),
        weight_kg=weight,
    )


def _words(origin: str, destination: str, customer: str, item: str, weight: Decimal | None) -> str:
    said = [
        f"{before} {'any other' if value == OTHER else value}"
        for before, value in (
            ("from", origin),
            ("to", destination),
            ("for customer class", customer),
            ("with item class", item),
        )
    ]
    said.append("of any other weight" if weight is None else f"up to {weight} kg")
    return ", ".join(said)

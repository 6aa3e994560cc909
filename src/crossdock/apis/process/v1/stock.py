"""How an order's stock stands at its ERP, line by line, as it was told last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from crossdock.apis import words
from crossdock.messages.envelope import Key
from crossdock.messages.inventory_commitment import CommitmentMoved
from crossdock.ports.store import Reader
from crossdock.projections.inventory_commitment import KIND

_moved = msgspec.json.Decoder(CommitmentMoved)


def stock_of(reader: Reader, tenant: str, keys: Iterable[Key]) -> tuple[CommitmentMoved, ...]:
    """Find the stock of the orders among these keys; one whose ERP is not asked has none."""
    order_ids = sorted({key.id for key in keys if key.kind == "order"})
    found = reader.projections(tenant, KIND, order_ids)
    return tuple(_moved.decode(found[each].body) for each in order_ids if each in found)


def stock_words(stock: CommitmentMoved) -> Iterator[str]:
    """Tell in lines for a terminal how an order's stock stands."""
    refused = f" ({stock.said})" if stock.said else ""
    yield f"stock of {stock.order_id}: {words.code_words(stock.status)}{refused}"
    for each in stock.lines:
        yield (
            f"  line {each.line_id}, {each.item_id}: {words.number(each.committed)} of "
            f"{words.number(each.ordered)} {each.unit} set aside, "
            f"{words.number(each.confirmed)} left, {words.number(each.reversed)} given back"
        )

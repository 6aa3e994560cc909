"""Stock as it stands: one row for each order whose stock the ERP was asked to set aside."""

from __future__ import annotations

from crossdock.messages.envelope import Message
from crossdock.messages.inventory_commitment import CommitmentMoved
from crossdock.ports import Projection, Put

KIND = "inventory_commitment"


def project(message: Message) -> tuple[Put, ...]:
    """Keep how an order's stock stands as it was told last, found by status and item."""
    body = message.body
    if not isinstance(body, CommitmentMoved):
        return ()
    items = sorted({each.item_id for each in body.lines})
    index = (("status", body.status.value), *(("item", each) for each in items))
    return (Put(kind=KIND, key=body.order_id, body=body, index=index),)


PROJECTION = Projection(name="inventory_commitment", receives=(CommitmentMoved,), project=project)

"""The shipment view: one row for each shipment and customer, found by every number they know.

Row `shipment_view`, key `shipment/customer`, body the PictureChanged as it was said. Who asks for a
customer must ask for `visible` too: a withheld picture is there for operations.
"""

from __future__ import annotations

from crossdock.messages.envelope import Message
from crossdock.messages.shipment_visibility import PictureChanged
from crossdock.ports import Projection, Put

KIND = "shipment_view"


def view_key(shipment_id: str, customer_id: str) -> str:
    """Name a customer's view of a shipment."""
    return f"{shipment_id}/{customer_id}"


def project(message: Message) -> tuple[Put, ...]:
    """Write what a customer sees of a shipment, found by order, reference, status and customer."""
    body = message.body
    if not isinstance(body, PictureChanged):
        return ()
    return (
        Put(
            kind=KIND,
            key=view_key(body.shipment_id, body.customer_id),
            body=body,
            index=tuple(_index(body)),
        ),
    )


def _index(changed: PictureChanged) -> list[tuple[str, str]]:
    picture = changed.picture
    numbers = {changed.shipment_id, *picture.customer_references}
    numbers.update(each.value for each in picture.references)
    return [
        ("customer", changed.customer_id),
        ("visible", "yes" if changed.gate.visible else "no"),
        ("status", picture.status or ""),
        ("timeliness", picture.timeliness),
        *(("order", each) for each in picture.order_ids),
        *(("reference", each) for each in sorted(numbers)),
    ]


PROJECTION = Projection(name="shipment_visibility", receives=(PictureChanged,), project=project)

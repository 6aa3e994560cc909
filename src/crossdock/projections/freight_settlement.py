"""The freight picture: one row for each load of which anybody claims money.

Row `freight_picture`, key the load, body the FreightPicture, found by its state, by that of each
line, by carrier, order, shipment, invoice and the ERP's documents.
"""

from __future__ import annotations

from crossdock.messages.envelope import Message
from crossdock.messages.freight_settlement import FreightPicture, FreightPictureChanged
from crossdock.ports import Projection, Put

KIND = "freight_picture"


def project(message: Message) -> tuple[Put, ...]:
    """Keep what finance sees of a load."""
    body = message.body
    if not isinstance(body, FreightPictureChanged):
        return ()
    picture = body.picture
    return (Put(kind=KIND, key=picture.load_id, body=picture, index=tuple(_index(picture))),)


def _index(picture: FreightPicture) -> list[tuple[str, str]]:
    documents = {each for line in picture.lines for each in line.documents}
    documents.update(each.document for each in picture.invoices if each.document)
    return [
        ("state", picture.state),
        ("carrier", picture.carrier_scac),
        *(("line", each) for each in sorted({line.state.value for line in picture.lines})),
        *(("order", each) for each in picture.order_ids),
        *(("shipment", each) for each in picture.shipment_ids),
        *(("invoice", each) for each in sorted({bill.invoice_id for bill in picture.invoices})),
        *(("document", each) for each in sorted(documents)),
    ]


PROJECTION = Projection(
    name="freight_settlement", receives=(FreightPictureChanged,), project=project
)

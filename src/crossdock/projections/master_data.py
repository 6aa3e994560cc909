"""Master data as it holds: one row for each record, looked at by orders as a fact."""

from __future__ import annotations

from crossdock.messages.envelope import Message
from crossdock.messages.master_data import MasterDataChanged
from crossdock.ports import Projection, Put


def project(message: Message) -> tuple[Put, ...]:
    """Keep the record as it was told last, under its kind and id."""
    body = message.body
    if not isinstance(body, MasterDataChanged):
        return ()
    blocked = ("blocked", "yes" if body.blocked else "no")
    return (Put(kind=body.kind.value, key=body.id, body=body, index=(blocked,)),)


PROJECTION = Projection(name="master_data", receives=(MasterDataChanged,), project=project)

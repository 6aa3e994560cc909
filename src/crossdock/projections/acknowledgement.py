"""Acknowledgements as they stand: one row for each exchange somebody promised or spoke of."""

from __future__ import annotations

from crossdock.messages.acknowledgement import AcknowledgementNoted
from crossdock.messages.envelope import Message
from crossdock.ports import Projection, Put

KIND = "acknowledgement"


def project(message: Message) -> tuple[Put, ...]:
    """Keep the exchange as it was told last."""
    body = message.body
    if not isinstance(body, AcknowledgementNoted):
        return ()
    status = "reviewed" if body.reviewed_by else body.status.value
    index = (("partner", body.endpoint), ("status", status), ("effect", body.effect_id))
    return (Put(kind=KIND, key=row_key(body), body=body, index=index),)


def row_key(noted: AcknowledgementNoted) -> str:
    """Name the row as the process names the exchange."""
    return f"{noted.endpoint}/{noted.environment}/{noted.level}/{noted.number}"


PROJECTION = Projection(name="acknowledgement", receives=(AcknowledgementNoted,), project=project)

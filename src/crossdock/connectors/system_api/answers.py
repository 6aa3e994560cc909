"""What a partner's answer says, read as if it might be anybody's."""

from __future__ import annotations

import msgspec

from crossdock.connectors.system_api.words import Done
from crossdock.faults import Unreadable
from crossdock.formats import json
from crossdock.ports import Answer, Exchange, Stage

SAID_MAX = 500
BAD_REQUEST = 400  # RFC 9110, section 15.5: from here on the status alone tells a refusal

# The answers that promise a document of ours; of the others the status says it all.
PROMISED = frozenset({200, 201, 202, 404, 409, 422})


def read_answer(exchange: Exchange) -> Answer:
    """Read the answer to a request or to a look-up, which has a `status`.

    An HTML page, a text cut short, a redirect or a success without the partner's number is not
    understood: whether the work was done must be looked up.
    """
    if exchange.stage is not Stage.ANSWERED:
        return Answer(understood=False, said=exchange.said)
    if exchange.status not in PROMISED:
        return _by_status(exchange)
    try:
        done = msgspec.convert(json.read(exchange.body), Done)
    except (Unreadable, msgspec.ValidationError) as error:
        return Answer(understood=False, said=f"{exchange.status}: {error}"[:SAID_MAX])
    said = ": ".join(filter(None, (done.error, done.detail)))[:SAID_MAX]
    found = {"done": True, "unknown": False}.get(done.status)
    return Answer(
        understood=_promised(exchange.status, done),
        document=done.document_id,
        said=said,
        found=found,
    )


def _promised(status: int, done: Done) -> bool:
    match status:
        case 404:
            return done.status == "unknown"
        case 409:
            return done.error == "duplicate" and bool(done.document_id)
        case 422:
            return bool(done.error)
        case _:
            return bool(done.document_id) and done.status in {"", "done"}


def _by_status(exchange: Exchange) -> Answer:
    text = exchange.body[:SAID_MAX].decode("utf-8", "replace")
    said = " ".join(f"{exchange.status} {text}".split())[:SAID_MAX]
    return Answer(understood=exchange.status >= BAD_REQUEST, said=said)

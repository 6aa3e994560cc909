"""JSON Merge Patch (RFC 7386): how an operator edits a stored message."""

from __future__ import annotations

import msgspec

from crossdock.flow.decisions import Undecidable
from crossdock.messages.envelope import Body
from crossdock.messages.registry import decode
from crossdock.ports.store import MessageRow


def merged(target: object, patch: object) -> object:
    """Merge a patch into a value: null removes a member, objects merge, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def edited(row: MessageRow, patch: bytes) -> Body:
    """Edit a stored message and read it again by its type.

    Raises Undecidable where the patch is not JSON, or what it makes is not of the type.
    """
    try:
        change = msgspec.json.decode(patch, type=dict[str, object])
        whole = merged(msgspec.json.decode(row.body), change)
        return decode(row.type, row.schema, msgspec.json.encode(whole))
    except msgspec.DecodeError as error:
        raise Undecidable(
            f"The edit does not make a {row.type}: {error}", message=row.id
        ) from error

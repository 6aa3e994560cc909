"""JSON Merge Patch (RFC 7386): how an operator edits a stored message."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import inspect

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

    Raises Undecidable where the patch is not JSON, names what the type does not have, changes
    nothing, or what it makes is not of the type: an edit that is lost would close its exception.
    """
    if b"\\u0000" in patch:
        raise Undecidable("The edit has a NUL character (\\u0000) in it; leave it out")
    try:
        change = msgspec.json.decode(patch, type=dict[str, object])
        before = msgspec.json.decode(row.body)
        after = merged(before, change)
        body = decode(row.type, row.schema, msgspec.json.encode(after))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Undecidable(f"The edit makes no {row.type}: {error}", message=row.id) from error
    unknown = next(strangers(type(body), change), None)
    if unknown is not None:
        raise Undecidable(f"{_article(row.type)} has no `{unknown}`", message=row.id)
    if body == decode(row.type, row.schema, row.body):
        raise Undecidable(f"The edit changes nothing of the {row.type}", message=row.id)
    return body


def strangers(kind: type, patch: object) -> Iterator[str]:
    """Name the members of a patch that the type does not have: `shipments.0.stopps`."""
    return _strangers(inspect.type_info(kind), patch, "")


def _strangers(kind: inspect.Type, patch: object, where: str) -> Iterator[str]:
    if isinstance(kind, inspect.UnionType):
        told = [list(_strangers(each, patch, where)) for each in kind.types if _fits(each, patch)]
        yield from min(told, key=len, default=())
    elif isinstance(kind, inspect.StructType) and isinstance(patch, dict):
        known = {each.encode_name: each.type for each in kind.fields}
        for name, value in patch.items():
            if name in known:
                yield from _strangers(known[name], value, f"{where}{name}.")
            elif name != kind.tag_field:
                yield f"{where}{name}"
    elif isinstance(kind, inspect.CollectionType) and isinstance(patch, list):
        for number, each in enumerate(patch):
            yield from _strangers(kind.item_type, each, f"{where}{number}.")


def _fits(kind: inspect.Type, patch: object) -> bool:
    if isinstance(patch, dict):
        return isinstance(kind, inspect.StructType | inspect.DictType)
    return isinstance(patch, list) == isinstance(kind, inspect.CollectionType)


def _article(name: str) -> str:
    return f"An {name}" if name[0] in "AEIO" else f"A {name}"

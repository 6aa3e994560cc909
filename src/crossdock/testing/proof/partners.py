"""Partners that keep their own books, and promise no more than their effect class says.

A partner enters what it does under its business content, the path and bytes it read on the wire. It
does a thing again for every request it gets, unless it has promised to honour our key; so what is
sent twice by mistake is done twice, and its ledger shows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossdock.ports import (
    Call,
    Connector,
    EffectClass,
    Exchange,
    Operation,
    Request,
    Stage,
    Transport,
)
from crossdock.testing.proof.ledger import DiskLedger, Entry

APPLIED = "applied"
CREATED, FOUND, NOT_FOUND = 201, 200, 404


class LedgeredPartner:
    """A partner behind the published system API.

    `promises` gives the class of what is asked, by the last word of its path; `loses` names those
    whose answer gets lost each time the work was really done.
    """

    def __init__(
        self, ledger: DiskLedger, promises: Mapping[str, EffectClass], loses: frozenset[str]
    ) -> None:
        """Open for business."""
        self.ledger = ledger
        self._promises = promises
        self._loses = loses

    async def exchange(self, call: Call) -> Exchange:
        """Do what is asked, or tell what became of a key."""
        key = call.headers["Idempotency-Key"]
        known = next((each for each in self.ledger.of(APPLIED) if each.key == key), None)
        if call.method == "GET":
            return _told(known)
        asked = call.url.rpartition("/")[2]
        if known is not None and self._promises[asked] is EffectClass.IDEMPOTENT:
            return _done(known)
        entry = Entry(kind=APPLIED, about=call.url, content=call.body.decode(), key=key)
        self.ledger.write(entry)
        if asked in self._loses:
            return Exchange(stage=Stage.NO_ANSWER, said="the line went dead")
        return _done(entry)


def _done(entry: Entry) -> Exchange:
    number = f"DOC{entry.about.replace('/', '-')}"
    body = msgspec.json.encode({"document_id": number})
    return Exchange(stage=Stage.ANSWERED, status=CREATED, body=body)


def _told(entry: Entry | None) -> Exchange:
    if entry is None:
        body = msgspec.json.encode({"status": "unknown"})
        return Exchange(stage=Stage.ANSWERED, status=NOT_FOUND, body=body)
    body = msgspec.json.encode({"status": "done", "document_id": f"DOC-{entry.key}"})
    return Exchange(stage=Stage.ANSWERED, status=FOUND, body=body)


class Reclassed:
    """A real connector whose partner promises something else than its manifest says."""

    def __init__(self, connector: Connector, effects: Mapping[str, EffectClass]) -> None:
        """Take the connector, and the classes by verb."""
        self._connector = connector
        self.name = connector.name
        self.role = connector.role
        self.settings: type[Struct] = connector.settings
        self.documents = connector.documents
        self.operations: Mapping[str, Operation] = {
            verb: replace(operation, effect=effects.get(verb, operation.effect))
            for verb, operation in connector.operations.items()
        }
        self.write = connector.write
        self.answer = connector.answer
        self.send = connector.send
        self.look_up = connector.look_up


class InOneThread(Reclassed):
    """A real connector that waits for threads of its own, where nobody else is waiting."""

    def __init__(self, connector: Connector) -> None:
        """Take the connector."""
        super().__init__(connector, {})
        self.send = self._send
        self.look_up = self._look_up

    async def _send(self, request: Request, key: str, settings: Any, via: Transport) -> Exchange:
        return asyncio.run(self._connector.send(request, key, settings, via))

    async def _look_up(self, request: Request, key: str, settings: Any, via: Transport) -> Exchange:
        return asyncio.run(self._connector.look_up(request, key, settings, via))

"""A partner that says yes: a connector and a transport for tests and benchmarks, without a wire.

The connector writes every command as the JSON of its body. The transport applies each request once
by its key and answers at once, with a number made of the request's path. It keeps its own ledger by
business content (path and bytes), so that a doubled effect shows even where the key differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.messages.envelope import Command
from crossdock.messages.registry import encode
from crossdock.ports import (
    Answer,
    Call,
    EffectClass,
    Exchange,
    Operation,
    Reading,
    Request,
    Stage,
    Transport,
)

NOT_FOUND = 404


class NoSettings(Struct, frozen=True, kw_only=True):
    """Nothing to set."""


class Done(Struct, frozen=True, kw_only=True):
    """The plain partner's answer: its own number for what it did."""

    document_id: str


class PlainConnector:
    """A connector for the verbs given, reading the documents given."""

    settings: type[Struct] = NoSettings

    def __init__(
        self,
        name: str,
        role: str,
        *,
        verbs: tuple[str, ...] = (),
        documents: Mapping[str, Callable[[bytes, Any], Reading]] | None = None,
        effect: EffectClass = EffectClass.IDEMPOTENT,
    ) -> None:
        """Name the partner and what it can do."""
        self.name = name
        self.role = role
        self.documents: Mapping[str, Callable[[bytes, Any], Reading]] = documents or {}
        self.operations: Mapping[str, Operation] = {
            verb: Operation(verb=verb, effect=effect) for verb in verbs
        }

    def write(self, command: Command, settings: object) -> Request:
        """Write the command's JSON to a path made of verb, business key and version."""
        del settings
        path = f"/{command.verb}/{command.business_key()}/{command.version()}"
        return Request(operation=command.verb, method="POST", path=path, body=encode(command))

    def answer(self, operation: str, exchange: Exchange) -> Answer:
        """Read the partner's number out of its answer."""
        del operation
        if exchange.status == NOT_FOUND:
            return Answer(understood=True, found=False)
        try:
            done = msgspec.json.decode(exchange.body, type=Done)
        except msgspec.DecodeError:
            return Answer(understood=False, said="the answer is not what was promised")
        return Answer(understood=True, document=done.document_id, found=True)

    async def send(self, request: Request, key: str, settings: object, via: Transport) -> Exchange:
        """Send the request under our key."""
        del settings
        return await via.exchange(self._call(request.method, request.path, key, request.body))

    async def look_up(
        self, request: Request, key: str, settings: object, via: Transport
    ) -> Exchange:
        """Ask by our key."""
        del settings, request
        return await via.exchange(self._call("GET", f"/effects/{key}", key, b""))

    @staticmethod
    def _call(method: str, path: str, key: str, body: bytes) -> Call:
        headers = {"Idempotency-Key": key}
        return Call(method=method, url=path, headers=headers, body=body, deadline_seconds=20)


class PlainPartner:
    """A transport with the partner behind it; `applied` counts by business content."""

    def __init__(self) -> None:
        """Begin with an empty ledger."""
        self.applied: Counter[tuple[str, bytes]] = Counter()
        self._done: dict[str, str] = {}

    async def exchange(self, call: Call) -> Exchange:
        """Apply a request once for each key, or tell whether it was applied."""
        return self.answer(call)

    def answer(self, call: Call) -> Exchange:
        """Answer without waiting."""
        key = call.headers["Idempotency-Key"]
        if call.method == "GET":
            known = self._done.get(key)
            body = b"" if known is None else msgspec.json.encode(Done(document_id=known))
            return Exchange(
                stage=Stage.ANSWERED, status=NOT_FOUND if known is None else 200, body=body
            )
        if key not in self._done:
            self.applied[call.url, call.body] += 1
            self._done[key] = f"DOC{call.url.replace('/', '-')}"
        answer = msgspec.json.encode(Done(document_id=self._done[key]))
        return Exchange(stage=Stage.ANSWERED, status=201, body=answer)

"""The states of a batch: loaded once, moved step by step, saved once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from crossdock.faults import Outdated
from crossdock.flow.roster import Directory
from crossdock.ports import Subscriber
from crossdock.ports.store import CaseName, ProcessRow, Reader

_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(slots=True)
class Case:
    """One process as it stands in this transaction; `raw` is the state's stored form.

    `stage` is the word for the board, known once a step was taken.
    """

    state: Any
    raw: bytes
    stored: bytes
    revision: int
    stage: str = ""

    @property
    def changed(self) -> bool:
        """Tell whether the state is another one than the stored."""
        return self.raw != self.stored

    @property
    def revision_after(self) -> int:
        """Tell the revision this transaction leaves behind."""
        return self.revision + self.changed

    def move(self, state: object, raw: bytes, stage: str) -> None:
        """Let the process stand at a new state."""
        self.state, self.raw, self.stage = state, raw, stage


def encode_state(state: object) -> bytes:
    """Write a state; equal states give equal bytes."""
    return _encode(state)


def decode_state(subscriber: Subscriber[Any, Any], schema: int, raw: bytes) -> Any:
    """Read a stored state, lifted through the upcasters to today's schema.

    Raises Outdated for a state of a newer release.
    """
    if schema > subscriber.schema:
        raise Outdated(
            "A stored state is newer than this release; start the newer release",
            subscriber=subscriber.name,
            schema=schema,
        )
    while schema < subscriber.schema:
        older = msgspec.json.decode(raw, type=dict[str, object])
        raw = _encode(subscriber.upcasters[schema](older))
        schema += 1
    return msgspec.json.decode(raw, type=subscriber.state)


class Cases:
    """The states a transaction needs."""

    def __init__(self, directory: Directory, reader: Reader) -> None:
        """Begin with none."""
        self._directory = directory
        self._reader = reader
        self._rows: dict[CaseName, ProcessRow | None] = {}
        self._cases: dict[CaseName, Case] = {}

    def find(self, names: Iterable[CaseName]) -> None:
        """Find the stored states of all these at once."""
        wanted = [name for name in dict.fromkeys(names) if name not in self._rows]
        if wanted:
            found = self._reader.processes(wanted)
            self._rows.update((name, found.get(name)) for name in wanted)

    def case(self, name: CaseName) -> Case:
        """Give a process that was found, as it stands now; one without a state begins anew.

        Raises Outdated or a decoding error where a stored state cannot be read.
        """
        if name not in self._cases:
            self._cases[name] = self._load(name)
        return self._cases[name]

    def _load(self, name: CaseName) -> Case:
        _, subscriber_name, key = name
        subscriber = self._directory.subscriber(subscriber_name)
        row = self._rows.get(name)
        if row is None:
            return Case(state=subscriber.start(key), raw=b"", stored=b"", revision=0)
        state = self._directory.memory.recall(name, row.schema, row.state)
        if state is None:
            state = decode_state(subscriber, row.schema, row.state)
        return Case(state=state, raw=row.state, stored=row.state, revision=row.revision)

    def rows(self, at: datetime) -> list[ProcessRow]:
        """Write the states that changed, and remember them."""
        return [self._row(name, case, at) for name, case in self._cases.items() if case.changed]

    def _row(self, name: CaseName, case: Case, at: datetime) -> ProcessRow:
        tenant, subscriber_name, key = name
        subscriber = self._directory.subscriber(subscriber_name)
        self._directory.memory.keep(name, subscriber.schema, case.raw, case.state)
        return ProcessRow(
            tenant=tenant,
            subscriber=subscriber_name,
            key=key,
            state=case.raw,
            schema=subscriber.schema,
            revision=case.revision + 1,
            stage=case.stage,
            updated_at=at,
        )

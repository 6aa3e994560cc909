"""A draft: what documents bring about, decided on a snapshot and written afterwards.

Who decides before the transaction keeps nobody from writing meanwhile, and may be another process:
a draft goes over a pipe. Whatever it rests on is looked at again in the transaction that writes it.
Where anything has moved nothing is written, and who writes decides for itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import fields
from datetime import datetime
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from crossdock.flow.batch import Batch, Gathered
from crossdock.flow.dispatcher import BATCH, Dispatched, Turn, name_of, written
from crossdock.flow.notebook import Notebook, Told
from crossdock.flow.reading import Arrival
from crossdock.flow.receiver import Intake, Owing, Receipt, answered, read_all
from crossdock.flow.roster import Directory
from crossdock.messages.envelope import Key
from crossdock.ports.store import (
    CaseName,
    DocumentRow,
    ProjectionRow,
    Reader,
    Stale,
    Step,
    Unit,
)


class Readable(Protocol):
    """A store that is only read."""

    def read(self) -> AbstractContextManager[Reader]:
        """Open a snapshot."""
        ...


class Failed(Exception):
    """An order could not be drafted; the text says why."""


class Order(Struct, frozen=True, kw_only=True):
    """What to draft: documents to take in, with their first steps.

    At most `limit` steps, in these lanes; None are all. As many may wait and be told apart.
    """

    arrivals: tuple[Arrival, ...]
    now: datetime
    limit: int = BATCH
    lanes: tuple[int, ...] | None = None


class Draft(Struct, frozen=True, kw_only=True):
    """What came of an order, and what it rests on.

    It rests on the identities being as new as was `told`, on the revisions of states that did not
    move, on the records that were seen, and on no other step waiting that it would overtake.
    """

    order: Order
    gathered: Gathered
    dispatched: Dispatched
    owing: tuple[Owing, ...]
    documents: list[DocumentRow]
    told: list[Told]
    unmoved: list[tuple[CaseName, int]]
    seen: list[tuple[str, Key, ProjectionRow | None]]


def draft(directory: Directory, reader: Reader, order: Order) -> Draft:
    """Decide what an order brings about; nothing is written.

    Where too many steps wait, documents are only taken in: their steps wait behind those.
    """
    notebook = Notebook(reader)
    intake = Intake(directory, notebook, order.now)
    intake.take_in(read_all(directory, order.arrivals))
    waiting = reader.claim(order.limit, order.lanes)
    lanes = None if order.lanes is None else frozenset(order.lanes)
    turn = Turn(directory, reader, intake.batch, lanes, _named(waiting))
    dispatched = turn.take_all([], order.limit if len(waiting) < order.limit else 0)
    return Draft(
        order=order,
        gathered=_layer(Gathered, intake.batch),
        dispatched=dispatched,
        owing=intake.owing(),
        documents=notebook.documents,
        told=notebook.told,
        unmoved=turn.cases.unmoved(),
        seen=[(tenant, key, row) for (tenant, key), row in turn.facts.seen.items()],
    )


def write(directory: Directory, unit: Unit, draft: Draft) -> tuple[tuple[Receipt, ...], Dispatched]:
    """Write a draft. Raises Stale where what it rests on has moved, Repeated as a turn does."""
    _check(unit, draft)
    for rows, verdicts in draft.told:
        if unit.remember(rows) != verdicts:
            raise Stale
    unit.keep_documents(draft.documents)
    batch = _layer(Batch, draft.gathered, directory=directory)
    dispatched = written(unit, directory, batch, draft.dispatched)
    return answered(unit, draft.owing), dispatched


def _check(unit: Unit, draft: Draft) -> None:
    """See that all is as it was when it was read, but for the states: saving finds those.

    A step that was made in the draft must not overtake one that others have left for its process
    meanwhile. Raises Stale.
    """
    taken = [each.row for each in draft.gathered.handled if each.row is not None]
    if taken:
        waiting = unit.claim(draft.order.limit, draft.order.lanes)
        overtaken = _named(waiting) & {name_of(row) for row in taken}
        if overtaken or len(waiting) == draft.order.limit or unit.held_back(taken):
            raise Stale
    found = unit.processes([name for name, _ in draft.unmoved])
    for name, revision in draft.unmoved:
        row = found.get(name)
        if revision != (0 if row is None else row.revision):
            raise Stale
    for tenant, key, seen in draft.seen:
        if unit.projections(tenant, key.kind, [key.id]).get(key.id) != seen:
            raise Stale


def _named(steps: Sequence[Step]) -> frozenset[CaseName]:
    return frozenset(name_of(step.row) for step in steps)


def _layer(kind: Any, of: Gathered, **more: Any) -> Any:
    """Give what was gathered as another layer of it, with what that one has of its own."""
    return kind(**{each.name: getattr(of, each.name) for each in fields(Gathered)}, **more)


def _hook(kind: type, found: dict[str, int]) -> Counter[str]:
    """Read what msgspec has no word for: a draft's tally."""
    del kind
    return Counter(found)


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Draft, dec_hook=_hook).decode
decode_order = msgspec.msgpack.Decoder(Order).decode


DRAFTED, FAILED = b"d", b"f"


def reply(directory: Directory, store: Readable, order: bytes) -> bytes:
    """Draft an order that came over a pipe, and write the answer to go back."""
    try:
        with store.read() as reader:
            return DRAFTED + encode(draft(directory, reader, decode_order(order)))
    except Exception as error:  # whoever asked does it himself, and tells what fails there
        return FAILED + repr(error).encode()


def heard(answer: bytes) -> Draft:
    """Read the answer to an order. Raises Failed where there is no draft."""
    if answer.startswith(FAILED):
        raise Failed(answer[1:].decode())
    return decode(memoryview(answer)[1:])

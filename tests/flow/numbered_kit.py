"""A partner whose bytes carry control numbers, and who is owed answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossdock.faults import Misconfigured
from crossdock.flow.machine import Machine
from crossdock.flow.reading import Arrival
from crossdock.flow.roster import Inbound
from crossdock.messages.acknowledgement import Environment, Level, Verdict
from crossdock.messages.envelope import Command, Key
from crossdock.ports import EffectClass, Operation, Owed, Reading, Request
from crossdock.ports.store import OutboxRow, Store
from tests.flow.kit import Chatty, NoSettings, house, lines

LEVELS = (Level.INTERCHANGE, Level.GROUP)


class Parcel(Struct, frozen=True, kw_only=True):
    """What the numbered partner sends: a number of its own, and orders to count."""

    number: int
    orders: tuple[str, ...] = ()
    test: bool = False
    silent: bool = False  # nothing is owed for it


def read_parcel(content: bytes, settings: object) -> Reading:
    """Read a parcel: its lines, what it says of itself, and the answer it is owed."""
    parcel = msgspec.json.decode(content, type=Parcel)
    inner = Chatty().documents["lines"](
        msgspec.json.encode([{"id": each, "order": each} for each in parcel.orders]), settings
    )
    environment = Environment.TEST if parcel.test else Environment.PRODUCTION
    owed = Owed(
        identity=f"parcel {parcel.number}",
        digest=sha256(content).hexdigest(),
        level=Level.GROUP,
        verdict=Verdict.ACCEPTED,
        request=answer_to(parcel.number, "accepted"),
        refusal=answer_to(parcel.number, "rejected"),
    )
    return replace(inner, owed=() if parcel.silent else (owed,), environments=(environment,))


def answer_to(number: int, verdict: str) -> Request:
    """Write an answer that lacks its own numbers."""
    return Request(
        operation="partner.answer",
        method="POST",
        path="/answers",
        body=f"{number} is {verdict}".encode(),
        numbers=LEVELS,
    )


class Numbered(Chatty):
    """A connector that numbers what it sends; order 13 makes it forget how."""

    def __init__(self, *, awaits: tuple[Level, ...] = (Level.GROUP,)) -> None:
        super().__init__()
        self.awaits = awaits
        self.documents = {**self.documents, "parcel": read_parcel}
        self.operations = {
            **self.operations,
            "partner.answer": Operation(verb="partner.answer", effect=EffectClass.NATURAL),
        }

    def write(self, command: Command, settings: object) -> Request:
        """Write the command, and name the numbers it lacks."""
        written = super().write(command, settings)
        return replace(written, numbers=LEVELS, awaits=self.awaits)

    def seal(
        self, request: Request, control: Mapping[Level, int], at: datetime, _settings: Any
    ) -> Request:
        """Put the numbers before the bytes."""
        if b"SO-13" in request.body:
            raise Misconfigured("This partner has no thirteenth number")
        numbers = "/".join(str(control[level]) for level in LEVELS)
        return replace(request, body=f"{numbers} {at:%H:%M} ".encode() + request.body)


def numbered_house(store: Store, connector: Chatty | None = None, **roster: Any) -> Machine:
    """Build a house whose partner `tms` numbers what it sends."""
    machine = house(store, connector or Numbered())
    if roster:
        machine.stop()
        machine = Machine(store=store, roster=replace(machine.roster, **roster))
        machine.start()
    return machine


def on_channel(machine: Machine, environment: Environment) -> dict[str, Inbound]:
    """Give the partner a way in that is for this."""
    connector = machine.roster.inbound["tms"].connector
    return {"tms": Inbound(connector=connector, settings=NoSettings(), environment=environment)}


def parcel(number: int, *orders: str, **more: Any) -> Arrival:
    """Bring a parcel to the door."""
    fields = {each: more.pop(each) for each in ("test", "silent") if each in more}
    content = msgspec.json.encode(Parcel(number=number, orders=orders, **fields))
    return replace(lines(), document="parcel", content=content, **more)


def bytes_of(row: OutboxRow) -> bytes:
    """Read the bytes an effect sends."""
    return msgspec.json.decode(row.request, type=Request).body


def answers(machine: Machine) -> list[tuple[str, bytes]]:
    """List the answers to the partner, oldest first: their status and bytes."""
    with machine.store.read() as reader:
        rows = reader.outbox_of("main", "", Key("partner", "tms"))
    return [(row.status.value, bytes_of(row)) for row in rows]

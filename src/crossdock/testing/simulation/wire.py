"""From the house to a partner: one call over a network that loses, doubles, delays and garbles.

The real client of the connector makes the call: its coroutine stops at the transport, the call goes
over the simulated network, and the coroutine goes on with what came back.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from typing import Any

import msgspec

from crossdock.channels.file_drop import write_file
from crossdock.flow.settling import SEND, Work
from crossdock.messages.envelope import Command
from crossdock.ports import (
    Answer,
    Call,
    Connector,
    EffectClass,
    Endpoint,
    Exchange,
    Request,
    Stage,
    Transport,
)
from crossdock.simulators.chance import between
from crossdock.simulators.x12_partner import X12Partner
from crossdock.testing.simulation.faults import Dice
from crossdock.testing.simulation.network import Network
from crossdock.testing.simulation.partners import Cast
from crossdock.testing.simulation.timeline import Timeline
from crossdock.testing.simulation.witness import Witness

QUICK = (0.005, 0.2)  # seconds on the way, one way
CREATED, FOUND, ABSENT = 201, 200, 404  # of a file, as the connector reads it
BUSY, THROTTLED, LOCKED_OUT, REFUSED = 503, 429, 401, 422
REFUSED_MIN, REFUSED_MAX = 400, 500
NO = b'{"error": "not today", "detail": "the period is closed"}'
RETRY_AFTER = (5.0, 900.0)
DOUBLED_AFTER = (0.5, 900.0)
HTML = b"<html><body>502 Bad Gateway</body></html>"

Back = Callable[[Exchange], str | None]


class Leg:
    """A call that waits for what comes back."""

    def __init__(self, call: Call) -> None:
        """Hold the call."""
        self._call = call

    def __await__(self) -> Generator[Call, Exchange, Exchange]:
        """Hand the call out, and go on with the exchange."""
        return (yield self._call)


class Outlet:
    """The transport that connectors are given: whoever drives the coroutine has the network."""

    async def exchange(self, call: Call) -> Exchange:
        """Hand the call out."""
        return await Leg(call)


class InFiles:
    """The connector of the old ERP with its files on the wire: one whole file, at once."""

    def __init__(self, connector: Connector) -> None:
        """Speak as a connector does."""
        self.name, self.role = connector.name, connector.role
        self.settings, self.documents = connector.settings, connector.documents
        self.operations = connector.operations
        self._connector = connector

    def write(self, command: Command, settings: Any) -> Request:
        """Write a command as the connector does."""
        return self._connector.write(command, settings)

    def answer(self, operation: str, exchange: Exchange) -> Answer:
        """Read an answer as the connector does."""
        return self._connector.answer(operation, exchange)

    async def send(self, request: Request, key: str, settings: Any, via: Transport) -> Exchange:
        """Write the file."""
        del settings
        return await via.exchange(self._call("PUT", request, key))

    async def look_up(self, request: Request, key: str, settings: Any, via: Transport) -> Exchange:
        """Look whether the file is there."""
        del settings
        return await via.exchange(self._call("GET", request, key))

    def _call(self, method: str, request: Request, key: str) -> Call:
        seconds = self.operations[request.operation].deadline_seconds
        return Call(
            method=method,
            url=f"{request.path}-{key}.csv",
            headers={"Idempotency-Key": key},
            body=request.body,
            deadline_seconds=seconds,
        )


def in_folder(folder: Path, call: Call) -> Exchange:
    """Answer for a folder: a file is there whole, or not at all."""
    if call.method == "PUT":
        write_file(folder, call.url, call.body)
        return _file(CREATED, call.url)
    path = folder / call.url
    there = path.exists() and path.read_bytes() == call.body
    return _file(FOUND, call.url) if there else _file(ABSENT, "")


def _file(status: int, name: str) -> Exchange:
    body = msgspec.json.encode({"document_id": name})
    return Exchange(stage=Stage.ANSWERED, status=status, body=body)


class Wire:
    """The network from the house to its partners."""

    def __init__(  # noqa: PLR0913, PLR0917 - the wire joins all of these
        self,
        timeline: Timeline,
        dice: Dice,
        network: Network,
        cast: Cast,
        folder: Path,
        witness: Witness,
    ) -> None:
        """Know everybody; the witness hears of each file and interchange that arrives."""
        self._witness = witness
        self._timeline = timeline
        self._dice = dice
        self._network = network
        self._cast = cast
        self._folder = folder / "references"
        self._outlet = Outlet()
        self.locked: set[str] = set()
        self.on_way = 0

    def make(self, endpoint: Endpoint, work: Work, back: Back) -> str:
        """Make a call; `back` is called with what came of it. Answers what happens to it."""
        connector = endpoint.connector
        make = connector.send if work.purpose == SEND else connector.look_up
        key = work.row.idempotency_key
        coroutine = make(work.request, key, endpoint.settings, self._outlet)
        call: Call = coroutine.send(None)
        words = (endpoint.name, work.row.id, work.row.fence)
        self.on_way += 1

        def answered(exchange: Exchange) -> str | None:
            self.on_way -= 1
            return back(_ended(coroutine, exchange))

        return self._carry(endpoint.name, work, call, words, answered)

    def _carry(
        self, name: str, work: Work, call: Call, words: tuple[object, ...], answered: Back
    ) -> str:
        dice, deadline = self._dice, work.operation.deadline_seconds
        there = between(*QUICK, dice.seed, "there", *words)
        if dice.strikes("not_sent", *words):
            self._later(there, name, answered, _no(Stage.NOT_SENT, "nobody picks up"))
            return "not sent"
        if self._network.is_cut(name) or dice.strikes("request_lost", *words):
            self._later(deadline, name, answered, _no(Stage.NO_ANSWER, "the line went dead"))
            return "lost on the way"
        refused = self._turned_away(name, work, words)
        if refused is not None:
            self._later(there * 2, name, answered, refused)
            return f"answered {refused.status}"
        first = _First()
        doubled = work.operation.effect in {EffectClass.IDEMPOTENT, EffectClass.NATURAL}
        if doubled and dice.strikes("request_doubled", *words):
            later = between(*DOUBLED_AFTER, dice.seed, "doubled", *words)
            self._arrive(name, call, later, None, 0.0, first)
        late = dice.strikes("answer_late", *words)
        lost = dice.strikes("answer_lost", *words)
        garbled = dice.strikes("garbled", *words)
        self._arrive(
            name,
            call,
            there,
            _Fate(answered, deadline, late=late, lost=lost, garbled=garbled),
            there,
            first,
        )
        return "on its way"

    def _turned_away(self, name: str, work: Work, words: tuple[object, ...]) -> Exchange | None:
        """Answer for a partner that does nothing: away, locked, throttled or busy.

        What it has done it does not refuse: that would be no partner who honours a key.
        """
        if name == "legacy":
            return None
        if self._network.is_away(name):
            return Exchange(stage=Stage.ANSWERED, status=BUSY)
        if name in self.locked or self._dice.strikes("locked_out", *words):
            self.locked.add(name)
            return Exchange(stage=Stage.ANSWERED, status=LOCKED_OUT)
        if self._dice.strikes("throttled", *words):
            rest = round(between(*RETRY_AFTER, self._dice.seed, "rest", *words))
            return Exchange(stage=Stage.ANSWERED, status=THROTTLED, retry_after=float(rest))
        done = self._witness.is_done(work.row.idempotency_key)
        if not done and self._dice.strikes("refused", *words):
            return Exchange(stage=Stage.ANSWERED, status=REFUSED, body=NO)
        if self._dice.strikes("busy", *words):
            return Exchange(stage=Stage.ANSWERED, status=BUSY)
        return None

    def _arrive(  # noqa: PLR0913, PLR0917 - a call arrives with all of these
        self,
        name: str,
        call: Call,
        seconds: float,
        fate: _Fate | None,
        back: float,
        first: _First,
    ) -> None:
        def arrive() -> str:
            if fate is None and first.is_refused:
                return f"again: {first.status}"
            exchange = self._answer(name, call)
            said = f"{exchange.status or exchange.stage}"
            if fate is None:
                return f"again: {said}"
            first.status = exchange.status
            if fate.garbled:
                exchange = Exchange(stage=Stage.ANSWERED, status=200, body=HTML)
            if fate.late or fate.lost or exchange.stage is not Stage.ANSWERED:
                lost = _no(Stage.NO_ANSWER, "the deadline is over")
                self._later(fate.deadline - seconds, name, fate.answered, lost)
                return f"{said}, and its answer is lost"
            self._later(back, name, fate.answered, exchange)
            return said

        self._timeline.after(seconds, name, f"take {call.method} {call.url}", arrive)

    def _answer(self, name: str, call: Call) -> Exchange:
        if name == "legacy":
            if call.method == "PUT":
                self._witness.filed(call.url, call.body)
                self._cast.legacy.handed(call.url)
            return in_folder(self._folder, call)
        exchange = self._cast.doors[name].answer(call)
        if isinstance(self._cast.partners[name], X12Partner):
            self._witness.exchanges.arrived(name, call, exchange)
        return exchange

    def _later(self, seconds: float, name: str, answered: Back, exchange: Exchange) -> None:
        what = f"answer {exchange.status or exchange.stage} from {name}"
        self._timeline.after(max(seconds, 0.0), "network", what, lambda: answered(exchange))

    def renew(self, name: str) -> None:
        """Let a partner accept our credentials again."""
        self.locked.discard(name)


class _First:
    """What a partner has answered to a call; 0: nothing yet.

    A copy of what it has refused it refuses as well. What it hears under the same key because
    somebody sends it again is another call, and judged anew.
    """

    __slots__ = ("status",)

    def __init__(self) -> None:
        self.status = 0

    @property
    def is_refused(self) -> bool:
        return REFUSED_MIN <= self.status < REFUSED_MAX


class _Fate:
    """What the network does to the answer of a call."""

    __slots__ = ("answered", "deadline", "garbled", "late", "lost")

    def __init__(
        self,
        answered: Back,
        deadline: float,
        *,
        late: bool,
        lost: bool,
        garbled: bool,
    ) -> None:
        self.answered, self.deadline = answered, deadline
        self.late, self.lost, self.garbled = late, lost, garbled


def _no(stage: Stage, said: str) -> Exchange:
    return Exchange(stage=stage, said=said)


def _ended(coroutine: Coroutine[Any, Any, Exchange], exchange: Exchange) -> Exchange:
    """Let the client read what came back."""
    try:
        coroutine.send(exchange)
    except StopIteration as end:
        ended: Exchange = end.value
        return ended
    coroutine.close()
    raise RuntimeError("a client makes one call for each attempt")

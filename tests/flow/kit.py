"""A counter process, a chatty partner and a house to put them in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.canonical.moments import Moment, ZoneSource
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.tracking import Classifier, EvidenceKind, Milestone, TrackingEvent
from crossdock.faults import Finding, Refused, Unreadable
from crossdock.flow.deliverer import Result
from crossdock.flow.dispatcher import BATCH
from crossdock.flow.machine import Machine
from crossdock.flow.reading import Arrival
from crossdock.flow.roster import Inbound, Roster, Rulebook
from crossdock.messages.envelope import Command, Key, Message
from crossdock.messages.flow import EffectAnswered, ExceptionRetried, ExceptionWaived, WakeUp
from crossdock.messages.master_data import MasterDataAwaited, MasterKind
from crossdock.messages.order_release import CancelPlan, OrderCancelled
from crossdock.messages.shipment_visibility import MilestoneReported
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports import (
    Answer,
    Call,
    CancelTimer,
    CloseException,
    DropEffect,
    EffectClass,
    Emission,
    Endpoint,
    Exchange,
    OpenException,
    Operation,
    Projection,
    Put,
    PutReference,
    Reading,
    Received,
    Reported,
    Request,
    Routed,
    SetTimer,
    Stage,
    Subscriber,
    Transport,
)
from crossdock.ports.store import OutboxRow, Store

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PRO = Reference(type=ReferenceType.PRO, value="4711", issuer="ROAD")


class Counter(Struct, frozen=True, kw_only=True):
    """What the counter process knows: everything it was told, in order."""

    told: tuple[str, ...] = ()


def spell(received: Received[Any]) -> str:
    """Tell a message in one word."""
    match received.body:
        case OrderCancelled(version=version, reason=reason):
            return f"{version} {reason}".strip()
        case WakeUp(timer=timer):
            return f"woken by {timer}"
        case EffectAnswered(version=version, answer=answer, document=document, doubted=doubted):
            return f"{version} {answer} {document or ('doubted' if doubted else '')}".strip()
        case ExceptionRetried(code=code):
            return f"retried {code}"
        case ExceptionWaived(code=code):
            return f"waived {code}"
        case other:
            return type(other).__name__


def decide(
    state: Counter, received: Received[Any], _rules: Rules
) -> tuple[Counter, tuple[Emission, ...]]:
    """Count, and say what the message's reason asks for."""
    body = received.body
    if isinstance(body, OrderCancelled) and body.reason == "fail":
        raise RuntimeError("the counter broke")
    if isinstance(body, OrderCancelled) and body.reason == "ignore":
        return state, ()
    told = Counter(told=(*state.told, spell(received)))
    return told, said(body) if isinstance(body, OrderCancelled) else ()


def said(body: OrderCancelled) -> tuple[Emission, ...]:
    """Say what a reason asks for."""
    answers: dict[str, tuple[Emission, ...]] = {
        "ask": (CancelPlan(order_id=body.order_id, order_version=body.version),),
        "refuse": (CancelPlan(order_id=body.order_id, order_version=666),),
        "drop": (
            DropEffect(
                verb="tms.cancel",
                business_key=body.order_id,
                version=str(body.version - 1),
                because="no longer wanted",
            ),
        ),
        "wake": (SetTimer(name="nap", due_at=NOON + MINUTE),),
        "sleep": (CancelTimer(name="nap"),),
        "complain": (
            OpenException(
                code="STUCK",
                team=Team.TRANSPORTATION,
                cause="It is stuck",
                action="Push it",
                about=(body.order_id,),
            ),
        ),
        "cheer": (CloseException(code="STUCK", because="It moves again"),),
        "tell": (MasterDataAwaited(kind=MasterKind.ITEM, id="I-1", order_id=body.order_id),),
        "bind": (PutReference(reference=PRO, key=Key("shipment", "S-1"), routable=True),),
    }
    return answers.get(body.reason, ())


def keys(message: Message) -> tuple[Key, ...]:
    """Choose the order's counter, or the shipment's where a number was looked up."""
    match message.body:
        case OrderCancelled(order_id="LOST"):
            raise LookupError("nobody knows this order")
        case OrderCancelled(order_id=order_id):
            return (Key("order", order_id),)
        case MilestoneReported():
            return (message.bound,) if message.bound else ()
        case _:
            return ()


COUNTER: Subscriber[Counter, Rules] = Subscriber(
    name="counter",
    state=Counter,
    start=lambda _key: Counter(),
    receives=(OrderCancelled, MilestoneReported),
    keys=keys,
    decide=decide,
    stage=lambda state: f"told {len(state.told)}",
)
LISTENER: Subscriber[Counter, Rules] = Subscriber(
    name="listener",
    state=Counter,
    start=lambda _key: Counter(),
    receives=(MasterDataAwaited,),
    keys=lambda message: (Key("item", getattr(message.body, "id", "")),),
    decide=decide,
    stage=lambda _state: "listening",
)


class Wanted(Struct, frozen=True, kw_only=True):
    """A row of the read model: who waits for an item."""

    item: str
    order: str


def show(message: Message) -> tuple[Put, ...]:
    """Show who waits."""
    body = message.body
    if not isinstance(body, MasterDataAwaited):
        return ()
    row = Wanted(item=body.id, order=body.order_id)
    return (Put(kind="wanted", key=body.id, body=row, index=(("order", body.order_id),)),)


WANTED = Projection(name="wanted", receives=(MasterDataAwaited,), project=show)


class Line(Struct, frozen=True, kw_only=True):
    """One report in the chatty partner's words; `reason` is what the counter is to do."""

    id: str
    order: str = "SO-1"
    version: int = 1
    reason: str = ""
    tracking: bool = False
    code: str = ""


def evidence(line: Line) -> MilestoneReported:
    """Report that a shipment moved."""
    return MilestoneReported(
        evidence=TrackingEvent(
            source="tms",
            source_event_id=line.id,
            kind=EvidenceKind.ORIGINAL,
            milestone=Milestone.NOTE,
            classifier=Classifier.ACTUAL,
            occurred=Moment(at=NOON, text="noon", zone="UTC", zone_source=ZoneSource.OFFSET),
            raw_code=line.code,
            reference=PRO,
        )
    )


def read_lines(content: bytes, _settings: object) -> Reading:
    """Read the chatty partner's document."""
    try:
        lines = msgspec.json.decode(content, type=tuple[Line, ...])
    except msgspec.DecodeError as error:
        raise Unreadable("This is not what the partner promised", text=error) from error
    reports = tuple(
        Reported(
            identity=line.id,
            report=evidence(line)
            if line.tracking
            else OrderCancelled(order_id=line.order, version=line.version, reason=line.reason),
        )
        for line in lines
    )
    findings = tuple(
        Finding(code="UNKNOWN_STATUS_CODE", said="A code is not known", seen={"code": line.code})
        for line in lines
        if line.code
    )
    return Reading(reports=reports, findings=findings)


def read_badly(content: bytes, _settings: object) -> Reading:
    """Break at any document."""
    raise KeyError(content)


class Ledgered(Struct, frozen=True, kw_only=True):
    """The chatty partner's answer."""

    document_id: str = ""


class NoSettings(Struct, frozen=True, kw_only=True):
    """Nothing to set."""


class Chatty:
    """A connector that speaks plain JSON both ways."""

    name = "chatty"
    role = "tms"
    settings: type[Struct] = NoSettings

    def __init__(
        self,
        effect: EffectClass = EffectClass.IDEMPOTENT,
        read: Callable[[bytes, Any], Reading] = read_lines,
        path: str = "",
        **operation: Any,
    ) -> None:
        self._path = path
        self.documents: Mapping[str, Callable[[bytes, Any], Reading]] = {
            "lines": read,
            "broken": read_badly,
        }
        self.operations: Mapping[str, Operation] = {
            "tms.cancel": Operation(verb="tms.cancel", effect=effect, **operation)
        }

    def write(self, command: Command, _settings: object) -> Request:
        """Write the command as it is."""
        if command.version() == "666":
            raise Refused("The partner never takes version 666", version=666)
        body = msgspec.json.encode(command)
        path = f"{self._path}/{command.business_key()}/{command.version()}"
        return Request(operation=command.verb, method="POST", path=path, body=body)

    def answer(self, _operation: str, exchange: Exchange) -> Answer:
        """Read the partner's number; 404 says that it knows nothing."""
        if exchange.status == 404:
            return Answer(understood=True, found=False, said="not known")
        try:
            done = msgspec.json.decode(exchange.body, type=Ledgered)
        except msgspec.DecodeError:
            return Answer(understood=False, said="not what was promised")
        return Answer(understood=True, document=done.document_id, found=True)

    async def send(self, request: Request, key: str, _settings: object, via: Transport) -> Exchange:
        """Send it."""
        return await via.exchange(_call(request.method, request.path, key, request.body))

    async def look_up(
        self, request: Request, key: str, _settings: object, via: Transport
    ) -> Exchange:
        """Ask for it by its path."""
        return await via.exchange(_call("GET", request.path, key, b""))


def _call(method: str, path: str, key: str, body: bytes) -> Call:
    return Call(method=method, url=path, headers={"key": key}, body=body, deadline_seconds=1)


COUNTED = count(1)


class Numbers:
    """Ids that count, also across the houses of one store."""

    def new(self) -> str:
        """Count one further."""
        return f"id-{next(COUNTED):08}"


def at_ease(_body: object) -> None:
    """Let every message pass."""


def watched(watch: Callable[[object], None], *, mended: bool) -> Subscriber[Counter, Rules]:
    """Build the counter with somebody looking at each message first; `mended` never fails."""

    def decide_watched(
        state: Counter, received: Received[Any], rules: Rules
    ) -> tuple[Counter, tuple[Emission, ...]]:
        watch(received.body)
        if mended:
            return Counter(told=(*state.told, spell(received))), ()
        return decide(state, received, rules)

    return msgspec.structs.replace(COUNTER, decide=decide_watched)


def house(
    store: Store,
    connector: Chatty | None = None,
    watch: Callable[[object], None] = at_ease,
    *,
    mended: bool = False,
    batch: int = BATCH,
    **wishes: Any,
) -> Machine:
    """Build a started machine with the counter, the listener and one partner called `tms`.

    `wishes` are settings of the endpoint.
    """
    chatty = connector or Chatty()
    endpoint = Endpoint(name="tms", connector=chatty, settings=NoSettings(), **wishes)
    roster = Roster(
        subscribers=(watched(watch, mended=mended), LISTENER),
        projections=(WANTED,),
        inbound={"tms": Inbound(connector=chatty, settings=NoSettings())},
        endpoints={"tms": endpoint},
        route=lambda command, _rules: (
            Routed(endpoint="tms", request=chatty.write(command, NoSettings())),
        ),
        rulebook=Rulebook(today=Rules()),
        ids=Numbers(),
    )
    machine = Machine(store=store, roster=roster, batch=batch)
    machine.start()
    return machine


def lines(*said: Line) -> Arrival:
    """Bring a document of the chatty partner to the door."""
    content = msgspec.json.encode(said)
    return Arrival(tenant="main", partner="tms", document="lines", content=content)


def told(machine: Machine, order: str = "SO-1", name: str = "counter") -> tuple[str, ...]:
    """Tell what a process was told so far."""
    key = Key("item" if name == "listener" else "order", order)
    with machine.store.read() as reader:
        row = reader.processes([("main", name, key)]).get(("main", name, key))
    return msgspec.json.decode(row.state, type=Counter).told if row else ()


def queue(machine: Machine) -> list[tuple[str, str, str]]:
    """Tell the open exceptions: kind, code and team."""
    with machine.store.read() as reader:
        return [(row.kind, row.code, row.team) for row in reader.exceptions("main")]


def answered(status: int = 200, document: str = "DOC-1", **more: Any) -> Exchange:
    """Build an answer of the chatty partner."""
    body = msgspec.json.encode(Ledgered(document_id=document))
    return Exchange(stage=Stage.ANSWERED, status=status, body=body, **more)


REFUSAL = Exchange(stage=Stage.ANSWERED, status=422, said="no such order")
BUSY = Exchange(stage=Stage.ANSWERED, status=503)
LOST = Exchange(stage=Stage.NO_ANSWER, said="the line went dead")
UNREACHED = Exchange(stage=Stage.NOT_SENT, said="nobody picks up")
THROTTLE = Exchange(stage=Stage.ANSWERED, status=429, retry_after=90)
LOCKED = Exchange(stage=Stage.ANSWERED, status=401)
NOT_KNOWN = Exchange(stage=Stage.ANSWERED, status=404)


def ask(machine: Machine, *versions: int, order: str = "SO-1", at: datetime = NOON) -> None:
    """Let the counter ask for effects."""
    asking = [Line(id=f"{order}/{v}", order=order, version=v, reason="ask") for v in versions]
    machine.receive([lines(*asking)], at)


def attempt(machine: Machine, now: datetime, *exchanges: Exchange) -> list[str]:
    """Make the calls that are due, answered by these exchanges in turn; tell their purposes."""
    works = machine.lease("tms", now).works
    results = [
        Result(work=work, exchange=exchange, ended_at=now)
        for work, exchange in zip(works, exchanges, strict=True)
    ]
    machine.record("tms", results, now)
    machine.run_to_quiescence(now)
    return [work.purpose for work in works]


def effects(machine: Machine, order: str = "SO-1") -> list[OutboxRow]:
    """Tell the effects the counter asked for."""
    with machine.store.read() as reader:
        return reader.outbox_of("main", "counter", Key("order", order))


def standing(machine: Machine, order: str = "SO-1") -> list[tuple[str, int, datetime]]:
    """Tell where the effects stand: status, attempts, and when they are due."""
    return [(row.status.value, row.attempts, row.due_at) for row in effects(machine, order)]

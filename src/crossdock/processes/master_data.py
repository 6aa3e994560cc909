"""Master data: the highest version of a record holds, and orders that waited for it go on.

Receives  CustomerReported, ItemReported, ShipToReported, CarrierReported, MasterDataAwaited,
          ExceptionRetried, ExceptionWaived
Emits     MasterDataChanged, MasterDataArrived, OpenException, CloseException
Key       customer, item, ship_to, carrier

House rules
  1. The higher version holds; a lower one, or the same again, is silence.
  2. The same version with other content is an exception and the first content holds, until a
     higher version or an operator's edit replaces it.
  3. The same version told again with a later date is fresher, not other: its age counts anew.
  4. An order that waits is woken once, by the first change after what it had looked at.
"""

from __future__ import annotations

from typing import Any, assert_never

import msgspec
from msgspec import Struct

from crossdock.canonical.moments import Instant
from crossdock.messages.envelope import Key, Message
from crossdock.messages.flow import ExceptionRetried, ExceptionWaived
from crossdock.messages.master_data import (
    CarrierReported,
    CustomerReported,
    ItemReported,
    MasterDataArrived,
    MasterDataAwaited,
    MasterDataChanged,
    MasterKind,
    ShipToReported,
)
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports import CloseException, Emission, OpenException, Received, Subscriber

VERSION_REUSED = "MASTER_DATA_VERSION_REUSED"


class Record(Struct, frozen=True, kw_only=True):
    """A record as it was told: `record` is the JSON text of the canonical record."""

    version: int
    as_of: Instant
    blocked: bool
    record: str


class RecordState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record, the orders that wait for it, and the exception that is open about it."""

    kind: MasterKind
    id: str
    known: Record | None = None
    waiting: tuple[str, ...] = ()
    raised: OpenException | None = None


Reported = CustomerReported | ItemReported | ShipToReported | CarrierReported
Heard = Reported | MasterDataAwaited | ExceptionRetried | ExceptionWaived
Step = tuple[RecordState, tuple[Emission, ...]]


def decide(
    state: RecordState, received: Received[Any], _rules: Rules
) -> tuple[RecordState, tuple[Emission, ...]]:
    """Take a record in, or remember who waits for it."""
    body: Heard = received.body
    match body:
        case CustomerReported() | ItemReported() | ShipToReported() | CarrierReported():
            return take_record(state, record_of(body), amended=bool(received.amends))
        case MasterDataAwaited():
            return await_record(state, body)
        case ExceptionRetried():
            return state, (state.raised,) if state.raised else ()
        case ExceptionWaived():
            return msgspec.structs.replace(state, raised=None), ()
        case _:
            assert_never(body)


def record_of(report: Reported) -> Record:
    """Read a report of any kind as the record it tells of."""
    blocked = report.blocked if isinstance(report, ItemReported) else report.record.blocked
    return Record(
        version=report.version,
        as_of=report.as_of,
        blocked=blocked,
        record=msgspec.json.encode(report.record, order="deterministic").decode(),
    )


def take_record(state: RecordState, told: Record, *, amended: bool) -> Step:
    """Let the higher version hold; say what changed and wake who waits for it."""
    known = state.known
    if known is not None and told.version < known.version:
        return state, ()
    if known is not None and told.version == known.version and not amended:
        if content(told) != content(known):
            return reject(state, told)
        if told.as_of <= known.as_of:
            return state, ()
    elif known == told:
        return state, ()
    return hold(state, told)


def hold(state: RecordState, told: Record) -> Step:
    """Let a record hold from now on."""
    changed = MasterDataChanged(
        kind=state.kind,
        id=state.id,
        version=told.version,
        as_of=told.as_of,
        blocked=told.blocked,
        record=told.record,
    )
    because = f"version {told.version} holds"
    closed = (CloseException(code=VERSION_REUSED, because=because),) if state.raised else ()
    only_fresher = state.known is not None and content(state.known) == content(told)
    waiting, woken = (state.waiting, ()) if only_fresher else ((), state.waiting)
    state = msgspec.structs.replace(state, known=told, raised=None, waiting=waiting)
    return state, (changed, *closed, *(arrival(state, told, order_id) for order_id in woken))


def content(record: Record) -> tuple[int, bool, str]:
    """Tell what a record says, whenever it was said."""
    return record.version, record.blocked, record.record


def arrival(state: RecordState, told: Record, order_id: str) -> MasterDataArrived:
    """Wake an order."""
    return MasterDataArrived(kind=state.kind, id=state.id, order_id=order_id, version=told.version)


def reject(state: RecordState, told: Record) -> Step:
    """Ask people which of two contents of one version is meant."""
    exception = OpenException(
        code=VERSION_REUSED,
        team=Team.ORDER_MANAGEMENT,
        cause=(
            f"The ERP sent {state.kind} {state.id} version {told.version} twice, and differently; "
            "the first one holds"
        ),
        action="Let the ERP send what holds under a higher version, or edit and resubmit",
        about=(state.id,),
        seen={"version": str(told.version), "record": told.record},
    )
    if state.raised == exception:
        return state, ()
    return msgspec.structs.replace(state, raised=exception), (exception,)


def await_record(state: RecordState, waiter: MasterDataAwaited) -> Step:
    """Remember who waits, or wake it at once where the record has changed since it looked."""
    known = state.known
    if known is not None and (known.version > waiter.seen_version or not known.blocked):
        return state, (arrival(state, known, waiter.order_id),)
    if waiter.order_id in state.waiting:
        return state, ()
    return msgspec.structs.replace(state, waiting=(*state.waiting, waiter.order_id)), ()


def start(key: Key) -> RecordState:
    """Begin with a record nobody has told of."""
    return RecordState(kind=MasterKind(key.kind), id=key.id)


def keys(message: Message) -> tuple[Key, ...]:
    """Name the record a message speaks of; what operators say is addressed."""
    match message.body:
        case CustomerReported(record=customer):
            return (Key(MasterKind.CUSTOMER.value, customer.customer_id),)
        case ItemReported(record=item):
            return (Key(MasterKind.ITEM.value, item.item_id),)
        case ShipToReported(record=ship_to):
            return (Key(MasterKind.SHIP_TO.value, ship_to.location.location_id),)
        case CarrierReported(record=carrier):
            return (Key(MasterKind.CARRIER.value, carrier.scac),)
        case MasterDataAwaited(kind=kind, id=name):
            return (Key(kind.value, name),)
        case _:
            return ()


def stage(state: RecordState) -> str:
    """Tell whether the record is known, blocked, or only waited for."""
    if state.raised is not None:
        return "contradicted"
    if state.known is None:
        return "awaited"
    return "blocked" if state.known.blocked else "known"


SUBSCRIBER: Subscriber[RecordState, Rules] = Subscriber(
    name="master_data",
    state=RecordState,
    start=start,
    receives=(
        CustomerReported,
        ItemReported,
        ShipToReported,
        CarrierReported,
        MasterDataAwaited,
        ExceptionRetried,
        ExceptionWaived,
    ),
    keys=keys,
    decide=decide,
    stage=stage,
)

"""The trace of a number: any number anyone knows it by leads to one story across all systems.

Built in one snapshot from what the store holds anyway; nothing is sampled and nothing is asked of
a partner. An order brings its shipments along, a shipment its orders, and both the money of the
load they travel on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from crossdock.apis import words
from crossdock.apis.process.v1 import chapters
from crossdock.apis.process.v1.chapters import Gathered, stuck_of
from crossdock.apis.process.v1.charges import KIND, charges_of, picture_of
from crossdock.apis.process.v1.promises import promises_of
from crossdock.apis.process.v1.stock import stock_of
from crossdock.apis.process.v1.story import (
    Chapter,
    Entry,
    EntryKind,
    Number,
    Reached,
    Shown,
    Tender,
    Trace,
)
from crossdock.apis.process.v1.why import ORDER, whole_why, why
from crossdock.messages.envelope import Key
from crossdock.messages.order_release import PlanConfirmed, ShipmentPlanned, TenderMoved
from crossdock.messages.registry import decode
from crossdock.messages.shipment_visibility import PictureChanged
from crossdock.ports.store import (
    ExceptionRow,
    MessageRow,
    ProjectionRow,
    Reader,
    ReferenceRow,
)

KINDS = (
    "order",
    "shipment",
    "load",
    "reference",
    "customer",
    "item",
    "ship_to",
    "carrier",
    "exchange",
    "partner",
    "business_date",
)
TENDERING = "carrier."  # verbs by which carriers are asked


def trace(reader: Reader, tenant: str, number: str) -> Trace:
    """Tell the story of a number; one of which nothing is known gives an empty story."""
    number = number.strip()
    subscribers = tuple(dict.fromkeys(each.subscriber for each in reader.stages(tenant)))
    exceptions = _about(reader, tenant, number)
    start = _keys(reader, tenant, number, exceptions)
    found = [each for key in start for each in chapters.gather(reader, tenant, subscribers, key)]
    known = set(start)
    loads = _loads(reader, tenant, start)
    more = [key for key in _neighbours(found, start, loads) if key not in known]
    found += [each for key in more for each in chapters.gather(reader, tenant, subscribers, key)]
    keys = (*start, *more)
    if not any(key.kind == "load" for key in start):
        loads = _loads(reader, tenant, keys)
    for row in loads:
        if (key := Key("load", row.key)) not in keys:
            found += chapters.gather(reader, tenant, subscribers, key)
    numbers = _numbers(reader, tenant, keys)
    bound = dict.fromkeys(
        Key("reference", each.reference.term()) for each in numbers if each.routable
    )
    for key in bound:
        if key not in keys:
            found += chapters.gather(reader, tenant, subscribers, key)
    story = _story(reader, tenant, number, found, exceptions, numbers)
    charges = tuple(each for row in loads for each in charges_of(picture_of(row)))
    return msgspec.structs.replace(story, charges=charges)


def _story(  # noqa: PLR0913, PLR0917 - a story is told from this many sides
    reader: Reader,
    tenant: str,
    number: str,
    found: Sequence[Gathered],
    exceptions: Sequence[ExceptionRow],
    numbers: Sequence[ReferenceRow],
) -> Trace:
    told = sorted((_chapter(reader, tenant, each) for each in found), key=_place)
    entries = {each.id: each for one in found for each in one.entries}
    own = {each.id for one in found for each in one.exceptions}
    loose = [each for each in exceptions if each.id not in own]
    for each in loose:
        entries |= {entry.id: entry for entry in chapters.exception_entries(each)}
    entries |= {each.id: each for each in _lone_message(reader, tenant, number)}
    shown = tuple(sorted((each for one in found for each in _shown(one)), key=lambda one: one.at))
    stuck = tuple(stuck_of(each) for each in loose)
    documents = dict.fromkeys(each.document_id for each in entries.values() if each.document_id)
    if reader.document(tenant, number) is not None:
        documents[number] = None
    return Trace(
        number=number,
        why=whole_why(number, told, shown, stuck),
        chapters=tuple(told),
        timeline=_in_order(entries),
        shown=shown,
        numbers=tuple(_number(each) for each in numbers),
        stuck=stuck,
        documents=tuple(documents),
        tenders=_tenders(found),
        stock=stock_of(reader, tenant, [one.process.key for one in found]),
        acknowledgements=tuple(
            promise
            for one in found
            for effect in one.effects
            if effect.verb.startswith(TENDERING)
            for promise in promises_of(reader, tenant, effect.id)
        ),
    )


def _tenders(found: Sequence[Gathered]) -> tuple[Tender, ...]:
    """Gather the states of each offer, in the order in which they were reached."""
    moved: dict[tuple[str, str, int, str], dict[str, Reached]] = {}
    for body in (each for one in found for each in one.bodies):
        if isinstance(body, TenderMoved):
            name = (body.order_id, body.shipment_id, body.tender_version, body.carrier_scac)
            reached = Reached(state=body.state, at=body.moved_at, reason=body.reason)
            moved.setdefault(name, {})[body.state] = reached
    return tuple(
        Tender(
            order_id=order_id,
            shipment_id=shipment_id,
            carrier_scac=carrier,
            version=version,
            states=tuple(sorted(states.values(), key=lambda each: each.at)),
        )
        for (order_id, shipment_id, version, carrier), states in sorted(moved.items())
    )


def _in_order(entries: dict[str, Entry]) -> tuple[Entry, ...]:
    """Put entries in order of time; what happened at once, a cause before what it led to."""

    def depth(entry: Entry) -> int:
        steps = 0
        while entry.cause in entries and steps < len(entries):
            entry = entries[entry.cause]
            steps += 1
        return steps

    return tuple(sorted(entries.values(), key=lambda each: (each.at, depth(each))))


def _about(reader: Reader, tenant: str, number: str) -> list[ExceptionRow]:
    """Find the exceptions that name a number, or are meant by it."""
    found = {each.id: each for each in reader.exceptions(tenant, status=None, about=number)}
    itself = reader.exception(tenant, number) if number else None
    if itself is not None:
        found[itself.id] = itself
    return list(found.values())


def _keys(
    reader: Reader, tenant: str, number: str, exceptions: Iterable[ExceptionRow]
) -> tuple[Key, ...]:
    """Find whose number it is: a reference, a key itself, a message, a document or an exception."""
    keys = dict.fromkeys(each.key for each in _meant_by(reader, tenant, number))
    names = {each.subscriber for each in reader.stages(tenant)}
    direct = [Key(kind, number) for kind in KINDS]
    rows = reader.processes([(tenant, name, key) for name in names for key in direct])
    keys |= dict.fromkeys(key for _, _, key in rows)
    rows_read = [*reader.messages(tenant, [number]).values()]
    rows_read += reader.messages_caused_by(tenant, [number])
    for row in rows_read:
        keys |= dict.fromkeys(_meant(row))
    for name in ("invoice", "document"):
        for picture in reader.find(tenant, KIND, {name: number}):
            keys[Key("load", picture.key)] = None
    for effect in reader.outbox(tenant, [number]):
        keys[effect.key] = None
    for each in exceptions:
        process = each.subject.split("/", 2)
        if each.kind in {"process", "step"} and len(process) == 3:  # noqa: PLR2004 - name/kind/id
            keys[Key(process[1], process[2])] = None
    return tuple(keys)


def _loads(reader: Reader, tenant: str, keys: Sequence[Key]) -> list[ProjectionRow]:
    """Find the money of these loads, or of the loads that these orders and shipments travel on."""
    ids = [key.id for key in keys if key.kind == "load"]
    rows = reader.projections(tenant, KIND, ids)
    for key in keys:
        if key.kind in {"order", "shipment"}:
            rows |= {row.key: row for row in reader.find(tenant, KIND, {key.kind: key.id})}
    return [rows[each] for each in sorted(rows)]


def _meant_by(reader: Reader, tenant: str, number: str) -> Iterable[ReferenceRow]:
    """Find a number as its partner says it, or as a binding spells it: `PRO:ROAD:4711`."""
    yield from reader.search(tenant, number)
    *_, value = number.split(":", 2)
    for row in reader.search(tenant, value) if value != number else ():
        if row.reference.term().casefold() == number.casefold():
            yield row


def _meant(row: MessageRow) -> Iterable[Key]:
    """Name the keys a message speaks of."""
    if row.bound is not None:
        yield row.bound
    body = decode(row.type, row.schema, row.body)
    for each in (body, getattr(body, "draft", None), getattr(body, "order", None)):
        for kind in ("order", "shipment"):
            if value := getattr(each, f"{kind}_id", ""):
                yield Key(kind, value)


def _neighbours(
    found: Sequence[Gathered], start: Sequence[Key], loads: Sequence[ProjectionRow]
) -> tuple[Key, ...]:
    """Name the shipments of an order, or the orders of a shipment, and go no further than that.

    A load that was asked for brings both.
    """
    kinds = {key.kind for key in start}
    keys: dict[Key, None] = {}
    if "load" in kinds:
        for picture in map(picture_of, loads):
            keys |= dict.fromkeys(Key("order", each) for each in picture.order_ids)
            keys |= dict.fromkeys(Key("shipment", each) for each in picture.shipment_ids)
    for body in (each for one in found for each in one.bodies):
        match body:
            case ShipmentPlanned():
                keys[Key("shipment", body.shipment.shipment_id)] = None
                if "order" not in kinds:
                    keys[Key("order", body.order_id)] = None
            case PlanConfirmed():
                keys |= dict.fromkeys(Key("shipment", each.shipment_id) for each in body.shipments)
            case _:
                continue
    return tuple(keys)


def _numbers(reader: Reader, tenant: str, keys: Sequence[Key]) -> list[ReferenceRow]:
    rows = [row for key in keys for row in reader.references_of(tenant, key)]
    return list({(row.reference, row.key): row for row in rows}.values())


def _number(row: ReferenceRow) -> Number:
    said = row.reference
    return Number(
        type=said.type,
        value=said.value,
        issuer=said.issuer,
        leads_to=f"{row.key.kind} {row.key.id}",
    )


def _chapter(reader: Reader, tenant: str, one: Gathered) -> Chapter:
    row = one.process
    breakers = {
        each.endpoint: reader.breaker(tenant, each.endpoint)
        for each in one.effects
        if each.finished_at is None
    }
    stuck = tuple(stuck_of(each) for each in one.exceptions)
    return Chapter(
        process=row.subscriber,
        kind=row.key.kind,
        id=row.key.id,
        stage=row.stage,
        since=row.updated_at,
        revision=row.revision,
        why=why(
            stage=row.stage,
            parked=one.parked,
            waiting_steps=one.waiting_steps,
            stuck=stuck,
            effects=one.effects,
            alarms=one.alarms,
            breakers=breakers,
        ),
        alarms=one.alarms,
        waiting_steps=one.waiting_steps,
        parked=one.parked,
        effects=one.effects,
        stuck=stuck,
    )


def _place(chapter: Chapter) -> tuple[int, str, str]:
    place = ORDER.index(chapter.process) if chapter.process in ORDER else len(ORDER)
    return place, chapter.kind, chapter.id


def _shown(one: Gathered) -> Iterable[Shown]:
    for row, body in zip(one.rows, one.bodies, strict=True):
        if isinstance(body, PictureChanged):
            yield Shown(
                at=row.received_at,
                customer_id=body.customer_id,
                shipment_id=body.shipment_id,
                visible=body.gate.visible,
                status=words.status_words(body.picture.status),
                rule=body.gate.rule,
                because=body.gate.because,
                evidence=body.gate.evidence,
            )


def _lone_message(reader: Reader, tenant: str, number: str) -> Iterable[Entry]:
    """Tell of a message named by its id, or of a document's messages, whoever took them or not."""
    rows = list(reader.messages(tenant, [number]).values())
    rows += reader.messages_caused_by(tenant, [number])
    for row in rows:
        yield chapters.entry_of(
            row, decode(row.type, row.schema, row.body), EntryKind.RECEIVED, subject=""
        )

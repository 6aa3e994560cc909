"""A recorded history: the messages as they were stored, and what each process decided of them.

A history holds, for each process of its day, the inbox in order (messages at the schema they were
stored with, with the facts the steps looked at) and after each message what the process said and
the stage it stood in; at the end, its state at its schema. Replaying folds the same inbox through
today's code, lifted where a schema has risen.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.app.roster import PROCESSES
from crossdock.flow.batch import message_of
from crossdock.flow.dispatcher import received_of
from crossdock.flow.states import decode_state, encode_state
from crossdock.messages.envelope import Key
from crossdock.policies.rules import Rules
from crossdock.ports import Emission, Fact, Subscriber
from crossdock.ports.store import HandledStep, MessageRow, Reader
from tests.histories.day import Day
from tests.histories.scenarios import SCENARIOS

FOLDER = Path(__file__).parent / "recorded"
TENANT = "main"
SUBSCRIBERS: dict[str, Subscriber[Any, Any]] = {each.name: each for each in PROCESSES}
Said = list[dict[str, Any]]


class StoredMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message of the history, its body as JSON."""

    id: str
    type: str
    schema: int
    at: datetime
    origin: str
    body: msgspec.Raw
    correlation_id: str
    causation_id: str = ""
    document_id: str = ""
    bound: Key | None = None
    amends: str = ""


class StoredFact(Struct, frozen=True, kw_only=True):
    """A record a step looked at; `body` is null where there was none."""

    key: Key
    body: msgspec.Raw


class StoredStep(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of an inbox, and what was decided; `taken_at` where its step had to wait."""

    message: str
    said: Said
    stage: str
    facts: list[StoredFact] = []
    taken_at: datetime | None = None


class StoredProcess(Struct, frozen=True, kw_only=True):
    """One process of one key: its inbox in order, and where it stood at the end."""

    subscriber: str
    key: Key
    schema: int
    steps: list[StoredStep]
    state: msgspec.Raw


class History(Struct, frozen=True, kw_only=True):
    """A whole day. `digest` is the name its rules had when it was recorded."""

    name: str
    says: str
    rules: Rules
    digest: str
    messages: dict[str, StoredMessage]
    processes: list[StoredProcess]


class Step(Struct, frozen=True, kw_only=True):
    """What today's code makes of one recorded message."""

    said: Said
    stage: str


class Replayed(Struct, frozen=True, kw_only=True):
    """What today's code makes of one recorded process."""

    steps: list[Step]
    state: bytes


def file_of(name: str) -> Path:
    """Tell where a history is kept."""
    return FOLDER / f"{name}.json"


def load(path: Path) -> History:
    """Read a recorded history."""
    return msgspec.json.decode(path.read_bytes(), type=History)


def save(history: History) -> Path:
    """Write a history so that a diff shows what changed."""
    path = file_of(history.name)
    written = msgspec.json.format(msgspec.json.encode(history, order="deterministic"), indent=1)
    path.write_bytes(written + b"\n")
    return path


def record(name: str) -> History:
    """Tell a scenario to the real house, and take down every inbox with what is decided today."""
    scenario = SCENARIOS[name]
    day = Day(scenario.rules)
    scenario.tell(day)
    with day.machine.store.read() as reader:
        inboxes = {
            (subscriber, row.key): reader.handled(TENANT, subscriber, row.key)
            for subscriber in SUBSCRIBERS
            for row in reader.list_processes(TENANT, subscriber, None, "", 1000)
        }
        messages = {
            step.step.message.id: _stored(step.step.message)
            for steps in inboxes.values()
            for step in steps
        }
        taken_down = History(
            name=name,
            says=scenario.says,
            rules=scenario.rules,
            digest=scenario.rules.digest,
            messages=dict(sorted(messages.items())),
            processes=[
                _process(reader, subscriber, key, steps)
                for (subscriber, key), steps in inboxes.items()
            ],
        )
    return accepted(taken_down)


def accepted(history: History) -> History:
    """Keep the recorded inboxes, and take what today's code decides as what is expected."""
    processes = []
    for process in history.processes:
        today = replay(history, process)
        steps = [
            msgspec.structs.replace(step, said=now.said, stage=now.stage)
            for step, now in zip(process.steps, today.steps, strict=True)
        ]
        processes.append(
            msgspec.structs.replace(
                process,
                steps=steps,
                schema=SUBSCRIBERS[process.subscriber].schema,
                state=msgspec.Raw(today.state),
            )
        )
    return msgspec.structs.replace(history, processes=processes)


def _process(reader: Reader, subscriber: str, key: Key, steps: list[HandledStep]) -> StoredProcess:
    name = (TENANT, subscriber, key)
    row = reader.processes([name])[name]
    return StoredProcess(
        subscriber=subscriber,
        key=key,
        schema=row.schema,
        steps=[
            StoredStep(
                message=step.step.message.id,
                said=[],
                stage="",
                facts=_facts(step.facts),
                taken_at=step.at if step.at > step.step.message.received_at else None,
            )
            for step in steps
        ],
        state=msgspec.Raw(row.state),
    )


def _facts(stored: bytes) -> list[StoredFact]:
    facts = msgspec.json.decode(stored, type=tuple[Fact, ...]) if stored else ()
    return [
        StoredFact(key=fact.key, body=msgspec.Raw(b"null" if fact.body is None else fact.body))
        for fact in facts
    ]


def _stored(row: MessageRow) -> StoredMessage:
    return StoredMessage(
        id=row.id,
        type=row.type,
        schema=row.schema,
        at=row.received_at,
        origin=row.origin,
        body=msgspec.Raw(row.body),
        correlation_id=row.correlation_id,
        causation_id=row.causation_id,
        document_id=row.document_id,
        bound=row.bound,
        amends=row.amends,
    )


def replay(history: History, process: StoredProcess) -> Replayed:
    """Fold a recorded inbox through today's code."""
    subscriber = SUBSCRIBERS[process.subscriber]
    rules = _rules_of(history)
    state = subscriber.start(process.key)
    steps = []
    for step in process.steps:
        message = message_of(_row(history.messages[step.message]))
        facts = tuple(
            Fact(key=fact.key, body=None if bytes(fact.body) == b"null" else bytes(fact.body))
            for fact in step.facts
        )
        taken_at = step.taken_at or message.received_at
        received = received_of(message, process.key, facts, taken_at)
        state, said = subscriber.decide(state, received, rules)
        state = msgspec.json.decode(encode_state(state), type=subscriber.state)
        steps.append(Step(said=[_spelt(each) for each in said], stage=subscriber.stage(state)))
    return Replayed(steps=steps, state=encode_state(state))


def _rules_of(history: History) -> Rules:
    """Read the rules under the name they had: states and messages of the history tell that name."""
    rules = msgspec.json.decode(msgspec.json.encode(history.rules), type=Rules)
    vars(rules)["digest"] = history.digest
    return rules


def _row(stored: StoredMessage) -> MessageRow:
    return MessageRow(
        tenant=TENANT,
        id=stored.id,
        type=stored.type,
        schema=stored.schema,
        body=bytes(stored.body),
        correlation_id=stored.correlation_id,
        causation_id=stored.causation_id,
        received_at=stored.at,
        origin=stored.origin,
        document_id=stored.document_id,
        bound=stored.bound,
        amends=stored.amends,
    )


def _spelt(emission: Emission) -> dict[str, Any]:
    """Write what a process said: its type, and the parts that differ from their defaults."""
    parts = {
        field.encode_name: getattr(emission, field.name)
        for field in msgspec.structs.fields(emission)
        if field.required or getattr(emission, field.name) != _default(field)
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(parts, order="deterministic"))
    return {type(emission).__name__: plain}


def _default(field: msgspec.structs.FieldInfo) -> object:
    made = field.default_factory
    return field.default if made is msgspec.NODEFAULT else made()


def differences(history: History) -> list[str]:
    """Tell, process by process, where today's decisions are not the recorded ones; none: []."""
    found: list[str] = []
    for process in history.processes:
        today = replay(history, process)
        whose = f"{history.name}: {process.subscriber} {process.key.kind} {process.key.id}"
        expected = list(_lines(history, process, process.steps))
        told = list(_lines(history, process, today.steps))
        found += difflib.unified_diff(
            expected, told, f"{whose}, recorded", f"{whose}, today", "", ""
        )
        if _lifted(process) != today.state and expected == told:
            found += _state_difference(whose, process, today)
    return found


def _lines(
    history: History, process: StoredProcess, steps: Sequence[StoredStep | Step]
) -> Iterator[str]:
    for number, (asked, step) in enumerate(zip(process.steps, steps, strict=True), start=1):
        message = history.messages[asked.message]
        yield f"{number}. {message.type} from {message.origin} at {message.at:%d %b %H:%M:%S}"
        for said in step.said:
            ((name, parts),) = said.items()
            yield f"     {name}"
            yield from (f"       {part} = {_short(value)}" for part, value in parts.items())
        yield f"     stage {step.stage}"


def _short(value: object) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()


def _lifted(process: StoredProcess) -> bytes:
    """Read the recorded state as a worker of today would, and write it as today."""
    subscriber = SUBSCRIBERS[process.subscriber]
    return encode_state(decode_state(subscriber, process.schema, bytes(process.state)))


def _state_difference(whose: str, process: StoredProcess, today: Replayed) -> Iterator[str]:
    recorded, now = (
        msgspec.json.format(state, indent=1).decode().splitlines()
        for state in (_lifted(process), today.state)
    )
    yield from difflib.unified_diff(recorded, now, f"{whose}, state", "state today", "", "")

"""Every socket of the house in one file: what plugs into what, and in which shape.

Subscriber, Projection   decide and show; pure          (processes/, projections/)
Emission                 what a decision may say
Connector                a partner's dialect; pure but for `send` and `look_up`   (connectors/)
Transport                one exchange on the wire       (channels/)
Clock, Ids               time and identity              (app/, testing/)

The store's sockets (Store, Unit, Reader and the rows) are in `ports.store`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from crossdock.canonical.references import Reference
from crossdock.faults import Finding
from crossdock.messages.acknowledgement import Environment, Level, Verdict
from crossdock.messages.envelope import Body, Command, Event, Key, Message, Report
from crossdock.messages.teams import Team

S = TypeVar("S")
R = TypeVar("R")
B = TypeVar("B")


class SetTimer(Struct, frozen=True, kw_only=True):
    """Wake this process at `due_at`; a timer of the same name is replaced."""

    name: str
    due_at: datetime


class CancelTimer(Struct, frozen=True, kw_only=True):
    """Forget a timer of this process; no such timer is no error."""

    name: str


class OpenException(Struct, frozen=True, kw_only=True):
    """Ask a team to look: one open exception for each (process, key, code).

    `cause` is one sentence for the operator, `action` the suggested next step, `about` the numbers
    an operator may search by, `seen` the facts.
    """

    code: str
    team: Team
    cause: str
    action: str
    about: tuple[str, ...] = ()
    seen: dict[str, str] = {}


class CloseException(Struct, frozen=True, kw_only=True):
    """What the exception `code` of this process asked is settled; none open is no error."""

    code: str
    because: str


class DropEffect(Struct, frozen=True, kw_only=True):
    """Do not send this effect any more, if it was never sent or was refused."""

    verb: str
    business_key: str
    version: str
    because: str


class PutReference(Struct, frozen=True, kw_only=True):
    """A number leads to a key: `routable` ones route at intake, others only serve the search."""

    reference: Reference
    key: Key
    routable: bool = False


class DropReference(Struct, frozen=True, kw_only=True):
    """A number does not route to this key any more; it still leads there in a search."""

    reference: Reference
    key: Key


Emission = (
    Event
    | Command
    | SetTimer
    | CancelTimer
    | OpenException
    | CloseException
    | DropEffect
    | PutReference
    | DropReference
)


class Fact(Struct, frozen=True, kw_only=True):
    """A record a step looked at: the projection row of that key, or None where there is none.

    `body` is the JSON of the record; the facts of a step are stored with it, so that a replay
    looks at the same.
    """

    key: Key
    body: bytes | None


class Received(Struct, Generic[B], frozen=True, kw_only=True):
    """A message as a process gets it: the body, when it was received, and the facts asked for.

    `taken_at` is when its step is taken: later than `at` where the message had to wait, for a
    person it may be. It is kept with the step. Decide by it only what is too late by then.
    `amends` is the id of the message an operator edited and sent again in its place, else empty.
    `origin` tells who said it, `document_id` in which raw document.
    """

    body: B
    at: datetime
    taken_at: datetime
    id: str
    key: Key
    correlation_id: str = ""
    origin: str = ""
    document_id: str = ""
    amends: str = ""
    facts: tuple[Fact, ...] = ()


class Rows(Struct, frozen=True, kw_only=True):
    """Asks for every projection row of a kind whose index holds all of `index`, in key order."""

    kind: str
    index: tuple[tuple[str, str], ...]


def no_facts(_state: object, _body: Body) -> tuple[Key | Rows, ...]:
    """Ask for no facts."""
    return ()


def not_pinned(_state: object) -> str:
    """Follow today's rules, whatever they are."""
    return ""


class Subscriber(Struct, Generic[S, R], frozen=True, kw_only=True):
    """A process manager (EIP): state for each key, moved only by `decide`.

    `start` gives the state before the first message of a key. `keys` chooses whose turn a message
    is; `receives` lists the body types it is asked for. `facts` names the records a step looks at:
    projection rows by kind and id, or by index; each is told once. `stage` is the word operators
    see on the board. `pinned` gives the digest of the rules a running case keeps, or nothing to
    follow today's.
    """

    name: str
    state: type[S]
    start: Callable[[Key], S]
    receives: tuple[type[Body], ...]
    keys: Callable[[Message], tuple[Key, ...]]
    decide: Callable[[S, Received[Any], R], tuple[S, tuple[Emission, ...]]]
    stage: Callable[[S], str]
    schema: int = 1
    facts: Callable[[S, Body], tuple[Key | Rows, ...]] = no_facts
    pinned: Callable[[S], str] = not_pinned
    upcasters: Mapping[int, Callable[[dict[str, object]], dict[str, object]]] = {}


class Put(Struct, frozen=True, kw_only=True):
    """One row of a read model: `body` None removes it. `index` are the (name, value) to find it by.

    `key` is the row's name within its kind; one (kind, key) has one writing projection.
    """

    kind: str
    key: str
    body: Struct | None
    index: tuple[tuple[str, str], ...] = ()


class Projection(Struct, frozen=True, kw_only=True):
    """A read model: rows made from one message, in the transaction that keeps the message."""

    name: str
    receives: tuple[type[Body], ...]
    project: Callable[[Message], tuple[Put, ...]]


class EffectClass(StrEnum):
    """What a partner promises about doing one thing once."""

    IDEMPOTENT = "idempotent"  # honours our key: the same request again is harmless
    LOOKUP = "lookup"  # can be asked, by our key, whether it was done
    NATURAL = "natural"  # doing it again changes nothing
    NEITHER = "neither"  # nothing protects: an unknown outcome becomes one exception


class Operation(Struct, frozen=True, kw_only=True):
    """What a connector declares about one verb, in its manifest.

    `duplicate_means` tells what a "duplicate" refusal (409) stands for: `applied` or `refused`.
    `busy_means` tells what 503 stands for: `not_applied` where the partner's contract says that
    nothing was processed, else `unknown`.
    """

    verb: str
    effect: EffectClass
    deadline_seconds: float = 20.0
    duplicate_means: str = "applied"
    busy_means: str = "unknown"


class Reported(Struct, frozen=True, kw_only=True, gc=False):
    """One report found in a document, with the identity its source gave it.

    `identity` is the source's event id with original, correction or retraction, or a content hash
    where the partner gives none: the same identity is the same thing said again.
    """

    identity: str
    report: Report
    where: str = ""


class Request(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request in a partner's words, fixed and stored before the first attempt; no secrets.

    `path` is relative to the partner's address; `body` are the exact bytes. `correlation_id` is
    told to partners that log one; flow may fill it in when it stores the request.

    `numbers` are the levels whose control numbers the bytes still lack: flow takes the numbers in
    the transaction that stores the request, has the connector `seal` the bytes with them, and notes
    them in `control`. `awaits` are the levels of which the partner owes an acknowledgement, and
    `environment` is what the bytes say of themselves, where they say it.
    """

    operation: str
    method: str
    path: str
    body: bytes
    content_type: str = "application/json"
    correlation_id: str = ""
    numbers: tuple[Level, ...] = ()
    control: dict[Level, int] = {}
    awaits: tuple[Level, ...] = ()
    environment: Environment | None = None


class Owed(Struct, frozen=True, kw_only=True):
    """An answer that the sender of a document is owed (X12: 997, TA1), with what it states.

    `identity` names what is answered, `digest` is the SHA-256 of its bytes in hex: the same again
    gets the same answer again, byte by byte. `request` says `verdict`; `refusal` rejects, for the
    case that the house refuses the document whole.
    """

    identity: str
    digest: str
    level: Level
    verdict: Verdict
    request: Request
    refusal: Request


class Reading(Struct, frozen=True, kw_only=True):
    """What a connector found in a document: the reports, and what it noticed on the way.

    `owed` are the answers its sender waits for; `environments` is what the document says of itself,
    test or production, where it says it.
    """

    reports: tuple[Reported, ...] = ()
    findings: tuple[Finding, ...] = ()
    owed: tuple[Owed, ...] = ()
    environments: tuple[Environment, ...] = ()


class Stage(StrEnum):
    """How far an exchange came."""

    NOT_SENT = "not_sent"  # no byte of the request left: name, connect or TLS failed
    NO_ANSWER = "no_answer"  # the request left, and no whole answer came back
    ANSWERED = "answered"


class Exchange(Struct, frozen=True, kw_only=True):
    """What happened on the wire, unjudged. `retry_after` in seconds, as the partner said."""

    stage: Stage
    status: int = 0
    body: bytes = b""
    said: str = ""
    retry_after: float | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """What a partner's answer means in business terms.

    `understood` False: the bytes are not what the partner promised (an HTML page, a cut text).
    `found` is only for look-ups: whether the partner did the thing.
    """

    understood: bool
    document: str = ""
    said: str = ""
    found: bool | None = None


class Call(Struct, frozen=True, kw_only=True):
    """One HTTP call, complete with address and credentials; never stored."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    deadline_seconds: float


class Transport(Protocol):
    """One exchange on the wire: one attempt, a total deadline, no redirects, no retries."""

    async def exchange(self, call: Call) -> Exchange:
        """Make the call; whatever the network does is told in the exchange, never raised."""
        ...


class Connector(Protocol):
    """A partner system's dialect: bytes to canonical reports, canonical commands to bytes."""

    name: str
    role: str
    settings: type[Struct]
    documents: Mapping[str, Callable[[bytes, Any], Reading]]
    operations: Mapping[str, Operation]

    def write(self, command: Command, settings: Any) -> Request:
        """Write a command as the partner's request. Raises Refused or Misconfigured."""
        ...

    def answer(self, operation: str, exchange: Exchange) -> Answer:
        """Read what the partner answered to an operation, or to its look-up."""
        ...

    async def send(self, request: Request, key: str, settings: Any, via: Transport) -> Exchange:
        """Send the stored request once, under our idempotency key."""
        ...

    async def look_up(self, request: Request, key: str, settings: Any, via: Transport) -> Exchange:
        """Ask the partner whether the request with this key was done."""
        ...


@runtime_checkable
class Sealer(Protocol):
    """A connector whose bytes carry control numbers."""

    def seal(
        self, request: Request, control: Mapping[Level, int], at: datetime, settings: Any
    ) -> Request:
        """Write the numbers, and the time, into the bytes; pure, and the last to change them."""
        ...


class Routed(Struct, frozen=True, kw_only=True):
    """Where a command goes: the endpoint (a partner's name) and the request in its words."""

    endpoint: str
    request: Request


class Endpoint(Struct, frozen=True, kw_only=True):
    """A partner to deliver to, and how it wants to be treated.

    `environment` is that of the way to it, `credentials` that of what we show it.
    """

    name: str
    connector: Connector
    settings: Struct
    environment: Environment = Environment.PRODUCTION
    credentials: Environment = Environment.PRODUCTION
    rate_per_second: float = 50.0
    in_flight_max: int = 8
    breaker_failures: int = 5
    breaker_open_seconds: float = 30.0
    retry_base_seconds: float = 5.0
    retry_max_seconds: float = 3600.0
    attempts_max: int = 20


class Clock(Protocol):
    """The business clock: wall time in earnest, accelerated in the demo, simulated in tests."""

    def now(self) -> datetime:
        """Tell the time, in UTC."""
        ...


class Ids(Protocol):
    """Ids for what comes from outside: UUIDv7, ordered by time."""

    def new(self) -> str:
        """Mint an id."""
        ...

"""Problem details (RFC 9457): `title` is constant for each type, `detail` tells of this case."""

from __future__ import annotations

import math

from msgspec import Struct

from crossdock.apis.http import PROBLEM, Reply, as_json
from crossdock.faults import NotNow
from crossdock.flow.shell import Busy
from crossdock.ports.store import StoreFull

BUSY_SECONDS, AWAY_SECONDS, FULL_SECONDS = 1, 5, 30  # when to come again where nobody says


class ProblemType(Struct, frozen=True, kw_only=True):
    """A kind of problem: its stable name, the HTTP status it comes with, and what to do."""

    name: str
    status: int
    title: str
    remedy: str

    @property
    def uri(self) -> str:
        """Give the problem's URI, under which this server explains it."""
        return f"/problems/{self.name}"


BAD_REQUEST = ProblemType(
    name="bad-request",
    status=400,
    title="The request cannot be meant so",
    remedy="Mend what the detail names, and ask again.",
)
UNAUTHENTICATED = ProblemType(
    name="unauthenticated",
    status=401,
    title="The caller is not known",
    remedy="Send a valid key, or sign the delivery with the agreed secret.",
)
FORBIDDEN = ProblemType(
    name="forbidden",
    status=403,
    title="The caller may not do this",
    remedy="Ask from this machine, or with an operator's token, or from the page itself.",
)
NOT_FOUND = ProblemType(
    name="not-found",
    status=404,
    title="There is nothing here",
    remedy="Look at the spelling. What is not yours to see answers the same.",
)
NOT_ALLOWED = ProblemType(
    name="method-not-allowed",
    status=405,
    title="This address does not take that method",
    remedy="Look at the header Allow.",
)
TOO_SLOW = ProblemType(
    name="too-slow",
    status=408,
    title="The request did not come in time",
    remedy="Send the whole request without a pause; nothing of it was stored.",
)
CONFLICT = ProblemType(
    name="conflict",
    status=409,
    title="This is not open to that decision",
    remedy="Read the current state; somebody may have been faster.",
)
TOO_LARGE = ProblemType(
    name="too-large",
    status=413,
    title="The document is larger than agreed",
    remedy="Send it in parts; every document may be an array.",
)
UNPROCESSABLE = ProblemType(
    name="unprocessable",
    status=422,
    title="The content cannot be taken",
    remedy="Mend what the detail names, and send it again.",
)
TOO_MANY = ProblemType(
    name="too-many-requests",
    status=429,
    title="More comes in than can be stored at the moment",
    remedy="Wait as long as Retry-After says; nothing of this request was stored.",
)
BROKEN = ProblemType(
    name="internal-error",
    status=500,
    title="Something broke on our side",
    remedy="Try again; if it stays, tell the operator the time of the request.",
)
NOT_READY = ProblemType(
    name="not-ready",
    status=503,
    title="Not ready to serve",
    remedy="Wait for the store and its keepers to come up.",
)

STORE_FULL = ProblemType(
    name="store-full",
    status=507,
    title="The store has no room for more",
    remedy="Wait as long as Retry-After says; the operator must make room on the store's disk.",
)

PROBLEMS: dict[str, ProblemType] = {
    each.name: each
    for each in (
        BAD_REQUEST,
        UNAUTHENTICATED,
        FORBIDDEN,
        NOT_FOUND,
        NOT_ALLOWED,
        TOO_SLOW,
        CONFLICT,
        TOO_LARGE,
        UNPROCESSABLE,
        TOO_MANY,
        BROKEN,
        NOT_READY,
        STORE_FULL,
    )
}


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of a problem answer (RFC 9457 section 3)."""

    type: str
    title: str
    status: int
    detail: str = ""
    instance: str = ""


class Declined(Exception):
    """What is answered with a problem: raised by routes, turned into a reply by the server."""

    def __init__(
        self, kind: ProblemType, detail: str, *, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """Take the kind, a sentence about this case, and headers such as Retry-After."""
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = headers


def not_now(later: NotNow) -> Declined:
    """Decline what cannot be taken now, with when to come again.

    429 where more comes than can be stored, 507 (RFC 4918 section 11.5) where the store has no
    room for it, and 503 where the store is away.
    """
    match later:
        case Busy():
            kind, seconds = TOO_MANY, BUSY_SECONDS
        case StoreFull():
            kind, seconds = STORE_FULL, FULL_SECONDS
        case _:
            kind, seconds = NOT_READY, AWAY_SECONDS
    return Declined(kind, later.said, headers=(("Retry-After", after(later, seconds)),))


def after(later: NotNow, seconds: float) -> str:
    """Write when to come again: as the fault says, else after these seconds."""
    return str(max(1, math.ceil(float(later.seen.get("retry_after", seconds)))))


def as_problem(
    kind: ProblemType, detail: str, *, headers: tuple[tuple[str, str], ...] = ()
) -> Reply:
    """Answer with a problem."""
    body = Problem(type=kind.uri, title=kind.title, status=kind.status, detail=detail)
    answer = as_json(body, status=kind.status)
    return Reply(status=kind.status, body=answer.body, content_type=PROBLEM, headers=headers)

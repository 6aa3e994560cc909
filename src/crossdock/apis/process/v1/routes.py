"""The routes of the process API, version 1: reading for operations, and an operator's decisions."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct

from crossdock.apis import problems
from crossdock.apis.access import Access
from crossdock.apis.http import Answering, Ask, Reply, Route, as_json, unchanged
from crossdock.apis.problems import Declined
from crossdock.apis.process.v1.operations import Operations, Wanted
from crossdock.apis.process.v1.verbs import Operator, decided, replayed
from crossdock.flow.decisions import Decision
from crossdock.flow.receiver import Receipt
from crossdock.flow.replayer import Choice
from crossdock.messages.envelope import Key
from crossdock.messages.teams import Team
from crossdock.ports.store import ExceptionStatus

S = TypeVar("S", bound=Struct)

log = logging.getLogger("crossdock.apis")

BASE = "/process/v1"
ANYONE = "operator"

# Takes a partner's document that an operator brings: partner, document, content.
ByHand = Callable[[str, str, bytes], Awaitable[Receipt]]


class Deciding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a decision: who decides, why, and for `edit` what is mended.

    `content` is the mended document, or a JSON Merge Patch of the message that is stuck.
    """

    by: str
    reason: str
    content: str = ""


class Replaying(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a replay: which new effects of which process shall be sent, who says so, why."""

    process: str
    kind: str
    id: str
    effects: tuple[str, ...]
    by: str
    reason: str


class Outcome(Struct, frozen=True, kw_only=True):
    """What happens now."""

    said: str


def routes(
    operations: Operations, operator: Operator, access: Access, by_hand: ByHand
) -> tuple[Route, ...]:
    """Give the routes."""

    async def board(ask: Ask) -> Reply:
        return tagged(ask, operations.board())

    async def cases(ask: Ask) -> Reply:
        process = _needed(ask.query, "process")
        found = operations.cases(
            process, ask.query.get("stage", ""), after=ask.query.get("after", "")
        )
        return tagged(ask, found)

    async def queue(ask: Ask) -> Reply:
        return tagged(ask, operations.queue(asked_for(ask.query)))

    async def one(ask: Ask) -> Reply:
        found = operations.stuck(ask.path["id"])
        if found is None:
            raise Declined(problems.NOT_FOUND, f"There is no exception {ask.path['id']}")
        return tagged(ask, found)

    async def decide(ask: Ask) -> Reply:
        access.admit_change(ask)
        body = _read(ask.body, Deciding)
        decision = Decision(
            verb=ask.path["verb"],
            exception_id=ask.path["id"],
            by=body.by,
            reason=body.reason,
            content=body.content.encode(),
        )
        said = await decided(operator, decision)
        return as_json(Outcome(said=said))

    async def story(ask: Ask) -> Reply:
        found = operations.trace(ask.path["number"])
        if not found.found:
            raise Declined(problems.NOT_FOUND, f"Nothing is known under {found.number}")
        return tagged(ask, found)

    async def document(ask: Ask) -> Reply:
        found = operations.document(ask.path["id"])
        if found is None:
            raise Declined(problems.NOT_FOUND, f"There is no document {ask.path['id']}")
        await operator.looked_at(found.id, by=ANYONE)
        # Partners' bytes are never shown as what they claim to be: a page among them stays text.
        return Reply(
            body=found.content,
            content_type="application/octet-stream",
            headers=(("X-Content-Type-Options", "nosniff"),),
        )

    async def replay(ask: Ask) -> Reply:
        access.admit_change(ask)
        body = _read(ask.body, Replaying)
        choice = Choice(
            subscriber=body.process,
            key=Key(body.kind, body.id),
            effects=body.effects,
            by=body.by,
            reason=body.reason,
        )
        return as_json(Outcome(said=await replayed(operator, choice)))

    async def hand_in(ask: Ask) -> Reply:
        by = access.admit_hand(ask)
        receipt = await by_hand(ask.path["partner"], ask.path["document"], ask.body)
        log.info(
            "document.handed_in", extra={"fields": {"by": by, "object_ref": receipt.document_id}}
        )
        return as_json(receipt, status=202)

    def guarded(answer: Answering) -> Answering:
        async def answering(ask: Ask) -> Reply:
            access.admit(ask)
            return await answer(ask)

        return answering

    reading: Mapping[str, Answering] = {
        "/board": board,
        "/cases": cases,
        "/exceptions": queue,
        "/exceptions/{id}": one,
        "/trace/{number...}": story,
        "/documents/{id}": document,
    }
    return (
        *(
            Route(method="GET", path=BASE + path, answer=guarded(answer))
            for path, answer in reading.items()
        ),
        Route(method="POST", path=f"{BASE}/exceptions/{{id}}/{{verb}}", answer=decide),
        Route(method="POST", path=f"{BASE}/replays", answer=replay),
        Route(method="POST", path=f"{BASE}/partners/{{partner}}/{{document}}", answer=hand_in),
    )


def asked_for(query: Mapping[str, str]) -> Wanted:
    """Read which exceptions are asked for. Raises Declined for a team or status there is not."""
    team, status = query.get("team", "").upper(), query.get("status", "open")
    if team and team not in set(Team):
        raise Declined(
            problems.BAD_REQUEST, f"There is no team {team}; there are {', '.join(Team)}"
        )
    if status not in {"all", *ExceptionStatus}:
        known = ", ".join(["all", *ExceptionStatus])
        raise Declined(problems.BAD_REQUEST, f"There is no status {status}; there are {known}")
    return Wanted(
        team=team,
        about=query.get("about", ""),
        status=None if status == "all" else ExceptionStatus(status),
        after=query.get("after", ""),
    )


def _read(body: bytes, kind: type[S]) -> S:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise Declined(problems.BAD_REQUEST, str(error)) from error


def _needed(query: Mapping[str, str], name: str) -> str:
    if not query.get(name):
        raise Declined(problems.BAD_REQUEST, f"Say which `{name}`")
    return query[name]


def tagged(ask: Ask, value: object) -> Reply:
    """Answer with a value and the tag of its bytes, or with 304 where the caller has them."""
    reply = as_json(value)
    tag = f'"{hashlib.sha256(reply.body).hexdigest()[:32]}"'
    headers = (("ETag", tag), ("Cache-Control", "private, no-cache"))
    if unchanged(ask, tag):
        return Reply(status=304, headers=headers)
    return Reply(body=reply.body, headers=headers)

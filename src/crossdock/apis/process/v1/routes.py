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
from crossdock.apis.http import Answering, Ask, Reply, Route, as_json, aside, reply_to, unchanged
from crossdock.apis.problems import Declined
from crossdock.apis.process.v1.counter_offers import Countering, counter
from crossdock.apis.process.v1.operations import Operations, Wanted
from crossdock.apis.process.v1.promises import OPEN, STATUSES
from crossdock.apis.process.v1.verbs import Operator, decided, recovered, replayed
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


class Recovering(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a decision after a restore: who decides, and why."""

    by: str
    reason: str


class Outcome(Struct, frozen=True, kw_only=True):
    """What happens now."""

    said: str


class ProcessApi:
    """The process API over what operations see and an operator may decide."""

    def __init__(
        self, operations: Operations, operator: Operator, access: Access, by_hand: ByHand
    ) -> None:
        """Take what is seen, who carries decisions out, the door, and who takes documents."""
        self._operations = operations
        self._operator = operator
        self._access = access
        self._by_hand = by_hand

    def routes(self) -> tuple[Route, ...]:
        """Give the routes."""
        reading: Mapping[str, Answering] = {
            "/board": self.board,
            "/cases": self.cases,
            "/recovery": self.recovery,
            "/exceptions": self.queue,
            "/exceptions/{id}": self.one,
            "/trace/{number...}": self.trace,
            "/documents/{id}": self.document,
            "/acknowledgements": self.acknowledgements,
        }
        changing: Mapping[str, Answering] = {
            "/exceptions/{id}/{verb}": self.decide,
            "/offers/{id}/counter": self.counter,
            "/recovery/{verb}": self.recover,
            "/replays": self.replay,
            "/partners/{partner}/{document}": self.hand_in,
        }
        return (
            *(
                Route(method="GET", path=BASE + path, answer=self._guarded(answer))
                for path, answer in reading.items()
            ),
            *(
                Route(method="POST", path=BASE + path, answer=answer)
                for path, answer in changing.items()
            ),
        )

    def board(self, ask: Ask) -> Reply:
        """Show the whole house at a glance."""
        return tagged(ask, self._operations.board())

    def cases(self, ask: Ask) -> Reply:
        """List the cases of a process."""
        process = _needed(ask.query, "process")
        stage, after = ask.query.get("stage", ""), ask.query.get("after", "")
        return tagged(ask, self._operations.cases(process, stage, after=after))

    def queue(self, ask: Ask) -> Reply:
        """List exceptions."""
        return tagged(ask, self._operations.queue(asked_for(ask.query)))

    def one(self, ask: Ask) -> Reply:
        """Show one exception."""
        found = self._operations.stuck(ask.path["id"])
        if found is None:
            raise Declined(problems.NOT_FOUND, f"There is no exception {ask.path['id']}")
        return tagged(ask, found)

    def trace(self, ask: Ask) -> Reply:
        """Tell the story of a number."""
        found = self._operations.trace(ask.path["number"])
        if not found.found:
            raise Declined(problems.NOT_FOUND, f"Nothing is known under {found.number}")
        return tagged(ask, found)

    def acknowledgements(self, ask: Ask) -> Reply:
        """List what partners owe for what we sent."""
        status, partner = acknowledged(ask.query), ask.query.get("partner", "")
        return tagged(ask, self._operations.acknowledgements(status, partner))

    async def document(self, ask: Ask) -> Reply:
        """Give a raw document's bytes, and note who looked."""
        found = await aside(self._operations.document, ask.path["id"])
        if found is None:
            raise Declined(problems.NOT_FOUND, f"There is no document {ask.path['id']}")
        await self._operator.looked_at(found.id, by=ANYONE)
        # Partners' bytes are never shown as what they claim to be: a page among them stays text.
        return Reply(
            body=found.content,
            content_type="application/octet-stream",
            headers=(("X-Content-Type-Options", "nosniff"),),
        )

    async def decide(self, ask: Ask) -> Reply:
        """Carry a decision about an exception out."""
        self._access.admit_change(ask)
        body = _read(ask.body, Deciding)
        decision = Decision(
            verb=ask.path["verb"],
            exception_id=ask.path["id"],
            by=body.by,
            reason=body.reason,
            content=body.content.encode(),
        )
        return as_json(Outcome(said=await decided(self._operator, decision)))

    async def counter(self, ask: Ask) -> Reply:
        """Counter a load that a customer offers, once it is confirmed."""
        self._access.admit_change(ask)
        asked = _read(ask.body, Countering)
        word = await aside(self._operations.counter, ask.path["id"], asked)
        return as_json(await counter(self._operator, word, asked))

    async def replay(self, ask: Ask) -> Reply:
        """Ask for the chosen effects of a replay."""
        self._access.admit_change(ask)
        body = _read(ask.body, Replaying)
        choice = Choice(
            subscriber=body.process,
            key=Key(body.kind, body.id),
            effects=body.effects,
            by=body.by,
            reason=body.reason,
        )
        return as_json(Outcome(said=await replayed(self._operator, choice)))

    def recovery(self, ask: Ask) -> Reply:
        """Tell where the house stands after a restore."""
        found = self._operations.recovery()
        if found is None:
            raise Declined(problems.NOT_FOUND, "No restore is open")
        return tagged(ask, found)

    async def recover(self, ask: Ask) -> Reply:
        """Release what a restore holds, or finish it."""
        self._access.admit_change(ask)
        body = _read(ask.body, Recovering)
        verb = ask.path["verb"]
        said = await recovered(self._operator, verb, by=body.by, reason=body.reason)
        return as_json(Outcome(said=said))

    async def hand_in(self, ask: Ask) -> Reply:
        """Take a partner's document that an operator brings."""
        by = self._access.admit_hand(ask)
        receipt = await self._by_hand(ask.path["partner"], ask.path["document"], ask.body)
        log.info(
            "document.handed_in", extra={"fields": {"by": by, "object_ref": receipt.document_id}}
        )
        return as_json(receipt, status=202)

    def _guarded(self, answer: Answering) -> Answering:
        async def answering(ask: Ask) -> Reply:
            self._access.admit(ask)
            return await reply_to(ask, answer)

        return answering


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


def acknowledged(query: Mapping[str, str]) -> str:
    """Read which acknowledgements are asked for. Raises Declined for a status there is not."""
    status = query.get("status", OPEN)
    if status not in STATUSES:
        known = ", ".join(STATUSES)
        raise Declined(problems.BAD_REQUEST, f"There is no status {status}; there are {known}")
    return status


def _read(body: bytes, kind: type[S]) -> S:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
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

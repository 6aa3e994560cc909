"""`POST /system/v1/partners/{partner}/{document}`: the way in, as plain ASGI beside the framework.

A delivery is answered after it is on disk: 202 with what was new, known, or known otherwise. Bytes
in which nothing can be read are stored and answered 202 as well, with `unreadable`; they are a work
item here, and sending them again would help nobody. Deliveries are signed by Standard Webhooks
1.0.0 where a secret is agreed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from crossdock.apis import problems
from crossdock.apis.door import answered
from crossdock.apis.http import Reply, as_json
from crossdock.apis.intake import Caller, Intake
from crossdock.apis.problems import Declined, as_problem
from crossdock.faults import NotNow
from crossdock.flow.reading import Arrival
from crossdock.flow.receiver import Receipt
from crossdock.messages.acknowledgement import Environment
from crossdock.ports.store import DocumentStatus

PREFIX = "/system/v1/partners/"

Scope = Any
Receive = Callable[[], Any]
Send = Callable[[Any], Any]


class Signed(Protocol):
    """What judges a signature, with wall-clock time."""

    def __call__(
        self, secrets: tuple[str, ...], headers: Mapping[str, str], body: bytes, now: datetime
    ) -> bool:
        """Tell whether one of the secrets signed this body, lately."""
        ...


class Deliveries:
    """The raw ASGI application; it answers only below its prefix."""

    def __init__(
        self,
        tenant: str,
        callers: Mapping[str, Caller],
        intake: Intake,
        signed: Signed,
        wall: Callable[[], datetime],
    ) -> None:
        """Take whose orders they are, who may call, what stores, who judges, the wall clock."""
        self.tenant = tenant
        self.callers = callers
        self.intake = intake
        self.signed = signed
        self.wall = wall

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            reply = await self._answer(scope, receive)
        except Declined as declined:
            reply = as_problem(declined.kind, declined.detail, headers=declined.headers)
        await answered(reply, send)

    async def by_hand(self, partner: str, document: str, content: bytes) -> Receipt:
        """Take a document that an operator brings in a partner's name; it needs no signature.

        Raises Declined for a partner or document there is not, and where there is no room.
        """
        caller, document = self._called(f"{PREFIX}{partner}/{document}")
        if len(content) > caller.body_max_bytes:
            raise Declined(problems.TOO_LARGE, f"At most {caller.body_max_bytes} bytes at once")
        return await self._stored(
            Arrival(
                tenant=self.tenant,
                partner=caller.name,
                document=document,
                content=content,
                content_type="application/octet-stream",
            )
        )

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        if scope["method"] != "POST":
            raise Declined(
                problems.NOT_ALLOWED, "Documents are POSTed here", headers=(("Allow", "POST"),)
            )
        caller, document = self._called(scope["path"])
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        body = await _body(receive, headers, caller.body_max_bytes)
        arrival = Arrival(
            tenant=self.tenant,
            partner=caller.name,
            document=document,
            content=body,
            content_type=headers.get("content-type", ""),
            credentials=self._credentials(caller, headers, body),
            in_response=caller.answers_in_response,
        )
        return await self._taken(arrival)

    def _credentials(
        self, caller: Caller, headers: Mapping[str, str], body: bytes
    ) -> Environment | None:
        """Tell for which side the sender signed; None where nothing is signed.

        Raises Declined where it should be signed and is not.
        """
        if not caller.webhook_secrets and not caller.test_webhook_secrets:
            return None
        now = self.wall()
        if self.signed(caller.webhook_secrets, headers, body, now):
            return caller.credentials
        if self.signed(caller.test_webhook_secrets, headers, body, now):
            return Environment.TEST
        raise Declined(
            problems.UNAUTHENTICATED,
            "The signature does not fit the body, the secret or the time; "
            "sign `id.timestamp.body` exactly as sent",
        )

    def _called(self, path: str) -> tuple[Caller, str]:
        name, _, document = path.removeprefix(PREFIX).partition("/")
        caller = self.callers.get(name)
        if caller is None:
            raise Declined(problems.NOT_FOUND, f"No partner is called `{name}` here")
        if document not in caller.documents:
            known = ", ".join(sorted(caller.documents)) or "none"
            raise Declined(
                problems.NOT_FOUND, f"`{name}` delivers no document `{document}`; known: {known}"
            )
        return caller, document

    async def _taken(self, arrival: Arrival) -> Reply:
        receipt = await self._stored(arrival)
        if receipt.answer:
            return Reply(status=200, body=receipt.answer, content_type=arrival.content_type)
        answer: dict[str, object] = {
            "accepted": receipt.accepted,
            "duplicates": receipt.duplicates,
            "conflicts": receipt.conflicts,
            "document_id": receipt.document_id,
        }
        if receipt.status is DocumentStatus.UNREADABLE:
            answer["unreadable"] = True
        return as_json(answer, status=202)

    async def _stored(self, arrival: Arrival) -> Receipt:
        try:
            return await self.intake.take(arrival)
        except NotNow as later:
            raise problems.not_now(later) from later


async def _body(receive: Receive, headers: Mapping[str, str], most: int) -> bytes:
    """Read the body, and stop at once where it is or becomes larger than agreed."""
    declared = headers.get("content-length", "")
    too_large = Declined(problems.TOO_LARGE, f"At most {most} bytes at once are agreed")
    if declared.isdigit() and int(declared) > most:
        raise too_large
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        event = await receive()
        if event["type"] != "http.request":
            raise Declined(problems.BAD_REQUEST, "The connection ended before the document did")
        part = event.get("body", b"")
        size += len(part)
        if size > most:
            raise too_large
        parts.append(part)
        more = event.get("more_body", False)
    return b"".join(parts)

"""Exceptions that flow itself opens: one row for each trouble, in one team's queue."""

from __future__ import annotations

import traceback
from datetime import datetime

from msgspec import Struct

from crossdock.flow.names import exception_id
from crossdock.flow.roster import Rulebook
from crossdock.messages.about import numbers_of
from crossdock.messages.envelope import Command
from crossdock.messages.registry import decode
from crossdock.ports.store import ExceptionRow, MessageRow, OutboxRow, Reader

# What an effect can be stuck in; settled together when the effect ends well.
REFUSED = "EFFECT_REFUSED"
UNRESOLVED = "EFFECT_UNRESOLVED"
GAVE_UP = "EFFECT_GAVE_UP"
UNWRITTEN = "EFFECT_UNWRITTEN"
EFFECT_CODES = (REFUSED, UNRESOLVED, GAVE_UP, UNWRITTEN)

# What a partner's endpoint can be stuck in; settled together when a call succeeds again.
ENDPOINT_DOWN = "ENDPOINT_DOWN"
LOCKED_OUT = "ENDPOINT_LOCKED_OUT"
ENDPOINT_CODES = (ENDPOINT_DOWN, LOCKED_OUT)

# What the store itself can be stuck in.
STORE_FULL = "STORE_FULL"

# What the ways in can be stuck in: an entrance that fails, a file that is not read.
ENTRANCE_SHUT = "ENTRANCE_SHUT"
FILE_REFUSED = "FILE_REFUSED"

STEP_FAILED = "STEP_FAILED"
STEP_POISON = "STEP_POISON"
STEP_CODES = (STEP_FAILED, STEP_POISON)

UNREADABLE = "UNREADABLE"
READING_FAILED = "READING_FAILED"
ROUTING_FAILED = "ROUTING_FAILED"
ID_REUSED = "ID_REUSED"
UNASSIGNED = "UNASSIGNED"
UNANSWERED = "UNANSWERED"
FENCED = "TEST_PRODUCTION_FENCE"


class Trouble(Struct, frozen=True, kw_only=True):
    """What is stuck and what someone could do: an exception before it has a place and a time.

    `kind` is `document`, `process`, `step`, `effect`, `endpoint`, `entrance`, `file` or `store`;
    `subject` its id.
    """

    kind: str
    subject: str
    code: str
    team: str
    cause: str
    action: str
    about: tuple[str, ...] = ()
    seen: dict[str, str] = {}
    message_id: str = ""
    document_id: str = ""
    correlation_id: str = ""

    def id_in(self, tenant: str) -> str:
        """Name its row."""
        return exception_id(tenant, self.kind, self.subject, self.code)

    def row(self, tenant: str, rulebook: Rulebook, at: datetime) -> ExceptionRow:
        """Write it down for the team the rules name."""
        return ExceptionRow(
            tenant=tenant,
            id=self.id_in(tenant),
            kind=self.kind,
            subject=self.subject,
            code=self.code,
            team=rulebook.team_for(self.code, self.team),
            cause=self.cause,
            action=self.action,
            opened_at=at,
            about=self.about,
            seen=self.seen,
            message_id=self.message_id,
            document_id=self.document_id,
            correlation_id=self.correlation_id,
        )


class Closing(Struct, frozen=True, kw_only=True):
    """Exceptions of one subject that are settled; those not open are left alone."""

    tenant: str
    kind: str
    subject: str
    codes: tuple[str, ...]
    by: str
    because: str

    def ids(self) -> tuple[str, ...]:
        """Name the rows."""
        return tuple(
            exception_id(self.tenant, self.kind, self.subject, code) for code in self.codes
        )


CAUSES = {
    REFUSED: "{endpoint} refused {verb} for {business_key}: {said}",
    UNRESOLVED: "Nobody can tell whether {endpoint} did {verb} for {business_key}: {said}",
    GAVE_UP: "{verb} for {business_key} did not reach {endpoint} in {attempts} attempts: {said}",
}
ACTIONS = {
    REFUSED: "Fix what the partner refused, then retry; or edit the request, or waive it",
    UNRESOLVED: "Look it up at the partner; waive it if it was done, retry if it was not",
    GAVE_UP: "See whether the partner is there, then retry; nothing was done so far",
}
ABOUT_MONEY = (
    "Fix what the partner refused, then retry; or waive it, and finance is asked where the ledger "
    "lacks it"
)


def trouble_of(reader: Reader, row: OutboxRow, code: str) -> Trouble:
    """Ask the command's owner to look at an effect, named by the numbers its command tells of."""
    asked = reader.messages(row.tenant, [row.message_id]).get(row.message_id)
    body = decode(asked.type, asked.schema, asked.body) if asked else None
    numbers = numbers_of(body) if body else ()
    is_of_money = isinstance(body, Command) and body.of_money
    return Trouble(
        kind="effect",
        subject=row.id,
        code=code,
        team=row.owner,
        cause=CAUSES[code].format(
            endpoint=row.endpoint,
            verb=row.verb,
            business_key=row.business_key,
            attempts=row.attempts,
            said=row.said or "no word",
        ),
        action=ABOUT_MONEY if code == REFUSED and is_of_money else ACTIONS[code],
        about=tuple(dict.fromkeys((*numbers, row.key.id, row.business_key))),
        seen={
            "endpoint": row.endpoint,
            "verb": row.verb,
            "version": row.version,
            "idempotency_key": row.idempotency_key,
            "attempts": str(row.attempts),
        },
        message_id=row.message_id,
        correlation_id=row.correlation_id,
    )


def place_of(error: BaseException) -> str:
    """Tell where an error was raised: `shipment_visibility.py:123 in judge_lateness`."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    last = frames[-1]
    return f"{last.filename.rsplit('/', 1)[-1]}:{last.lineno} in {last.name}"


def facts_of(error: BaseException) -> dict[str, str]:
    """Tell the developer's facts of an error."""
    return {"error": type(error).__name__, "text": str(error)[:500], "place": place_of(error)}


def about_message(message: MessageRow) -> dict[str, str]:
    """Tell the facts of the message in whose step something went wrong."""
    return {"message": message.id, "type": message.type, "origin": message.origin}

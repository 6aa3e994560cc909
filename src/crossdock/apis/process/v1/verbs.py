"""What an operator may decide about an exception: retry, edit, waive; with a reason, audited."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from crossdock.apis import problems
from crossdock.apis.problems import Declined
from crossdock.faults import Fault


class Verb(StrEnum):
    """The three decisions."""

    RETRY = "retry"  # try again what stopped
    EDIT = "edit"  # take mended bytes in place of the document
    WAIVE = "waive"  # go on without


class Action(StrEnum):
    """What is noted beside decisions."""

    READ = "document.read"  # somebody looked at a document's content
    HANDED_IN = "document.handed_in"  # somebody brought a partner's document by hand


class Operator(Protocol):
    """What carries a decision out, durably, before it returns."""

    async def decide(
        self, verb: Verb, exception_id: str, *, by: str, reason: str, content: bytes
    ) -> str:
        """Carry it out; answer one sentence on what happens now.

        Raises a Fault where the exception is not open to this decision.
        """
        ...

    async def note(self, action: Action, subject: str, *, by: str) -> None:
        """Note in the audit log what somebody did who decided nothing."""
        ...


async def decided(  # noqa: PLR0913 - what an operator decides has this many parts
    operator: Operator, verb: str, exception_id: str, *, by: str, reason: str, content: str
) -> str:
    """Carry a decision out as asked by a form or the API. Raises Declined where it cannot be."""
    if verb not in set(Verb):
        known = ", ".join(Verb)
        raise Declined(problems.NOT_FOUND, f"There is no decision `{verb}`; there are {known}")
    if not by.strip():
        raise Declined(problems.UNPROCESSABLE, "Say who decides this (`by`)")
    if not reason.strip():
        raise Declined(problems.UNPROCESSABLE, "Say why (`reason`); it is kept with the decision")
    if verb == Verb.EDIT and not content.strip():
        raise Declined(problems.UNPROCESSABLE, "Give the mended document (`content`)")
    try:
        return await operator.decide(
            Verb(verb), exception_id, by=by.strip(), reason=reason.strip(), content=content.encode()
        )
    except Fault as fault:
        raise Declined(problems.CONFLICT, fault.said) from fault

"""What an operator may decide about an exception: retry, edit, waive; with a reason, audited."""

from __future__ import annotations

from typing import Protocol

from crossdock.apis import problems
from crossdock.apis.problems import Declined
from crossdock.flow.decisions import (
    EDIT,
    VERBS,
    Decision,
    NeedsReason,
    NotFound,
    Undecidable,
)
from crossdock.flow.operator_word import Word
from crossdock.flow.recovery import VERBS as VERBS_AFTER_A_RESTORE
from crossdock.flow.replayer import Choice


class Operator(Protocol):
    """What carries a decision out, durably, before it returns."""

    async def decide(
        self, verb: str, exception_id: str, *, by: str, reason: str, content: bytes = b""
    ) -> str:
        """Carry it out; answer one sentence on what happens now.

        Raises Undecidable where the exception is not open to it.
        """
        ...

    async def say(self, word: Word) -> str:
        """Send a person's word to one process on its way; answer its message's id.

        The same word upon the same ground is one message. Raises Undecidable where no such process
        takes it.
        """
        ...

    async def replay(self, choice: Choice) -> None:
        """Ask for the chosen new effects of a replay. Raises Undecidable where one is not new."""
        ...

    async def recover(self, verb: str, *, by: str, reason: str) -> str:
        """Release what a restore holds, or finish it. Raises Undecidable where it is not open."""
        ...

    async def looked_at(self, document_id: str, *, by: str) -> None:
        """Note in the audit log that somebody read a document's content."""
        ...


async def said(operator: Operator, word: Word) -> str:
    """Say a word to a process as asked by a form or the API; answer its message's id.

    Raises Declined where it cannot be.
    """
    try:
        return await operator.say(word)
    except NotFound as missing:
        raise Declined(problems.NOT_FOUND, missing.said) from missing
    except NeedsReason as bare:
        raise Declined(problems.UNPROCESSABLE, bare.said) from bare
    except Undecidable as shut:
        raise Declined(problems.CONFLICT, shut.said) from shut


async def replayed(operator: Operator, choice: Choice) -> str:
    """Ask for the chosen effects of a replay; answer what happens now.

    Raises Declined where it cannot be.
    """
    if not choice.by.strip() or not choice.reason.strip():
        raise Declined(problems.UNPROCESSABLE, "Say who replays this (`by`), and why (`reason`)")
    if not choice.effects:
        raise Declined(problems.UNPROCESSABLE, "Choose what shall be sent (`effects`)")
    try:
        await operator.replay(choice)
    except Undecidable as shut:
        raise Declined(problems.CONFLICT, shut.said) from shut
    return f"{len(choice.effects)} effect(s) wait to be sent"


async def recovered(operator: Operator, verb: str, *, by: str, reason: str) -> str:
    """Release what a restore holds, or finish it; answer what happens now.

    Raises Declined where it cannot be.
    """
    if verb not in VERBS_AFTER_A_RESTORE:
        known = ", ".join(VERBS_AFTER_A_RESTORE)
        raise Declined(problems.NOT_FOUND, f"There is no decision `{verb}`; there are {known}")
    try:
        return await operator.recover(verb, by=by, reason=reason)
    except NeedsReason as bare:
        raise Declined(problems.UNPROCESSABLE, bare.said) from bare
    except Undecidable as shut:
        raise Declined(problems.CONFLICT, shut.said) from shut


async def decided(operator: Operator, decision: Decision) -> str:
    """Carry a decision out as asked by a form or the API; answer what happens now.

    Raises Declined where it cannot be.
    """
    if decision.verb not in VERBS:
        known = ", ".join(VERBS)
        raise Declined(
            problems.NOT_FOUND, f"There is no decision `{decision.verb}`; there are {known}"
        )
    if not decision.by.strip():
        raise Declined(problems.UNPROCESSABLE, "Say who decides this (`by`)")
    if not decision.reason.strip():
        raise Declined(problems.UNPROCESSABLE, "Say why (`reason`); it is kept with the decision")
    if decision.verb == EDIT and not decision.content.strip():
        raise Declined(problems.UNPROCESSABLE, "Give what is mended (`content`)")
    try:
        return await operator.decide(
            decision.verb,
            decision.exception_id,
            by=decision.by,
            reason=decision.reason,
            content=decision.content,
        )
    except NotFound as missing:
        raise Declined(problems.NOT_FOUND, missing.said) from missing
    except NeedsReason as bare:
        raise Declined(problems.UNPROCESSABLE, bare.said) from bare
    except Undecidable as shut:
        raise Declined(problems.CONFLICT, shut.said) from shut

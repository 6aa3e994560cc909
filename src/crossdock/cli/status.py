"""`crossdock status`: the whole house at a glance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from crossdock.apis import words
from crossdock.apis.http import json_text
from crossdock.apis.process.v1.operations import Board, Operations
from crossdock.cli import recovery
from crossdock.cli.ending import Exit
from crossdock.cli.place import DEFAULT, AsJson, ConfigFile, configured, looking
from crossdock.cli.table import table
from crossdock.ports.store import Reader


def status(*, as_json: AsJson = False, config: ConfigFile = DEFAULT) -> int:
    """Count the cases by stage, what waits for partners, and what waits for people."""
    house = configured(config)
    with looking(house) as reader:

        @contextmanager
        def snapshot() -> Iterator[Reader]:
            yield reader

        board = Operations(snapshot, house.tenant).board()
    print(json_text(board) if as_json else tell(board, datetime.now(UTC)))
    return Exit.OK


def tell(board: Board, now: datetime) -> str:
    """Write the board for a terminal."""
    cases = [
        (
            each.process.replace("_", " "),
            each.stage.replace("_", " "),
            str(each.count),
            words.ago(each.oldest, now),
        )
        for each in board.stages
    ]
    partners = [
        (
            each.partner,
            "answers" if each.answering else "DOES NOT ANSWER",
            str(each.waiting),
            words.ago(each.oldest_waiting, now) if each.oldest_waiting else "",
            str(each.applied),
            str(each.needs_a_person),
        )
        for each in board.partners
    ]
    people = [
        (each.team.replace("_", " ").lower(), each.code, str(each.count))
        for each in board.exceptions
    ]
    parts = [
        table(("PROCESS", "STAGE", "CASES", "LONGEST"), cases) if cases else "No case yet.",
        table(("PARTNER", "STATE", "WAITING", "OLDEST", "DONE", "PERSON"), partners)
        if partners
        else "Nothing was asked of a partner yet.",
        table(("TEAM", "WHAT", "OPEN"), people) if people else "Nothing waits for people.",
        f"{board.pending_steps} message(s) wait to be looked at.",
    ]
    if board.recovery:
        parts.insert(0, recovery.tell(board.recovery))
    if board.parked:
        parts.append("Parked after a failed step: " + ", ".join(board.parked))
    return "\n\n".join(parts)

"""How a command ends: exit codes, and what is said on the way out."""

from __future__ import annotations

import sys
from enum import IntEnum

from crossdock.faults import (
    Fault,
    LockedOut,
    Misconfigured,
    NotNow,
    Refused,
    Unassigned,
    Unknown,
    Unreadable,
)
from crossdock.flow.decisions import NotFound, Undecidable


class Exit(IntEnum):
    """What a command's end means to whoever called it."""

    OK = 0
    FAILED = 1
    USAGE = 2  # the command line cannot be meant so
    MISCONFIGURED = 3
    NOT_FOUND = 4
    CONFLICT = 5  # not open to that decision any more
    LOCKED_OUT = 6
    NOT_NOW = 7  # somebody does not answer
    CHECKS_FAILED = 8
    INTERRUPTED = 130


_CODES: dict[type[Fault], Exit] = {
    Misconfigured: Exit.MISCONFIGURED,
    Unassigned: Exit.NOT_FOUND,
    Refused: Exit.CONFLICT,
    NotFound: Exit.NOT_FOUND,
    Undecidable: Exit.CONFLICT,
    LockedOut: Exit.LOCKED_OUT,
    NotNow: Exit.NOT_NOW,
    Unknown: Exit.NOT_NOW,
    Unreadable: Exit.FAILED,
}


class Ended(Exception):
    """A command ends here, with a code and a sentence on standard error."""

    def __init__(self, code: Exit, said: str) -> None:
        """Take the code and the sentence."""
        super().__init__(said)
        self.code = code
        self.said = said


def code_of(fault: Fault) -> Exit:
    """Choose the exit code of a fault."""
    return next((code for kind, code in _CODES.items() if isinstance(fault, kind)), Exit.FAILED)


def say(text: str) -> None:
    """Say something to the person at the terminal; standard output stays for answers."""
    print(text, file=sys.stderr)

"""What can go wrong, named by what someone must do about it.

Fault                 remedy
├── NotNow            wait: the partner is down, busy or asks for less
├── Unreadable        teach: no message could be found in the bytes
├── Refused           fix the data: the partner said no, and will say no again
├── LockedOut         renew the credentials
├── Unassigned        assign: no partner or agreement matches
├── Misconfigured     mend the configuration: file, line and a suggestion
│   └── Outdated      start the newer release: what is stored is ahead of this one
└── Unknown           look: the work may or may not have been done

A fault carries two texts: `said`, one sentence for the operator, and `seen`, the facts for the
developer. Any other exception is a bug: it parks the message, not the worker.

A `Finding` is not a fault: it is something noticed in data that was read all the same.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct


class Finding(Struct, frozen=True, kw_only=True):
    """Something noticed in a document that could still be read.

    `code` is stable and UPPER_SNAKE, `said` a sentence for the operator, `where` the place in the
    document (JSON Pointer, line, or segment and element), `seen` the facts. `kind` is the class a
    partner's profile decides by (`layout`, `envelope`, `syntax`), `at` the offset of the first
    byte meant; both where the format knows them.
    """

    code: str
    said: str
    where: str = ""
    seen: dict[str, str] = {}
    kind: str = ""
    at: int | None = None


class Fault(Exception):
    """The root of everything crossdock raises on purpose."""

    remedy: ClassVar[str] = "read the text"

    def __init__(self, said: str, **seen: object) -> None:
        """Take the operator's sentence and the developer's facts."""
        super().__init__(said)
        self.said = said
        self.seen = {name: str(value) for name, value in seen.items()}

    def __str__(self) -> str:
        """Read as the sentence followed by the facts."""
        facts = ", ".join(f"{name}={value}" for name, value in self.seen.items())
        return f"{self.said} ({facts})" if facts else self.said


class NotNow(Fault):
    """The partner cannot take it at the moment; nothing was applied; wait and try again."""

    remedy = "wait"


class Unreadable(Fault):
    """No message could be found in the bytes; teach the connector or mend the document."""

    remedy = "teach a mapping or mend the document"


class Refused(Fault):
    """The partner understood and said no; the data must change before it is asked again."""

    remedy = "fix the data"


class LockedOut(Fault):
    """The partner does not accept our credentials; renew them."""

    remedy = "renew the credentials"


class Unassigned(Fault):
    """No partner, agreement or endpoint matches; assign one and try again."""

    remedy = "assign a partner or an endpoint"


class Misconfigured(Fault):
    """The configuration cannot work as written; mend it where the text says."""

    remedy = "mend the configuration"


class Outdated(Misconfigured):
    """What is stored was written by a newer release, which alone can go on with it."""

    remedy = "start the newer release"


class Unknown(Fault):
    """The work may have been done and the answer was lost; look before doing it again."""

    remedy = "look it up at the partner"

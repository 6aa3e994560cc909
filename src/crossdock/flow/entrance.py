"""Entrances: what is looked into for documents, a folder or a stream, again and again.

One that fails is begun anew, and a person is asked: a door that closes in silence would keep from
everybody what partners have brought. The question says why it is shut today, so another reason
asks anew, also where the first was waived. It closes with the first look that works. A file that
nobody can read is a question of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from crossdock.faults import Fault
from crossdock.flow.exceptions import ENTRANCE_SHUT, FILE_REFUSED, Closing, Trouble
from crossdock.flow.roster import OWNERLESS

Tell = Callable[[Sequence[Trouble | Closing]], Awaitable[None]]


class Entrance(Protocol):
    """One way in."""

    @property
    def name(self) -> str:
        """Name it for people, by its partner: `the folder of legacy`."""
        ...

    async def look(self) -> None:
        """Look once, and wait a little. Raises whatever keeps it from looking."""
        ...


class Watch:
    """Looks into an entrance, and tells people when it has closed or opened."""

    def __init__(self, entrance: Entrance, tenant: str, tell: Tell) -> None:
        """Begin without knowing whether it is open: who watched before may have said otherwise."""
        self._entrance = entrance
        self._tenant = tenant
        self._tell = tell
        self._told: str | None = None  # why it is shut, as people were told; empty: it is open

    async def once(self) -> None:
        """Look once. Raises what the look raised, once people have been told."""
        try:
            await self._entrance.look()
        except Exception as error:
            if self._told != reason(error):
                await self._tell([shut(self._entrance.name, error)])
                self._told = reason(error)
            raise
        if self._told != "":  # also where nobody knows
            await self._tell([open_again(self._tenant, self._entrance.name)])
            self._told = ""


def reason(error: Exception) -> str:
    """Tell one reason from another: by kind and sentence, for the facts differ each time."""
    return f"{type(error).__name__}: {error.said if isinstance(error, Fault) else error}"


def shut(name: str, error: Exception) -> Trouble:
    """Ask somebody to open an entrance again."""
    return Trouble(
        kind="entrance",
        subject=name,
        code=ENTRANCE_SHUT,
        team=OWNERLESS,
        cause=f"Nothing comes in by {name}: {error}",
        action="Mend what it says; it is tried all the time, and this closes by itself",
        about=(name,),
        seen={"error": repr(error)[:500]},
    )


def open_again(tenant: str, name: str) -> Closing:
    """Close what was open about an entrance."""
    return Closing(
        tenant=tenant,
        kind="entrance",
        subject=name,
        codes=(ENTRANCE_SHUT,),
        by="flow",
        because="it was looked into again",
    )


def refused_file(partner: str, name: str, why: str, place: str) -> Trouble:
    """Ask somebody about a file that was put away unread."""
    return Trouble(
        kind="file",
        subject=f"{partner}/{place.rpartition('/')[2]}",
        code=FILE_REFUSED,
        team=OWNERLESS,
        cause=f"A file of {partner} was not read: {why}",
        action="Ask the partner for it in parts, or mend it and drop it again; then waive this",
        about=(name, partner),
        seen={"file": name, "place": place},
    )

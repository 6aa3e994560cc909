"""Room: whether the store's disk has any, and the exception that asks a person to make some."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime

from crossdock.flow.batch import Batch
from crossdock.flow.exceptions import STORE_FULL, Closing, Trouble
from crossdock.flow.roster import OWNERLESS, Directory
from crossdock.ports.space import Measurable, Space
from crossdock.ports.store import Store, Unit

SUBJECT = "store"


class Endless:
    """The disk of a store that cannot tell its room."""

    def space(self) -> Space:
        """There is always enough."""
        return Space(free_bytes=sys.maxsize)


def disk_of(store: Store) -> Measurable:
    """Give whom to ask how much room a store has: asked once, for a protocol is slow to check."""
    return store if isinstance(store, Measurable) else Endless()


def news_of_room(tenant: str, scarce: str) -> Trouble | Closing:
    """Open the exception of a scarce disk, or close it where `scarce` is empty."""
    return _trouble(scarce) if scarce else _room_again(tenant)


def tell_of(
    directory: Directory, unit: Unit, news: Sequence[Trouble | Closing], now: datetime
) -> None:
    """Open or close exceptions about the house itself."""
    roster = directory.roster
    batch = Batch(at=now, directory=directory)
    for each in news:
        if isinstance(each, Closing):
            batch.exceptions.append(each)
        else:
            batch.exceptions.append(each.row(roster.tenant, roster.rulebook, now))
            batch.tally[f"exceptions/{each.team}/{each.code}"] += 1
    batch.flush(unit, roster.tenant)


def _trouble(scarce: str) -> Trouble:
    return Trouble(
        kind="store",
        subject=SUBJECT,
        code=STORE_FULL,
        team=OWNERLESS,
        cause=f"Nothing more is taken in: {scarce}",
        action="Make room on the store's disk; it closes by itself when there is enough",
        about=(SUBJECT,),
    )


def _room_again(tenant: str) -> Closing:
    return Closing(
        tenant=tenant,
        kind="store",
        subject=SUBJECT,
        codes=(STORE_FULL,),
        by="flow",
        because="the disk has room again",
    )

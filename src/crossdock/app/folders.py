"""Watched folders: what a partner drops is taken in, and put away once it is on disk here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from crossdock.app.config import Partner
from crossdock.channels.file_drop import DroppedFile, FileDrop
from crossdock.faults import Fault
from crossdock.flow.reading import Arrival
from crossdock.flow.shell import Shell

POLL_SECONDS = 0.5
CLOCKS_DIFFER = timedelta(hours=1)  # a file server's from ours, at most

log = logging.getLogger("crossdock.app.folders")


async def watched(partner: Partner, shell: Shell, tenant: str) -> None:
    """Watch a partner's folder for ever; a partner without one is not watched.

    A file that cannot be taken in now stays claimed and is tried again at the next look.
    """
    folder = folder_of(partner)
    if not folder:
        return
    drop = await asyncio.to_thread(FileDrop, Path(folder))
    while True:
        found = await asyncio.to_thread(drop.poll)
        for name in found.refused:
            log.warning("folder.file.refused", extra={"partner": partner.name, "file": name})
        for file in found.files:
            await _take(drop, file, shell, _arrival(partner, file, tenant))
        await asyncio.sleep(POLL_SECONDS)


def folder_of(partner: Partner) -> str:
    """Name the folder that is watched for a partner; empty where none is."""
    return str(getattr(partner.settings, "inbox_dir", ""))


def read_again(partners: Iterable[Partner], since: datetime | None) -> dict[str, int]:
    """Let files be read again that were put away since, less an hour for clocks that differ.

    Answers how many of each partner; what is known already counts as said twice.
    """
    earlier = None if since is None else since - CLOCKS_DIFFER
    return {
        each.name: FileDrop(Path(folder)).read_again(earlier)
        for each in partners
        if (folder := folder_of(each))
    }


async def _take(drop: FileDrop, file: DroppedFile, shell: Shell, arrival: Arrival) -> None:
    try:
        await shell.take(arrival)
    except Fault:
        drop.give_back(file)
    else:
        await asyncio.to_thread(drop.archive, file)


def document_of(documents: Iterable[str], name: str) -> str:
    """Tell which of a partner's documents a file is: the one its name begins with, or the first."""
    first, *others = documents
    return next((each for each in others if name.lower().startswith(f"{each}-")), first)


def _arrival(partner: Partner, file: DroppedFile, tenant: str) -> Arrival:
    return Arrival(
        tenant=tenant,
        partner=partner.name,
        document=document_of(partner.connector.documents, file.name),
        content=file.content,
        content_type="application/octet-stream",
    )

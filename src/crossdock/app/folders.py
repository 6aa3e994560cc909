"""Watched folders: what a partner drops is taken in, and put away once it is on disk here."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from crossdock.app.config import Partner
from crossdock.channels.file_drop import DroppedFile, FileDrop
from crossdock.faults import Fault
from crossdock.flow.reading import Arrival
from crossdock.flow.shell import Shell

POLL_SECONDS = 0.5

log = logging.getLogger("crossdock.app.folders")


async def watched(partner: Partner, shell: Shell, tenant: str) -> None:
    """Watch a partner's folder for ever; a partner without one is not watched.

    A file that cannot be taken in now stays claimed and is tried again at the next look.
    """
    folder = str(getattr(partner.settings, "inbox_dir", ""))
    if not folder:
        return
    (document, *_) = partner.connector.documents
    drop = await asyncio.to_thread(FileDrop, Path(folder))
    while True:
        found = await asyncio.to_thread(drop.poll)
        for name in found.refused:
            log.warning("folder.file.refused", extra={"partner": partner.name, "file": name})
        for file in found.files:
            await _take(drop, file, shell, _arrival(partner, document, file, tenant))
        await asyncio.sleep(POLL_SECONDS)


async def _take(drop: FileDrop, file: DroppedFile, shell: Shell, arrival: Arrival) -> None:
    try:
        await shell.take(arrival)
    except Fault:
        drop.give_back(file)
    else:
        await asyncio.to_thread(drop.archive, file)


def _arrival(partner: Partner, document: str, file: DroppedFile, tenant: str) -> Arrival:
    return Arrival(
        tenant=tenant,
        partner=partner.name,
        document=document,
        content=file.content,
        content_type="application/octet-stream",
    )

"""Watched folders: what a partner drops is taken in, and put away once it is on disk here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from crossdock.app.config import Partner
from crossdock.channels.file_drop import FILE_BYTES_MAX, DroppedFile, FileDrop, UnreadFile
from crossdock.flow.entrance import refused_file
from crossdock.flow.reading import Arrival
from crossdock.flow.shell import Shell

POLL_SECONDS = 0.5
CLOCKS_DIFFER = timedelta(hours=1)  # a file server's from ours, at most
MIB = 1024 * 1024


class WatchedFolder:
    """The folder of one partner: an entrance of the house."""

    def __init__(self, partner: Partner, shell: Shell, tenant: str) -> None:
        """Watch the folder that the partner's settings name."""
        self.name = f"the folder of {partner.name}"
        self._partner = partner
        self._shell = shell
        self._tenant = tenant
        self._drop: FileDrop | None = None

    async def look(self) -> None:
        """Take in what lies there, and rest. Raises Misconfigured and OSError.

        A file that cannot be taken in now stays claimed and is tried again at the next look; one
        that nobody reads is put away when a person is asked about it.
        """
        if self._drop is None:
            self._drop = await asyncio.to_thread(self._opened)
        drop = self._drop
        found = await asyncio.to_thread(drop.poll)
        for unread in found.unread:
            await self._refuse(drop, unread)
        for file in found.files:
            if await self._shell.offer(_arrival(self._partner, file, self._tenant)):
                await asyncio.to_thread(drop.archive, file)
            else:
                drop.give_back(file)
        await asyncio.sleep(POLL_SECONDS)

    def _opened(self) -> FileDrop:
        agreed = int(getattr(self._partner.settings, "interchange_mib", 0)) * MIB
        folder = Path(folder_of(self._partner))
        return FileDrop(folder, bytes_max=max(agreed, FILE_BYTES_MAX))

    async def _refuse(self, drop: FileDrop, file: UnreadFile) -> None:
        place = str(drop.refused / file.path.name)
        trouble = refused_file(self._partner.name, file.name, file.why, place)
        await self._shell.tell_of([trouble])
        await asyncio.to_thread(drop.refuse, file)


def watched_folders(
    partners: Iterable[Partner], shell: Shell, tenant: str
) -> Iterator[WatchedFolder]:
    """Find the folders to watch; a partner without one is not watched."""
    for each in partners:
        if folder_of(each):
            yield WatchedFolder(each, shell, tenant)


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

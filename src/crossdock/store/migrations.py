"""Numbered changes of the tables, the same bookkeeping for every engine.

    NNNN_pre_what.sql     before the new release runs: workers of the one before run on it, too
    NNNN_post_what.sql    after the last worker of the release before is gone

They are applied in the order of their numbers, each once, and never edited afterwards. A table of
the store notes each with the SHA-256 of its text, so that a file edited later, or a store that a
newer release has taken further than this one can follow, is noticed before anything is read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from enum import StrEnum
from importlib import resources

from msgspec import Struct

from crossdock.faults import Misconfigured

NAMED = re.compile(r"(?P<number>[0-9]{4})_(?P<phase>pre|post)_[a-z0-9_]+\.sql", re.ASCII)


class Phase(StrEnum):
    """When a change may be applied."""

    PRE = "pre"
    POST = "post"


class Migration(Struct, frozen=True, kw_only=True):
    """One change of the tables: `0001_pre_message_store.sql` has number 1 and phase `pre`."""

    number: int
    name: str
    sql: str

    @property
    def phase(self) -> Phase:
        """Tell when it may be applied."""
        return phase_of(self.name)

    @property
    def checksum(self) -> str:
        """The SHA-256 of the text, in hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


class Applied(Struct, frozen=True):
    """A change as the store has noted it."""

    number: int
    name: str
    checksum: str


def phase_of(name: str) -> Phase:
    """Read the phase in a name; one that names none may only be applied as the last."""
    found = NAMED.fullmatch(name)
    return Phase(found["phase"]) if found else Phase.POST


def shipped(package: str) -> list[Migration]:
    """List the changes in a package of this release, in order.

    Raises ValueError for a file that is not named as above.
    """
    migrations = []
    for file in sorted(resources.files(package).iterdir(), key=lambda each: each.name):
        if not file.name.endswith(".sql"):
            continue
        if NAMED.fullmatch(file.name) is None:
            raise ValueError(f"{file.name} is no migration: NNNN_pre_what.sql, NNNN_post_what.sql")
        number = int(file.name[:4])
        migrations.append(Migration(number=number, name=file.name, sql=file.read_text("utf-8")))
    return migrations


def check(applied: Sequence[Applied], migrations: Sequence[Migration], place: str) -> int:
    """Hold what was applied against what is shipped; answer how many of these were applied.

    What a newer release applied before its roll-out (`pre`) does not disturb this one. Raises
    Misconfigured where a newer release has gone further, or where a migration was edited after it
    had been applied. `place` names the store.
    """
    known = {each.number: each for each in migrations}
    for each in applied:
        if each.number in known:
            _refuse_edited(each, known[each.number], place)
        elif phase_of(each.name) is Phase.POST:
            raise Misconfigured(
                "The store was written by a newer release of crossdock; start that release, "
                "or restore a backup made before the upgrade",
                file=place,
                migration=each.name,
            )
    return sum(each.number in known for each in applied)


def _refuse_edited(applied: Applied, migration: Migration, place: str) -> None:
    if applied.checksum != migration.checksum:
        raise Misconfigured(
            "A migration was edited after it had been applied to this store; put its text "
            "back as released and write the change as a new migration",
            file=place,
            migration=migration.name,
            applied=applied.checksum,
            shipped=migration.checksum,
        )


def to_apply(
    applied: int, migrations: Sequence[Migration], *, post: bool = True
) -> Sequence[Migration]:
    """Choose what comes next: all that is missing, or without `post` all up to the first such."""
    missing = migrations[applied:]
    if post:
        return missing
    first_post = (place for place, each in enumerate(missing) if each.phase is Phase.POST)
    return missing[: next(first_post, len(missing))]


def is_ready(applied: int, migrations: Sequence[Migration]) -> bool:
    """Tell whether this release can run: nothing is missing that it needs before its roll-out."""
    return all(each.phase is Phase.POST for each in migrations[applied:])

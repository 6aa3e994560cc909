"""A backup put back: the file in its place, the store marked, and what can be read again is."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from msgspec import Struct

from crossdock.app.config import Config
from crossdock.app.folders import read_again
from crossdock.faults import Misconfigured
from crossdock.flow import recovery
from crossdock.flow.recovery import Restored
from crossdock.ports.backup import Backup
from crossdock.ports.store import Unit
from crossdock.store.sqlite import backup as files


class Decision(Struct, frozen=True, kw_only=True):
    """Who restores, why, and whether a store that stands there may be replaced."""

    by: str
    reason: str
    replace: bool = False


def back_up(config: Config, file: Path, now: datetime) -> Backup:
    """Write a backup of the configured store. Raises Misconfigured or NotNow."""
    return files.back_up(config.store, file, now)


def restore(config: Config, file: Path, decision: Decision, now: datetime) -> Restored:
    """Put a backup in the place of the configured store, with outbound held.

    Files that were put away since are given back first: read twice they are known, not read at all
    they would be lost. Raises Misconfigured or NotNow, and then leaves the store as it is.
    """
    found = files.look_at(file)
    floor, aside = _floor_of(config.store), files.aside_of(config.store, now)

    def prepare(unit: Unit) -> Restored:
        return recovery.begin(
            unit,
            config.tenant,
            found,
            at=now,
            by=decision.by,
            reason=decision.reason,
            floor=floor,
            replaced="" if aside is None else str(aside),
            given_back=read_again(config.partners, found.taken_at or found.as_of),
        )

    return files.put_back(file, config.store, prepare, now, replace=decision.replace)


def _floor_of(store: Path) -> int:
    """Read how far the control numbers of the replaced store had been raised; 0: nobody can."""
    if not store.exists():
        return 0
    try:
        return files.look_at(store).control_floor
    except Misconfigured:
        return 0

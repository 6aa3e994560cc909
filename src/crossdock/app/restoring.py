"""A backup put back: the file in its place, the store marked, and what can be read again is."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from msgspec import Struct

from crossdock.app.config import Config
from crossdock.app.folders import read_again
from crossdock.app.stores import is_there
from crossdock.faults import Misconfigured
from crossdock.flow import recovery
from crossdock.flow.recovery import Restored
from crossdock.ports.backup import Backup
from crossdock.ports.store import Unit
from crossdock.store.postgres import backup as databases
from crossdock.store.sqlite import backup as files


class Decision(Struct, frozen=True, kw_only=True):
    """Who restores, why, and whether a store that stands there may be replaced."""

    by: str
    reason: str
    replace: bool = False


def back_up(config: Config, file: Path, now: datetime) -> Backup:
    """Write a backup of the configured store. Raises Misconfigured or NotNow."""
    if config.database:
        return databases.back_up(config.database, file, now)
    return files.back_up(config.store, file, now)


def restore(config: Config, file: Path, decision: Decision, now: datetime) -> Restored:
    """Put a backup in the place of the configured store, with outbound held.

    Files that were put away since are given back first: read twice they are known, not read at all
    they would be lost. Raises Misconfigured or NotNow, and then leaves the store as it is.
    """
    found = databases.look_at(file) if config.database else files.look_at(file)
    floor, aside = _floor_of(config), _aside_of(config, now)

    def prepare(unit: Unit) -> Restored:
        return recovery.begin(
            unit,
            config.tenant,
            found,
            at=now,
            by=decision.by,
            reason=decision.reason,
            floor=floor,
            replaced=aside,
            given_back=read_again(config.partners, found.taken_at or found.as_of),
        )

    if config.database:
        return databases.put_back(file, config.database, prepare, now, replace=decision.replace)
    return files.put_back(file, config.store, prepare, now, replace=decision.replace)


def _aside_of(config: Config, now: datetime) -> str:
    """Name where the replaced store is kept; empty where there is none."""
    if config.database:
        return f"schema {databases.aside_of(now)}"
    aside = files.aside_of(config.store, now)
    return "" if aside is None else str(aside)


def _floor_of(config: Config) -> int:
    """Read how far the control numbers of the replaced store had been raised; 0: nobody can."""
    if not is_there(config):
        return 0
    try:
        if config.database:
            return databases.control_floor_of(config.database)
        return files.look_at(config.store).control_floor
    except Misconfigured:
        return 0

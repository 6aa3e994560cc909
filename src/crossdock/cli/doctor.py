"""`crossdock doctor`: what must be right before anything works, each with what would mend it."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import apsw
import msgspec
from msgspec import Struct

from crossdock.apis.http import json_text
from crossdock.app.config import Config, load_config
from crossdock.app.stores import is_there, named, open_to_look
from crossdock.cli.ending import Exit
from crossdock.cli.house import is_running
from crossdock.cli.place import DEFAULT, AsJson, ConfigFile, looking
from crossdock.connectors import discover
from crossdock.faults import Misconfigured, NotNow
from crossdock.flow.outbound import Outbound
from crossdock.flow.recovery import recovery
from crossdock.governance.load import load_rules
from crossdock.policies.freight import tolerance_gaps
from crossdock.policies.routing import check_routing

FREE_MIB_MIN = 500
CONNECT_SECONDS = 3.0
RELEASED = datetime(2026, 1, 1, tzinfo=UTC)  # no clock that is right shows less
MARKS = {"ok": "✓", "look": "!", "bad": "✗"}


class Check(Struct, frozen=True, kw_only=True):
    """One check: `ok`, `look` (works, but see) or `bad`; `mend` says what to do."""

    name: str
    verdict: str
    said: str
    mend: str = ""


def doctor(*, as_json: AsJson = False, config: ConfigFile = DEFAULT) -> int:
    """Check clock, files, store, secrets and partners; exit code 8 where something is wrong."""
    found = list(checks(config))
    if as_json:
        print(json_text({"checks": found}))
    else:
        for each in found:
            print(f"{MARKS[each.verdict]} {each.name}: {each.said}")
            if each.mend:
                print(f"    {each.mend}")
    return Exit.CHECKS_FAILED if any(each.verdict == "bad" for each in found) else Exit.OK


def checks(file: Path) -> Iterator[Check]:
    """Make every check that can be made; without a configuration the rest has nothing to go by."""
    yield _python()
    yield _clock()
    yield _zones()
    yield _sqlite()
    try:
        config = load_config(file, discover())
    except Misconfigured as wrong:
        yield Check(
            name="configuration",
            verdict="bad",
            said=wrong.said,
            mend="Mend the line, or write a first one with `crossdock init`.",
        )
        return
    yield Check(
        name="configuration",
        verdict="ok",
        said=f"{file} names {len(config.partners)} partner(s), {len(config.customers)} customer(s)",
    )
    yield _policies(config)
    yield _secrets(config)
    yield _unsigned(config)
    if not config.database:
        yield _room(config)
    store = _store(config)
    yield store
    if is_there(config) and store.verdict == "ok":
        yield _restored(config)
    yield _port(config)
    for partner in config.partners:
        yield _partner(partner.name, msgspec.to_builtins(partner.settings))


def _python() -> Check:
    version = ".".join(str(each) for each in sys.version_info[:3])
    return Check(name="Python", verdict="ok", said=version)


def _clock() -> Check:
    now = datetime.now(UTC)
    if now < RELEASED:
        return Check(
            name="clock",
            verdict="bad",
            said=f"it is {now:%Y-%m-%d} here, before crossdock was made",
            mend="Set the clock, and keep it set with NTP: signatures and sessions go by it.",
        )
    return Check(name="clock", verdict="ok", said=f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _zones() -> Check:
    try:
        spring = datetime(2026, 3, 29, 1, 30, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin"))
    except ZoneInfoNotFoundError:
        spring = None
    if spring is None or spring.hour != 3:  # noqa: PLR2004 - 01:30 UTC is 03:30 that morning
        return Check(
            name="time zones",
            verdict="bad",
            said="the zone data is missing or wrong",
            mend="pip install --upgrade tzdata",
        )
    return Check(name="time zones", verdict="ok", said="summer time is known")


def _sqlite() -> Check:
    return Check(
        name="SQLite",
        verdict="ok",
        said=f"{apsw.sqlite_lib_version()} (Python's own is {sqlite3.sqlite_version}, not used)",
    )


def _policies(config: Config) -> Check:
    try:
        rules = load_rules(config.policies)
    except Misconfigured as wrong:
        return Check(name="policies", verdict="bad", said=wrong.said, mend="Mend the line.")
    if not config.policies.is_dir():
        return Check(
            name="policies",
            verdict="look",
            said=f"there is no folder {config.policies}; the defaults hold",
            mend="`crossdock init` in an empty folder shows what can be set.",
        )
    tables = {
        "routing table": check_routing(rules.routing),
        "tolerances": tolerance_gaps(rules.tolerances),
    }
    noticed = [
        f"{table}: {'; '.join(each.said for each in found)}"
        for table, found in tables.items()
        if found
    ]
    if noticed:
        return Check(
            name="policies",
            verdict="look",
            said=f"rule book {rules.digest}; {'; '.join(noticed)}",
            mend="What no row takes waits for somebody; add a row that takes what is left.",
        )
    return Check(name="policies", verdict="ok", said=f"rule book {rules.digest}")


def _secrets(config: Config) -> Check:
    folder = config.file.resolve().parent / "secrets"
    loose = [
        each.name
        for each in sorted(folder.glob("*"))
        if each.is_file() and each.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    ]
    if loose:
        return Check(
            name="secrets",
            verdict="look",
            said=f"others may read {', '.join(loose)}",
            mend=f"chmod 600 {folder}/*",
        )
    return Check(name="secrets", verdict="ok", said="only the owner reads them")


def _unsigned(config: Config) -> Check:
    open_ = [
        each.name
        for each in config.partners
        if each.connector.documents and not each.webhook_secrets
    ]
    if open_:
        return Check(
            name="signatures",
            verdict="look",
            said=f"deliveries of {', '.join(open_)} are taken unsigned",
            mend="Set `webhook_secrets` for partners that deliver over HTTP.",
        )
    return Check(name="signatures", verdict="ok", said="every delivery must be signed")


def _room(config: Config) -> Check:
    folder = next(each for each in config.store.parents if each.exists())
    free = shutil.disk_usage(folder).free // (1024 * 1024)
    if free < FREE_MIB_MIN:
        return Check(
            name="disk",
            verdict="bad",
            said=f"{free} MiB are free at {folder}",
            mend=f"Free some space; below {FREE_MIB_MIN} MiB nothing should be taken in.",
        )
    return Check(name="disk", verdict="ok", said=f"{free} MiB free")


def _store(config: Config) -> Check:
    if not is_there(config):
        return Check(
            name="store",
            verdict="ok",
            said=f"none yet; `crossdock up` makes {config.store}",
        )
    try:
        open_to_look(config).close()
    except (Misconfigured, NotNow) as wrong:
        mend = "Mend `store`, or run" if config.database else "Start"
        command = "migrate" if config.database else "up"
        return Check(
            name="store", verdict="bad", said=wrong.said, mend=f"{mend} `crossdock {command}` once."
        )
    if config.database:
        return Check(name="store", verdict="ok", said=f"{named(config)} answers")
    running = "written by a running house" if is_running(config) else "nobody writes it now"
    return Check(name="store", verdict="ok", said=f"{named(config)}, {running}")


def _restored(config: Config) -> Check:
    with looking(config) as reader:
        found = recovery(reader, config.tenant)
    if found is None:
        return Check(name="outbound", verdict="ok", said="effects leave as they are asked for")
    since = f"since the restore of {found.restored.at:%Y-%m-%d %H:%M} UTC"
    if found.outbound is Outbound.HELD:
        return Check(
            name="outbound",
            verdict="look",
            said=f"nothing is sent and no timer rings {since}",
            mend="`crossdock recovery show`; when partners have sent again: release.",
        )
    return Check(
        name="outbound",
        verdict="look",
        said=f"each effect is found out about first {since}",
        mend="`crossdock recovery show`; when nothing more is sent again: finish.",
    )


def _port(config: Config) -> Check:
    name = f"{config.host}:{config.port}"
    with socket.socket() as probe:
        probe.settimeout(CONNECT_SECONDS)
        taken = probe.connect_ex((config.host, config.port)) == 0
    if taken and not is_running(config):
        return Check(
            name="address",
            verdict="bad",
            said=f"something else answers at {name}",
            mend="Choose another `server.port`.",
        )
    return Check(name="address", verdict="ok", said=f"{name} {'is ours' if taken else 'is free'}")


def _partner(name: str, settings: dict[str, object]) -> Check:
    url = settings.get("base_url")
    if not isinstance(url, str) or not url:
        return Check(name=f"partner {name}", verdict="ok", said="is not reached over HTTP")
    at = urlsplit(url)
    port = at.port or (443 if at.scheme == "https" else 80)
    try:
        with socket.create_connection((at.hostname or "", port), timeout=CONNECT_SECONDS):
            return Check(name=f"partner {name}", verdict="ok", said=f"{url} can be reached")
    except OSError as error:
        return Check(
            name=f"partner {name}",
            verdict="look",
            said=f"{url} cannot be reached: {error.strerror or error}",
            mend="Effects wait safely; mend `base_url`, or ask the partner.",
        )

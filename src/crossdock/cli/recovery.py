"""`crossdock recovery show`, `release` and `finish`: after a restore, until it is over.

Where `crossdock up` runs, it carries a decision out; else it is carried out here.
"""

from __future__ import annotations

from datetime import UTC, datetime

from crossdock.apis import words
from crossdock.apis.http import json_text
from crossdock.app.config import Config
from crossdock.cli import house
from crossdock.cli.decide import By, Reason
from crossdock.cli.ending import Ended, Exit, say
from crossdock.cli.place import DEFAULT, AsJson, ConfigFile, configured, looking
from crossdock.cli.table import table
from crossdock.flow.outbound import Outbound
from crossdock.flow.recovery import Recovery, Restored
from crossdock.flow.recovery import recovery as standing

NEXT = {
    Outbound.HELD: (
        "HELD: nothing is sent and no timer rings. When partners have sent again what they sent "
        "since: crossdock recovery release --reason '...'"
    ),
    Outbound.DOUBTED: (
        "Effects leave, each found out about first. When nothing more is sent again: "
        "crossdock recovery finish --reason '...'"
    ),
}


def show(*, as_json: AsJson = False, config: ConfigFile = DEFAULT) -> int:
    """Show what the last restore holds, and what each partner has sent again."""
    where = configured(config)
    with looking(where) as reader:
        found = standing(reader, where.tenant)
    if found is None:
        raise Ended(Exit.NOT_FOUND, "No restore is open.")
    print(json_text(found) if as_json else tell(found))
    return Exit.OK


def release(*, reason: Reason, by: By = "", config: ConfigFile = DEFAULT) -> int:
    """Let effects leave and timers ring; each effect is found out about before it is done."""
    return _decide("release", reason, by, configured(config))


def finish(*, reason: Reason, by: By = "", config: ConfigFile = DEFAULT) -> int:
    """Take new effects for new again: whatever was lost has been sent again."""
    return _decide("finish", reason, by, configured(config))


def tell(found: Recovery) -> str:
    """Write where the house stands after a restore for a terminal."""
    partners = [
        (
            each.name,
            words.utc(each.heard_before) if each.heard_before else "the beginning",
            str(each.new),
            str(each.known),
            str(each.given_back),
        )
        for each in found.partners
    ]
    head = ("PARTNER", "ASK AGAIN FROM", "NEW SINCE", "KNOWN", "FILES READ AGAIN")
    parts = [
        *facts(found.restored),
        f"{found.unfinished} effect(s) are not finished.",
        "",
        table(head, partners) if partners else "No partner was ever heard.",
        "",
        NEXT[found.outbound],
    ]
    return "\n".join(parts)


def facts(restored: Restored) -> list[str]:
    """Write what was restored for a terminal."""
    backup = restored.backup
    taken = f", taken {words.utc(backup.taken_at)}" if backup.taken_at else ""
    doubted = sum(sum(verbs.values()) for verbs in restored.doubted.values())
    lines = [
        f"Restored {words.utc(restored.at)} by {restored.by}: {restored.reason}",
        f"  from {backup.file}{taken}, {backup.messages} message(s)",
        f"  {doubted} effect(s) may have been done since the backup was taken",
        f"  control numbers go on above {restored.control_floor}",
    ]
    if restored.replaced:
        lines.append(f"  the store that was there is kept as {restored.replaced}")
    lines += [
        f"  {count} file(s) of {name} are read again" for name, count in restored.given_back.items()
    ]
    return lines


def _decide(verb: str, reason: str, by: str, config: Config) -> int:
    if not reason.strip():
        raise Ended(Exit.USAGE, "Say why with --reason; it is kept with the decision.")
    with looking(config) as reader:
        found = standing(reader, config.tenant)
    if found is None:
        raise Ended(Exit.CONFLICT, "No restore is open.")
    by = by or house.me()
    if house.is_running(config):
        print(house.recover_there(config, verb, by=by, reason=reason))
        say("carried out by the running house")
    else:
        print(_decide_here(config, verb, by, reason))
        say("carried out here; `crossdock up` sends what is asked of partners")
    return Exit.OK


def _decide_here(config: Config, verb: str, by: str, reason: str) -> str:
    from crossdock.app.compose import build

    built = build(config)
    try:
        return built.machine.recover(verb, by, reason, datetime.now(UTC))
    finally:
        built.store.close()

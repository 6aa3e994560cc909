"""`crossdock replay NUMBER`: what would be decided today, and what of it shall be sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from msgspec import Struct

from crossdock.apis.http import json_text
from crossdock.apis.process.v1 import trace as traces
from crossdock.app.config import Config
from crossdock.cli import house
from crossdock.cli.ending import Ended, Exit, say
from crossdock.cli.place import DEFAULT, AsJson, ConfigFile, configured, looking
from crossdock.cli.table import table
from crossdock.flow.replayer import Choice, Mark, Preview
from crossdock.messages.envelope import Key
from crossdock.ports import Request

WORDS = {
    Mark.DONE: "done, and never sent again",
    Mark.WAITING: "on its way already",
    Mark.ENDED: "refused or taken back; retry, edit or waive decides",
    Mark.CHANGED: "would be written otherwise; what was asked for stays",
    Mark.WOULD_SEND: "NEW: sent only if you choose it",
    Mark.UNWRITTEN: "could not be written",
}


class Replay(Struct, frozen=True, kw_only=True):
    """What a replay of one process would bring."""

    process: str
    key: Key
    preview: Preview


def replay(  # noqa: PLR0913 - what a person decides has this many parts
    number: Annotated[str, Parameter(help="An order, a shipment, or any number of theirs.")],
    /,
    *,
    dry_run: Annotated[
        bool, Parameter(help="Only show what would happen; exit code 8 where something would.")
    ] = False,
    only: Annotated[
        tuple[str, ...], Parameter(help="Send these new effects, by id.", consume_multiple=True)
    ] = (),
    reason: Annotated[str, Parameter(help="Why; it is kept with the decision.")] = "",
    by: Annotated[str, Parameter(help="Who decides; else whoever is logged in.")] = "",
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT,
) -> int:
    """Fold a number's past through today's code and rules, and compare what comes out.

    Nothing is sent unless it is chosen with --only; what is finished is never sent again.
    """
    if bool(only) == dry_run:
        raise Ended(Exit.USAGE, "Say --dry-run to look, or --only ID... --reason '...' to send.")
    where = configured(config)
    found = previews(where, number)
    if dry_run:
        print(json_text({"replays": [_plain(each) for each in found]}) if as_json else tell(found))
        return Exit.CHECKS_FAILED if any(_changes(each) for each in found) else Exit.OK
    if not reason.strip():
        raise Ended(Exit.USAGE, "Say why with --reason; it is kept with the decision.")
    for choice in _choices(found, only, by or house.me(), reason):
        _send(where, choice)
    print(f"{len(only)} effect(s) wait to be sent")
    return Exit.OK


def previews(config: Config, number: str) -> list[Replay]:
    """Preview each process of a number. Raises Ended where nothing is known under it."""
    from crossdock.app.roster import roster
    from crossdock.flow import replayer
    from crossdock.flow.roster import Directory
    from crossdock.governance.load import load_rules

    given = roster(config, load_rules(config.policies))
    with looking(config) as reader:
        rulebook = given.rulebook.remembering(reader.rules(config.tenant))
        directory = Directory(msgspec.structs.replace(given, rulebook=rulebook))
        story = traces.trace(reader, config.tenant, number)
        if not story.chapters:
            raise Ended(Exit.NOT_FOUND, f"Nothing is known under {number}.")
        return [
            Replay(
                process=each.process,
                key=Key(each.kind, each.id),
                preview=replayer.preview(
                    directory, reader, config.tenant, each.process, Key(each.kind, each.id)
                ),
            )
            for each in story.chapters
        ]


def tell(found: Sequence[Replay]) -> str:
    """Write previews for a terminal."""
    parts = []
    for each in found:
        told = each.preview
        ends = "ends as it stands" if told.same_state else "would stand otherwise today"
        name = each.process.replace("_", " ")
        parts.append(f"{name} {each.key.id}: {told.steps} step(s), {ends}")
        parts += [f"  ! {one.message_id}: {one.error}" for one in told.stumbles]
        if told.effects:
            rows = [
                (
                    f"  {one.id}",
                    one.endpoint,
                    one.verb,
                    one.business_key,
                    one.said or WORDS[one.mark],
                )
                for one in told.effects
            ]
            parts.append(table(("  EFFECT", "PARTNER", "WHAT", "FOR", "TODAY"), rows))
    return "\n".join(parts)


def _changes(each: Replay) -> bool:
    told = each.preview
    new = any(one.mark is Mark.WOULD_SEND for one in told.effects)
    return new or not told.same_state or bool(told.stumbles)


def _plain(each: Replay) -> dict[str, Any]:
    """Write a preview for programs; requests as texts, states left out."""
    told = each.preview
    return {
        "process": each.process,
        "kind": each.key.kind,
        "id": each.key.id,
        "steps": told.steps,
        "same_state": told.same_state,
        "stumbles": told.stumbles,
        "effects": [
            {
                "id": one.id,
                "mark": one.mark,
                "endpoint": one.endpoint,
                "verb": one.verb,
                "business_key": one.business_key,
                "version": one.version,
                "cause": one.cause,
                "said": one.said,
                "request": _request(one.request),
            }
            for one in told.effects
        ],
    }


def _request(stored: bytes) -> dict[str, str]:
    if not stored:
        return {}
    request = msgspec.json.decode(stored, type=Request)
    return {
        "method": request.method,
        "path": request.path,
        "body": request.body.decode("utf-8", "replace"),
    }


def _choices(found: Sequence[Replay], only: Sequence[str], by: str, reason: str) -> list[Choice]:
    """Sort the chosen effects by process. Raises Ended for one that no process offers as new."""
    new = {
        one.id: each
        for each in found
        for one in each.preview.effects
        if one.mark is Mark.WOULD_SEND
    }
    for id_ in only:
        if id_ not in new:
            raise Ended(Exit.CONFLICT, f"{id_} is not new; look again with --dry-run.")
    return [
        Choice(
            subscriber=each.process,
            key=each.key,
            effects=tuple(id_ for id_ in only if new[id_] is each),
            by=by,
            reason=reason,
        )
        for each in found
        if any(new[id_] is each for id_ in only)
    ]


def _send(config: Config, choice: Choice) -> None:
    if house.is_running(config):
        house.replay_there(config, choice)
        say("asked of the running house")
        return
    from crossdock.app.compose import build

    built = build(config)
    try:
        built.machine.start()
        built.machine.replay(choice, datetime.now(UTC))
        built.machine.stop()
    finally:
        built.store.close()
    say("asked here; `crossdock up` sends it")

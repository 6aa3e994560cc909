"""`crossdock trace NUMBER`: the whole story of any number, and why it is not done."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from cyclopts import Parameter

from crossdock.apis import words
from crossdock.apis.http import json_text
from crossdock.apis.process.v1 import trace as traces
from crossdock.apis.process.v1.charges import Charge, three_way
from crossdock.apis.process.v1.stock import stock_words
from crossdock.apis.process.v1.story import Chapter, Entry, EntryKind, Trace
from crossdock.cli.ending import Ended, Exit
from crossdock.cli.place import DEFAULT, AsJson, ConfigFile, configured, looking

MARKS = {
    EntryKind.RECEIVED: "→",
    EntryKind.TOLD: "·",
    EntryKind.DECIDED: "·",
    EntryKind.ASKED: "←",
    EntryKind.ATTEMPT: "←",
    EntryKind.STUCK: "!",
    EntryKind.SETTLED: "✓",
}


def trace(
    number: Annotated[str, Parameter(help="An order, shipment, PRO, bill of lading, message...")],
    /,
    *,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT,
) -> int:
    """Tell the story of a number across every system, and why it is not done yet."""
    house = configured(config)
    with looking(house) as reader:
        found = traces.trace(reader, house.tenant, number)
    if as_json:
        print(json_text(found))
    elif found.found:
        print("\n".join(tell(found)))
        print(f"\nopen: http://{house.host}:{house.port}/console/trace?q={quote(found.number)}")
    if not found.found:
        raise Ended(Exit.NOT_FOUND, f"Nothing is known under {number}.")
    return Exit.OK


def tell(found: Trace) -> list[str]:
    """Write a trace for a terminal: where each process stands, then what happened."""
    lines = [found.number, f"  {found.why}", ""]
    for chapter in found.chapters:
        lines += _chapter(chapter)
    lines += [line for each in found.stock for line in stock_words(each)]
    lines += [_charged(each) for each in found.charges]
    lines.append("")
    day = ""
    for entry in found.timeline:
        at = words.utc(entry.at)
        today, time = at[:15], at[16:21]
        if today != day:
            lines.append(f"{today} (UTC)")
            day = today
        lines.append(f"  {time} {MARKS[entry.kind]} {_who(entry)}: {entry.said}")
    return lines


def _charged(charge: Charge) -> str:
    """Tell a charge from expectation to posting, with the ERP's documents."""
    told = [f"{word} {each.amount} {each.currency}" for word, each in three_way(charge) if each]
    documents = f" ({', '.join(charge.documents)})" if charge.documents else ""
    state = charge.state.replace("_", " ")
    return f"freight {charge.load_id} {charge.charge}: {state}; {', '.join(told)}{documents}"


def _who(entry: Entry) -> str:
    """Name who said it; an exception is said to a team."""
    if entry.kind is EntryKind.STUCK:
        return entry.by.replace("_", " ").lower()
    return entry.by


def _chapter(chapter: Chapter) -> list[str]:
    name = chapter.process.replace("_", " ")
    lines = [f"{name} {chapter.id}: {chapter.stage.replace('_', ' ')}"]
    lines += [
        f"  {effect.endpoint} {effect.verb} {effect.business_key}: "
        f"{effect.status} {effect.document}".rstrip()
        for effect in chapter.effects
    ]
    lines += [f"  timer {alarm.name} at {words.utc(alarm.due_at)}" for alarm in chapter.alarms]
    lines += [f"  ! {one.cause} ({one.id[:8]})" for one in chapter.stuck if one.status == "open"]
    return lines

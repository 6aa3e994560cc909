"""`crossdock read`: show what a connector makes of a file; nothing is stored and nobody is told."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from cyclopts import Parameter
from msgspec import Struct

from crossdock.cli.ending import Ended, Exit
from crossdock.cli.place import DEFAULT, AsJson, ConfigFile, configured
from crossdock.connectors import discover
from crossdock.faults import Fault, Finding
from crossdock.flow.findings import CONCERNS
from crossdock.formats.sniffing import format_of
from crossdock.formats.x12.tokens import Segment, tokens
from crossdock.governance.typed_toml import meant
from crossdock.ports import Connector, Reading
from crossdock.ports.settings import described

AUTO = "auto"
SHOWN_MAX = 100
LOSSES = frozenset({"broken", "limit", "lost", "rejected", "unmapped"})  # classes of findings
KIN = {"edifact": "x12"}  # who can tell best what is wrong with a file that nobody reads
EXITS = {"translated": Exit.OK, "partial": Exit.CHECKS_FAILED, "unreadable": Exit.FAILED}

_LINE = re.compile(r"line (\d+)")
_ELEMENT = re.compile(r"(\d\d)$")


class Reader(NamedTuple):
    """One way to read a file: a connector, its settings, and one of its documents."""

    connector: Connector
    settings: Struct
    document: str


class Attempt(NamedTuple):
    """What came of a way to read a file; `fault` where it could not be read so."""

    reader: Reader
    reading: Reading
    fault: Fault | None


def read(
    file: Annotated[Path, Parameter(help="The file; `-` reads standard input.")],
    /,
    *,
    as_: Annotated[
        str, Parameter(name="--as", help="A connector, a configured partner, or `auto`.")
    ] = AUTO,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT,
) -> int:
    """Read a file as its partner's connector does, and show messages and findings.

    A partner's name reads it under that partner's settings. Ends with 0 where all of it was
    translated, with 8 where a part was not, with 1 where nothing was.
    """
    raw = _content(file)
    attempt = _best(raw, list(_readers(as_, config)))
    outcome = _outcome(attempt)
    findings = list(_findings(attempt))
    if as_json:
        _print_json(file, raw, attempt, outcome, findings)
    else:
        _print_text(file, raw, attempt, outcome, findings)
    return EXITS[outcome]


def _content(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise Ended(Exit.NOT_FOUND, f"{file} cannot be read: {error.strerror}.") from error


def _readers(name: str, config: Path) -> Iterator[Reader]:
    """Give the ways to read that a name stands for: a partner's come before a connector's."""
    partners = {each.name: each for each in configured(config).partners} if config.exists() else {}
    connectors = discover()
    if name in partners:
        partner = partners[name]
        chosen = {name: (partner.connector, partner.settings)}
    elif name in connectors:
        chosen = {name: (connectors[name], _example(connectors[name]))}
    elif name == AUTO:
        chosen = {each: (one, _example(one)) for each, one in connectors.items()}
    else:
        known = (*partners, *connectors, AUTO)
        raise Ended(Exit.USAGE, f"There is no connector or partner `{name}`; {meant(name, known)}")
    for connector, settings in chosen.values():
        for document in connector.documents:
            yield Reader(connector, settings, document)


def _example(connector: Connector) -> Struct:
    """Make settings of a connector's own examples, for what it cannot do without."""
    table = {each.name: each.example for each in described(connector.settings) if each.required}
    return msgspec.convert(table, connector.settings)


def _best(raw: bytes, readers: list[Reader]) -> Attempt:
    """Read in every way; choose the one that finds most, and of those what it notices least."""
    attempts = [_attempt(raw, reader) for reader in readers]
    if not attempts:
        raise Ended(Exit.USAGE, "This connector reads no documents.")
    return max(attempts, key=lambda each: _worth(each, format_of(raw)))


def _attempt(raw: bytes, reader: Reader) -> Attempt:
    try:
        reading = reader.connector.documents[reader.document](raw, reader.settings)
    except Fault as fault:
        return Attempt(reader, Reading(), fault)
    return Attempt(reader, reading, None)


def _worth(attempt: Attempt, form: str) -> tuple[int, bool, bool, int]:
    reports, findings = len(attempt.reading.reports), len(attempt.reading.findings)
    speaks = attempt.reader.connector.name.startswith(KIN.get(form, form))
    return reports, attempt.fault is None, speaks, -findings


def _outcome(attempt: Attempt) -> str:
    if attempt.fault is not None or not attempt.reading.reports:
        return "unreadable"
    lost = any(each.code in CONCERNS or each.kind in LOSSES for each in attempt.reading.findings)
    return "partial" if lost else "translated"


def _findings(attempt: Attempt) -> Iterator[Finding]:
    if attempt.fault is not None:
        seen = dict(attempt.fault.seen)
        code, at = seen.pop("code", "UNREADABLE"), seen.pop("at_byte", "")
        yield Finding(
            code=code,
            said=attempt.fault.said,
            where=seen.pop("where", ""),
            seen=seen,
            kind="broken",
            at=int(at) if at.isdecimal() else None,
        )
    yield from attempt.reading.findings


def _print_json(
    file: Path, raw: bytes, attempt: Attempt, outcome: str, findings: list[Finding]
) -> None:
    said = {
        "file": str(file),
        "format": format_of(raw),
        "connector": attempt.reader.connector.name,
        "document": attempt.reader.document,
        "outcome": outcome,
        "messages": [
            {
                "type": type(each.report).__name__,
                "identity": each.identity,
                "where": each.where,
                "body": each.report,
            }
            for each in attempt.reading.reports
        ],
        "findings": [_spelt(each) for each in findings],
        "answers": [
            {"identity": each.identity, "verdict": each.verdict} for each in attempt.reading.owed
        ],
    }
    print(msgspec.json.format(msgspec.json.encode(said), indent=2).decode())


def _spelt(finding: Finding) -> Mapping[str, Any]:
    return {
        "class": finding.kind or "content",
        "code": finding.code,
        "offset": finding.at,
        "text": finding.said,
        "where": finding.where,
        "seen": finding.seen,
    }


def _print_text(
    file: Path, raw: bytes, attempt: Attempt, outcome: str, findings: list[Finding]
) -> None:
    reports = attempt.reading.reports
    reader = attempt.reader
    print(
        f"{file}: {format_of(raw)}, {outcome} as {reader.connector.name} {reader.document}: "
        f"{_counted(len(reports), 'message')}, {_counted(len(findings), 'finding')}"
    )
    for each in reports:
        print(f"  {type(each.report).__name__:<24} {each.identity}")
    shown = _segments(raw, findings) if format_of(raw) == "x12" else {}
    for finding in findings:
        at = "" if finding.at is None else f"byte {finding.at}  "
        place = f"  ({finding.where})" if finding.where else ""
        kind = f" ({finding.kind})" if finding.kind else ""
        print(f"\n  {at}{finding.code}{kind}  {finding.said}{place}")
        if finding.seen:
            print("    " + ", ".join(f"{name}={text}" for name, text in finding.seen.items()))
        for line in _marked(raw, finding, shown):
            print(f"    {line}")
    for owed in attempt.reading.owed:
        print(f"\n  would be answered: {owed.identity}: {owed.verdict}")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _segments(raw: bytes, findings: list[Finding]) -> dict[int, Segment]:
    """Find the segments that findings speak of, by their first byte."""
    wanted = {each.at for each in findings}
    return {
        each.at: each for each in tokens(raw) if isinstance(each, Segment) and each.at in wanted
    }


def _marked(raw: bytes, finding: Finding, shown: Mapping[int, Segment]) -> Iterator[str]:
    """Show the place of a finding, and under it what is meant."""
    line = _LINE.match(finding.where)
    segment = None if finding.at is None else shown.get(finding.at)
    if segment is not None:
        start, length = _span(segment, finding.where)
        yield segment.text[:SHOWN_MAX]
        if start < SHOWN_MAX:
            yield " " * start + "^" * max(1, min(length, SHOWN_MAX - start))
    elif finding.at is not None:
        yield ascii(raw[finding.at : finding.at + SHOWN_MAX].decode("latin-1"))[1:-1]
        yield "^"
    elif line:
        lines = raw.splitlines()
        number = int(line[1])
        if number <= len(lines):
            yield lines[number - 1][:SHOWN_MAX].decode("utf-8", "replace")


def _span(segment: Segment, where: str) -> tuple[int, int]:
    """Find the element that a place names; the tag where it names none."""
    elements = segment.elements()
    named = _ELEMENT.search(where)
    number = int(named[1]) if named else 0
    if not 0 < number < len(elements):
        return 0, len(elements[0])
    before = sum(len(each) + 1 for each in elements[:number])
    return before, len(elements[number])

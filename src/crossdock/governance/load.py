"""Policies: the files of a folder become the rule book.

Each file is named after a field of `policies.rules.Rules`: `routing.toml` holds `[[routing]]` rows,
`posting.toml` the settings of the posting policy. A file that is not there leaves the default.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import get_origin

import msgspec

from crossdock.faults import Misconfigured
from crossdock.governance import typed_toml
from crossdock.governance.public_holidays import check_holidays, with_holidays
from crossdock.governance.typed_toml import Toml
from crossdock.policies.calendars import check_calendars
from crossdock.policies.freight import (
    check_contracts,
    check_exchange_rates,
    check_freight,
    check_tolerances,
)
from crossdock.policies.routing import check_routing
from crossdock.policies.rules import RoutingRow, Rules, TellingRow

# What a routing table must not have, and the column to look at; gaps and overlaps may be meant.
REFUSED = {
    "ROUTING_LIMIT_UNREADABLE": "max_weight_kg",
    "ROUTING_ID_REPEATED": "rule_id",
    "ROUTING_ROW_DEAD": "rule_id",
}


def load_rules(folder: Path) -> Rules:
    """Read a folder of policy files; no folder at all gives the defaults.

    Raises Misconfigured with file, line and a suggestion for whatever cannot be meant so.
    """
    if not folder.is_dir():
        return Rules()
    fields = {each.name: each.type for each in msgspec.structs.fields(Rules)}
    found: dict[str, object] = {}
    for file in sorted(folder.glob("*.toml")):
        if file.stem not in fields:
            hint = typed_toml.meant(file.stem, fields)
            raise Misconfigured(
                f"{file}:1: no policy is named `{file.stem}`; {hint}", file=file, line=1
            )
        found[file.stem] = _policy(typed_toml.read(file), file.stem, fields[file.stem])
    rules = msgspec.structs.replace(Rules(), **found)
    if "calendars" in found:
        _judge_rows(folder, "calendars", check_calendars(rules.calendars))
        _judge_rows(folder, "calendars", check_holidays(rules.calendars))
        rules = msgspec.structs.replace(
            rules, calendars=tuple(with_holidays(each) for each in rules.calendars)
        )
    if "inventory" in found:
        _judge_once(folder, "inventory", rules.inventory.rows, "company_code", "company code")
    if "posting" in found:
        _judge_once(folder, "posting", rules.posting.rows, "posting", "posting")
    if "telling" in found:
        _judge_telling(folder, rules.telling.rows)
    _judge_names(folder, rules)
    _judge_freight(folder, rules, found)
    if "routing" in found:
        _judge_routing(typed_toml.read(folder / "routing.toml"), rules.routing)
    return rules


def _policy(toml: Toml, name: str, kind: type) -> object:
    """Read one file: rows under the policy's name, or the policy's settings."""
    if get_origin(kind) is None:
        return typed_toml.convert(toml, toml.table, kind)
    for key in toml.table:
        if key != name:
            raise toml.fault(f"unknown setting `{key}`; {typed_toml.meant(key, (name,))}", (key,))
    return typed_toml.convert(toml, toml.table.get(name, []), kind, (name,))


def _judge_routing(toml: Toml, rows: Sequence[RoutingRow]) -> None:
    """Refuse a routing table in which a row can never hit, or cannot be told from another."""
    for finding in check_routing(rows):
        if finding.code in REFUSED:
            places = [place for place, row in enumerate(rows) if row.rule_id == finding.where]
            raise toml.fault(finding.said, ("routing", places[-1], REFUSED[finding.code]))


def _judge_rows(folder: Path, name: str, refused: Iterable[tuple[int, str, str]]) -> None:
    """Refuse a table with a row that cannot be kept."""
    for place, field, why in refused:
        raise typed_toml.read(folder / f"{name}.toml").fault(why, (name, place, field))


def _judge_freight(folder: Path, rules: Rules, found: Container[str]) -> None:
    """Refuse tables of money that no clerk could mean so."""
    if "freight" in found:
        for where, why in check_freight(rules.freight):
            raise typed_toml.read(folder / "freight.toml").fault(why, where)
    tables = {
        "tolerances": check_tolerances(rules.tolerances),
        "contracts": check_contracts(rules.contracts),
        "exchange_rates": check_exchange_rates(rules.exchange_rates),
    }
    for name, refused in tables.items():
        if name in found:
            _judge_rows(folder, name, refused)


def _judge_once(
    folder: Path, name: str, rows: Sequence[msgspec.Struct], column: str, word: str
) -> None:
    """Refuse two rows that say the same in a column by which a row is known."""
    known: set[str] = set()
    for place, row in enumerate(rows):
        value = getattr(row, column)
        if value in known:
            said = f"{word} `{value}` has a row already; keep one of them"
            raise typed_toml.read(folder / f"{name}.toml").fault(said, ("rows", place, column))
        known.add(value)


def _judge_telling(folder: Path, rows: Sequence[TellingRow]) -> None:
    """Refuse two rows for one customer and partner: what one tells, the other takes back."""
    known: dict[tuple[str, str], int] = {}
    for place, row in enumerate(rows):
        first = known.setdefault((row.customer_id, row.partner), place)
        if first != place:
            said = (
                f"rows {first + 1} and {place + 1} both say what partner `{row.partner}` is told "
                f"of customer `{row.customer_id}`; keep one of them, with all `milestones` it "
                "wants (none: all)"
            )
            raise typed_toml.read(folder / "telling.toml").fault(said, ("rows", place, "partner"))


def _judge_names(folder: Path, rules: Rules) -> None:
    """Refuse a calendar's name where no calendar has it."""
    known = {"", *(each.name for each in rules.calendars)}
    for name, where, calendar in _calendars_used(rules):
        if calendar not in known:
            hint = typed_toml.meant(calendar, known)
            toml = typed_toml.read(folder / f"{name}.toml")
            raise toml.fault(f"there is no calendar `{calendar}`; {hint}", where)


def _calendars_used(rules: Rules) -> Iterator[tuple[str, tuple[str | int, ...], str]]:
    """Walk the calendars that policies name: the file, the place in it, the calendar."""
    yield "tendering", ("calendar",), rules.tendering.calendar
    for place, terms in enumerate(rules.tendering.carriers):
        yield "tendering", ("carriers", place, "calendar"), terms.calendar
    yield "acknowledgement", ("calendar",), rules.acknowledgement.calendar
    for place, partner in enumerate(rules.acknowledgement.partners):
        yield "acknowledgement", ("partners", place, "calendar"), partner.calendar
    yield "freight", ("dispute_calendar",), rules.freight.dispute_calendar

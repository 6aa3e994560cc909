"""Policies: the files of a folder become the rule book.

Each file is named after a field of `policies.rules.Rules`: `routing.toml` holds `[[routing]]` rows,
`posting.toml` the settings of the posting policy. A file that is not there leaves the default.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import get_origin

import msgspec

from crossdock.faults import Misconfigured
from crossdock.governance import typed_toml
from crossdock.governance.typed_toml import Toml
from crossdock.policies.rules import RoutingRow, Rules

# The columns of the routing table that must match; the weight is compared apart.
CONDITIONS = ("from_country", "to_country", "customer_class", "item_class")


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
    """Refuse a routing table in which a row can never hit, or a rule id names two rows."""
    for number, row in enumerate(rows):
        _weight(toml, number, row)
        for earlier in rows[:number]:
            if earlier.rule_id == row.rule_id:
                raise toml.fault(
                    f"two rows of the routing table are named `{row.rule_id}`; name one otherwise",
                    ("routing", number, "rule_id"),
                )
            if _covers(earlier, row):
                raise toml.fault(
                    f"the row `{row.rule_id}` is never reached, because `{earlier.rule_id}` above "
                    "it takes every order it could take; move it up",
                    ("routing", number),
                )


def _weight(toml: Toml, number: int, row: RoutingRow) -> None:
    """Refuse a weight limit that is no plain decimal number."""
    try:
        finite = not row.max_weight_kg or Decimal(row.max_weight_kg).is_finite()
    except InvalidOperation:
        finite = False
    if not finite:
        raise toml.fault(
            f'`{row.max_weight_kg}` is no weight; write a decimal text such as "30.5"',
            ("routing", number, "max_weight_kg"),
        )


def _covers(earlier: RoutingRow, later: RoutingRow) -> bool:
    """Tell whether whatever the later row matches is matched by the earlier one."""
    same = all(getattr(earlier, name) in {"", getattr(later, name)} for name in CONDITIONS)
    if not earlier.max_weight_kg:
        return same
    if not later.max_weight_kg:
        return False
    return same and Decimal(earlier.max_weight_kg) >= Decimal(later.max_weight_kg)

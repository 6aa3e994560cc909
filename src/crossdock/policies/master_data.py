"""Three looks at master data: whether customer, items and ship-to are known and free to use.

Each is reported by itself, with the version and the age of the records it looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from crossdock.canonical.order import Order, OrderDraft
from crossdock.messages.envelope import Key
from crossdock.messages.master_data import MasterDataChanged, MasterKind
from crossdock.messages.order_release import CheckedRecord, CheckVerdict, MasterDataCheck
from crossdock.policies.rules import CompletenessPolicy

Records = Mapping[Key, MasterDataChanged | None]

# Worst last; blocked is worse than unknown, because somebody said no.
GRAVITY = (CheckVerdict.KNOWN, CheckVerdict.STALE, CheckVerdict.UNKNOWN, CheckVerdict.BLOCKED)


def records_wanted(order: Order | OrderDraft) -> dict[MasterKind, tuple[str, ...]]:
    """Name the records an order is checked against, by kind; an id the order lacks is empty."""
    items = dict.fromkeys(line.item_id or "" for line in order.lines)
    return {
        MasterKind.CUSTOMER: (order.customer_id or "",),
        MasterKind.ITEM: tuple(items),
        MasterKind.SHIP_TO: (order.ship_to.location_id if order.ship_to else "",),
    }


def keys_wanted(order: Order | OrderDraft) -> tuple[Key, ...]:
    """Name the same records as the keys under which they are kept."""
    return tuple(
        Key(kind.value, name) for kind, ids in records_wanted(order).items() for name in ids if name
    )


def check_master_data(
    order: Order, records: Records, policy: CompletenessPolicy, at: datetime
) -> tuple[MasterDataCheck, ...]:
    """Check customer, items and ship-to at a time, in this order; always three verdicts."""
    required = {
        MasterKind.CUSTOMER: policy.known_customer,
        MasterKind.ITEM: policy.known_items,
        MasterKind.SHIP_TO: policy.known_ship_to,
    }
    stale_before = at - timedelta(hours=policy.stale_after_hours)
    return tuple(
        _check(
            kind,
            required[kind],
            [_look(name, records.get(Key(kind.value, name)), stale_before) for name in ids],
        )
        for kind, ids in records_wanted(order).items()
    )


def failed(checks: Iterable[MasterDataCheck]) -> bool:
    """Tell whether a required check stops the order; stale records stop nothing."""
    return any(check.required and not _passes(check.verdict) for check in checks)


def offending(checks: Iterable[MasterDataCheck]) -> tuple[tuple[MasterKind, CheckedRecord], ...]:
    """List the records that stop the order, with their kinds."""
    return tuple(
        (check.kind, record)
        for check in checks
        if check.required
        for record in check.records
        if not _passes(record.verdict)
    )


def _passes(verdict: CheckVerdict) -> bool:
    return verdict in {CheckVerdict.KNOWN, CheckVerdict.STALE}


def _look(name: str, record: MasterDataChanged | None, stale_before: datetime) -> CheckedRecord:
    if record is None:
        return CheckedRecord(id=name, verdict=CheckVerdict.UNKNOWN)
    verdict = CheckVerdict.STALE if record.as_of < stale_before else CheckVerdict.KNOWN
    if record.blocked:
        verdict = CheckVerdict.BLOCKED
    return CheckedRecord(id=name, verdict=verdict, version=record.version, as_of=record.as_of)


def _check(kind: MasterKind, required: bool, looks: Sequence[CheckedRecord]) -> MasterDataCheck:  # noqa: FBT001 - read from the policy by name
    known_since = [look.as_of for look in looks if look.as_of is not None]
    return MasterDataCheck(
        kind=kind,
        verdict=max((look.verdict for look in looks), key=GRAVITY.index),
        required=required,
        version=min(look.version for look in looks),
        as_of=min(known_since, default=None),
        records=tuple(looks),
    )

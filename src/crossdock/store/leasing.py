"""What a lease means, the same in every store."""

from __future__ import annotations

from msgspec.structs import replace

from crossdock.ports.store import OutboxRow, OutboxStatus

OPEN = frozenset({OutboxStatus.WAITING, OutboxStatus.UNKNOWN, OutboxStatus.LEASED})
LETS_THE_NEXT_GO = frozenset({OutboxStatus.APPLIED, OutboxStatus.WAIVED, OutboxStatus.SUPERSEDED})


def leased(row: OutboxRow) -> OutboxRow:
    """Tell an effect as it was before the lease, under the new fence.

    A lease that ran out means that the worker died during the call: the outcome is unknown.
    """
    was_leased = row.status is OutboxStatus.LEASED
    status = OutboxStatus.UNKNOWN if was_leased else row.status
    return replace(row, status=status, lease_until=None, fence=row.fence + 1)

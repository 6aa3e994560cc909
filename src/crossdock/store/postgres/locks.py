"""Who may do what, by PostgreSQL's advisory locks: held by a session, gone when it ends.

A lock's number has its kind in the upper half and what is locked in the lower, as `pg_locks` shows
them (`classid`, `objid`).
"""

from __future__ import annotations

import zlib

MIGRATING = 0xCD01  # the tables are being changed
WRITER = 0xCD02  # a session that writes, by its number
WORKER = 0xCD03  # such a session that also takes steps and delivers
LANE = 0xCD04
ENDPOINT = 0xCD05

WRITERS_MAX = 1000
TAKE_WRITER = """
SELECT number FROM generate_series(0, $2 - 1) AS number
WHERE pg_try_advisory_lock($1 + number)
LIMIT 1
"""
TAKE = "SELECT number FROM unnest($2::bigint[]) AS number WHERE pg_try_advisory_lock($1 + number)"
GIVE_BACK = "SELECT pg_advisory_unlock($1 + number) FROM unnest($2::bigint[]) AS number"
GIVE_ALL_BACK = "SELECT pg_advisory_unlock_all()::text"  # the server notices a close a moment later
HELD = """
SELECT classid::bigint, objid::bigint, pid = pg_backend_pid()
FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND classid::bigint BETWEEN $1 AND $2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
# A session whose process was frozen while it sent something is not idle for the server, which waits
# for the rest without an end. Whoever notices ends it.
END_FROZEN = """
SELECT pg_terminate_backend(activity.pid)
FROM pg_stat_activity AS activity
JOIN pg_locks AS lock ON lock.pid = activity.pid
WHERE lock.locktype = 'advisory' AND lock.objsubid = 1 AND lock.granted
    AND lock.classid::bigint = $1
    AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND activity.pid <> pg_backend_pid() AND activity.state <> 'idle'
    AND activity.wait_event = 'ClientRead'
    AND activity.state_change < clock_timestamp() - make_interval(secs => $2::bigint)
"""


def first_of(kind: int) -> int:
    """Tell the number of a kind's first lock."""
    return kind << 32


def number_of(tenant: str, endpoint: str) -> int:
    """Choose the lock of an endpoint; two that share one are always the same worker's."""
    return zlib.crc32(f"{tenant}/{endpoint}".encode())

"""Who may do what, by PostgreSQL's advisory locks: held by a session, gone when it ends.

A lock's number has the kind in its upper half and what is locked in its lower.
"""

from __future__ import annotations

MIGRATING = 0xCD01 << 32
WRITER = 0xCD02 << 32

WRITERS_MAX = 1000
TAKE_WRITER = """
SELECT number FROM generate_series(0, $2 - 1) AS number
WHERE pg_try_advisory_lock($1 + number)
LIMIT 1
"""

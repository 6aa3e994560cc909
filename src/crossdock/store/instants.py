"""Times on disk: microseconds since 1970-01-01 UTC, exact and sortable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000


@lru_cache(maxsize=1024)  # what is written together mostly happened together
def micros(at: datetime) -> int:
    """Write an instant as microseconds. Raises TypeError for a time without a zone."""
    return (at - EPOCH) // MICROSECOND


@lru_cache(maxsize=1024)  # rows that are read together were mostly written together
def instant(micros: int) -> datetime:
    """Read microseconds as an instant in UTC."""
    return EPOCH + timedelta(0, *divmod(micros, SECOND))


def micros_or_null(at: datetime | None) -> int | None:
    """Write an instant that may be absent."""
    return None if at is None else micros(at)


def instant_or_none(micros: int | None) -> datetime | None:
    """Read an instant that may be absent."""
    return None if micros is None else instant(micros)

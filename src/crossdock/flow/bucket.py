"""A token bucket: how many requests a partner may be sent now. Pure; the time is given."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

SET_BACK = timedelta(seconds=1)  # times are asked for a little out of order, by no more than this


class Bucket(Struct, frozen=True, kw_only=True):
    """`tokens` as of `at`, filled with `rate_per_second` up to `capacity`.

    `paused_until`: the partner asked for silence until then.
    """

    rate_per_second: float
    capacity: float
    tokens: float
    at: datetime
    paused_until: datetime | None = None


def full(rate_per_second: float, at: datetime) -> Bucket:
    """Give a full bucket: a second's worth, and never less than one token."""
    capacity = max(1.0, rate_per_second)
    return Bucket(rate_per_second=rate_per_second, capacity=capacity, tokens=capacity, at=at)


def filled(bucket: Bucket, now: datetime) -> Bucket:
    """Add what has flowed in since; a clock that went back adds nothing."""
    seconds = max(0.0, (now - bucket.at).total_seconds())
    tokens = min(bucket.capacity, bucket.tokens + seconds * bucket.rate_per_second)
    return replace(bucket, tokens=tokens, at=max(now, bucket.at))


def kept(bucket: Bucket, now: datetime) -> Bucket:
    """Let a bucket fill from now on where the clock was set back behind it; a pause stays."""
    if bucket.at - now <= SET_BACK or _is_paused(bucket, now):
        return bucket
    return replace(bucket, at=now)


def available(bucket: Bucket, now: datetime) -> int:
    """Tell how many whole tokens are there."""
    if _is_paused(bucket, now):
        return 0
    return int(filled(bucket, now).tokens)


def _is_paused(bucket: Bucket, now: datetime) -> bool:
    return bucket.paused_until is not None and now < bucket.paused_until


def taken(bucket: Bucket, now: datetime, number: int) -> Bucket:
    """Take tokens out."""
    fresh = filled(bucket, now)
    return replace(fresh, tokens=fresh.tokens - number)


def paused(bucket: Bucket, until: datetime) -> Bucket:
    """Let the bucket give nothing until then, and begin with one token.

    A shorter pause does not end a longer one.
    """
    longest = until if bucket.paused_until is None else max(until, bucket.paused_until)
    return replace(bucket, paused_until=longest, tokens=1.0, at=longest)


def next_token(bucket: Bucket, now: datetime) -> float:
    """Tell in how many seconds there is a token again; 0 where there is one."""
    if bucket.paused_until is not None and now < bucket.paused_until:
        return (bucket.paused_until - now).total_seconds()
    missing = 1.0 - filled(bucket, now).tokens
    return max(0.0, missing / bucket.rate_per_second)

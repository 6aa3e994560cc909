"""A token bucket against the sum of what was taken: never faster than its rate, never asleep."""

from __future__ import annotations

from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from crossdock.flow.bucket import available, full, next_token, paused, taken
from tests.stateful.counted import SECOND, Counting

RATES = (0.5, 1.0, 3.0, 50.0)
ROUNDING = 1e-6


class TokenBucket(Counting):
    """A courier takes what it may, the partner asks for silence, clocks go back."""

    def __init__(self) -> None:
        """Begin with nothing sent; the first step chooses the rate."""
        super().__init__()
        self.bucket = full(RATES[0], self.now)
        self.sent: list[tuple[datetime, int]] = []
        self.silent_until: datetime | None = None

    @initialize(rate=st.sampled_from(RATES))
    def begin(self, rate: float) -> None:
        """Choose the rate."""
        self.bucket = full(rate, self.now)

    @rule(wanted=st.integers(1, 100))
    def take(self, wanted: int) -> None:
        """Take what is wanted, as far as it is there."""
        number = min(wanted, available(self.bucket, self.now))
        if self.silent_until is not None and self.now < self.silent_until:
            assert number == 0
        if number:
            self.bucket = taken(self.bucket, self.now, number)
            self.sent.append((self.now, number))

    @rule()
    def wait_for_the_next(self) -> None:
        """After the time it names there is a token."""
        seconds = next_token(self.bucket, self.now)
        assert (seconds == 0) == (available(self.bucket, self.now) > 0)
        self.now += (seconds + ROUNDING) * SECOND
        assert available(self.bucket, self.now) >= 1

    @rule(seconds=st.integers(1, 60))
    def pause(self, seconds: int) -> None:
        """The partner asks for silence; a shorter wish does not end a longer one."""
        until = self.now + seconds * SECOND
        self.bucket = paused(self.bucket, until)
        self.bucket = paused(self.bucket, until)
        self.silent_until = max(until, self.silent_until or until)
        self.sent = []  # who may come again after a pause may come once, whatever went before

    @rule(seconds=st.floats(0, 30, allow_nan=False))
    def time_passes(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds * SECOND

    @invariant()
    def never_faster_than_its_rate(self) -> None:
        """In no window is more sent than a full bucket and what flowed in."""
        total = 0
        for at, number in reversed(self.sent[-50:]):
            total += number
            seconds = (self.now - at).total_seconds()
            most = self.bucket.capacity + seconds * self.bucket.rate_per_second
            assert total <= most + ROUNDING * (1 + seconds)

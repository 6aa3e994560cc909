"""The desk of one endpoint: its pace, and what is on its way, in this worker's memory.

Nothing here is needed after a crash: leases and the breaker are in the store.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from crossdock.flow import bucket as tokens
from crossdock.flow.breaker import Wishes
from crossdock.ports import Endpoint

SLACK_SECONDS = 15.0  # from a call's deadline to the moment its lease runs out
RETRY_AFTER_MIN, RETRY_AFTER_MAX = 1.0, 3600.0
DOWN_AFTER_SECONDS = 15 * 60.0

Slot = tuple[str, int]  # outbox id and fence


class Desk:
    """What one worker knows of one endpoint.

    Settings of an endpoint are in real seconds; `pace` tells how many seconds of the business
    clock pass in one of them (1 in earnest, more where a day is shown in a minute).
    """

    def __init__(self, endpoint: Endpoint, now: datetime, pace: float) -> None:
        """Begin with a full bucket and nothing on its way."""
        self.endpoint = endpoint
        self.pace = pace
        self.bucket = tokens.full(endpoint.rate_per_second / pace, now)
        self.announced = False
        operations = endpoint.connector.operations.values()
        longest = max((each.deadline_seconds for each in operations), default=0.0)
        # How long a call may take, answer written down included.
        self.lease_for = self.span(longest + SLACK_SECONDS)
        # How the endpoint wants to be spared.
        self.wishes = Wishes(
            failures_max=endpoint.breaker_failures,
            open_for=self.span(endpoint.breaker_open_seconds),
            probe_for=self.lease_for,
        )
        self._in_flight: dict[Slot, datetime] = {}
        self._generation = 0
        self._ramp = endpoint.in_flight_max

    def span(self, seconds: float) -> timedelta:
        """Turn real seconds into the business clock's."""
        return timedelta(seconds=seconds * self.pace)

    def room(self, now: datetime, generation: int) -> int:
        """Tell how many calls more may be on their way.

        After the breaker closed it begins with one and grows by one with each success, so that
        the number doubles with every round.
        """
        if generation != self._generation:
            self._generation, self._ramp = generation, 1
        in_flight = sum(until > now for until in self._in_flight.values())
        limit = min(self._ramp, self.endpoint.in_flight_max)
        self.bucket = tokens.kept(self.bucket, now)
        return min(limit - in_flight, tokens.available(self.bucket, now))

    def sent(self, slots: Iterable[Slot], now: datetime) -> None:
        """Note calls on their way."""
        fresh = dict.fromkeys(slots, now + self.lease_for)
        self._in_flight.update(fresh)
        self.bucket = tokens.taken(self.bucket, now, len(fresh))

    def waits_for(self, outbox_id: str) -> bool:
        """Tell, once, whether a call for this effect left here and is not back.

        Its lease has run out before it could: the clock was set forward. What a look-up found now
        would be true of a moment before the call arrives.
        """
        slots = [slot for slot in self._in_flight if slot[0] == outbox_id]
        for slot in slots:
            del self._in_flight[slot]
        return bool(slots)

    def back(self, slot: Slot, *, well: bool) -> None:
        """Note that a call has ended."""
        self._in_flight.pop(slot, None)
        if well and self._ramp < self.endpoint.in_flight_max:
            self._ramp += 1

    def pause(self, retry_after: float | None, now: datetime) -> datetime:
        """Let the partner rest as it asked, between a second and an hour; answer until when."""
        asked = self.endpoint.retry_base_seconds if retry_after is None else retry_after
        seconds = min(max(asked, RETRY_AFTER_MIN), RETRY_AFTER_MAX)
        until = now + self.span(seconds)
        self.bucket = tokens.paused(self.bucket, until)
        return until

    def next_token(self, now: datetime) -> float:
        """Tell in how many business seconds another call may be made."""
        return tokens.next_token(self.bucket, now)

"""A circuit breaker that many workers may share: pure, over a row saved by compare-and-set.

        failures_max in a row            open_until is over, one probe leased
CLOSED ----------------------> OPEN ------------------------------------------> HALF_OPEN
   ^                            ^ |                                              |   |
   |                            | | locked out: open until an operator lets go   |   |
   |                            +------------------- the probe failed -----------+   |
   +----------------------------------------- the probe succeeded -------------------+

The generation rises with every change of state, and an outcome counts only in the generation its
call was admitted in: a success that comes late does not close what has opened since. The probe is
a lease: a prober that dies frees it.

A refusal is an answer and never counts against a partner. `changed_at` tells since when the
breaker is closed, or since when it is not.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from crossdock.flow.outcomes import Vote
from crossdock.ports.store import BreakerRow, BreakerState

# A pause is this part of the time the partner has been away, so that it is noticed soon when it is
# back: `open_for` at least, and so many times that at most.
PART_OF_ABSENCE = 20
LONGEST = 32


class Wishes(Struct, frozen=True, kw_only=True):
    """How an endpoint wants to be spared."""

    failures_max: int
    open_for: timedelta
    probe_for: timedelta


class Admission(Struct, frozen=True, kw_only=True):
    """How many calls may be made (None: any number), under which generation.

    `claimed` must be saved first, where there is one: it is the lease of the only probe.
    """

    permits: int | None
    generation: int
    claimed: BreakerRow | None = None


def admit(row: BreakerRow, now: datetime, wishes: Wishes) -> Admission:
    """Tell how many calls may be made now."""
    match row.state:
        case BreakerState.CLOSED:
            return Admission(permits=None, generation=row.generation)
        case BreakerState.OPEN:
            waiting = row.open_until is None or now < row.open_until
        case BreakerState.HALF_OPEN:
            waiting = row.probe_until is not None and now < row.probe_until
    if waiting:
        return Admission(permits=0, generation=row.generation)
    claimed = replace(
        row,
        state=BreakerState.HALF_OPEN,
        generation=row.generation + 1,
        open_until=None,
        probe_until=now + wishes.probe_for,
    )
    return Admission(permits=1, generation=claimed.generation, claimed=claimed)


def returned(row: BreakerRow, now: datetime) -> BreakerRow:
    """Give back a probe for which there was no call to make."""
    return replace(
        row,
        state=BreakerState.OPEN,
        generation=row.generation + 1,
        open_until=now,
        probe_until=None,
    )


def note(row: BreakerRow, generation: int, vote: Vote, now: datetime, wishes: Wishes) -> BreakerRow:
    """Count what a call admitted in that generation says; the same row where nothing changes."""
    if generation != row.generation or vote is Vote.NEITHER or row.state is BreakerState.OPEN:
        return row
    if vote is Vote.WELL:
        return _well(row, now)
    failures = row.failures + 1
    if row.state is BreakerState.CLOSED and failures < wishes.failures_max:
        return replace(row, failures=failures)
    return _opened(replace(row, failures=failures), now, wishes)


def _well(row: BreakerRow, now: datetime) -> BreakerRow:
    if row.state is BreakerState.CLOSED:
        return replace(row, failures=0) if row.failures else row
    return replace(
        row,
        state=BreakerState.CLOSED,
        generation=row.generation + 1,
        failures=0,
        probe_until=None,
        changed_at=now,
    )


def _opened(row: BreakerRow, now: datetime, wishes: Wishes) -> BreakerRow:
    since = now if row.state is BreakerState.CLOSED else row.changed_at
    away = timedelta() if since is None else now - since
    pause = min(max(away / PART_OF_ABSENCE, wishes.open_for), wishes.open_for * LONGEST)
    return replace(
        row,
        state=BreakerState.OPEN,
        generation=row.generation + 1,
        open_until=now + pause,
        probe_until=None,
        changed_at=since,
    )


def is_probe(row: BreakerRow, generation: int) -> bool:
    """Tell whether a call of that generation is the probe; that nobody was there costs it nothing.

    What waits behind an open breaker spends no attempts, whichever of it has to ask.
    """
    return row.state is BreakerState.HALF_OPEN and row.generation == generation


def locked(row: BreakerRow, generation: int, now: datetime) -> BreakerRow:
    """Open until an operator lets go: the partner does not accept our credentials."""
    if generation != row.generation:
        return row
    since = now if row.state is BreakerState.CLOSED else row.changed_at
    return replace(
        row,
        state=BreakerState.OPEN,
        generation=row.generation + 1,
        open_until=None,
        probe_until=None,
        changed_at=since,
    )


def let_go(row: BreakerRow, now: datetime) -> BreakerRow:
    """Let the next call probe at once; a closed breaker is left as it is."""
    return row if row.state is BreakerState.CLOSED else returned(row, now)


def is_held(row: BreakerRow) -> bool:
    """Tell whether the breaker waits for an operator."""
    return row.state is BreakerState.OPEN and row.open_until is None

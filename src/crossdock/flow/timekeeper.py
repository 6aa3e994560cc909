"""The timekeeper: due timers come back as messages, a bounded number at a time.

After a long stop the oldest come first, and processes decide by `due_at`, so being late changes
nothing but the hour.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from msgspec import Struct

from crossdock.flow.batch import Batch, address
from crossdock.flow.dispatcher import Dispatched
from crossdock.flow.names import wake_up_id
from crossdock.flow.outbound import is_held
from crossdock.flow.roster import Directory
from crossdock.messages.envelope import Message
from crossdock.messages.flow import WakeUp
from crossdock.ports.store import TimerRow, Unit

TIMERS_MAX = 500


class Rung(Struct, frozen=True, kw_only=True):
    """How many timers rang; `more` tells that as many as allowed did, and others may be due.

    `dispatched` is what the steps taken with them brought about.
    """

    rung: int = 0
    more: bool = False
    dispatched: Dispatched = Dispatched()


def ring(
    directory: Directory, unit: Unit, now: datetime, limit: int = TIMERS_MAX
) -> tuple[Rung, Batch]:
    """Turn due timers into messages for the processes that set them; the batch is to be flushed.

    None rings while outbound is held after a restore: the answers that a timer would miss may be
    among what was lost, and are told again first.
    """
    batch = Batch(at=now, directory=directory)
    if is_held(unit):
        return Rung(), batch
    due = unit.due_timers(now, limit)
    for timer in due:
        batch.publish(address(directory, _wake_up(timer, now)))
    batch.tally.update(Counter(f"timers/{timer.subscriber}" for timer in due))
    return Rung(rung=len(due), more=len(due) == limit), batch


def _wake_up(timer: TimerRow, now: datetime) -> Message:
    return Message(
        id=wake_up_id(
            timer.tenant, timer.subscriber, timer.key, timer.name, timer.due_at, timer.message_id
        ),
        tenant=timer.tenant,
        correlation_id=timer.correlation_id,
        causation_id=timer.message_id,
        received_at=now,
        origin="flow",
        body=WakeUp(timer=timer.name, due_at=timer.due_at, fired_at=now),
        addressee=(timer.subscriber, timer.key),
    )

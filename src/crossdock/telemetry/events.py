"""What the log tells: events with dotted names and fields, never a payload."""

from __future__ import annotations

import logging
from enum import StrEnum


class LogEvent(StrEnum):
    """Every event flow tells of. Success is silent: it is counted, not told."""

    MACHINE_STARTED = "machine.started"
    MACHINE_STOPPED = "machine.stopped"
    MACHINE_CAREFUL = "machine.careful"  # steps are tried one at a time for a while
    MACHINE_STUMBLED = "machine.stumbled"  # a transaction failed and is tried again
    DOCUMENT_UNREAD = "document.unread"
    DOCUMENT_CONFLICT = "document.conflict"
    DOCUMENTS_ASSIGNED = "documents.assigned"  # unassigned ones that have a partner now
    STEP_PARKED = "step.parked"
    LANE_RELEASED = "lane.released"  # only a newer release can go on with what was met in it
    EFFECT_ENDED_BADLY = "effect.ended_badly"  # refused, unresolved or given up
    ENDPOINT_LOCKED_OUT = "endpoint.locked_out"
    BREAKER_MOVED = "breaker.moved"
    OPERATOR_DECIDED = "operator.decided"
    AUDIT_SEALED = "audit.sealed"  # with the new head of the chain: keep it outside of the store
    ROOM_TURNED = "room.turned"  # the store's disk is nearly full, or has room again
    STORE_TURNED = "store.turned"  # the store is away, told now and then, or serves again
    CLOCK_SET = "clock.set"  # this machine's, by so many seconds, while crossdock runs
    LOOP_FAILED = "loop.failed"  # a task of the shell failed and begins anew


LOGGER = logging.getLogger("crossdock")


def tell(event: LogEvent, *, level: int = logging.INFO, **fields: object) -> None:
    """Write an event to the log, with its fields."""
    LOGGER.log(level, event.value, extra={"fields": fields})

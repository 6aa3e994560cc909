"""The demo tells the same day however busy the machine is."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from crossdock.cli.demonstration.day import Options, live_the_day
from crossdock.cli.demonstration.summary import Orders, Summary

ORDERS = 12
FACTOR = 36_000.0  # ten hours a second: more than any machine can keep up with


def test_a_day_that_no_machine_can_keep_up_with_is_the_same_day(tmp_path: Path) -> None:
    options = Options(folder=tmp_path, orders=ORDERS, naive=False, factor=FACTOR)

    summary = asyncio.run(lived(options))

    assert summary.held_seconds > 0
    assert not summary.cut_short
    assert summary.orders == Orders(
        released=12,
        completed=10,
        cancelled=1,
        in_exception=2,
        completed_in_exception=1,
        stages={"cancelled": 1, "delivered": 10, "incomplete": 1},
    )
    assert summary.tenders == {"accepted": 5, "offered": 5}
    assert summary.acknowledgements == {"accepted": 5, "not_awaited": 5}
    assert summary.exceptions == {
        "FINANCE": {"FREIGHT_UNDER_REVIEW": 1, "UNKNOWN_CHARGE_CODE": 2},
        "ORDER_MANAGEMENT": {"ORDER_INCOMPLETE": 1},
    }
    assert summary.violations == dict.fromkeys(summary.violations, 0)


async def lived(options: Options) -> Summary:
    """Live a day to its end, and end all of its processes."""
    async with AsyncExitStack() as stack:
        _, summary = await live_the_day(options, stack, lambda _line: None)
    return summary

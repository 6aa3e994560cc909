"""`crossdock demo`: a distributor's day in a minute, through crossdock and point to point."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Annotated, Self

from cyclopts import Parameter
from rich.console import Console

from crossdock.apis.http import json_text
from crossdock.apis.process.v1 import trace as traces
from crossdock.cli.demonstration.day import Options, live_the_day
from crossdock.cli.demonstration.stage import Stage
from crossdock.cli.demonstration.summary import DONE, TENANT, Summary, as_text
from crossdock.cli.ending import Exit, say
from crossdock.cli.trace import tell as tell_trace
from crossdock.store.sqlite import open_reader

LINES = 8  # off the terminal, only every so manieth line of progress is told
ORDERS_MIN = 1


def demo(  # noqa: PLR0913 - a day can be lived in many ways
    *,
    once: Annotated[bool, Parameter(help="End after the summary, and serve no pages.")] = False,
    seed: Annotated[int, Parameter(help="Which day; the same seed is the same day.")] = 1,
    orders: Annotated[int, Parameter(help="How many orders are released.")] = 300,
    naive: Annotated[bool, Parameter(help="Live the day point to point beside it.")] = True,
    keep: Annotated[
        Path | None, Parameter(help="Keep everything in this folder; it is made if need be.")
    ] = None,
    as_json: Annotated[
        bool, Parameter(name="--json", negative="", help="Answer with the summary as JSON.")
    ] = False,
) -> int:
    """Watch a distributor's day: two ERPs, a TMS and three carriers, with their faults.

    The summary is counted from the partners' own ledgers and the customers' pages as rendered. On
    a terminal the pages go on being served until Ctrl-C.
    """
    with ExitStack() as places:
        folder = keep or Path(
            places.enter_context(tempfile.TemporaryDirectory(prefix="crossdock-"))
        )
        options = Options(
            folder=folder.absolute(), seed=seed, orders=max(orders, ORDERS_MIN), naive=naive
        )
        stay = not once and sys.stdout.isatty()
        summary = asyncio.run(_live(options, stay=stay, as_json=as_json))
    return Exit.FAILED if any(summary.violations.values()) else Exit.OK


async def _live(options: Options, *, stay: bool, as_json: bool) -> Summary:
    async with AsyncExitStack() as stack:
        with Progress() as progress:
            stage, summary = await live_the_day(options, stack, progress)
        if as_json:
            print(json_text(summary))
        else:
            print(as_text(summary))
            print("\n".join(a_story(stage)))
        if stay:
            _invite(stage)
            await asyncio.Event().wait()
    return summary


class Progress:
    """Tells how the day goes on standard error: in place on a terminal, else now and then."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self._told = 0
        self._status = Console(stderr=True).status("the partners are starting")

    def __enter__(self) -> Self:
        """Begin to tell."""
        if self._status.console.is_terminal:
            self._status.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        """Leave the terminal as it was."""
        self._status.stop()

    def __call__(self, line: str) -> None:
        """Tell a line of progress."""
        if self._status.console.is_terminal:
            self._status.update(line)
        elif self._told % LINES == 0:
            say(line)
        self._told += 1


def a_story(stage: Stage) -> list[str]:
    """Tell the trace of the delivered order with the longest story."""
    store = open_reader(stage.folder / "crossdock.db")
    try:
        with store.read() as reader:
            cases = reader.list_processes(TENANT, "order_release", DONE, "", 100)
            longest = max(cases, key=lambda each: each.revision, default=None)
            if longest is None:
                return ["No order was delivered."]
            return tell_trace(traces.trace(reader, TENANT, longest.key.id))
    finally:
        store.close()


def _invite(stage: Stage) -> None:
    customer, key = next(iter(stage.api_keys.items()))
    say("")
    say(f"{stage.hub_url}/console/   operations: what stands where, and why not yet")
    say(f"{stage.hub_url}/portal/    customers; the key of {customer} is {key}")
    said = " and ".join(f"{name}'s {token}" for name, token in stage.operators.items())
    say(f"{stage.hub_url}/console/finance   money, decided by two; their tokens are {said}")
    say(f"try: crossdock exceptions ls --config {stage.config_file}")
    say("The day's clock stands, and the partners have gone home. Ctrl-C ends it.")

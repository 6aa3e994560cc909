"""`crossdock up`: the house in earnest."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

from cyclopts import Parameter

from crossdock.cli.ending import Exit, say
from crossdock.cli.place import DEFAULT, ConfigFile, configured
from crossdock.telemetry.json_lines import JsonLines


def up(
    *,
    config: ConfigFile = DEFAULT,
    clock: Annotated[
        str, Parameter(help="An accelerated clock, as simulated partners take it.", show=False)
    ] = "",
) -> int:
    """Serve partners, customers and operators, and deliver what is asked of partners."""
    from crossdock.app.compose import build
    from crossdock.app.memory import collect_seldom
    from crossdock.simulators import clock as clocks

    where = configured(config)
    log_as_json()
    house = build(where, clock=clocks.parse(clock) if clock else None)
    at = f"http://{where.host}:{where.port}"
    say(f"crossdock serves at {at}")
    say(f"  {at}/console/   operations: what stands where, and why not yet")
    say(f"  {at}/portal/    customers: their shipments")
    say("Stop with Ctrl-C; whatever is under way goes on at the next start.")
    collect_seldom()
    asyncio.run(house.serve())
    return Exit.OK


def log_as_json() -> None:
    """Write the log to standard error, one JSON object a line."""
    lines = logging.StreamHandler()
    lines.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[lines])

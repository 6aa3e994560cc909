"""`crossdock up`, `worker`, `api` and `migrate`: the house in earnest, on one machine or many."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from crossdock.app.stores import Role, named
from crossdock.app.stores import migrate as bring_up_to_date
from crossdock.cli.ending import Exit, say
from crossdock.cli.place import DEFAULT, ConfigFile, configured
from crossdock.telemetry.json_lines import JsonLines

Clock = Annotated[
    str, Parameter(help="An accelerated clock, as simulated partners take it.", show=False)
]

HealthPort = Annotated[
    int,
    Parameter(
        validator=Number(gte=0, lte=65535),
        help="Port for /livez, /readyz and /metrics, at the host of `[server]`; 0 for none.",
    ),
]


def up(*, config: ConfigFile = DEFAULT, clock: Clock = "") -> int:
    """Serve partners, customers and operators, and deliver what is asked of partners."""
    return _serve(config, clock, Role.HOUSE)


def worker(*, config: ConfigFile = DEFAULT, port: HealthPort = 0, clock: Clock = "") -> int:
    """Take steps and deliver, beside any number of other workers over one PostgreSQL database."""
    return _serve(config, clock, Role.WORKER, port)


def api(*, config: ConfigFile = DEFAULT, clock: Clock = "") -> int:
    """Serve partners, customers and operators, and leave the work to `crossdock worker`."""
    return _serve(config, clock, Role.API)


def migrate(
    *,
    before_roll_out: Annotated[
        bool,
        Parameter(negative="", help="Only what workers of the release before can live with."),
    ] = False,
    config: ConfigFile = DEFAULT,
) -> int:
    """Bring the tables of a PostgreSQL database up to this release."""
    where = configured(config)
    names = bring_up_to_date(where, post=not before_roll_out)
    print("\n".join(names) if names else f"{named(where)} is up to this release")
    return Exit.OK


def _serve(config: ConfigFile, clock: str, role: Role, health_port: int = 0) -> int:
    from crossdock.app.compose import build
    from crossdock.app.memory import collect_seldom
    from crossdock.simulators import clock as clocks

    where = configured(config)
    log_as_json()
    house = build(where, clock=clocks.parse(clock) if clock else None, role=role)
    if role is Role.WORKER:
        say(f"crossdock works over {named(where)}")
        if health_port:
            say(f"  http://{where.host}:{health_port}/readyz   is it well; /metrics, /livez beside")
    else:
        at = f"http://{where.host}:{where.port}"
        say(f"crossdock serves at {at}")
        say(f"  {at}/console/   operations: what stands where, and why not yet")
        say(f"  {at}/portal/    customers: their shipments")
    say("Stop with Ctrl-C; whatever is under way goes on at the next start.")
    collect_seldom()
    asyncio.run(house.serve(health_port))
    return Exit.OK


def log_as_json() -> None:
    """Write the log to standard error, one JSON object a line."""
    lines = logging.StreamHandler()
    lines.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[lines])

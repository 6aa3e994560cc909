"""`crossdock fault-proxy HOST:PORT`: a connection that breaks as often as you ask."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import Parameter

from crossdock.cli.ending import Exit


def fault_proxy(  # noqa: PLR0913 - a command line has this many options
    behind: Annotated[str, Parameter(help="What it passes on to, as HOST:PORT.")],
    *,
    kind: Annotated[str, Parameter(help="`http`, or `tcp` for a database.")] = "http",
    port: Annotated[int, Parameter(help="Where it listens on 127.0.0.1; 0 takes any.")] = 0,
    control_port: Annotated[int, Parameter(help="Where it is told; 0 takes any.")] = 0,
    seed: Annotated[int, Parameter(help="The same seed strikes the same.")] = 1,
    faults: Annotated[str, Parameter(help="`name=chance:amount`, by comma.")] = "",
) -> int:
    """Pass connections on with faults: slow, cut, lost, doubled, spoilt, busy."""
    from crossdock.testing.fault_proxy.serve import proxy_of, serve

    proxy = proxy_of(kind, behind, port=port, seed=seed, faults=faults)
    asyncio.run(serve(proxy, control_port, lambda said: print(said, flush=True)))
    return Exit.OK

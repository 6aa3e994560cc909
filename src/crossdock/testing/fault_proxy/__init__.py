"""A proxy that misbehaves by seed: put it between crossdock and a partner, or a database.

    async with HttpFaultProxy("127.0.0.1", 9101, seed=7, faults="lost=0.2,latency=1:0.05") as proxy:
        ...                       # speak to proxy.port instead of 9101
        proxy.trouble("")         # heal it while it runs
        proxy.cut()               # break every connection there is
        await proxy.shut()        # nobody listens any more, until `open`

`HttpFaultProxy` knows requests and answers, `TcpFaultProxy` only bytes. `crossdock fault-proxy`
serves either as a process of its own.
"""

from __future__ import annotations

from crossdock.testing.fault_proxy.http import HttpFaultProxy
from crossdock.testing.fault_proxy.proxy import FaultProxy
from crossdock.testing.fault_proxy.tcp import TcpFaultProxy
from crossdock.testing.fault_proxy.troubles import FAULTS, Troubles, parse

__all__ = ["FAULTS", "FaultProxy", "HttpFaultProxy", "TcpFaultProxy", "Troubles", "parse"]

"""What crossdock says to a carrier in X12, written; what its transport answers, read."""

from __future__ import annotations

from crossdock.connectors.x12_carrier.outbound.commands import answer, write
from crossdock.connectors.x12_carrier.outbound.sealing import seal

__all__ = ["answer", "seal", "write"]

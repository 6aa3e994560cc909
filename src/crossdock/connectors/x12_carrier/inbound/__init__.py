"""X12, read: whatever sets stand in a document, in any number of groups and interchanges."""

from __future__ import annotations

from crossdock.connectors.x12_carrier.inbound.interchanges import interchange

__all__ = ["interchange"]

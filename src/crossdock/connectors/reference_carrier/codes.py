"""The carrier's codes. Source: docs/reference/system-api.md, "Status codes" and "Tenders"."""

from __future__ import annotations

from crossdock.canonical.tracking import Milestone
from crossdock.connectors.system_api.codes import STATUS_CODES

MILESTONES: dict[str, Milestone] = STATUS_CODES

# What the carrier says to a load offered -> whether it takes it.
TENDER_ANSWERS: dict[str, bool] = {"tender.accepted": True, "tender.declined": False}

"""The TMS's codes. Source: docs/reference/system-api.md, "Plans" and "Status codes"."""

from __future__ import annotations

from crossdock.canonical.shipment import Mode, StopRole
from crossdock.canonical.tracking import Milestone
from crossdock.connectors.system_api import codes

# A TMS that forwards tracking uses the codes of the published list, whatever the carrier used.
MILESTONES: dict[str, Milestone] = codes.STATUS_CODES

MODES: dict[str, Mode] = codes.MODES
STOP_ROLES: dict[str, StopRole] = codes.STOP_ROLES

# What became of a plan request -> how the answer is read.
PLAN_EVENTS: dict[str, str] = {
    "plan.confirmed": "confirmed",
    "plan.rejected": "rejected",
    "plan.cancelled": "cancelled",
}

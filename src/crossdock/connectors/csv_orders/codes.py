"""The file's codes. Source: docs/reference/system-api.md, "Order files"."""

from __future__ import annotations

# Column `action` -> whether the order is told with it: released, changed, cancelled.
ACTIONS: dict[str, bool] = {"R": True, "C": True, "X": False}

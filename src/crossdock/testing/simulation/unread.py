"""Metrics that nobody reads: what a simulated house does is judged by its tables and partners."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from crossdock.telemetry.metrics import Metrics


class Unread(Metrics):
    """Meters that stay at zero: turning them cost a sixtieth of a run (measured)."""

    def count(self, tally: Mapping[str, int]) -> None:
        """Count nothing."""

    def heard(self, partner: str, document: str, at: datetime) -> None:
        """Note nothing."""

    def waited(self, subscriber: str, seconds: Iterable[float]) -> None:
        """Note nothing."""

    def exchanged(self, endpoint: str, seconds: float) -> None:
        """Note nothing."""

    def ended(self, endpoint: str, verb: str, seconds: float) -> None:
        """Note nothing."""

    def breaker(self, endpoint: str, state: str) -> None:
        """Show nothing."""

"""The fence between test and production: three facts must agree with what this house is.

The envelope says it of the bytes, the channel of the way they came or go, the credentials of whom
they were shown by or to. A fact nobody states is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from crossdock.faults import Misconfigured
from crossdock.messages.acknowledgement import Environment


class Environments(Struct, frozen=True, kw_only=True):
    """Which side each fact stands on; None where it says nothing."""

    envelope: Environment | None = None
    channel: Environment | None = None
    credentials: Environment | None = None


def disagreements(house: Environment, facts: Environments) -> Iterator[tuple[str, Environment]]:
    """Name the facts that stand on the other side."""
    for name in ("envelope", "channel", "credentials"):
        stands: Environment | None = getattr(facts, name)
        if stands is not None and stands is not house:
            yield name, stands


def check_environments(house: Environment, facts: Environments) -> None:
    """Raise Misconfigured, naming the facts that stand on the other side; else do nothing."""
    wrong = dict(disagreements(house, facts))
    if wrong:
        names = " and ".join(f"{name} ({stands})" for name, stands in wrong.items())
        raise Misconfigured(
            f"Test and production would meet: this house is {house}, and the {names} is not",
            house=house,
            envelope=facts.envelope or "says nothing",
            channel=facts.channel or "says nothing",
            credentials=facts.credentials or "says nothing",
        )

"""What a defence is, and how the simulation takes it away."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from crossdock.testing.simulation.seams import Make


class Patch(Struct, frozen=True, kw_only=True):
    """One replacement: the attribute of an owner, and what makes the new one of the old."""

    owner: Any
    name: str
    make: Make


class Defence(Struct, frozen=True, kw_only=True):
    """One defence: what it keeps from happening, how it is taken away, and which test holds it.

    `held_by` is the test's id for pytest.

    `weather` names the faults that strike often while it is away: those it is made for. `beside`
    names defences that may keep the same from happening. `x12`: it is for partners who speak X12;
    `abroad`: for books in another currency than the charges; `customers`: for loads offered to us.
    """

    says: str
    patches: tuple[Patch, ...]
    held_by: str = ""
    weather: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    x12: bool = False
    abroad: bool = False
    customers: bool = False


def one(owner: Any, name: str, make: Make) -> tuple[Patch, ...]:
    """Replace one thing."""
    return (Patch(owner=owner, name=name, make=make),)

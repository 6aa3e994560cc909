"""What the proxy does wrong, by seed: a pure function of the seed, the fault and the occasion.

An occasion is a request in HTTP, a portion of bytes in TCP; occasions are counted in the order of
their arrival, so one connection at a time sees the same faults for the same seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from msgspec import Struct

from crossdock.faults import Misconfigured
from crossdock.simulators.chance import share


class Kind(Struct, frozen=True, kw_only=True):
    """One fault: what it does, what its amount counts and is where none is said, who knows it."""

    says: str
    unit: str = ""
    amount: float = 0.0
    http_only: bool = False


# In the order in which they strike; docs/how-to/break-a-connection.md repeats them.
FAULTS: dict[str, Kind] = {
    "latency": Kind(says="waits before passing anything on", unit="seconds", amount=0.1),
    "jitter": Kind(says="waits up to this long, drawn anew", unit="seconds", amount=0.1),
    "throttle": Kind(
        says="answers 429 with Retry-After, and passes nothing on",
        unit="seconds",
        amount=1,
        http_only=True,
    ),
    "busy": Kind(
        says="answers 503 with Retry-After, and passes nothing on",
        unit="seconds",
        amount=1,
        http_only=True,
    ),
    "black_hole": Kind(says="swallows everything and stays silent"),
    "cut_request": Kind(
        says="passes this much of the request on, then resets both sides", unit="bytes", amount=40
    ),
    "duplicate": Kind(says="passes the request on twice", http_only=True),
    "swap": Kind(
        says="gives two callers each other's answers, if a second comes in time",
        unit="seconds",
        amount=1,
        http_only=True,
    ),
    "lost": Kind(says="passes the request on, and closes in place of the answer"),
    "half_close": Kind(says="ends its own side in place of the answer, and still listens"),
    "corrupt": Kind(
        says="spoils this many bytes of the answer's body, so that it is no text any more",
        unit="bytes",
        amount=1,
    ),
    "truncate": Kind(says="ends politely after this much of the answer", unit="bytes", amount=60),
    "reset": Kind(says="resets after this much of the answer", unit="bytes", amount=60),
    "drip": Kind(says="gives the answer byte by byte", unit="bytes a second", amount=20),
}


class Wish(Struct, frozen=True, kw_only=True):
    """How often a fault strikes, and how much of it."""

    chance: float
    amount: float


class Troubles(Struct, frozen=True, kw_only=True):
    """Which faults strike, and how."""

    seed: int
    wishes: Mapping[str, Wish] = {}

    def struck(self, occasion: int) -> dict[str, float]:
        """Tell the faults that strike this occasion, with their amounts."""
        return {
            name: wish.amount
            for name, wish in self.wishes.items()
            if share(self.seed, name, occasion) < wish.chance
        }

    def share(self, *what: object) -> float:
        """Draw a number from 0 up to 1, the same for the same words."""
        return share(self.seed, *what)


def parse(text: str, seed: int, *, http: bool) -> Troubles:
    """Read `lost=0.2,latency=1:0.05`: the fault, its chance and, after a colon, its amount.

    Raises Misconfigured for a fault that no one knows, or that needs HTTP; for a chance outside of
    0 to 1, and for an amount below 0.
    """
    wishes = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, numbers = part.partition("=")
        kind = FAULTS.get(name)
        if kind is None:
            raise Misconfigured("No such fault", fault=name, known=" ".join(FAULTS))
        if kind.http_only and not http:
            raise Misconfigured("This fault needs to know requests: use HTTP", fault=name)
        chance, _, amount = numbers.partition(":")
        wishes[name] = Wish(
            chance=_number(name, chance, most=1.0),
            amount=_number(name, amount) if amount else kind.amount,
        )
    return Troubles(seed=seed, wishes={name: wishes[name] for name in FAULTS if name in wishes})


def _number(name: str, text: str, most: float = 1e9) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= most:
        raise Misconfigured(
            "A fault is written name=chance or name=chance:amount", fault=name, number=text
        )
    return number

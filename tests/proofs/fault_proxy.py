"""The fault proxy's swarm: real channel, real deliverer, a partner with a ledger of its own.

    make fault-proxy SEEDS=40

Every fault may strike every call, for each effect class and seed. Afterwards each effect is in the
partner's ledger once; or, where nothing protects, one exception asks a person. `duplicate` is left
out where a partner honours no key: then the network itself doubles, and nobody could tell. `swap`
is left out everywhere: a partner whose answers belong to others is believed.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections import Counter
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.ports import EffectClass
from crossdock.ports.store import OutboxStatus
from crossdock.testing.fault_proxy import FAULTS
from tests.fault_proxy.kit import Place, place
from tests.flow.kit import Line, queue
from tools.figures import record

CHANCE = 0.12
RARE = {"throttle": 0.01, "busy": 0.01, "black_hole": 0.03, "drip": 0.06}  # each costs a second
AMOUNTS = {"latency": 0.01, "jitter": 0.02, "throttle": 0, "busy": 0, "drip": 4000}
CLASSES = (EffectClass.IDEMPOTENT, EffectClass.LOOKUP, EffectClass.NEITHER)


class Fight(Struct, frozen=True, kw_only=True):
    """How a swarm ended: effects done twice, effects said to be done that were not, still open."""

    orders: int
    calls: int
    struck: dict[str, int]
    doubled: list[str]
    lost: list[str]
    open: list[str]
    asked_a_person: int


def faults_for(effect: EffectClass) -> str:
    """Write the faults that may strike a partner of this class."""
    left_out = {"swap"} if effect is EffectClass.IDEMPOTENT else {"swap", "duplicate"}
    wishes = [
        f"{name}={RARE.get(name, CHANCE)}:{AMOUNTS.get(name, kind.amount)}"
        for name, kind in FAULTS.items()
        if name not in left_out
    ]
    return ",".join(wishes)


def swarm(effect: EffectClass, seed: int, orders: int) -> Fight:
    """Deliver one effect for each order through every fault."""
    return asyncio.run(_swarm(effect, seed, orders))


async def _swarm(effect: EffectClass, seed: int, orders: int) -> Fight:
    names = [f"SO-{number}" for number in range(orders)]
    asked = [Line(id=f"{name}/1", order=name, reason="ask") for name in names]
    wishes: dict[str, Any] = {"rate_per_second": 10_000.0, "in_flight_max": 16, "attempts_max": 200}
    async with place(effect, faults_for(effect), *asked, seed=seed, **wishes) as there:
        await there.until(lambda: there.over(*names))
    return judged(there, names)


def judged(there: Place, names: list[str]) -> Fight:
    """Hold what the effects say against the partner's ledger, and exceptions against effects."""
    ledger = there.partner.ledger
    rows = [row for name in names for row in there.effects(name)]
    applied = [f"/{row.business_key}/{row.version}" for row in rows if is_applied(row.status)]
    unresolved = [row for row in rows if row.status is OutboxStatus.UNRESOLVED]
    return Fight(
        orders=len(names),
        calls=there.proxy.counts["occasions"],
        struck={name: there.proxy.counts[name] for name in FAULTS if there.proxy.counts[name]},
        doubled=sorted(path for path, times in ledger.items() if times > 1),
        lost=sorted(path for path in applied if not ledger[path]),
        open=sorted(
            {row.id for row in rows if not is_applied(row.status)}
            - {each.id for each in unresolved}
        )
        + [each[1] for each in queue(there.machine)[len(unresolved) :]],
        asked_a_person=len(unresolved),
    )


def is_applied(status: OutboxStatus) -> bool:
    """Tell whether an effect is said to be done."""
    return status is OutboxStatus.APPLIED


def main() -> int:
    """Fight for every class and seed, and record what was seen."""
    words = argparse.ArgumentParser(prog="make fault-proxy")
    words.add_argument("--seeds", type=int, default=40)
    words.add_argument("--orders", type=int, default=100)
    asked = words.parse_args()
    logging.disable(logging.WARNING)  # what ends badly is the point here
    fights = [
        swarm(effect, seed, asked.orders) for seed in range(asked.seeds) for effect in CLASSES
    ]
    struck: Counter[str] = Counter()
    for fight in fights:
        struck.update(fight.struck)
    figures = {
        "seeds": asked.seeds,
        "effects": sum(each.orders for each in fights),
        "calls": sum(each.calls for each in fights),
        "faults_struck": struck.total(),
        "kinds_struck": len(struck),
        "doubled": sum(len(each.doubled) for each in fights),
        "lost": sum(len(each.lost) for each in fights),
        "left_open": sum(len(each.open) for each in fights),
        "asked_a_person": sum(each.asked_a_person for each in fights),
    }
    title = "Faults on the wire: the real deliverer against a partner's ledger"
    record("fault_proxy", title, f"make fault-proxy SEEDS={asked.seeds}", figures)
    print(msgspec.json.encode(figures).decode())
    return 1 if figures["doubled"] or figures["lost"] or figures["left_open"] else 0


if __name__ == "__main__":
    raise SystemExit(main())

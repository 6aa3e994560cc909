"""Which orders a run has, out of the pool of its image, and when each is released."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import islice

from msgspec.structs import replace

from crossdock.simulators.chance import between, whole
from crossdock.simulators.planning import PlanRequest, plan
from crossdock.simulators.world import Release
from crossdock.testing.simulation.image import BEGIN
from crossdock.testing.simulation.options import Options

RELEASE_MINUTES = 240  # in which the orders are released


def orders_of(options: Options, pool: Sequence[Release]) -> tuple[Release, ...]:
    """Choose the orders of a run, and release them within a morning."""
    seed = options.seed
    first = whole(0, len(pool) - 1, seed, "first order")
    ring = [pool[(first + number * 37) % len(pool)] for number in range(len(pool))]
    if options.companies:
        ring = on_one_load(seed, ring, options.orders)
    elif options.one_lane:
        lane = lane_of(ring[0])
        ring = [each for each in ring if lane_of(each) == lane]
    chosen = ring[: options.orders]
    minutes = [between(1, RELEASE_MINUTES, seed, "released", each.order_id) for each in chosen]
    return tuple(
        replace(each, at=BEGIN + timedelta(minutes=after))
        for each, after in zip(chosen, minutes, strict=True)
    )


def on_one_load(seed: int, ring: list[Release], count: int) -> list[Release]:
    """Choose so many orders that leave one warehouse on one load, some of either company first."""
    first, *others = ring
    load = load_of(seed, first)
    others.sort(key=lambda each: each.company_code == first.company_code)
    moved = (
        replace(each, order=each.order | {"ship_from": first.order["ship_from"]}) for each in others
    )
    fellows = (each for each in moved if load_of(seed, each) == load)
    return [first, *islice(fellows, count - 1)]


def load_of(seed: int, release: Release) -> str:
    """Tell on which load an order goes as long as nobody routes it otherwise."""
    asked = PlanRequest(
        order=release.order, mode="ROAD", service_level="", carriers=(), planning=release.order_id
    )
    return str(plan(seed, asked, BEGIN)[0]["load_id"])


def lane_of(release: Release) -> tuple[str, str, str]:
    """Name what orders must have in common to travel on one load."""
    order = release.order
    return (
        release.company_code,
        order["ship_from"].get("location_id", ""),
        order["ship_to"].get("country", ""),
    )

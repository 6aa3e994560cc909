"""What a seed draws: how much happens, which faults strike, and what each partner promises."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from crossdock.faults import Misconfigured
from crossdock.ports import EffectClass
from crossdock.simulators.chance import choose, share, whole
from crossdock.testing.simulation.faults import FAULTS, Level

ORDERS_MAX = 3
OFF_SHARE, LOW_SHARE = 0.5, 0.35
ABROAD = "USD"  # what books are kept in where it is not what is charged
TENDERING_SHARE, X12_SHARE, ABROAD_SHARE, ONE_LANE_SHARE = 0.3, 0.3, 0.3, 0.3  # of the days
CUSTOMERS_SHARE, COMPANIES_SHARE, CONFIRMED_SHARE = 0.2, 0.1, 0.5
CLASSES = (
    EffectClass.IDEMPOTENT,
    EffectClass.IDEMPOTENT,
    EffectClass.LOOKUP,
    EffectClass.NEITHER,
)
KEYED = ("erp", "tms", "carriers")  # whose promise is drawn; files are natural


class Options(Struct, frozen=True, kw_only=True):
    """One run, whole: the same options give the same history.

    `levels` names the faults that are not off. `promises` tells for the partners that take keys
    whether they honour them, can be asked by them, or neither. With `x12` some carriers speak it,
    and are tendered to. `ledger_currency` is that of the books, where it is not that of the
    charges; in `one_lane` orders go the same way, so that loads are shared, and with `companies`
    there are some of both companies on one. With `customers` some
    offer us loads, and some are told of milestones as messages; with `confirmed` they want a word
    on what they take back. `batch` is how many
    steps one transaction takes at most. `until` ends the safety phase after so many events,
    whatever the day's plan; 0 for the whole day.
    """

    seed: int
    orders: int
    levels: Mapping[str, Level]
    promises: dict[str, EffectClass]
    batch: int = 500
    attempts_max: int = 20
    tendering: bool = False
    x12: bool = False
    ledger_currency: str = ""
    one_lane: bool = False
    companies: bool = False
    customers: bool = False
    confirmed: bool = False
    until: int = 0

    @property
    def command(self) -> str:
        """The command line that repeats this run."""
        off = ",".join(name for name in FAULTS if name not in self.levels)
        drawn = draw(self.seed)
        words = [f"--seed {self.seed}"]
        if self.orders != drawn.orders:
            words.append(f"--orders {self.orders}")
        if self.levels != drawn.levels:
            words.append(f"--off {off}")
        if self.until:
            words.append(f"--until {self.until}")
        return " ".join(["python -m crossdock.testing.simulation", *words])

    def said(self) -> str:
        """Tell the options in one line."""
        faults = " ".join(f"{name}={level}" for name, level in self.levels.items())
        promises = " ".join(f"{name}:{each}" for name, each in self.promises.items())
        return (
            f"seed={self.seed} orders={self.orders} batch={self.batch} "
            f"attempts_max={self.attempts_max} tendering={'yes' if self.tendering else 'no'} "
            f"x12={'yes' if self.x12 else 'no'} books={self.ledger_currency or 'as charged'} "
            f"{'both companies on a load ' if self.companies else ''}"
            f"customers={'yes' if self.customers else 'no'} "
            f"{'withdrawals confirmed ' if self.confirmed else ''}"
            f"{promises} faults: {faults or 'none'}"
        )


def draw(seed: int) -> Options:
    """Draw the options of a seed."""
    drawn = {name: _level(seed, name) for name in FAULTS}
    companies = share(seed, "companies") < COMPANIES_SHARE
    if companies:  # what the world is for: charges that fall to both
        drawn["billed_whole"] = Level.HIGH
    levels = {name: level for name, level in drawn.items() if level is not Level.OFF}
    x12 = share(seed, "x12") < X12_SHARE
    customers = share(seed, "customers") < CUSTOMERS_SHARE
    return Options(
        seed=seed,
        orders=ORDERS_MAX if companies else whole(1, ORDERS_MAX, seed, "orders"),
        levels=levels,
        promises={each: choose(CLASSES, seed, "promise", each) for each in KEYED},
        batch=choose((500, 500, 3, 1), seed, "batch"),
        attempts_max=choose((20, 20, 6), seed, "attempts"),
        tendering=x12 or share(seed, "tendering") < TENDERING_SHARE,
        x12=x12,
        one_lane=share(seed, "one lane") < ONE_LANE_SHARE,
        companies=companies,
        customers=customers,
        confirmed=customers and share(seed, "confirmed") < CONFIRMED_SHARE,
        ledger_currency=ABROAD if share(seed, "books") < ABROAD_SHARE else "",
    )


def _level(seed: int, fault: str) -> Level:
    drawn = share(seed, "level", fault)
    if drawn < OFF_SHARE:
        return Level.OFF
    return Level.LOW if drawn < OFF_SHARE + LOW_SHARE else Level.HIGH


def narrowed(
    options: Options, *, orders: int = 0, off: tuple[str, ...] = (), until: int = 0
) -> Options:
    """Give the options with fewer orders, with faults off, or with an earlier end.

    Raises Misconfigured for a fault that no one knows.
    """
    if unknown := [name for name in off if name not in FAULTS]:
        raise Misconfigured("No such fault", fault=unknown[0], known=" ".join(FAULTS))
    return msgspec.structs.replace(
        options,
        orders=orders or options.orders,
        levels=_without(options.levels, off),
        until=until or options.until,
    )


def _without(levels: Mapping[str, Level], off: tuple[str, ...]) -> dict[str, Level]:
    return {name: level for name, level in levels.items() if name not in off}

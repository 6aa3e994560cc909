"""The ablation matrix: each defence switched off, alone and in pairs, until a seed turns red.

A defence whose absence no seed notices is either masked by another, which the pairs tell, or not
reached by this world; in both cases the table names the test that holds it by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations

import msgspec
from msgspec import Struct

from crossdock.app.memory import collect_seldom
from crossdock.testing.simulation import image
from crossdock.testing.simulation.defences import DEFENCES, switched_off
from crossdock.testing.simulation.faults import Level
from crossdock.testing.simulation.options import ABROAD, Options, draw
from crossdock.testing.simulation.runs import Stage, stage
from crossdock.testing.simulation.world import Violation

SINGLE_SEEDS, PAIR_SEEDS = 30, 4


class Trial(Struct, frozen=True, kw_only=True):
    """What came of a world without some defences.

    `seeds` is how many it took until one turned red, 0 where none of `tried` did.
    """

    without: tuple[str, ...]
    tried: int
    seeds: int = 0
    violation: Violation | None = None


class Matrix(Struct, frozen=True, kw_only=True):
    """Every defence alone, and those that nobody missed in pairs with the others."""

    singles: tuple[Trial, ...]
    pairs: tuple[Trial, ...]

    @property
    def unnoticed(self) -> tuple[str, ...]:
        """Name the defences whose absence alone no seed noticed."""
        return tuple(name for each in self.singles for name in each.without if not each.seeds)

    def masks_of(self, name: str) -> tuple[str, ...]:
        """Name the defences that, taken away as well, let the absence of this one be seen."""
        return tuple(
            other
            for each in self.pairs
            if name in each.without and each.seeds
            for other in each.without
            if other != name
        )


def try_without(here: Stage, without: Sequence[str], limit: int) -> Trial:
    """Run seeds without some defences until one turns red.

    Faults are drawn by the seed, but for those that the defences are made for, which strike often.
    In a pair it must be a violation that neither of the two brings about alone on the same seed.
    """
    for seed in range(1, limit + 1):
        violation = _red(here, without, seed)
        if violation is None:
            continue
        alone = [_red(here, (name,), seed) for name in without] if len(without) > 1 else []
        if all(each is None or each.number != violation.number for each in alone):
            return Trial(without=tuple(without), tried=seed, seeds=seed, violation=violation)
    return Trial(without=tuple(without), tried=limit)


def _red(here: Stage, without: Sequence[str], seed: int) -> Violation | None:
    with switched_off(*without):
        return here.run(_weather(draw(seed), without)).violation


def _weather(options: Options, without: Sequence[str]) -> Options:
    """Let the faults that these defences are made for strike often, among whom they are for."""
    often = {fault: Level.HIGH for name in without for fault in DEFENCES[name].weather}
    abroad = any(DEFENCES[name].abroad for name in without)
    offered = any(DEFENCES[name].customers for name in without)
    speaks = any(DEFENCES[name].x12 for name in without)
    return msgspec.structs.replace(
        options,
        levels={**options.levels, **often},
        x12=options.x12 or speaks,
        tendering=options.tendering or speaks,
        customers=options.customers or offered,
        ledger_currency=ABROAD if abroad else options.ledger_currency,
    )


def _single(name: str, limit: int) -> Trial:
    with stage() as here:
        return try_without(here, (name,), limit)


def _pair(names: tuple[str, str], limit: int) -> Trial:
    with stage() as here:
        return try_without(here, names, limit)


def matrix(
    names: Sequence[str] = tuple(DEFENCES),
    *,
    seeds: int = SINGLE_SEEDS,
    pair_seeds: int = PAIR_SEEDS,
    processes: int = 2,
    told: Callable[[Trial], None] | None = None,
) -> Matrix:
    """Try every defence alone, then in pairs those that nobody missed.

    A pair is made of two that nobody missed, or of one with a defence that stands beside it.
    """
    image.made()  # once for all processes
    singles = list(_heard(_each(_single, names, seeds, processes), told))
    unnoticed = {name for each in singles for name in each.without if not each.seeds}
    pairs = [pair for pair in combinations(names, 2) if _belong(pair, unnoticed)]
    tried = list(_heard(_each(_pair, pairs, pair_seeds, processes), told))
    return Matrix(singles=tuple(singles), pairs=tuple(tried))


def _belong(pair: tuple[str, str], unnoticed: set[str]) -> bool:
    one, other = pair
    beside = other in DEFENCES[one].beside or one in DEFENCES[other].beside
    return set(pair) <= unnoticed or (beside and bool(unnoticed & set(pair)))


def _each(
    attempt: Callable[..., Trial], whats: Iterable[object], limit: int, processes: int
) -> Iterator[Trial]:
    with ProcessPoolExecutor(processes, initializer=collect_seldom) as pool:
        trials = [pool.submit(attempt, what, limit) for what in whats]
        for each in trials:
            yield each.result()


def _heard(trials: Iterator[Trial], told: Callable[[Trial], None] | None) -> Iterator[Trial]:
    for each in trials:
        if told is not None:
            told(each)
        yield each

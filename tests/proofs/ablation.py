"""The ablation matrix and the canary, run and written down.

    make ablation                  docs/reference/ablation.md, and the figures of both

Each defence of the house is taken away by the simulation until a seed turns red; those that nobody
misses are taken away in pairs. Each test that holds a defence by itself is run without it, and must
fail.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping

from crossdock.app.memory import collect_seldom
from crossdock.testing.simulation.__main__ import end, say
from crossdock.testing.simulation.ablation import PAIR_SEEDS, SINGLE_SEEDS, Matrix, Trial, matrix
from crossdock.testing.simulation.canary import PLANTED, CanaryStage, is_planted
from crossdock.testing.simulation.defences import DEFENCES
from crossdock.testing.simulation.runs import Summary, run_many, shrink, stage
from tests.proofs.without import fails_without, hold
from tools.figures import record
from tools.floorplan import ROOT

PAGE = ROOT / "docs" / "reference" / "ablation.md"
CANARY_SEEDS = 130
HEAD = """# What each defence is good for

Written by `make ablation`, which runs it; not by hand.

The simulation takes each defence of the house away by itself, and runs seeds until one turns red.
Each seed draws its own faults; those that a defence is made for strike often while it is away.
A defence that nobody misses in {seeds} seeds is taken away in pairs, in {pairs} seeds each.
A pair counts where it violates what neither of the two violates alone on the same seed.
What masks a defence is said by design, and `(seen)` where a pair of the two turned red.
A defence that others mask has a test of its own, which must fail while that defence alone is away.
[How to simulate a world](../how-to/simulate-a-world.md) tells what the world is.

| defence | what it is for | seeds until red | violated | otherwise |
| --- | --- | --- | --- | --- |
"""


def prove() -> dict[str, bool]:
    """Take away each defence that a test holds, and see the test fail."""
    if not hold():
        raise RuntimeError("a test that holds a defence fails in the house as it is")
    return fails_without()


def page(found: Matrix, proven: Mapping[str, bool], seeds: int, pairs: int) -> str:
    """Write the table."""
    rows = "\n".join(_row(found, proven, trial) for trial in found.singles)
    return HEAD.format(seeds=seeds, pairs=pairs) + rows + "\n" + "".join(_pairs(found))


def _row(found: Matrix, proven: Mapping[str, bool], trial: Trial) -> str:
    (name,) = trial.without
    violation = trial.violation
    seeds = str(trial.seeds) if trial.seeds else f"none of {trial.tried}"
    number = violation.number if violation is not None else ""
    told = "; ".join(_otherwise(found, proven, trial))
    return f"| `{name}` | {DEFENCES[name].says} | {seeds} | {number} | {told} |"


def _otherwise(found: Matrix, proven: Mapping[str, bool], trial: Trial) -> Iterator[str]:
    (name,) = trial.without
    defence, seen = DEFENCES[name], found.masks_of(name)
    if not trial.seeds and (seen or defence.beside):
        masks = dict.fromkeys((*seen, *defence.beside))
        spelled = (f"`{each}`{' (seen)' if each in seen else ''}" for each in masks)
        yield f"masked by {', '.join(spelled)}"
    if name in proven:
        yield f"`{defence.held_by}` {'fails' if proven[name] else 'DOES NOT FAIL'} without it"


def _pairs(found: Matrix) -> Iterator[str]:
    yield "\n## Pairs\n\n| without | seeds until red | violated |\n| --- | --- | --- |\n"
    for trial in found.pairs:
        names = ", ".join(f"`{each}`" for each in trial.without)
        seeds = str(trial.seeds) if trial.seeds else f"none of {trial.tried}"
        number = trial.violation.number if trial.violation is not None else ""
        yield f"| {names} | {seeds} | {number} |\n"


def tell(trial: Trial) -> None:
    """Say what came of one trial, as it comes."""
    seeds = f"red at seed {trial.seeds}" if trial.seeds else f"not missed in {trial.tried} seeds"
    number = f", {trial.violation.number}: {trial.violation.said}" if trial.violation else ""
    say(f"without {' and '.join(trial.without)}: {seeds}{number}")


def keep(found: Matrix, proven: Mapping[str, bool], seeds: int, pairs: int) -> None:
    """Keep the figures."""
    needed = sorted(trial.seeds for trial in found.singles if trial.seeds)
    record(
        "ablation",
        "Each defence taken away: how soon the simulation turns red",
        f'make ablation ARGS="--seeds {seeds} --pair-seeds {pairs}"',
        {
            "defences": len(found.singles),
            "missed_by_the_simulation": len(needed),
            "median_seeds_until_red": needed[len(needed) // 2] if needed else 0,
            "most_seeds_until_red": needed[-1] if needed else 0,
            f"not_missed_in_{seeds}_seeds": len(found.unnoticed),
            "of_these_seen_in_a_pair": sum(bool(found.masks_of(name)) for name in found.unnoticed),
            "pairs_tried": len(found.pairs),
            "held_by_a_test_of_their_own": len(proven),
            "of_these_the_test_fails_without": sum(proven.values()),
        },
    )


def canary(processes: int) -> bool:
    """Let the canary sing: the planted seeds turn red, the others stay green, and it shrinks."""
    summary: Summary = run_many(1, CANARY_SEEDS, processes=processes, kind=CanaryStage)
    red = [each.options.seed for each in summary.failed]
    planted = [seed for seed in range(1, CANARY_SEEDS + 1) if is_planted(seed)]
    with stage(CanaryStage) as here:
        smaller = shrink(here, summary.failed[0]) if summary.failed else None
    record(
        "canary",
        "A build with a fault in one of a hundred seeds",
        "make ablation",
        {
            "fault": f"without {PLANTED}",
            "seeds": summary.seeds,
            "planted_in": len(planted),
            "turned_red": len(red),
            "red_without_a_fault": len(set(red) - set(planted)),
            "smallest_history_in_events": smaller.events if smaller is not None else 0,
        },
    )
    return bool(red) and set(red) <= set(planted)


def main() -> int:
    """Run both, and write them down."""
    words = argparse.ArgumentParser(prog="make ablation")
    words.add_argument("--seeds", type=int, default=SINGLE_SEEDS)
    words.add_argument("--pair-seeds", type=int, default=PAIR_SEEDS)
    words.add_argument("--processes", type=int, default=2)
    asked = words.parse_args()
    collect_seldom()
    found = matrix(
        seeds=asked.seeds, pair_seeds=asked.pair_seeds, processes=asked.processes, told=tell
    )
    proven = prove()
    PAGE.write_text(page(found, proven, asked.seeds, asked.pair_seeds), "utf-8")
    keep(found, proven, asked.seeds, asked.pair_seeds)
    unheld = set(found.unnoticed) - {name for name, fails in proven.items() if fails}
    for name in sorted(unheld):
        say(f"without {name}: neither a seed nor a test of its own turns red")
    sang = canary(asked.processes)
    end(
        defences=len(found.singles),
        missed=len(found.singles) - len(found.unnoticed),
        pairs=len(found.pairs),
        proven=sum(proven.values()),
        unheld=len(unheld),
        canary="red" if sang else "silent",
    )
    return 0 if sang and not unheld and all(proven.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""The ablation matrix and the canary, run and written down.

    make ablation                  docs/reference/ablation.md, and the figures of both

Each defence of the house is taken away by the simulation until a seed turns red; those that nobody
misses are taken away in pairs.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from crossdock.app.memory import collect_seldom
from crossdock.testing.simulation.__main__ import end, say
from crossdock.testing.simulation.ablation import PAIR_SEEDS, SINGLE_SEEDS, Matrix, Trial, matrix
from crossdock.testing.simulation.canary import PLANTED, CanaryStage, is_planted
from crossdock.testing.simulation.defences import DEFENCES
from crossdock.testing.simulation.runs import Summary, run_many, shrink, stage
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
[How to simulate a world](../how-to/simulate-a-world.md) tells what the world is.

| defence | what it is for | seeds until red | violated | otherwise |
| --- | --- | --- | --- | --- |
"""


def page(found: Matrix, seeds: int, pairs: int) -> str:
    """Write the table."""
    rows = "\n".join(_row(found, trial) for trial in found.singles)
    return HEAD.format(seeds=seeds, pairs=pairs) + rows + "\n" + "".join(_pairs(found))


def _row(found: Matrix, trial: Trial) -> str:
    (name,) = trial.without
    violation = trial.violation
    seeds = str(trial.seeds) if trial.seeds else f"none of {trial.tried}"
    number = violation.number if violation is not None else ""
    return f"| `{name}` | {DEFENCES[name].says} | {seeds} | {number} | {_otherwise(found, trial)} |"


def _otherwise(found: Matrix, trial: Trial) -> str:
    (name,) = trial.without
    if trial.seeds:
        return ""
    masks = found.masks_of(name)
    masked = f"masked by {', '.join(f'`{each}`' for each in masks)}; " if masks else ""
    return f"{masked}held by {DEFENCES[name].held_by}"


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


def keep(found: Matrix, seeds: int, pairs: int) -> None:
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
    PAGE.write_text(page(found, asked.seeds, asked.pair_seeds), "utf-8")
    keep(found, asked.seeds, asked.pair_seeds)
    sang = canary(asked.processes)
    end(
        defences=len(found.singles),
        missed=len(found.singles) - len(found.unnoticed),
        pairs=len(found.pairs),
        canary="red" if sang else "silent",
    )
    return 0 if sang else 1


if __name__ == "__main__":
    raise SystemExit(main())

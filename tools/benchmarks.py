"""The page of benchmarks: what `make bench` recorded last, one row for each system."""

from __future__ import annotations

from tools.figures import Figure, recorded
from tools.reference import HEAD, rows

PROGRAMME = "benchmark"
COLUMNS = (
    "flows a second",
    "crossdock does so many times as much",
    "CPU seconds for 1,000 flows",
    "event to view, ms",
)
WORK = """\
The same work everywhere: receipt with idempotency; an order checked and enriched; planned by the
TMS; its confirmation awaited; the reference written to the ERP; six milestones, of which one is
told twice, each updating the customer's view; one accrual after delivery and charge.
Everything is durable before it is acknowledged.
Partners answer at once and cost nothing, so that the systems, their servers and the disk are
measured, and each run is checked: every flow ended, accrued once, shows every milestone.
Crossdock's view is looked at by a process of its own, once a millisecond, after a second that is
not counted; what a bare append and flush took on that disk at the same pace stands beside it.
How each peer does each step, and what it guarantees, is in the head of its module in
[benchmarks/peers](../benchmarks/peers).
"""


def systems(figures: dict[str, Figure]) -> dict[str, dict[str, str]]:
    """Sort figures named `system: figure` by their system."""
    found: dict[str, dict[str, str]] = {}
    for name, value in figures.items():
        system, _, figure = name.partition(": ")
        found.setdefault(system, {})[figure] = str(value)
    return found


def page() -> str:
    """Write the page."""
    title = [f"# Crossdock beside its peers\n\n{HEAD}\n\n{WORK}"]
    run = recorded().get(PROGRAMME)
    if run is None:
        return "\n".join([*title, "No run has been recorded yet: `make bench`.\n"])
    found = systems(run.figures)
    machine = found.pop("machine")["note"]
    header = ("system", *COLUMNS)
    table = rows(
        header,
        [
            (name, *(figures.get(column, "") for column in COLUMNS))
            for name, figures in found.items()
            if COLUMNS[0] in figures
        ],
    )
    return "\n".join(
        [
            *title,
            f"Measured on {run.day} by `{run.command}` ({machine}).",
            "Medians of the runs, with the range in brackets; ratios are taken within a round.\n",
            table,
            *_remarks(found),
        ]
    )


def _remarks(found: dict[str, dict[str, str]]) -> list[str]:
    """List what the table has no column for."""
    written = ["\n## The rest of it\n"]
    for name, figures in found.items():
        written += [
            f"- {name}, {figure}: {value}"
            for figure, value in figures.items()
            if figure not in COLUMNS
        ]
    return [*written, ""]

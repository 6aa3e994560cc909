"""Records histories: `make histories` those that are missing, `make histories NAME=late` one.

A history that is there keeps its inboxes, for they are what was stored; its expected decisions are
taken anew from today's code, and the diff of the file shows what is decided otherwise.
"""

from __future__ import annotations

import logging
import sys

import msgspec

from tests.histories.history import FOLDER, accepted, differences, file_of, load, record, save
from tests.histories.scenarios import SCENARIOS
from tools.figures import record as record_figures

USAGE = 2


def main(names: list[str]) -> int:
    """Record what is asked for, and tell how many decisions all histories hold."""
    if unknown := [name for name in names if name not in SCENARIOS and not file_of(name).exists()]:
        sys.stderr.write(f"no such history: {', '.join(unknown)}; known: {' '.join(SCENARIOS)}\n")
        return USAGE
    logging.disable(logging.CRITICAL)
    FOLDER.mkdir(exist_ok=True)
    missing = [name for name in SCENARIOS if not file_of(name).exists()]
    for name in names or missing:
        path = file_of(name)
        history = accepted(load(path)) if path.exists() else record(name)
        print(f"recorded: {save(history).name}")
    return judge()


def judge() -> int:
    """Replay everything, print what differs, and record the figures."""
    histories = [load(path) for path in sorted(FOLDER.glob("*.json"))]
    found = [line for history in histories for line in differences(history)]
    print("\n".join(found))
    processes = [process for history in histories for process in history.processes]
    figures = {
        "histories": len(histories),
        "processes": len({process.subscriber for process in processes}),
        "inboxes": len(processes),
        "messages": sum(len(process.steps) for process in processes),
        "decisions": sum(len(step.said) for process in processes for step in process.steps),
        "changed": len(found),
    }
    title = "Recorded inboxes, decided today as they were recorded"
    record_figures("golden_histories", title, "make histories", figures)
    print(msgspec.json.encode(figures).decode())
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main([name for name in sys.argv[1:] if name]))

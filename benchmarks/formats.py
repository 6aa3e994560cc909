"""X12 read beside its peers and beside plain splitting, and 214 translated to events.

    python -m benchmarks.formats [--rounds N] [--no-memory] [--record]

Every round runs everyone once, in turn, on the same bytes; the best round of each counts, and the
rounds are many, for a machine may be slow for a while. What is translated is another document in
every round, with numbers and times that none before had.
`tokenise` gives every segment with its elements, `parse` sets in groups in interchanges. The limit
is `[s.split("*") for s in text.split("~")]`. Translating is all that the connector does with a
document: parsing, the standard's tables, control numbers, its answer, and an event for each AT7; a
third of the events come from sets of one status, of nine statuses with their places, and of
eighteen without. Memory is that of a process of its own which streams 200 MB. The last line is
JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import json
import logging
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import draftedi.parser  # type: ignore[import-untyped]  # a peer without types
import msgspec
import pyx12.x12file  # type: ignore[import-untyped]  # a peer without types
import x12

from crossdock.app.memory import collect_seldom
from crossdock.connectors import discover
from crossdock.formats.x12.envelope import Transaction, read, stream
from crossdock.formats.x12.tokens import Limits, Segment, tokens
from crossdock.messages.shipment_visibility import MilestoneReported
from tools.figures import record

SETS = 3000
LARGE_BYTES = 200 * 1000 * 1000
CHUNK = 1 << 20
TOWNS = ("RUMFORD*ME", "BRATTLEBORO*VT", "CHICAGO*IL", "DENVER*CO", "PHOENIX*AZ", "ATLANTA*GA")
CODES = ("X3", "AF", "P1", "X4", "X6", "X1", "D1", "SD", "AG")
HEAD = (
    "ISA*00*          *00*          *02*ROAD           *ZZ*SHIPPER        "
    "*260329*0230*U*00401*000000007*0*P*>~GS*QM*ROAD*SHIPPER*20260329*0230*12*X*004010~"
)
SETTINGS = {"own_id": "SHIPPER", "partner_id": "ROAD"}
ROUND = 1_000_000  # numbers of shipments in a round
Shape = Callable[[int], list[str]]
EVENTS = 3600  # in each document that is translated


def moment(number: int, place: int) -> str:
    """A day and a time before the message is written: a March of its own for each round."""
    day, hour, minute = number % 27 + 1, (number * 7 + place) % 24, (number * 13 + place * 5) % 60
    return f"{2026 - number // ROUND}03{day:02d}*{hour:02d}{minute:02d}"


def one_status(number: int) -> list[str]:
    """A set with all parties and one status, as truckload carriers send it."""
    return [
        f"B10*{17000 + number}*SH{number}*ROAD",
        "N1*SH*PAPER MILL INC",
        "N3*DUMP ROAD",
        "N4*RUMFORD*ME*04276",
        "N1*CN*PRINTERS, INC",
        "N3*161 WELLINGTON ROAD",
        "N4*BRATTLEBORO*VT*05301",
        "LX*1",
        f"AT7*{CODES[number % 9]}*NS***{moment(number, 0)}*LT",
        f"MS1*{TOWNS[number % 6]}*US",
        f"MS2*ROAD*{30000 + number % 50}",
    ]


def history(number: int) -> list[str]:
    """A set with the whole way so far, place by place, as it is sent again with each status."""
    lines = [f"B10*{17000 + number}*SH{number}*ROAD", "L11*PO77*PO", "LX*1"]
    for place, code in enumerate(CODES):
        lines.append(f"AT7*{code}*NS***{moment(number, place)}*LT")
        lines.append(f"MS1*{TOWNS[(number + place) % 6]}*US")
    return lines


def appointments(number: int) -> list[str]:
    """A set with three deliveries, each with appointments and statuses and without places."""
    lines = [f"B10*{17000 + number}*SH{number}*ROAD"]
    for delivery in range(3):
        lines.append(f"LX*{delivery + 1}")
        for place, code in enumerate(CODES[:6]):
            pair = "**AA*NA" if place % 3 == 0 else f"{code}*NS**"
            lines.append(f"AT7*{pair}*{moment(number, delivery + place)}*ET")
        lines.append(f"L11*{number * 3 + delivery}*DO")
    return lines


KINDS: dict[str, tuple[Shape, int]] = {
    "one status a set": (one_status, EVENTS),
    "nine statuses a set": (history, EVENTS // 9),
    "eighteen statuses a set": (appointments, EVENTS // 18),
}


def interchange(shape: Shape, sets: int, turn: int = 0) -> bytes:
    """Write one interchange with so many sets, as no other turn has them."""
    return HEAD.encode() + b"".join(bodies(shape, sets, turn)) + tail(sets)


def bodies(shape: Shape, sets: int, turn: int = 0) -> Iterator[bytes]:
    """Write the sets one by one, each under its own number."""
    for number in range(1, sets + 1):
        lines = shape(turn * ROUND + number)
        text = "~".join((f"ST*214*{number:09d}", *lines, f"SE*{len(lines) + 2}*{number:09d}"))
        yield f"{text}~".encode()


def tail(sets: int) -> bytes:
    """End the group and the interchange."""
    return f"GE*{sets}*12~IEA*1*000000007~".encode()


def everyone(raw: bytes) -> dict[str, Callable[[], object]]:
    """Name all that is measured on the same bytes."""
    text = raw.decode()
    return {
        "limit: split": lambda: [each.split("*") for each in raw.decode("latin-1").split("~")],
        "crossdock tokenise": lambda: [
            each.elements() for each in tokens(raw) if isinstance(each, Segment)
        ],
        "crossdock parse": lambda: read(raw),
        "ansi-x12 tokenise": lambda: x12.tokenize_x12(raw),
        "ansi-x12 parse": lambda: x12.parse_x12_interchange(x12.tokenize_x12(raw)),
        "draftedi parse": lambda: draftedi.parser.parse_edi_file(raw),
        "pyx12 parse": lambda: sum(1 for _ in pyx12.x12file.X12Reader(io.StringIO(text))),
    }


def seconds(work: Callable[[], object]) -> float:
    """Measure one run, in CPU seconds of this process."""
    gc.collect()
    begun = time.process_time()
    work()
    return time.process_time() - begun


def measured(rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Run everyone in turn; answer MB/s of each one's best round, and events a second of 214.

    Translated are three kinds of 214, and an equal mixture of them.
    """
    raw = interchange(one_status, SETS)
    best: dict[str, float] = {}
    for turn in range(rounds):
        for name, work in {**everyone(raw), **translations(turn)}.items():
            best[name] = min(best.get(name, 1e9), seconds(work))
    speeds = {name: len(raw) / best[name] / 1e6 for name in everyone(raw)}
    events = {name: EVENTS / best[name] for name in KINDS}
    mixture = len(KINDS) * EVENTS / sum(best[name] for name in KINDS)
    return speeds, {**events, "mixture": mixture}


def translations(turn: int) -> dict[str, Callable[[], object]]:
    """Name what is translated in a turn. Raises SystemExit where events are missing."""
    connector = discover()["x12_carrier"]
    settings = msgspec.convert(SETTINGS, connector.settings)
    work: dict[str, Callable[[], object]] = {}
    for name, (shape, sets) in KINDS.items():
        raw = interchange(shape, sets, turn)
        if turn == 0 and events_in(connector, raw, settings) != EVENTS:
            raise SystemExit(f"{name}: there are not {EVENTS} events")
        work[name] = partial(connector.documents["interchange"], raw, settings)
    return work


def events_in(connector: Any, raw: bytes, settings: Any) -> int:
    """Count the events of a document."""
    reading = connector.documents["interchange"](raw, settings)
    return sum(isinstance(each.report, MilestoneReported) for each in reading.reports)


def large_file(folder: Path) -> tuple[Path, int]:
    """Write one interchange of 200 MB; answer the file and the number of its sets."""
    sets = LARGE_BYTES // len(next(bodies(one_status, 1)))
    path = folder / "large.edi"
    with path.open("wb") as file:
        file.write(HEAD.encode())
        file.writelines(bodies(one_status, sets))
        file.write(tail(sets))
    return path, sets


def stream_file(path: Path) -> dict[str, float]:
    """Stream a file in this process; answer what was found, and the most memory it took."""
    limits = Limits(interchange_bytes=1 << 30)
    begun = time.process_time()
    with path.open("rb") as file:
        chunks = iter(lambda: file.read(CHUNK), b"")
        sets = sum(isinstance(part, Transaction) for part in stream(chunks, limits))
    spent = time.process_time() - begun
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"sets": sets, "rss_mib": most, "mb_per_s": path.stat().st_size / spent / 1e6}


def memory() -> dict[str, float]:
    """Stream 200 MB in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path, sets = large_file(Path(folder))
        told = subprocess.run(  # noqa: S603 - this very program
            [sys.executable, "-m", "benchmarks.formats", "--stream", str(path)],
            capture_output=True,
            check=True,
            timeout=900,
        )
        found: dict[str, float] = json.loads(told.stdout)
        if found["sets"] != sets:
            raise SystemExit(f"{sets} sets were written and {found['sets']} found")
        return found


def main() -> None:
    """Measure, print, and keep the figures where that is asked."""
    options = arguments()
    if options.stream:
        print(json.dumps(stream_file(options.stream)))
        return
    logging.disable(logging.CRITICAL)
    collect_seldom()  # as the house does, for everyone
    with contextlib.redirect_stdout(io.StringIO()):  # a peer prints what it thinks
        speeds, events = measured(options.rounds)
    for name, speed in speeds.items():
        print(f"{name:<24} {speed:8.2f} MB/s")
    for name, rate in events.items():
        print(f"{name:<24} {rate:8.0f} events/s")
    best_peer = max(
        speed for name, speed in speeds.items() if "parse" in name and "crossdock" not in name
    )
    figures = {
        "ratio_best_peer": round(speeds["crossdock parse"] / best_peer, 2),
        "ratio_split_limit": round(speeds["crossdock tokenise"] / speeds["limit: split"], 2),
        "translate_events_per_s": round(events["mixture"]),
    }
    if options.memory:
        found = memory()
        speed, most = found["mb_per_s"], found["rss_mib"]
        print(f"{'200 MB streamed':<24} {speed:8.2f} MB/s, {most:.0f} MiB at most")
        figures["rss_mib_of_200_mb"] = round(found["rss_mib"])
    if options.record:
        keep(figures, speeds, events)
    print(json.dumps(figures))


def keep(figures: dict[str, float], speeds: dict[str, float], events: dict[str, float]) -> None:
    """Write the figures for the page of guarantees."""
    record(
        "x12_formats",
        "X12 is read faster than by its peers, in memory that does not grow with the file",
        "make bench-formats",
        {
            "parse, times the fastest peer": str(figures["ratio_best_peer"]),
            "tokenise, part of plain splitting": str(figures["ratio_split_limit"]),
            "parse": f"{speeds['crossdock parse']:.1f} MB/s",
            "events from 214, a second and core": str(figures["translate_events_per_s"]),
            "events, nine statuses a set": f"{events['nine statuses a set']:.0f}",
            "memory for 200 MB": f"{figures.get('rss_mib_of_200_mb', 'not measured')} MiB",
        },
    )


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--no-memory", dest="memory", action="store_false")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--stream", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()

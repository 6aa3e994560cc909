"""Starts one simulated partner and serves it until it is told to stop.

    python -m crossdock.simulators.run erp --port 9101 --intake-url http://127.0.0.1:8600/...

The first line on standard output says where it listens; `--port 0` takes any free port.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import msgspec
from aiohttp import web
from msgspec import Struct

from crossdock.faults import Fault, Misconfigured
from crossdock.simulators import clock as clocks
from crossdock.simulators import mischief
from crossdock.simulators.carrier import Carrier
from crossdock.simulators.erp import Erp
from crossdock.simulators.journeys import DIALECTS
from crossdock.simulators.ledger import Ledger
from crossdock.simulators.legacy_erp import Folders, LegacyErp
from crossdock.simulators.naive import Naive
from crossdock.simulators.naive import Setup as NaiveSetup
from crossdock.simulators.partner import CROSSDOCK, PROMISES, Partner, Setup
from crossdock.simulators.tms import Tms
from crossdock.simulators.world import world
from crossdock.simulators.x12_carrier import X12Carrier

HOST = "127.0.0.1"
SHUTDOWN_SECONDS = 2.0
MISCONFIGURED = 2  # the exit code


class Options(Struct, frozen=True, kw_only=True):
    """How a simulated partner is started.

    `port` 0 takes a free one. `faults` is `slow=0.05,lost=0.1,outage=09:00-09:40`. `intake_url` is
    crossdock's address for this partner, without the document:
    `http://127.0.0.1:8600/system/v1/partners/erp`; empty: it tells nothing. `secret_file` holds the
    `whsec_` secret of its webhooks, `token_file` the bearer token it asks of its callers. `clock`
    is `<real time>,<simulated time>,<factor>`. `promises` (`erp.accrue=lookup`) tell what repeating
    a request does. `ledger` is the file of its ledger. `scac` is for a
    carrier, `carriers` (`SCAC=url`) for the TMS, `orders` for the ERP. `format` is `json`, `csv`
    for an ERP, `x12` for a carrier. An ERP that speaks csv drops its files into `drop_dir`, finds
    its references in `reference_dir`, and waits for the master data of the ERP at `after_url`.
    `erp_url` and `tms_url` are for the naive sync, which has no ledger and no faults.
    """

    port: int = 0
    faults: str = ""
    seed: int = 1
    orders: int = 300
    intake_url: str = ""
    secret_file: Path | None = None
    token_file: Path | None = None
    clock: str = ""
    ledger: Path = Path("partner.ledger")
    format: str = "json"
    drop_dir: Path | None = None
    reference_dir: Path | None = None
    batch_minutes: float = 30
    after_url: str = ""
    scac: str = "ROAD"
    carriers: tuple[str, ...] = ()
    promises: tuple[str, ...] = ()
    erp_url: str = ""
    tms_url: str = ""


def _erp(options: Options) -> Partner:
    setup = _setup(options)
    known = world(options.seed, options.orders, setup.clock.simulated_epoch.date())
    if options.format == "json":
        return Erp(setup, known)
    if options.format != "csv" or options.drop_dir is None or options.reference_dir is None:
        raise Misconfigured(
            "An ERP speaks json, or csv with a drop and a reference folder", format=options.format
        )
    folders = Folders(
        drop=options.drop_dir,
        references=options.reference_dir,
        batch=timedelta(minutes=options.batch_minutes),
        after_url=options.after_url.rstrip("/"),
    )
    return LegacyErp(setup, known, folders)


def _tms(options: Options) -> Partner:
    return Tms(_setup(options))


def _carrier(options: Options) -> Partner:
    if options.scac not in DIALECTS:
        raise Misconfigured("No such carrier", scac=options.scac, known=" ".join(DIALECTS))
    if options.format not in CARRIERS:
        raise Misconfigured("A carrier speaks json or x12", format=options.format)
    return CARRIERS[options.format](_setup(options), DIALECTS[options.scac])


def _naive(options: Options) -> Naive:
    return Naive(
        NaiveSetup(
            clock=clocks.parse(options.clock),
            erp_url=options.erp_url.rstrip("/"),
            tms_url=options.tms_url.rstrip("/"),
            drop=options.drop_dir,
            references=options.reference_dir,
        )
    )


CARRIERS: dict[str, type[Carrier]] = {"json": Carrier, "x12": X12Carrier}


class Served(Protocol):
    """What can be served: a partner, or the naive sync between them."""

    def app(self) -> web.Application:
        """Build the application."""
        ...


KINDS: dict[str, Callable[[Options], Served]] = {
    "erp": _erp,
    "tms": _tms,
    "carrier": _carrier,
    "naive": _naive,
}


def partner(kind: str, options: Options) -> Served:
    """Build a partner without serving it. Raises Misconfigured for what cannot work."""
    if kind not in KINDS:
        raise Misconfigured("No such partner", kind=kind, known=" ".join(KINDS))
    return KINDS[kind](options)


def run(kind: str, options: Options) -> None:
    """Serve a partner until SIGINT or SIGTERM. Raises Misconfigured for what cannot work."""
    asyncio.run(_serve(kind, options))


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line and serve; 2 is the exit code of a wrong one."""
    arguments = parser().parse_args(argv)
    asked = vars(arguments)
    kind, show = asked.pop("kind"), asked.pop("show_ledger")
    options = Options(**asked)
    try:
        if show:
            show_ledger(options.ledger)
        else:
            run(kind, options)
    except Fault as fault:
        sys.stderr.write(f"{fault}\n")
        return MISCONFIGURED
    return 0


def show_ledger(path: Path) -> None:
    """Write a ledger's entries to standard output, one JSON object a line."""
    if not path.is_file():
        raise Misconfigured("There is no such ledger", ledger=path)
    for entry in Ledger(path).entries():
        sys.stdout.buffer.write(msgspec.json.encode(entry) + b"\n")


async def _serve(kind: str, options: Options) -> None:
    app = partner(kind, options).app()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    site = web.TCPSite(runner, HOST, options.port)
    await site.start()
    port = runner.addresses[0][1]
    sys.stdout.write(f"{kind} listens on http://{HOST}:{port}\n")
    sys.stdout.flush()
    stopped = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    await stopped.wait()
    await runner.cleanup()


def _setup(options: Options) -> Setup:
    targets = {CROSSDOCK: options.intake_url.rstrip("/")} if options.intake_url else {}
    for each in options.carriers:
        scac, _, url = each.partition("=")
        targets[scac] = url.rstrip("/")
    return Setup(
        seed=options.seed,
        clock=clocks.parse(options.clock),
        ledger=options.ledger,
        targets=targets,
        faults=options.faults,
        secret=_read(options.secret_file),
        token=_read(options.token_file),
        promises=_promises(options.promises),
    )


def _promises(texts: Sequence[str]) -> dict[str, str]:
    promises = dict(each.partition("=")[::2] for each in texts)
    for verb, promise in promises.items():
        if promise not in PROMISES:
            raise Misconfigured(
                "No such promise", verb=verb, promise=promise, known=" ".join(PROMISES)
            )
    return promises


def _read(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise Misconfigured("A secret cannot be read", file=path) from error


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    known = argparse.ArgumentParser(
        prog="simulate-partner", description="Serve one simulated partner."
    )
    faults = "; ".join(f"{name}: {text}" for name, text in mischief.FAULTS.items())
    faults = faults.replace("%", "%%")  # argparse reads a single one as a place to fill
    known.add_argument("kind", choices=sorted(KINDS))
    known.add_argument("--port", type=int, default=0, help="0 takes a free one")
    known.add_argument("--faults", default="", help=f"name=chance, by comma. {faults}")
    known.add_argument("--seed", type=int, default=1)
    known.add_argument("--orders", type=int, default=300)
    known.add_argument("--intake-url", default="", help="without the document")
    known.add_argument("--secret-file", type=Path)
    known.add_argument("--token-file", type=Path)
    known.add_argument("--clock", default="", help="<real time>,<simulated time>,<factor>")
    known.add_argument("--ledger", type=Path, default=Path("partner.ledger"))
    known.add_argument("--show-ledger", action="store_true", help="print the ledger and end")
    known.add_argument(
        "--format",
        choices=("json", "csv", "x12"),
        default="json",
        help="csv: the ERP; x12: a carrier",
    )
    known.add_argument("--drop-dir", type=Path, help="where the csv ERP drops orders")
    known.add_argument("--reference-dir", type=Path, help="where it finds references")
    known.add_argument("--batch-minutes", type=float, default=30, help="simulated")
    known.add_argument("--after-url", default="", help="the ERP with the master data")
    known.add_argument("--scac", default="ROAD", help="which carrier: " + " ".join(DIALECTS))
    known.add_argument("--carriers", nargs="*", default=(), help="SCAC=url, for the TMS")
    known.add_argument(
        "--promises", nargs="*", default=(), help="verb=promise; " + " ".join(PROMISES)
    )
    known.add_argument("--erp-url", default="", help="for the naive sync")
    known.add_argument("--tms-url", default="", help="for the naive sync")
    return known


if __name__ == "__main__":
    sys.exit(main())

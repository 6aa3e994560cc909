"""The partners of the simulated world: the simulators of the house, reached without a socket.

They are the very classes that serve the demo over HTTP, with their own ledgers; only the clock, the
network and the sender are simulated. A new partner is one line in `PARTNERS`, and one in `build`;
`seats` tells who sits there in which worlds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import unquote

import apsw
import msgspec
from aiohttp import web
from msgspec import Struct

from crossdock.ports import Call, Exchange, Stage
from crossdock.simulators.carrier import Carrier
from crossdock.simulators.erp import Erp, Step, story
from crossdock.simulators.journeys import DIALECTS
from crossdock.simulators.ledger import Entry, Ledger, Telling, Told, in_memory
from crossdock.simulators.legacy_erp import Folders, LegacyErp
from crossdock.simulators.partner import Partner, Setup
from crossdock.simulators.tms import Tms
from crossdock.simulators.world import LEGACY_COMPANY, World
from crossdock.simulators.x12_carrier import X12Carrier
from crossdock.testing.in_process import finish
from crossdock.testing.simulation.customers import (
    FLEET,
    OFFERS,
    OWN_SCAC,
    TOLD,
    Customer,
    Fleet,
)
from crossdock.testing.simulation.options import Options
from crossdock.testing.simulation.timeline import SimulatedClock

NOT_FOUND, BAD_REQUEST = 404, 400


class Seat(Struct, frozen=True, kw_only=True):
    """A partner as the house knows it: its connector, whom it serves, and whose promise it keeps.

    `promise` names the entry of `Options.promises`; empty: as its manifest declares. `in_files`:
    it is told by files in a folder. `offers`: it offers us loads, and is the customer of that name.
    """

    connector: str
    serves: tuple[str, ...] = ()
    promise: str = ""
    in_files: bool = False
    offers: str = ""

    @property
    def speaks_x12(self) -> bool:
        """Tell whether it exchanges interchanges with the house."""
        return self.connector == X12


X12 = "x12_carrier"
PARTNERS: dict[str, Seat] = {
    "erp": Seat(connector="reference_erp", serves=("1000",), promise="erp"),
    "legacy": Seat(connector="csv_orders", serves=(LEGACY_COMPANY,), in_files=True),
    "tms": Seat(connector="reference_tms", promise="tms"),
    **{
        scac.lower(): Seat(connector="reference_carrier", serves=(scac,), promise="carriers")
        for scac in DIALECTS
    },
}
IN_X12 = ("ROAD", "PARC")  # the carriers that speak X12 in a world where some do


OFFERING = "C-MILL"  # our number of the customer who offers loads
CUSTOMERS: dict[str, Seat] = {
    OFFERS: Seat(connector=X12, serves=(OFFERS.upper(),), offers=OFFERING),
    TOLD: Seat(connector=X12, serves=(TOLD.upper(),)),
    FLEET: Seat(connector="reference_carrier", serves=(OWN_SCAC,), promise="carriers"),
}


def seats(*, x12: bool, customers: bool = False) -> dict[str, Seat]:
    """Give everybody's seat; with `x12`, two of the carriers speak it.

    With `customers` there are some who offer loads and are told, and lorries to carry for them.
    """
    speak = {scac.lower(): Seat(connector=X12, serves=(scac,)) for scac in IN_X12}
    return {**PARTNERS, **(speak if x12 else {}), **(CUSTOMERS if customers else {})}


class WatchedLedger(Ledger):
    """A ledger in memory that tells of each entry, and of each promise to tell, as it is made."""

    def __init__(
        self, name: str, entered: Callable[[Entry], None], promised: Callable[[Told], None]
    ) -> None:
        """Begin empty, and empty the ledger that bore this name before."""
        self._connection = _emptied(name)
        self._entered = entered
        self._promised = promised

    def write(self, entry: Entry) -> None:
        """Append an entry, and tell of it."""
        super().write(entry)
        self._entered(entry)

    def post(self, telling: Telling) -> int:
        """Put a telling among those still to be made, and tell of what is in it."""
        for each in telling.tells:
            self._promised(each)
        return super().post(telling)


def _emptied(name: str) -> apsw.Connection:
    """Give the connection of a partner's ledgers, one after the other: it keeps what it planned.

    Around all that one of them writes is a transaction that is never committed.
    """
    connection = _connection(name)
    if connection.in_transaction:
        connection.execute("rollback")
    connection.execute("begin")
    return connection


@cache
def _connection(name: str) -> apsw.Connection:
    """Open a partner's ledgers, once in each process."""
    del name
    return in_memory()


class Asking:
    """A request as a partner's door sees it; `cut` where the partner hung up."""

    def __init__(self, call: Call, found: Mapping[str, str]) -> None:
        """Read a call."""
        self.headers = call.headers
        self.match_info = found
        self.query: Mapping[str, str] = {}
        self.cut = False
        self.transport = SimpleNamespace(abort=self._abort)
        self._body = call.body

    async def json(self) -> Any:
        """Read the body. Raises a decoding error."""
        return msgspec.json.decode(self._body)

    async def read(self) -> bytes:
        """Give the body as it came."""
        return self._body

    def _abort(self) -> None:
        self.cut = True


class Doors:
    """A partner's routes, asked without a socket."""

    def __init__(self, partner: Partner) -> None:
        """Read the routes."""
        self._routes = [
            (each.method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", each.path)), each)
            for each in partner.doors()
        ]

    def answer(self, call: Call) -> Exchange:
        """Let the partner answer a call, at once."""
        for method, path, route in self._routes:
            found = path.fullmatch(call.url) if method == call.method else None
            if found is None:
                continue
            words = {name: unquote(value) for name, value in found.groupdict().items()}
            asking = Asking(call, words)
            door = cast("Callable[[Asking], Any]", route.handler)
            try:
                answer: web.Response = finish(door(asking))
            except msgspec.DecodeError:
                return Exchange(stage=Stage.ANSWERED, status=BAD_REQUEST)
            if asking.cut:
                return Exchange(stage=Stage.NO_ANSWER, said="the partner hung up")
            body = answer.body if isinstance(answer.body, bytes) else b""
            return Exchange(stage=Stage.ANSWERED, status=answer.status, body=body)
        return Exchange(stage=Stage.ANSWERED, status=NOT_FOUND, said=call.url)


class DayErp(Erp):
    """The ERP, whose master data the house has before the day begins."""

    def begin(self) -> None:
        """Promise everything it will say."""
        with self.ledger.together():
            self._plan_the_day()


class BatchErp(LegacyErp):
    """The old ERP, that looks into its folders every batch, and reads files as they came."""

    def __init__(self, setup: Setup, world: World, folders: Folders) -> None:
        """Begin with empty folders."""
        super().__init__(setup, world, folders)
        self._unread: list[Path] = []
        releases = world.of_company(LEGACY_COMPANY)
        self._day = [step for each in releases for step in story(each, self.mischief)]
        self.found: Callable[[], None] = lambda: None  # called with each file that comes

    def handed(self, name: str) -> None:
        """Note that a file lies in its folder."""
        self._unread.append(self.folders.references / name)
        self.found()

    def files(self) -> list[Path]:
        """List the files that came since it read the last ones, in their order."""
        files, self._unread = self._unread, []
        return files

    def steps(self) -> Iterator[Step]:
        """Give what is to be said and was not yet; what that is was drawn once."""
        return (step for step in self._day if self.ledger.kept("step", step.content_key) is None)

    def look(self) -> bool:
        """Drop what is due and read what is there; tell whether it has more to say."""
        self._drop_batch()
        self.before_reading()
        return any(True for _ in self.steps()) or any(
            kept for _, kept in self.ledger.kept_of("again")
        )


class Cast(Struct, frozen=True, kw_only=True):
    """Everybody in the world, by name, and the doors of those that have some."""

    partners: dict[str, Partner]
    doors: dict[str, Doors]
    erp: DayErp
    legacy: BatchErp
    tms: Tms


def build(
    options: Options, clock: SimulatedClock, world: World, folder: Path, faults: Mapping[str, str]
) -> Cast:
    """Seat the partners; `faults` are texts for `simulators.mischief`, by partner."""
    taken = seats(x12=options.x12, customers=options.customers)

    def setup(name: str) -> Setup:
        return Setup(
            seed=options.seed,
            clock=clock,
            ledger=cast("Path", ":memory:"),
            targets={},
            faults=faults[name],
        )

    folders = Folders(drop=folder / "drop", references=folder / "references")
    erp = DayErp(setup("erp"), world)
    legacy = BatchErp(setup("legacy"), world, folders)
    tms = Tms(setup("tms"))
    partners: dict[str, Partner] = {"erp": erp, "legacy": legacy, "tms": tms}
    for scac, dialect in DIALECTS.items():
        kind = X12Carrier if taken[scac.lower()].speaks_x12 else Carrier
        partners[scac.lower()] = kind(setup(scac.lower()), dialect)
    if options.customers:
        partners |= {name: Customer(setup(name), name) for name in (OFFERS, TOLD)}
        partners[FLEET] = Fleet(setup(FLEET))
    doors = {name: Doors(each) for name, each in partners.items()}
    return Cast(partners=partners, doors=doors, erp=erp, legacy=legacy, tms=tms)

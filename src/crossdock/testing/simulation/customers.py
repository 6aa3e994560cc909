"""Customers who offer us loads in X12 and are told of milestones, and the lorries that carry them.

`mill` offers loads, changes and withdraws them, and hands over what we accept; `shop` is only told.
Both keep a ledger of the 990s and 214s that they got, read from the wire. Our own lorries tell what
happens on the way and send no bills, and know a load by our number or by the customer's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from msgspec import Struct

from crossdock.formats.x12.envelope import Transaction
from crossdock.simulators.carrier import Carrier
from crossdock.simulators.chance import between, choose, share, whole
from crossdock.simulators.journeys import DIALECTS, Dialect
from crossdock.simulators.ledger import Told
from crossdock.simulators.partner import Asked, Setup
from crossdock.simulators.places import CITIES, WAREHOUSES
from crossdock.simulators.status_codes import MILESTONES
from crossdock.simulators.x12_partner import SHIPPER, X12Partner, interchange_in
from crossdock.simulators.x12_speech import STATUSES, Line, Names

OFFERS, TOLD = "mill", "shop"  # who offers loads, and who is only told of milestones
FLEET, OWN_SCAC = "xdck", "XDCK"
HOME, ABROAD, ELSEWHERE = "DE", "FR", "PL"  # where to; see `rosters` for what we answer
ORIGINAL, CHANGE, CANCEL = "00", "04", "01"  # element 353
ANSWER, MILESTONE = "customer.answer_tender", "customer.tell_milestone"
ACCEPTED, CALLED_OFF = "A", "R"  # element 558; the second for what it has taken back itself

LOADS_MAX = 2
OFFERED_MINUTES = (5, 600)
NOTICE_HOURS, NEAR_HOURS, NEAR_SHARE = (18, 40), (2, 5), 0.15  # from an offer to its pickup
WAITS_MINUTES = (0, 20, 180, 480)  # for an answer; 0: says nothing of how long
LATER_MINUTES = (2, 480)  # from an offer to its change, and to its end
BY_OUR_NUMBER_SHARE = 0.5
TOWNS = {HOME: "BERLIN", ABROAD: "LYON", ELSEWHERE: "POZNAN"}
PICKUP_TOWN = "HAMBURG"

# What a customer takes the codes for that carriers here have words for (AT7-01), and where it is.
MEANS = {code: MILESTONES[word] for word, code in STATUSES.items() if word != "DLY"}
ZONES = {
    each.country: each.time_zone for each in (*CITIES, *(city for _, city in WAREHOUSES.values()))
}

LORRIES = Dialect(scac=OWN_SCAC, reference="SHIPMENT", marks=DIALECTS["ROAD"].marks)


class Word(Struct, frozen=True, kw_only=True):
    """What a customer says of a load at a time: it offers it, changes it, or takes it back."""

    load: str
    purpose: str
    at: datetime
    country: str
    pickup_at: datetime
    deliver_at: datetime
    respond_by: datetime | None


class Customer(X12Partner):
    """A customer with a desk for X12."""

    def __init__(self, setup: Setup, name: str) -> None:
        """Know by which name it writes."""
        super().__init__(setup)
        self.names = Names(scac=name.upper(), shipper=SHIPPER)
        self.sender.dress = self.dressed

    def routes(self) -> tuple[web.RouteDef, ...]:
        """Give the door for interchanges."""
        return (web.post("/interchange", self._interchange),)

    def say(self, word: Word) -> None:
        """Promise to tell a word on a load, numbered now: one that overtakes it is newer."""
        key = f"offer/{word.load}/{word.purpose}/{word.at:%H%M%S%f}"
        with self.ledger.together():
            number = self.numbered(key)["number"]
            said = {
                "load": word.load,
                "purpose": word.purpose,
                "number": number,
                "country": word.country,
                "pickup_at": word.pickup_at,
                "respond_by": word.respond_by,
            }
            self._note_load(word)
            told = Told(verb="offer", content_key=key, content=said)
            self.tell_lines("SM", offer_lines(word), word.load, told, self.clock.now())

    def _note_load(self, word: Word) -> None:
        known = self.ledger.kept("load", word.load) or {"handed": ""}
        off = word.purpose == CANCEL
        self.ledger.keep("load", word.load, {**known, "off": off, "word": word})
        if off and known["handed"]:
            told = Told(verb="load", content_key=f"off/{word.load}", content={})
            path = f"loads/{known['handed']}/cancellations"
            self.plainly(OWN_SCAC, path, word.load, told, self.clock.now())

    async def _interchange(self, request: web.Request) -> web.StreamResponse:
        found = await interchange_in(request)
        if isinstance(found, web.Response):
            return found
        number = f"{found.sender}/{found.control}"
        sets = [each for group in found.groups for each in group.transactions]
        asked = heard(sets[0], found.control) or Asked(
            verb="interchange", content_key=f"interchange/{number}", content={}
        )

        def take() -> str:
            self.acknowledge(found)
            if asked.verb == ANSWER and asked.content["answer"] == ACCEPTED:
                self._hand_over(asked.content["load"], asked.content["ours"])
            return found.control

        return await self.take(request, asked, take, status=202, key=f"interchange/{number}")

    def _hand_over(self, load: str, ours: str) -> None:
        """Give a load to the lorry, once; what was taken back meanwhile stays."""
        known = self.ledger.kept("load", load)
        if known is None or known["off"] or known["handed"]:
            return
        self.ledger.keep("load", load, {**known, "handed": ours})
        by_ours = share(self.setup.seed, "by our number", load) < BY_OUR_NUMBER_SHARE
        carried = freight(known["word"], ours, by_ours=by_ours)
        told = Told(verb="load", content_key=f"load/{load}", content=carried)
        self.plainly(OWN_SCAC, "loads", load, told, self.clock.now() + timedelta(minutes=1))


class Fleet(Carrier):
    """Our own lorries: they drive and tell, and nobody is billed for them."""

    def __init__(self, setup: Setup) -> None:
        """Speak as a carrier by road does."""
        super().__init__(setup, LORRIES)

    def _take_on(self, shipment: dict[str, Any]) -> None:
        """Bill nothing: who pays for the load is agreed between its customer and us."""

    def _let_off(self, shipment: dict[str, Any]) -> None:
        """Bill nothing."""


def draw(seed: int, begin: datetime, strikes: Callable[..., bool]) -> tuple[Word, ...]:
    """Draw what `mill` will say of its loads, and when."""
    loads = [f"L{number}" for number in range(1, whole(1, LOADS_MAX, seed, "loads") + 1)]
    return tuple(word for load in loads for word in _words(seed, load, begin, strikes))


def _words(seed: int, load: str, begin: datetime, strikes: Callable[..., bool]) -> Iterator[Word]:
    at = begin + timedelta(minutes=between(*OFFERED_MINUTES, seed, "offered", load))
    near = share(seed, "near", load) < NEAR_SHARE
    notice = between(*(NEAR_HOURS if near else NOTICE_HOURS), seed, "notice", load)
    pickup_at = (at + timedelta(hours=notice)).replace(second=0, microsecond=0)
    first = _word(seed, load, ORIGINAL, at, pickup_at)
    yield first

    def later(what: str) -> datetime:
        minutes = between(*LATER_MINUTES, seed, what, load)
        return min(at + timedelta(minutes=minutes), pickup_at - timedelta(minutes=30))

    if strikes("offer_again", load):
        yield _word(seed, load, ORIGINAL, later("again"), pickup_at)
    if strikes("offer_changed", load):
        yield _word(seed, load, CHANGE, later("changed"), pickup_at + timedelta(hours=2))
    if strikes("offer_withdrawn", load):
        yield _word(seed, load, CANCEL, later("withdrawn"), pickup_at)


def _word(seed: int, load: str, purpose: str, at: datetime, pickup_at: datetime) -> Word:
    waits = choose(WAITS_MINUTES, seed, "waits", load, purpose)
    respond_by = (at + timedelta(minutes=waits)).replace(second=0, microsecond=0)
    to = "to" if purpose == ORIGINAL else purpose
    return Word(
        load=load,
        purpose=purpose,
        at=at,
        country=choose((HOME, HOME, ABROAD, ELSEWHERE), seed, to, load),
        pickup_at=pickup_at,
        deliver_at=pickup_at + timedelta(hours=10),
        respond_by=respond_by if waits else None,
    )


def offer_lines(word: Word) -> list[Line]:
    """Write a 204: who shall carry what from where to where, and until when we may answer."""
    lines = [
        ["ST", "204", ""],
        ["B2", "", OWN_SCAC, "", word.load, "", "PP"],
        ["B2A", word.purpose, "LT"],
        ["L11", f"PO-{word.load}", "PO"],
    ]
    if word.respond_by is not None:
        lines.append(["G62", "64", *_when(word.respond_by, "1")])
    return [
        *lines,
        ["S5", "1", "CL"],
        ["G62", "69", *_when(word.pickup_at, "U")],
        ["N1", "SH", "MILL"],
        ["N4", PICKUP_TOWN, "", "20095", HOME],
        ["S5", "2", "CU"],
        ["G62", "70", *_when(word.deliver_at, "X")],
        ["N1", "CN", "PRINTERS"],
        ["N4", TOWNS[word.country], "", "10115", word.country],
    ]


def _when(at: datetime, qualifier: str) -> list[str]:
    return [f"{at:%Y%m%d}", qualifier, f"{at:%H%M}", "UT"]


def freight(word: dict[str, Any], ours: str, *, by_ours: bool) -> dict[str, Any]:
    """Tell a lorry what it carries, and by which number it shall speak of it."""
    stops = [
        {
            "sequence": sequence,
            "role": role,
            "place": {"name": name, "city": town, "country": country, "time_zone": "UTC"},
            "planned_at": at,
        }
        for sequence, role, name, town, country, at in (
            (1, "PICKUP", "MILL", PICKUP_TOWN, HOME, word["pickup_at"]),
            (
                2,
                "DELIVERY",
                "PRINTERS",
                TOWNS[word["country"]],
                word["country"],
                word["deliver_at"],
            ),
        )
    ]
    number = ours if by_ours else word["load"]
    return {
        "shipment_id": ours,
        "load_id": ours,
        "carrier_scac": OWN_SCAC,
        "references": [{"type": "SHIPMENT", "value": number}],
        "stops": stops,
    }


def heard(found: Transaction, control: str) -> Asked | None:
    """Read a 990 or a 214 as a customer does; None for any other set."""
    lines = [segment.elements() for segment in found.segments]
    kind = lines[0][1]
    if kind == "990":
        content = _answer_in(lines) | {"number": int(control)}
        return Asked(verb=ANSWER, content_key=f"answer/{control}", content=content)
    if kind == "214":
        content = _status_in(lines) | {"number": int(control)}
        return Asked(verb=MILESTONE, content_key=f"milestone/{control}", content=content)
    return None


def _answer_in(lines: list[list[str]]) -> dict[str, Any]:
    said: dict[str, Any] = {"load": "", "answer": "", "ours": "", "words": ""}
    for line in lines:
        match line:
            case ["B1", _, load, _, letter, *_]:
                said |= {"load": load, "answer": letter}
            case ["N9", "CN", ours, *_]:
                said["ours"] = ours
            case ["K1", *words]:
                said["words"] = " ".join(filter(None, (said["words"], *words)))
            case _:
                pass
    return said


def _at(said: dict[str, Any]) -> str:
    """Find the instant of a local time by the zone of the country it is told for.

    Empty for a time that nobody can place.
    """
    *day_and_time, code = said["at"].split()
    zone = "UTC" if code == "UT" else ZONES.get(said.get("country", ""), "")
    if not zone:
        return ""
    local = datetime.strptime("".join(day_and_time).ljust(14, "0"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - the zone is added
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).isoformat()


def _status_in(lines: list[list[str]]) -> dict[str, Any]:
    said: dict[str, Any] = {"shipment": "", "milestone": "", "at": "", "stop": "", "words": ""}
    said["orders"] = [line[1] for line in lines if line[0] == "L11" and line[2] == "PO"]
    for line in lines:
        match line:
            case ["B10", _, shipment, *_]:
                said["shipment"] = shipment
            case ["AT7", code, _, appointed, _, *when]:
                said["milestone"] = MEANS.get(code or appointed, "")
                said["at"] = " ".join(when)
            case ["MS1", _, _, country, *_]:
                said["country"] = country
            case ["L11", number, "QN", *_]:
                said["stop"] = number
            case ["K1", *words]:
                said["words"] = " ".join(filter(None, (said["words"], *words)))
            case _:
                pass
    if said["at"]:
        said["at"] = _at(said)
        said["unplaced"] = not said["at"]
    return said

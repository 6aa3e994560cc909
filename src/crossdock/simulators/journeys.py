"""What a carrier tells of a shipment, in its own dialect, and with the faults that strike it.

Pure: a function of the seed, the shipment as the TMS told it, and when the carrier learnt of it.

ROAD  names its PRO, and tells local times without an offset, in the zone of the place if it has one
PARC  names its tracking number, and tells the whole history as an array, each time
OCEA  names the bill of lading, and tells RFC 3339 times, to the minute
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from crossdock.simulators.chance import between, choose, share, token
from crossdock.simulators.mischief import Mischief

LATE_SHARE = 0.08
LATE_HOURS = (3, 12)
TELLS_DELAY_FROM = timedelta(hours=3)
LAG_MINUTES = (2, 20)  # from what happened to when it is told
LEARNS = timedelta(minutes=3)  # a carrier tells nothing sooner than this after it knows the load
CORRECTED_SHARE = 0.5  # of the deliveries taken back: the same event is corrected later
STRANGE_CODES = ("X42", "ZQ7", "91", "DLVX")


class Mark(Struct, frozen=True, kw_only=True):
    """A step of every journey: at a share of the way from pickup to delivery, and minutes on."""

    code: str
    share: float
    minutes: float = 0.0


def _marks(text: str) -> tuple[Mark, ...]:
    """Read `CODE share minutes` triples."""
    words = text.split()
    triples = zip(words[0::3], words[1::3], words[2::3], strict=True)
    return tuple(
        Mark(code=code, share=float(part), minutes=float(minutes))
        for code, part, minutes in triples
    )


class Dialect(Struct, frozen=True, kw_only=True):
    """How one carrier speaks: which number it names, which times it writes, how much it repeats."""

    scac: str
    reference: str
    marks: tuple[Mark, ...]
    local_times: bool = False
    histories: bool = False
    at_sea: bool = False


DIALECTS: dict[str, Dialect] = {
    "ROAD": Dialect(
        scac="ROAD",
        reference="PRO",
        marks=_marks(
            "INF 0 -90  APU 0 -20  PUP 0 0  DEP 0 30  ITR .4 0  ARR .75 0"
            "  OFD 1 -180  ADL 1 -15  DLV 1 0  POD 1 60"
        ),
        local_times=True,
    ),
    "PARC": Dialect(
        scac="PARC",
        reference="TRACKING",
        marks=_marks("INF 0 -100  PUP 0 0  ARR .3 0  DEP .5 0  OFD 1 -200  DLV 1 0  POD 1 5"),
        histories=True,
    ),
    "OCEA": Dialect(
        scac="OCEA",
        reference="BILL_OF_LADING",
        at_sea=True,
        marks=_marks(
            "BKD 0 -100  PUP 0 0  TIN .12 0  LOD .2 0  DEP .25 0  ARR .8 0"
            "  UNL .85 0  CRL .88 0  TOU .9 0  DLV 1 0  EMT 1 300"
        ),
    ),
}


class Said(Struct, frozen=True, kw_only=True):
    """One thing a carrier says: the event on the wire, when it happened, and when it is told."""

    event: dict[str, Any]
    occurred_at: datetime
    told_at: datetime

    @property
    def content_key(self) -> str:
        """Name it by event, kind and revision."""
        event = self.event
        return f"tracking/{event['event_id']}/{event['kind']}/{event['revision']}"


class Journey(Struct, frozen=True, kw_only=True):
    """A shipment on its way: the dialect it is told in, its stops, and how late it will be."""

    dialect: Dialect
    mischief: Mischief
    shipment: dict[str, Any]
    picked_up: datetime
    planned: datetime
    delivered: datetime
    known_at: datetime

    @property
    def shipment_id(self) -> str:
        """The shipment's number with the TMS."""
        return str(self.shipment["shipment_id"])

    def at(self, mark: Mark) -> datetime:
        """Tell when a step of the journey happens."""
        way = self.delivered - self.picked_up
        moment = self.picked_up + way * mark.share + timedelta(minutes=mark.minutes)
        return self.told_time(max(moment, self.known_at + LEARNS))

    def told_time(self, at: datetime) -> datetime:
        """Cut a time to what the carrier tells: seconds, at sea minutes."""
        return at.replace(second=0 if self.dialect.at_sea else at.second, microsecond=0)

    def lag(self, *words: object) -> timedelta:
        """Draw how long the carrier takes to tell."""
        drawn = between(*LAG_MINUTES, self.mischief.seed, "lag", self.shipment_id, *words)
        return timedelta(minutes=drawn)


def journey(
    dialect: Dialect, mischief: Mischief, shipment: dict[str, Any], known_at: datetime
) -> Journey:
    """Foresee a shipment's journey; what was planned for the past happens now."""
    seed, shipment_id = mischief.seed, shipment["shipment_id"]
    first, last = (
        datetime.fromisoformat(shipment["stops"][place]["planned_at"]) for place in (0, -1)
    )
    too_late = max(known_at + timedelta(hours=1) - first, timedelta())
    late = share(seed, "late", shipment_id) < LATE_SHARE
    hours = between(*(LATE_HOURS if late else (-1, 0.5)), seed, "hours", shipment_id)
    return Journey(
        dialect=dialect,
        mischief=mischief,
        shipment=shipment,
        picked_up=first + too_late,
        planned=last + too_late,
        delivered=last + too_late + timedelta(hours=hours),
        known_at=known_at,
    )


def told(way: Journey) -> tuple[Said, ...]:
    """Tell the journey, in the order it is told."""
    said = [
        _say(way, mark.code, way.at(mark))
        for mark in way.dialect.marks
        if mark.code != "DLV" or not _troubled(way)
    ]
    said.extend(_delivery(way))
    if way.delivered - way.planned >= TELLS_DELAY_FROM:
        at = max(way.planned - timedelta(hours=4), way.picked_up + timedelta(hours=1))
        said.append(_say(way, "DLY", way.told_time(at), estimated_at=way.delivered))
    if way.mischief.strikes("unknown_code", way.shipment_id):
        code = choose(STRANGE_CODES, way.mischief.seed, "code", way.shipment_id)
        said.append(_say(way, code, way.at(Mark(code=code, share=0.5))))
    return tuple(sorted(said, key=lambda each: each.told_at))


def _troubled(way: Journey) -> bool:
    """Tell whether the delivery itself is told otherwise than once and rightly."""
    return _taken_back_and_corrected(way) or _wrong_at_first(way)


def _taken_back(way: Journey) -> bool:
    return way.mischief.strikes("retraction", way.shipment_id)


def _taken_back_and_corrected(way: Journey) -> bool:
    drawn = share(way.mischief.seed, "corrected", way.shipment_id)
    return _taken_back(way) and drawn < CORRECTED_SHARE


def _wrong_at_first(way: Journey) -> bool:
    return not _taken_back(way) and way.mischief.strikes("correction", way.shipment_id)


def _delivery(way: Journey) -> list[Said]:
    """Tell what goes wrong in telling the delivery; nothing where all is well."""
    truth = way.at(Mark(code="DLV", share=1))
    if _wrong_at_first(way):
        false = _say(way, "DLV", truth - timedelta(hours=2), told_at=truth + way.lag("DLV"))
        later = false.told_at + timedelta(hours=2)
        return [false, _again(way, false, "correction", 1, at=truth, told_at=later)]
    if not _taken_back(way):
        return []
    early = max(truth - timedelta(hours=6), way.picked_up + timedelta(minutes=40))
    number = "" if _taken_back_and_corrected(way) else "-false"
    false = _say(way, "DLV", way.told_time(early), number=number)
    back_at = false.told_at + timedelta(minutes=90)
    back = _again(way, false, "retraction", 1, at=false.occurred_at, told_at=back_at)
    if not _taken_back_and_corrected(way):
        return [false, back]
    right_at = max(truth + way.lag("DLV"), back_at + timedelta(minutes=30))
    return [false, back, _again(way, false, "correction", 2, at=truth, told_at=right_at)]


def _say(  # noqa: PLR0913 - an event has that many parts
    way: Journey,
    code: str,
    at: datetime,
    *,
    told_at: datetime | None = None,
    estimated_at: datetime | None = None,
    number: str = "",
) -> Said:
    stop, place = _where(way, code)
    event: dict[str, Any] = {
        "event_id": f"{way.dialect.scac}-{way.shipment_id}-{code}{number}",
        "event_type": "tracking",
        "kind": "original",
        "revision": 0,
        "occurred_at": _written(way, at, place),
        "status_code": code,
        "classifier": "ACT",
        "carrier_scac": way.dialect.scac,
        "reference": _reference(way),
        "place": place,
        "partial": False,
    }
    if way.dialect.local_times and not place.get("time_zone"):
        event["time_zone"] = "UTC"
    if stop:
        event["stop_sequence"] = stop
    if estimated_at is not None:
        event["estimated_at"] = estimated_at.replace(microsecond=0)
    if code in {"DLV", "POD"}:
        event["proof"] = _proof(way, code)
    return Said(event=event, occurred_at=at, told_at=told_at or at + way.lag(code, number))


def _again(  # noqa: PLR0913 - an event said again has that many parts
    way: Journey, first: Said, kind: str, revision: int, *, at: datetime, told_at: datetime
) -> Said:
    """Say the same event again: corrected, or taken back."""
    written = _written(way, at, first.event["place"])
    event = {**first.event, "kind": kind, "revision": revision, "occurred_at": written}
    return Said(event=event, occurred_at=at, told_at=told_at)


def _where(way: Journey, code: str) -> tuple[int, dict[str, Any]]:
    """Place an event: at the pickup, at the delivery, or somewhere between."""
    stops = way.shipment["stops"]
    if code in {"BKD", "INF", "APU", "PUP"}:
        return stops[0]["sequence"], stops[0]["place"]
    if code in {"OFD", "ADL", "DLV", "POD"}:
        return stops[-1]["sequence"], stops[-1]["place"]
    start = stops[0]["place"]
    return 0, {
        "name": "Hub",
        "country": start.get("country", ""),
        "time_zone": start.get("time_zone", "UTC"),
    }


def _written(way: Journey, at: datetime, place: dict[str, Any]) -> str:
    """Write a time as the carrier does."""
    local = at.astimezone(ZoneInfo(place.get("time_zone") or "UTC"))
    return (local.replace(tzinfo=None) if way.dialect.local_times else local).isoformat()


def _reference(way: Journey) -> dict[str, str]:
    wanted = way.dialect.reference
    return next(
        (dict(each) for each in way.shipment["references"] if each["type"] == wanted),
        {"type": "SHIPMENT", "value": way.shipment_id},
    )


def _proof(way: Journey, code: str) -> dict[str, str]:
    name = choose(("R. Vega", "M. Lind", "A. Novak"), way.mischief.seed, "name", way.shipment_id)
    if code == "DLV":
        return {"received_by": name}
    number = f"POD{token(way.mischief.seed, 'pod', way.shipment_id, length=8)}"
    return {"received_by": name, "document_number": number}

"""What a ledger says it holds of freight: its statement of a business date, and what clerks did.

The ledger books what it is asked to. Then people work in it by hand: a posting is typed wrongly,
dated wrongly, reversed, booked again, or booked though nobody asked; a TMS loses a copy. All of
that is by seed, like any fault, and `planted` says what it is to whoever compares: `missing`,
`doubled`, `other_amount`, `other_date`, `unknown_to_us`.

Pure: the same entries and faults give the same statement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from crossdock.simulators.ledger import Entry
from crossdock.simulators.mischief import Mischief

COPY = "tms.share_freight_invoice"
TRANSPOSED = Decimal(9)  # two digits changed places: what is typed is off by a multiple of nine
STRAY = Decimal(25)  # what somebody books by hand
BY_HAND = "BY_HAND"
ONE_DAY = timedelta(days=1)

Line = Mapping[str, Any]  # in the published words of a statement


class Held(Struct, frozen=True, kw_only=True):
    """One posting of a ledger: `line` as it was asked for by `verb`, under `business_date`.

    `name` is that of the line without its ledger: `accrual/<load>/<charge>`,
    `invoice/<carrier>/<number>`. `shown` is what the ledger shows of it, each with its date, and
    `planted` how that differs; empty: it does not.
    """

    verb: str
    name: str
    business_date: date
    line: Line
    shown: tuple[tuple[date, Line], ...]
    planted: str = ""


class Day(Struct, frozen=True, kw_only=True):
    """A ledger's business date: the lines under it, and what of its postings was tampered with."""

    lines: tuple[Line, ...] = ()
    planted: tuple[tuple[str, str], ...] = ()


def held(entries: Iterable[Entry], mischief: Mischief) -> tuple[Held, ...]:
    """Read what a ledger holds in its entries, and let clerks do what the faults say."""
    booked: dict[str, tuple[Any, Held]] = {}
    for entry in entries:
        if entry.kind != "received" or entry.verb not in LINES:
            continue
        one = LINES[entry.verb](entry)
        revision = entry.content.get("revision")
        before = booked.get(one.name)
        if before is not None and before[0] == revision:  # booked again as another document
            one = replace(one, shown=(*before[1].shown, *one.shown))
        booked[one.name] = (revision, one)
    standing = [one for _, one in booked.values() if Decimal(one.line["amount"]["amount"])]
    return tuple(each for one in standing for each in _by_hand(one, mischief))


def by_day(postings: Iterable[Held]) -> dict[date, Day]:
    """Put what a ledger holds under the dates it shows it under, and postings under their own."""
    lines: dict[date, list[Line]] = defaultdict(list)
    planted: dict[date, list[tuple[str, str]]] = defaultdict(list)
    for each in postings:
        lines.setdefault(each.business_date, [])
        for day, line in each.shown:
            lines[day].append(line)
        if each.planted:
            planted[each.business_date].append((each.name, each.planted))
    return {
        day: Day(lines=tuple(found), planted=tuple(planted[day]))
        for day, found in sorted(lines.items())
    }


def event(day: date, lines: Iterable[Line], drawn_at: datetime, number: int) -> dict[str, Any]:
    """Write the statement of a date in the published words; `number` counts those of the date."""
    return {
        "event_id": f"statement/{day}/{number}",
        "event_type": "ledger.statement",
        "occurred_at": drawn_at.isoformat(),
        "business_date": day.isoformat(),
        "lines": list(lines),
    }


def _accrual(entry: Entry) -> Held:
    return _booked(
        entry,
        ("accrual", "load_id", "charge"),
        {"load_id": entry.content["load_id"], "charge": entry.content["charge"]},
        "amount",
    )


def _invoice(entry: Entry) -> Held:
    told = entry.content
    part = {"part": told["part"]} if told.get("part") else {}
    one = _booked(
        entry,
        ("invoice", "carrier_scac", "invoice_id"),
        {"load_id": told["load_id"], "invoice_id": told["invoice_id"], **part},
        "payable",
    )
    return replace(one, name=f"{one.name}@{part['part']}") if part else one


def _booked(entry: Entry, names: tuple[str, ...], words: dict[str, Any], amount: str) -> Held:
    posting, *parts = names
    told = entry.content
    said = told.get("business_date")
    day = date.fromisoformat(said) if said else entry.at.date()
    line = {
        "posting": posting,
        **words,
        "carrier_scac": told["carrier_scac"],
        "amount": told[amount],
        "document": entry.document_id,
    }
    name = "/".join([posting, *(told[part] for part in parts)])
    return Held(verb=entry.verb, name=name, business_date=day, line=line, shown=((day, line),))


# What a ledger books of freight -> how its line reads; the others book nothing.
LINES: dict[str, Callable[[Entry], Held]] = {
    "erp.accrue": _accrual,
    "erp.post_freight_invoice": _invoice,
    COPY: _invoice,
}


def _by_hand(one: Held, mischief: Mischief) -> Iterable[Held]:
    """Give the posting as the ledger shows it after its clerks, and what they book beside it."""
    subject = f"{one.verb}/{one.name}"
    known = [each for each in TAMPERED if each != "copy_lost" or one.verb == COPY]
    fault = next((each for each in known if mischief.strikes(each, subject)), "")
    if fault:
        planted, tamper = TAMPERED[fault]
        one = replace(one, shown=tamper(one), planted=planted)
    yield one
    if "charge" in one.line and mischief.strikes("booked_by_hand", subject):
        charge = f"{BY_HAND}/{one.line['charge']}"
        amount = {**one.line["amount"], "amount": str(STRAY)}
        line = {**one.line, "charge": charge, "amount": amount, "document": BY_HAND}
        yield Held(
            verb=one.verb,
            name=f"accrual/{line['load_id']}/{charge}",
            business_date=one.business_date,
            line=line,
            shown=((one.business_date, line),),
            planted="unknown_to_us",
        )


def _nothing(_one: Held) -> tuple[tuple[date, Line], ...]:
    return ()


def _again(one: Held) -> tuple[tuple[date, Line], ...]:
    return (*one.shown, *one.shown[-1:])


def _wrongly(one: Held) -> tuple[tuple[date, Line], ...]:
    amount = one.line["amount"]
    typed = {**amount, "amount": str(Decimal(amount["amount"]) + TRANSPOSED)}
    return tuple((day, {**line, "amount": typed}) for day, line in one.shown)


def _next_day(one: Held) -> tuple[tuple[date, Line], ...]:
    return tuple((day + ONE_DAY, line) for day, line in one.shown)


# fault -> what it plants, and what the ledger shows then; the first that strikes does.
TAMPERED: dict[str, tuple[str, Callable[[Held], tuple[tuple[date, Line], ...]]]] = {
    "reversed_by_hand": ("missing", _nothing),
    "copy_lost": ("missing", _nothing),
    "double_booked": ("doubled", _again),
    "mistyped": ("other_amount", _wrongly),
    "misdated": ("other_date", _next_day),
}

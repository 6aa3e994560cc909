"""Freight: what a load should cost, how far a bill may differ, and how money is split and dated.

Amounts in rows are decimal texts in the currency's main unit (`5.00`); everything that is computed
is in integer minor units or exact decimals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from itertools import combinations, islice, product
from typing import Annotated, Literal

from msgspec import Meta, Struct

from crossdock.canonical.freight import ChargeKind
from crossdock.canonical.identifiers import CURRENCIES
from crossdock.canonical.moments import zone_named
from crossdock.canonical.money import MINOR_UNITS, Money
from crossdock.canonical.shipment import Mode
from crossdock.canonical.tracking import PHASES, Milestone, Phase
from crossdock.faults import Finding

Day = Annotated[str, Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]
Source = Literal["tender", "contract", "rate"]
Compared = Literal["weight", "class", "stops"]
Split = Literal["weight", "value", "even"]
GAPS_MAX = 5
PROVING = frozenset({Phase.PICKUP, Phase.TRANSIT, Phase.DELIVERY, Phase.CLOSE})


class UnexpectedRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of a load's charges where nothing was expected; first hit, else `hold`.

    Empty carrier and mode match every load. `accept_as_charged` takes what the carrier asks.
    """

    rule_id: str
    take: Literal["hold", "accept_as_charged"] = "hold"
    carrier_scac: str = ""
    mode: str = ""


class OpeningRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which milestone opens the gate of money for some charges; first hit, else the delivery.

    Empty carrier, mode and kinds match every charge. `of` says whether every order of the load must
    have reached it, or the first one that does opens the gate.
    """

    rule_id: str
    milestone: Milestone
    kinds: tuple[ChargeKind, ...] = ()
    carrier_scac: str = ""
    mode: str = ""
    of: Literal["every_order", "first_order"] = "every_order"


class FreightPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How freight is matched, agreed, split over orders and posted.

    `expected_from` are the sources of expected charges, the first that knows any counts: `tender`
    is what the planner offered, `contract` rows of a carrier, `rate` rows of any carrier. `compare`
    names what must agree beside the amounts; weights may differ by `weight_per_cent`.
    `two_persons_above` is the amount from which on a decision needs two persons, in the charge's
    currency. `dispute_days` count the working days of `dispute_calendar`; empty: all days.
    `opens_with` says which delivery of a load opens the gate of money, `opens` for which charges
    another milestone does. `allocation` splits freight over a load's orders; where one of them does
    not tell that measure `allocation_otherwise` does, and where that fails too, or is `ask`, a
    person is asked. `zone` decides what day it is, and a month is closed so many days after
    its end. `ledger_currency` empty: what is charged
    is posted in its own currency. `billing` `held` lets the ERP bill an order once its freight is
    certain, or flagged after `billing_after_hours`, 0 for never; `off` leaves that to the ERP. What
    of it the ERP refused to accrue and a person waived is billed `flagged`, with what stands
    accrued, or lets the order `wait` like what is not certain (`billing_waived`).
    Finance is asked about claims for a load nobody planned after `unplanned_after_hours`, and about
    bills that are agreed and wait for their milestone after `undelivered_after_hours`.
    """

    rule_id: str = "freight.delivered-and-confirmed"
    expected_from: tuple[Source, ...] = ("tender", "contract", "rate")
    unexpected: tuple[UnexpectedRow, ...] = ()
    compare: tuple[Compared, ...] = ("weight", "class", "stops")
    weight_per_cent: str = "2"
    two_persons_above: str = "0.00"
    dispute_days: int = 10
    dispute_calendar: str = ""
    opens_with: Literal["last_delivery", "first_delivery"] = "last_delivery"
    opens: tuple[OpeningRow, ...] = ()
    allocation: Split = "weight"
    allocation_otherwise: Literal["value", "even", "ask"] = "value"
    zone: str = "UTC"
    month_closes_after_days: int = 5
    ledger_currency: str = ""
    share_invoices: bool = True
    billing: Literal["off", "held"] = "off"
    billing_after_hours: int = 72
    billing_waived: Literal["flagged", "wait"] = "flagged"
    unplanned_after_hours: int = 24
    undelivered_after_hours: int = 120


class ToleranceRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a bill may differ from what was expected; first hit, and none: not at all.

    Amount and per cent must both hold, over and under apart. An empty condition matches all.
    """

    rule_id: str
    carrier_scac: str = ""
    mode: str = ""
    kinds: tuple[ChargeKind, ...] = ()
    currency: str = ""
    over_amount: str = "5.00"
    over_per_cent: str = "2"
    under_amount: str = "5.00"
    under_per_cent: str = "2"


class ContractRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is agreed to be charged: for one carrier a contract, for any carrier the house's rate.

    `rate` is an amount (`flat`), one for each kilogram, for each stop, or per cent of the line
    haul; never less than `minimum`. Days are inclusive; empty ones have no end.
    """

    rule_id: str
    kind: ChargeKind
    rate: str
    currency: str
    basis: Literal["flat", "per_kg", "per_stop", "per_cent"] = "flat"
    minimum: str = "0"
    carrier_scac: str = ""
    mode: str = ""
    service_level: str = ""
    valid_from: Day = ""
    valid_until: Day = ""


class ExchangeRate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much one unit of a currency is in another, from a day on until a later row."""

    currency: str
    into: str
    rate: str
    valid_from: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class Carried(Struct, frozen=True, kw_only=True):
    """What tolerances and contracts look at; planned on a `day`, known `since`."""

    carrier_scac: str
    mode: str
    service_level: str = ""
    weight_kg: Decimal | None = None
    stops: int = 0
    day: date | None = None
    since: datetime | None = None


def unexpected_rule(policy: FreightPolicy, carried: Carried) -> UnexpectedRow:
    """Find what becomes of charges nobody expected; `hold` where no row speaks of it."""
    return next(
        (each for each in policy.unexpected if _is_meant(each, carried)),
        UnexpectedRow(rule_id="freight.hold"),
    )


def opening_rule(policy: FreightPolicy, carried: Carried, kind: ChargeKind) -> OpeningRow | None:
    """Find which milestone opens the gate for such a charge; None: the delivery does."""
    return next(
        (
            each
            for each in policy.opens
            if _is_meant(each, carried) and (not each.kinds or kind in each.kinds)
        ),
        None,
    )


def tolerance_for(
    rows: Sequence[ToleranceRow], carried: Carried, kind: ChargeKind, currency: str
) -> ToleranceRow | None:
    """Find the first row that speaks of such a charge."""
    return next(
        (
            each
            for each in rows
            if _is_meant(each, carried)
            and (not each.kinds or kind in each.kinds)
            and each.currency in {"", currency}
        ),
        None,
    )


def _is_meant(
    row: UnexpectedRow | OpeningRow | ToleranceRow | ContractRow, carried: Carried
) -> bool:
    return row.carrier_scac in {"", carried.carrier_scac} and row.mode in {"", carried.mode}


def tolerates(row: ToleranceRow, expected: Money, billed: Money) -> bool:
    """Tell whether a bill is near enough to what was expected, by amount and by per cent."""
    difference = billed.minor - expected.minor
    over = difference > 0
    amount = money_of(row.over_amount if over else row.under_amount, expected.currency)
    per_cent = Decimal(row.over_per_cent if over else row.under_per_cent)
    within = abs(Decimal(difference)) * 100 <= per_cent * abs(expected.minor)
    return abs(difference) <= amount.minor and within


def money_of(text: str, currency: str) -> Money:
    """Read a policy's amount, rounded half to even where the currency has fewer decimals."""
    return Money(minor=_minor(Decimal(text), currency), currency=currency)


def _minor(amount: Decimal, currency: str) -> int:
    scaled = amount.scaleb(MINOR_UNITS.get(currency, 2))
    return int(scaled.to_integral_value(ROUND_HALF_EVEN))


def agreed_charges(
    rows: Iterable[ContractRow], carried: Carried, source: Source
) -> dict[ChargeKind, tuple[Money, str]]:
    """Compute what contract or rate rows say a load costs, by kind, with the row's id.

    The first row of a kind that can be computed counts. What depends on a weight nobody knows, or
    on a line haul that is not agreed, is left out.
    """
    wanted = source == "contract"
    found: dict[ChargeKind, tuple[Money, str]] = {}
    later: list[ContractRow] = []
    for row in rows:
        if bool(row.carrier_scac) != wanted or not _is_meant(row, carried):
            continue
        if row.service_level not in {"", carried.service_level} or not _holds_on(row, carried.day):
            continue
        if row.basis == "per_cent":
            later.append(row)
        elif row.kind not in found and (amount := _computed(row, carried)) is not None:
            found[row.kind] = (amount, row.rule_id)
    base = found.get(ChargeKind.LINEHAUL)
    for row in later:
        if base is not None and base[0].currency == row.currency and row.kind not in found:
            part = Decimal(base[0].minor) * Decimal(row.rate) / 100
            minor = int(part.to_integral_value(ROUND_HALF_EVEN))
            found[row.kind] = (_at_least(row, minor), row.rule_id)
    return found


def _computed(row: ContractRow, carried: Carried) -> Money | None:
    times: Decimal | None = Decimal(1)
    if row.basis == "per_kg":
        times = carried.weight_kg
    elif row.basis == "per_stop":
        times = Decimal(carried.stops)
    if times is None:
        return None
    return _at_least(row, _minor(Decimal(row.rate) * times, row.currency))


def _at_least(row: ContractRow, minor: int) -> Money:
    return Money(
        minor=max(minor, _minor(Decimal(row.minimum), row.currency)), currency=row.currency
    )


def _holds_on(row: ContractRow, day: date | None) -> bool:
    if day is None:
        return not row.valid_from and not row.valid_until
    text = day.isoformat()
    return (not row.valid_from or row.valid_from <= text) and (
        not row.valid_until or text <= row.valid_until
    )


def allocate(amount: Money, weights: Mapping[str, Decimal | int]) -> dict[str, Money]:
    """Split an amount exactly, by largest remainder; ties go to the name that sorts first.

    Weights of nothing at all count as equal. No names, no parts.
    """
    names = sorted(weights)
    if not names:
        return {}
    total = sum(Decimal(weights[each]) for each in names)
    parts = {each: Decimal(weights[each]) for each in names}
    if total <= 0:
        parts, total = dict.fromkeys(names, Decimal(1)), Decimal(len(names))
    sign, whole = (-1 if amount.minor < 0 else 1), abs(amount.minor)
    exact = {each: whole * part / total for each, part in parts.items()}
    floors = {each: int(share) for each, share in exact.items()}
    left = whole - sum(floors.values())
    by_remainder = sorted(names, key=lambda each: (floors[each] - exact[each], each))
    for each in by_remainder[:left]:
        floors[each] += 1
    return {each: Money(minor=sign * floors[each], currency=amount.currency) for each in names}


def business_day(policy: FreightPolicy, at: datetime) -> date:
    """Tell what day it is for the books."""
    return at.astimezone(zone_named(policy.zone) or UTC).date()


def business_date(policy: FreightPolicy, day: date, decided: datetime) -> date:
    """Date a posting by the day it is for, or by the first open day where that month is closed."""
    today = business_day(policy, decided)
    month = today.replace(day=1)
    while day < month and not _is_closed(policy, month, today):
        month = (month - timedelta(days=1)).replace(day=1)
    return max(day, month)


def _is_closed(policy: FreightPolicy, month: date, today: date) -> bool:
    """Tell whether the month before this one is closed."""
    return today > month + timedelta(days=policy.month_closes_after_days - 1)


def exchange_rate(
    rates: Sequence[ExchangeRate], currency: str, into: str, day: date
) -> ExchangeRate | None:
    """Find the rate that holds on a day."""
    text = day.isoformat()
    known = [
        each
        for each in rates
        if (each.currency, each.into) == (currency, into) and each.valid_from <= text
    ]
    return max(known, key=lambda each: each.valid_from, default=None)


def exchanged(amount: Money, rate: str, into: str) -> Money:
    """Convert an amount, rounded once, half to even."""
    main = Decimal(amount.minor).scaleb(-MINOR_UNITS.get(amount.currency, 2))
    return Money(minor=_minor(main * Decimal(rate), into), currency=into)


def check_freight(policy: FreightPolicy) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Name what a freight policy may not say: the place, and why."""
    for name in ("weight_per_cent", "two_persons_above"):
        if not _is_amount(getattr(policy, name)):
            yield (name,), f"`{getattr(policy, name)}` is no amount such as `5.00`"
    if zone_named(policy.zone) is None:
        yield ("zone",), f"`{policy.zone}` is no time zone, such as `America/Chicago`"
    if policy.ledger_currency and policy.ledger_currency not in CURRENCIES:
        yield ("ledger_currency",), f"ISO 4217 lists no currency `{policy.ledger_currency}`"
    for place, row in enumerate(policy.unexpected):
        if row.mode and row.mode not in set(Mode):
            yield ("unexpected", place, "mode"), f"`{row.mode}` is no mode of transport"
        earlier = next((each for each in policy.unexpected[:place] if _covers(each, row)), None)
        if earlier is not None:
            yield ("unexpected", place, "rule_id"), _dead(row.rule_id, earlier.rule_id)
    yield from _check_openings(policy.opens)


def _check_openings(rows: Sequence[OpeningRow]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for place, row in enumerate(rows):
        if row.mode and row.mode not in set(Mode):
            yield ("opens", place, "mode"), f"`{row.mode}` is no mode of transport"
        if PHASES[row.milestone] not in PROVING or row.milestone is Milestone.DELIVERED:
            why = "proves nothing that is paid for"
            if row.milestone is Milestone.DELIVERED:
                why = "opens the gate without a row; say in `opens_with` which one"
            yield ("opens", place, "milestone"), f"`{row.milestone}` {why}"
        dead = (
            each
            for each in rows[:place]
            if _covers(each, row)
            and (not each.kinds or (row.kinds and set(row.kinds) <= set(each.kinds)))
        )
        for earlier in islice(dead, 1):
            yield ("opens", place, "rule_id"), _dead(row.rule_id, earlier.rule_id)


def check_tolerances(rows: Sequence[ToleranceRow]) -> Iterator[tuple[int, str, str]]:
    """Name what a table of tolerances may not have: the row's place, its field, and why."""
    yield from _check_rows(rows, ("over_amount", "over_per_cent", "under_amount", "under_per_cent"))
    for place, row in enumerate(rows):
        earlier = next((each for each in rows[:place] if _takes_all(each, row)), None)
        if earlier is not None:
            yield place, "rule_id", _dead(row.rule_id, earlier.rule_id)
    yield from _overlaps(rows)


def check_contracts(rows: Sequence[ContractRow]) -> Iterator[tuple[int, str, str]]:
    """Name what a table of contracts and rates may not have."""
    yield from _check_rows(rows, ("rate", "minimum"))
    for place, row in enumerate(rows):
        for name in ("valid_from", "valid_until"):
            if getattr(row, name) and not _is_day(getattr(row, name)):
                yield place, name, f"`{getattr(row, name)}` is no day"
        if row.valid_until and row.valid_from > row.valid_until:
            yield place, "valid_until", "the row ends before it begins"
        earlier = next((each for each in rows[:place] if _always_before(each, row)), None)
        if earlier is not None:
            yield place, "rule_id", _dead(row.rule_id, earlier.rule_id)


def check_exchange_rates(rows: Sequence[ExchangeRate]) -> Iterator[tuple[int, str, str]]:
    """Name what a table of exchange rates may not have."""
    seen: set[tuple[str, str, str]] = set()
    for place, row in enumerate(rows):
        for name in ("currency", "into"):
            if getattr(row, name) not in CURRENCIES:
                yield place, name, f"ISO 4217 lists no currency `{getattr(row, name)}`"
        if not _is_amount(row.rate) or not Decimal(row.rate):
            yield place, "rate", f"`{row.rate}` is no rate such as `1.0842`"
        if not _is_day(row.valid_from):
            yield place, "valid_from", f"`{row.valid_from}` is no day"
        same = (row.currency, row.into, row.valid_from)
        if same in seen:
            yield place, "valid_from", "another row has a rate for the same day"
        seen.add(same)


def _overlaps(rows: Sequence[ToleranceRow]) -> Iterator[tuple[int, str, str]]:
    """Find rows that meet in some charges, neither being the more general, and differ there.

    Where a row above both speaks of all these charges, it is said which bound holds.
    """
    for first, second in combinations(range(len(rows)), 2):
        one, other = rows[first], rows[second]
        shared = _shared(one, other)
        if shared is None or _bounds(one) == _bounds(other) or _takes_all(other, one):
            continue
        dead = any(_takes_all(each, other) for each in rows[:second])
        if not dead and not any(_takes_all(each, shared) for each in rows[:first]):
            yield second, "rule_id", _ambiguous(one, other, shared)


def _ambiguous(one: ToleranceRow, other: ToleranceRow, shared: ToleranceRow) -> str:
    return (
        f"`{one.rule_id}` and `{other.rule_id}` both speak of {_spoken(shared)}, and differ; "
        "put a row for just these above both"
    )


def _spoken(row: ToleranceRow) -> str:
    """Spell of which charges a row speaks."""
    kinds = ", ".join(row.kinds) or "any kind"
    said = [f"charges of {kinds}"]
    said += [f"by {row.carrier_scac}"] if row.carrier_scac else []
    said += [f"on {row.mode}"] if row.mode else []
    said += [f"in {row.currency}"] if row.currency else []
    return " ".join(said)


def tolerance_gaps(rows: Sequence[ToleranceRow]) -> tuple[Finding, ...]:
    """Find charges that no row speaks of, so that nothing is tolerated there; at most GAPS_MAX."""
    carriers, modes, currencies = (
        (
            [*sorted({value for value in column if value}), ""]
            for column in zip(*map(_conditions, rows), strict=True)
        )
        if rows
        else ([""], [""], [""])
    )
    kinds = [*((each,) for each in sorted({kind for row in rows for kind in row.kinds})), ()]
    cells = (
        ToleranceRow(rule_id="", carrier_scac=carrier, mode=mode, currency=currency, kinds=kind)
        for carrier, mode, currency, kind in product(carriers, modes, currencies, kinds)
    )
    open_ = (cell for cell in cells if not any(_takes_all(row, cell) for row in rows))
    return tuple(
        Finding(
            code="TOLERANCE_GAP",
            said=f"No tolerance speaks of {_spoken(cell)}: each difference there asks a person",
        )
        for cell in islice(open_, GAPS_MAX)
    )


def _takes_all(general: ToleranceRow, special: ToleranceRow) -> bool:
    """Tell whether a row speaks of every charge another one speaks of."""
    kinds = not general.kinds or (special.kinds and set(special.kinds) <= set(general.kinds))
    currencies = general.currency in {"", special.currency}
    return bool(_covers(general, special) and currencies and kinds)


def _shared(one: ToleranceRow, other: ToleranceRow) -> ToleranceRow | None:
    """Give a row for just the charges two rows both speak of; None where there are none."""
    pairs = tuple(zip(_conditions(one), _conditions(other), strict=True))
    kinds = tuple(each for each in one.kinds if not other.kinds or each in other.kinds)
    met = all(not left or not right or left == right for left, right in pairs)
    if not met or (one.kinds and not kinds):
        return None
    carrier, mode, currency = (left or right for left, right in pairs)
    return ToleranceRow(
        rule_id="",
        carrier_scac=carrier,
        mode=mode,
        currency=currency,
        kinds=kinds or other.kinds,
    )


def _conditions(row: ToleranceRow) -> tuple[str, str, str]:
    return row.carrier_scac, row.mode, row.currency


def _bounds(row: ToleranceRow) -> tuple[str, ...]:
    return row.over_amount, row.over_per_cent, row.under_amount, row.under_per_cent


def _check_rows(
    rows: Sequence[ToleranceRow | ContractRow], amounts: tuple[str, ...]
) -> Iterator[tuple[int, str, str]]:
    names: set[str] = set()
    for place, row in enumerate(rows):
        if row.rule_id in names:
            yield place, "rule_id", f"several rows are named `{row.rule_id}`; name one otherwise"
        names.add(row.rule_id)
        for name in amounts:
            if not _is_amount(getattr(row, name)):
                yield place, name, f"`{getattr(row, name)}` is no amount such as `5.00`"
        if row.currency and row.currency not in CURRENCIES:
            yield place, "currency", f"ISO 4217 lists no currency `{row.currency}`"
        if row.mode and row.mode not in set(Mode):
            yield place, "mode", f"`{row.mode}` is no mode of transport"


def _covers(
    general: UnexpectedRow | OpeningRow | ToleranceRow | ContractRow,
    special: UnexpectedRow | OpeningRow | ToleranceRow | ContractRow,
) -> bool:
    return general.carrier_scac in {"", special.carrier_scac} and general.mode in {
        "",
        special.mode,
    }


def _always_before(earlier: ContractRow, row: ContractRow) -> bool:
    """Tell whether a row is always passed over for an earlier one of its kind."""
    begins = not earlier.valid_from or (row.valid_from and earlier.valid_from <= row.valid_from)
    ends = not earlier.valid_until or (row.valid_until and row.valid_until <= earlier.valid_until)
    return bool(
        earlier.kind is row.kind
        and bool(earlier.carrier_scac) == bool(row.carrier_scac)
        and earlier.basis == row.basis
        and _covers(earlier, row)
        and earlier.service_level in {"", row.service_level}
        and begins
        and ends
    )


def _dead(name: str, earlier: str) -> str:
    return f"the row `{name}` never hits, because `{earlier}` above it takes all it could take"


def _is_amount(text: str) -> bool:
    try:
        return Decimal(text).is_finite() and Decimal(text) >= 0 and "e" not in text.lower()
    except InvalidOperation:
        return False


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True

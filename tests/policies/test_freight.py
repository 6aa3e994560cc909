"""Money's rules: exact splits, dates decided once, tolerances, contracts, and tables judged."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.canonical.freight import ChargeKind
from crossdock.canonical.money import Money, money
from crossdock.canonical.tracking import Milestone
from crossdock.policies.calendars import Calendar, working_days_later
from crossdock.policies.freight import (
    Carried,
    ContractRow,
    ExchangeRate,
    FreightPolicy,
    OpeningRow,
    ToleranceRow,
    UnexpectedRow,
    agreed_charges,
    allocate,
    business_date,
    check_contracts,
    check_exchange_rates,
    check_freight,
    check_tolerances,
    exchange_rate,
    exchanged,
    tolerance_gaps,
    tolerates,
)

LINEHAUL, FUEL, STOP = ChargeKind.LINEHAUL, ChargeKind.FUEL, ChargeKind.STOP_OFF
CARRIED = Carried(
    carrier_scac="ROAD", mode="ROAD", weight_kg=Decimal(1000), stops=3, day=date(2026, 3, 27)
)


def usd(text: str) -> Money:
    return money(text, "USD")


@given(
    st.integers(-(10**9), 10**9),
    st.dictionaries(st.text(max_size=3), st.decimals(0, 10**6, places=3), min_size=1, max_size=9),
)
def test_a_split_sums_exactly_and_is_fair_to_the_cent(
    minor: int, weights: dict[str, Decimal]
) -> None:
    parts = allocate(Money(minor=minor, currency="USD"), weights)

    total = sum(weights.values())
    assert sum(each.minor for each in parts.values()) == minor
    for name, part in parts.items():
        share = Decimal(weights[name]) / total if total else Decimal(1) / len(weights)
        assert abs(part.minor - minor * share) < 1


def test_the_last_cent_goes_to_the_largest_remainder_then_by_name() -> None:
    parts = allocate(usd("1.00"), {"SO-3": 1, "SO-1": 1, "SO-2": 1})

    assert {name: each.minor for name, each in parts.items()} == {
        "SO-1": 34,
        "SO-2": 33,
        "SO-3": 33,
    }


@pytest.mark.parametrize(
    ("earned", "decided", "dated"),
    [
        ("2026-03-27", "2026-03-27", "2026-03-27"),
        ("2026-03-27", "2026-04-05", "2026-03-27"),  # March is open until the fifth
        ("2026-03-27", "2026-04-06", "2026-04-01"),
        ("2026-01-15", "2026-04-03", "2026-03-01"),
        ("2026-04-09", "2026-04-06", "2026-04-09"),
    ],
)
def test_a_posting_is_dated_by_its_day_or_the_first_that_is_open(
    earned: str, decided: str, dated: str
) -> None:
    at = datetime.fromisoformat(decided).replace(hour=12, tzinfo=UTC)

    found = business_date(FreightPolicy(), date.fromisoformat(earned), at)

    assert found.isoformat() == dated


def test_midnight_is_that_of_the_books() -> None:
    chicago = FreightPolicy(zone="America/Chicago")
    at = datetime(2026, 4, 6, 4, tzinfo=UTC)  # still the fifth in Chicago

    assert business_date(chicago, date(2026, 3, 27), at) == date(2026, 3, 27)


@pytest.mark.parametrize(
    ("expected", "billed", "within"),
    [
        ("500.00", "505.00", True),
        ("500.00", "505.01", False),
        ("100.00", "102.01", False),
        ("500.00", "496.00", True),
        ("500.00", "490.00", False),
        ("0.00", "0.01", False),
    ],
)
def test_a_tolerance_holds_by_amount_and_by_per_cent(
    expected: str, billed: str, *, within: bool
) -> None:
    row = ToleranceRow(rule_id="t")

    assert tolerates(row, usd(expected), usd(billed)) == within


def test_a_contract_is_computed_by_its_basis_and_fuel_of_the_line_haul() -> None:
    rows = (
        ContractRow(
            rule_id="fuel",
            kind=FUEL,
            rate="12.5",
            currency="USD",
            basis="per_cent",
            carrier_scac="ROAD",
        ),
        ContractRow(
            rule_id="old",
            kind=LINEHAUL,
            rate="1",
            currency="USD",
            carrier_scac="ROAD",
            valid_until="2026-01-01",
        ),
        ContractRow(
            rule_id="haul",
            kind=LINEHAUL,
            rate="0.4567",
            currency="USD",
            basis="per_kg",
            carrier_scac="ROAD",
        ),
        ContractRow(
            rule_id="stop",
            kind=STOP,
            rate="10",
            currency="USD",
            basis="per_stop",
            carrier_scac="ROAD",
            minimum="45.00",
        ),
        ContractRow(rule_id="rate", kind=STOP, rate="99", currency="USD"),
    )

    assert agreed_charges(rows, CARRIED, "contract") == {
        LINEHAUL: (usd("456.70"), "haul"),
        FUEL: (usd("57.09"), "fuel"),
        STOP: (usd("45.00"), "stop"),
    }
    assert agreed_charges(rows, CARRIED, "rate") == {STOP: (usd("99.00"), "rate")}


def test_the_newest_rate_of_the_day_converts_half_to_even() -> None:
    rates = (
        ExchangeRate(currency="USD", into="JPY", rate="150.5", valid_from="2026-03-01"),
        ExchangeRate(currency="USD", into="JPY", rate="151", valid_from="2026-04-01"),
    )

    found = exchange_rate(rates, "USD", "JPY", date(2026, 3, 27))

    assert found == rates[0]
    assert exchanged(usd("1.00"), "150.5", "JPY").minor == 150
    assert exchange_rate(rates, "USD", "EUR", date(2026, 3, 27)) is None


def test_a_dispute_counts_working_days() -> None:
    calendar = Calendar(name="finance", closes="17:00", closed=("2026-03-30",))
    friday = datetime(2026, 3, 27, 12, tzinfo=UTC)

    assert working_days_later(calendar, friday, 2) == datetime(2026, 4, 1, 17, tzinfo=UTC)
    assert working_days_later(None, friday, 2) == datetime(2026, 3, 29, 12, tzinfo=UTC)


def test_tables_nobody_could_mean_so_are_named_with_their_row() -> None:
    general, special = ToleranceRow(rule_id="a"), ToleranceRow(rule_id="b", mode="ROAD")
    odd = ToleranceRow(rule_id="c", carrier_scac="X", currency="USX", over_amount="much")

    assert [each[:2] for each in check_tolerances((odd, general, special))] == [
        (0, "over_amount"),
        (0, "currency"),
        (2, "rule_id"),
    ]
    assert list(check_tolerances((special, general))) == []
    row = ContractRow(rule_id="a", kind=FUEL, rate="1", currency="USD", valid_from="2026-02-30")
    again = ContractRow(rule_id="a", kind=FUEL, rate="-1", currency="USD")
    assert [each[:2] for each in check_contracts((again, row))] == [
        (0, "rate"),
        (1, "rule_id"),
        (1, "valid_from"),
        (1, "rule_id"),
    ]
    rate = ExchangeRate(currency="USD", into="EUX", rate="0", valid_from="2026-03-01")
    assert [each[:2] for each in check_exchange_rates((rate, rate))] == [
        (0, "into"),
        (0, "rate"),
        (1, "into"),
        (1, "rate"),
        (1, "valid_from"),
    ]
    hold = UnexpectedRow(rule_id="x")
    note = OpeningRow(rule_id="n", milestone=Milestone.NOTE, kinds=(FUEL,))
    sooner = OpeningRow(rule_id="p", milestone=Milestone.PICKED_UP, mode="ROAD")
    later = OpeningRow(rule_id="d", milestone=Milestone.DELIVERED, mode="ROAD", kinds=(FUEL,))
    policy = FreightPolicy(
        zone="Chicago",
        ledger_currency="USX",
        unexpected=(hold, hold),
        opens=(note, sooner, later),
    )
    assert [where for where, _why in check_freight(policy)] == [
        ("zone",),
        ("ledger_currency",),
        ("unexpected", 1, "rule_id"),
        ("opens", 0, "milestone"),
        ("opens", 2, "milestone"),
        ("opens", 2, "rule_id"),
    ]


def test_rows_that_meet_and_differ_are_refused_until_a_row_above_speaks_of_both() -> None:
    by_carrier = ToleranceRow(rule_id="carrier", carrier_scac="ROAD", over_amount="9.00")
    by_kind = ToleranceRow(rule_id="kind", kinds=(FUEL,), currency="USD")
    both = ToleranceRow(rule_id="both", kinds=(FUEL,), currency="USD", carrier_scac="ROAD")
    alike = ToleranceRow(rule_id="alike", kinds=(FUEL,), over_amount="9.00")

    assert list(check_tolerances((by_carrier, by_kind))) == [
        (
            1,
            "rule_id",
            (
                "`carrier` and `kind` both speak of charges of FUEL by ROAD in USD, and differ; "
                "put a row for just these above both"
            ),
        )
    ]
    assert list(check_tolerances((both, by_carrier, by_kind))) == []
    assert list(check_tolerances((by_carrier, alike))) == []
    other = ToleranceRow(rule_id="other", carrier_scac="SEAS")
    assert list(check_tolerances((by_carrier, other))) == []


def test_charges_that_no_tolerance_speaks_of_are_named() -> None:
    by_carrier = ToleranceRow(rule_id="carrier", carrier_scac="ROAD")
    by_kind = ToleranceRow(rule_id="kind", kinds=(FUEL,))

    assert [each.said for each in tolerance_gaps((by_carrier, by_kind))] == [
        "No tolerance speaks of charges of any kind: each difference there asks a person"
    ]
    assert [each.said for each in tolerance_gaps(())] == [
        "No tolerance speaks of charges of any kind: each difference there asks a person"
    ]
    assert tolerance_gaps((by_carrier, by_kind, ToleranceRow(rule_id="all"))) == ()

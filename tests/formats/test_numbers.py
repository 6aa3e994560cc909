"""Numbers are plain ASCII decimals, or they are none."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.formats.numbers import exact_text, plain_decimal, whole_number


@pytest.mark.parametrize(
    ("text", "comma", "value"),
    [
        ("12", False, Decimal(12)),
        ("-12.50", False, Decimal("-12.50")),
        ("+0012.5", False, Decimal("12.5")),
        ("12,5", True, Decimal("12.5")),
        ("12.5", True, Decimal("12.5")),
        ("12,5", False, None),
        ("1.234,56", True, None),
        ("1,234.56", True, None),
        ("1e3", False, None),
        ("NaN", False, None),
        ("Infinity", False, None),
        ("1_000", False, None),
        (" 1", False, None),
        ("1.", False, None),
        (".5", False, None),
        ("", False, None),
        ("\u0663", False, None),
        ("\uff11\uff12", False, None),
        ("1234567890123456.78", False, Decimal("1234567890123456.78")),
        ("1234567890123456.789", False, None),
    ],
)
def test_a_decimal_is_plain_or_none(text: str, value: Decimal | None, *, comma: bool) -> None:
    assert plain_decimal(text, comma=comma) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", 42),
        ("-7", -7),
        ("007", 7),
        ("4.0", None),
        ("\u0663", None),
        ("", None),
        ("9" * 19, None),
        ("9" * 18, int("9" * 18)),
    ],
)
def test_a_whole_number_is_plain_or_none(text: str, value: int | None) -> None:
    assert whole_number(text) == value


@given(st.text(max_size=8))
def test_what_is_not_ascii_is_never_a_number(text: str) -> None:
    if not text.isascii():
        assert plain_decimal(text, comma=True) is None
        assert whole_number(text) is None


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4))
def test_a_decimal_written_and_read_is_the_same(value: Decimal) -> None:
    assert plain_decimal(exact_text(value)) == value


def test_a_decimal_is_written_without_an_exponent() -> None:
    assert [exact_text(Decimal(each)) for each in ("1E+2", "1E-7", "2.50")] == [
        "100",
        "0.0000001",
        "2.50",
    ]

"""Stories of amounts: what is written is what is kept, to the last minor unit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.canonical.identifiers import CURRENCIES
from crossdock.canonical.money import Money, decimal_text, money
from crossdock.faults import Unreadable

amounts = st.builds(
    Money, minor=st.integers(-(10**24), 10**24), currency=st.sampled_from(sorted(CURRENCIES))
)


@given(amounts)
def test_an_amount_survives_being_written_and_read(amount: Money) -> None:
    assert money(decimal_text(amount), amount.currency) == amount


@given(amounts)
def test_the_text_of_an_amount_is_its_exact_decimal(amount: Money) -> None:
    text = decimal_text(amount)
    _, _, decimals = text.partition(".")

    assert Decimal(text) * 10 ** len(decimals) == amount.minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("659.40", "USD", 65940),
        ("659.4", "USD", 65940),
        (" 659 ", "USD", 65900),
        ("-0.01", "EUR", -1),
        ("1200", "JPY", 1200),
        ("1.234", "KWD", 1234),
        ("0.0001", "CLF", 1),
        ("12.500", "EUR", 1250),
        ("90071992547409.93", "EUR", 9007199254740993),
    ],
)
def test_an_amount_is_read_in_its_currencys_minor_unit(
    text: str, currency: str, minor: int
) -> None:
    assert money(text, currency) == Money(minor=minor, currency=currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("0.005", "EUR"),
        ("1.5", "JPY"),
        ("1e3", "EUR"),
        ("1_000", "EUR"),
        ("1,50", "EUR"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
        ("", "EUR"),
        ("٣", "EUR"),
        ("EUR 5", "EUR"),
    ],
)
def test_a_text_that_is_no_exact_amount_is_unreadable(text: str, currency: str) -> None:
    with pytest.raises(Unreadable) as raised:
        money(text, currency)

    assert raised.value.seen["amount"] == text

"""Money: integer minor units and a currency. No float anywhere."""

from __future__ import annotations

from decimal import Decimal

from crossdock.canonical import Canonical
from crossdock.faults import Unreadable

# Source: ISO 4217:2015, table A.1, column "minor unit"; two where not listed here.
MINOR_UNITS: dict[str, int] = (
    dict.fromkeys(
        ("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()),
        0,
    )
    | dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)
    | {"CLF": 4, "UYW": 4}
)


NO_CURRENCY = "XXX"  # ISO 4217's code for transactions that involve none


class Money(Canonical, frozen=True, kw_only=True):
    """An amount in the currency's minor unit: 65940 USD is 659.40 US dollars."""

    minor: int
    currency: str


def money(text: str, currency: str) -> Money:
    """Read an exact decimal text such as `659.40` as money.

    Raises Unreadable for a text that is no plain decimal, or that has more decimals than the
    currency's minor unit (ISO 4217).
    """
    digits = MINOR_UNITS.get(currency, 2)
    plain = text.strip()
    if not plain.isascii() or "e" in plain.lower() or "_" in plain:
        raise Unreadable("An amount must be a plain decimal number", amount=text)
    try:
        scaled = Decimal(plain).scaleb(digits)
    except ArithmeticError as error:
        raise Unreadable("An amount must be a plain decimal number", amount=text) from error
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise Unreadable(
            "An amount has more decimals than its currency", amount=text, currency=currency
        )
    return Money(minor=int(scaled), currency=currency)


def decimal_text(amount: Money) -> str:
    """Write money as the exact decimal text of its currency: `659.40`."""
    digits = MINOR_UNITS.get(amount.currency, 2)
    return f"{Decimal(amount.minor).scaleb(-digits):.{digits}f}"

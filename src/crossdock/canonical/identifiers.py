"""Identifiers of the trade, and whether they are written right.

Every check answers with a Finding, or None where nothing is wrong, and never raises: partners send
wrong check digits in live traffic, and a shipment is not stopped for one. A check judges the shape
only; whether a number was ever issued is the issuer's to know.
"""

from __future__ import annotations

import re

from crossdock.faults import Finding

_SCAC = re.compile(r"[A-Z]{2,4}")
_CONTAINER = re.compile(r"[A-Z]{3}[UJZR][0-9]{7}")
_UNLOCODE = re.compile(r"[A-Z]{2}[A-Z2-9]{3}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_DIGITS = re.compile(r"[0-9]+")

# Source: ISO 6346:1995, 3.1.1 and annex A: a digit counts as itself, letters from 10 on without
# the multiples of 11.
_VALUES = {digit: int(digit) for digit in "0123456789"} | dict(
    zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (n for n in range(10, 39) if n % 11), strict=True)
)

# Source: ISO 4217 list one (currencies and funds) up to amendment 180, and BGN, which left it with
# 2025 and stands in documents that are still open.
CURRENCIES = frozenset(
    (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN "
        "BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP "
        "ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR "
        "ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA "
        "MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK "
        "PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC "
        "SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND "
        "VUV WST XAD XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER "
        "ZAR ZMW ZWG"
    ).split()
)


def check_scac(text: str, where: str = "") -> Finding | None:
    """Check a carrier's code: two to four capital letters (NMFTA SCAC directory, format)."""
    if _SCAC.fullmatch(text):
        return None
    return _finding("SCAC_MALFORMED", "A SCAC is two to four capital letters", text, where)


def check_container(text: str, where: str = "") -> Finding | None:
    """Check a container number: owner, category, six digits and check digit (ISO 6346:1995, 3.1).

    The categories are U, J and Z; R, which partners write for reefers, is let pass.
    """
    if not _CONTAINER.fullmatch(text):
        said = "A container number is three letters, then U, J or Z, and seven digits"
        return _finding("CONTAINER_MALFORMED", said, text, where)
    expected = container_check_digit(text[:10])
    if text[10] != expected:
        return _wrong_digit("CONTAINER_CHECK_DIGIT", "container number", text, expected, where)
    return None


def container_check_digit(stem: str) -> str:
    """Compute the check digit of ten characters: values times powers of two, modulo 11, then 10.

    Source: ISO 6346:1995, annex A. Stems whose remainder is 10 get a 0; the standard advises
    against using them, and some are in use.
    """
    total = sum(_VALUES[character] << place for place, character in enumerate(stem))
    return str(total % 11 % 10)


def check_sscc(text: str, where: str = "") -> Finding | None:
    """Check a serial shipping container code: 18 digits (GS1 General Specifications, AI 00)."""
    return _check_gs1(text, 18, "SSCC", where)


def check_gln(text: str, where: str = "") -> Finding | None:
    """Check a global location number: 13 digits (GS1 General Specifications, AI 410 to 417)."""
    return _check_gs1(text, 13, "GLN", where)


def _check_gs1(text: str, length: int, name: str, where: str) -> Finding | None:
    if len(text) != length or not _DIGITS.fullmatch(text):
        return _finding(f"{name}_MALFORMED", f"A {name} has {length} digits", text, where)
    expected = gs1_check_digit(text[:-1])
    if text[-1] != expected:
        return _wrong_digit(f"{name}_CHECK_DIGIT", name, text, expected, where)
    return None


def gs1_check_digit(stem: str) -> str:
    """Compute the check digit of GS1 keys: weights 3 and 1 in turn from the right, modulo 10.

    Source: GS1 General Specifications, section 7.9.1.
    """
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(stem)))
    return str(-total % 10)


def check_unlocode(text: str, where: str = "") -> Finding | None:
    """Check a place's code: a country and three of A to Z and 2 to 9 (UNECE Rec. 16), no space."""
    if _UNLOCODE.fullmatch(text):
        return None
    said = "A UN/LOCODE is two letters of a country and three letters or digits 2 to 9"
    return _finding("UNLOCODE_MALFORMED", said, text, where)


def check_currency(text: str, where: str = "") -> Finding | None:
    """Check a currency's code against ISO 4217 list one."""
    if text in CURRENCIES:
        return None
    return _finding("CURRENCY_UNKNOWN", "ISO 4217 lists no such currency", text, where)


def check_country(text: str, where: str = "") -> Finding | None:
    """Check the shape of a country's code: two capital letters (ISO 3166-1 alpha-2)."""
    if _COUNTRY.fullmatch(text):
        return None
    said = "A country is two capital letters, as in ISO 3166-1 alpha-2"
    return _finding("COUNTRY_MALFORMED", said, text, where)


def _wrong_digit(code: str, name: str, text: str, expected: str, where: str) -> Finding:
    said = f"The check digit of this {name} is wrong; it may be mistyped"
    return Finding(code=code, said=said, where=where, seen={"text": text, "expected": expected})


def _finding(code: str, said: str, text: str, where: str) -> Finding:
    return Finding(code=code, said=said, where=where, seen={"text": text})

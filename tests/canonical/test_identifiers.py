"""Stories of numbers: published ones pass, mistyped ones are told, and nothing is ever raised."""

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crossdock.canonical.identifiers import (
    CURRENCIES,
    check_container,
    check_country,
    check_currency,
    check_gln,
    check_scac,
    check_sscc,
    check_unlocode,
    container_check_digit,
    gs1_check_digit,
)
from crossdock.canonical.money import MINOR_UNITS
from crossdock.faults import Finding

Check = Callable[[str, str], Finding | None]
CHECKS: list[Check] = [
    check_scac,
    check_container,
    check_sscc,
    check_gln,
    check_unlocode,
    check_currency,
    check_country,
]


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (check_scac, "UP"),
        (check_scac, "ROAD"),
        (check_container, "CSQU3054383"),
        (check_container, "BICU1234565"),
        (check_sscc, "354123450000000014"),
        (check_sscc, "106141411234567897"),
        (check_gln, "5412345123453"),
        (check_gln, "9506000134352"),
        (check_unlocode, "DEHAM"),
        (check_unlocode, "USNY2"),
        (check_currency, "EUR"),
        (check_country, "FR"),
    ],
)
def test_a_number_written_right_has_no_finding(check: Check, text: str) -> None:
    assert check(text, "/container") is None


@pytest.mark.parametrize(
    ("check", "text", "code"),
    [
        (check_scac, "R", "SCAC_MALFORMED"),
        (check_scac, "ROADS", "SCAC_MALFORMED"),
        (check_scac, "road", "SCAC_MALFORMED"),
        (check_scac, "ROAD\n", "SCAC_MALFORMED"),
        (check_container, "CSQX3054383", "CONTAINER_MALFORMED"),
        (check_container, "CSQU305438", "CONTAINER_MALFORMED"),
        (check_container, "CSQU 305438 3", "CONTAINER_MALFORMED"),
        (check_sscc, "35412345000000001", "SSCC_MALFORMED"),
        (check_sscc, "35412345000000001٤", "SSCC_MALFORMED"),
        (check_gln, "541234512345X", "GLN_MALFORMED"),
        (check_unlocode, "DE HAM", "UNLOCODE_MALFORMED"),
        (check_unlocode, "DEHA1", "UNLOCODE_MALFORMED"),
        (check_currency, "EURO", "CURRENCY_UNKNOWN"),
        (check_currency, "XYZ", "CURRENCY_UNKNOWN"),
        (check_country, "FRA", "COUNTRY_MALFORMED"),
        (check_country, "", "COUNTRY_MALFORMED"),
    ],
)
def test_a_number_written_wrong_is_told_with_its_place(check: Check, text: str, code: str) -> None:
    found = check(text, "/somewhere")

    assert found is not None
    assert (found.code, found.where, found.seen) == (code, "/somewhere", {"text": text})


@pytest.mark.parametrize(
    ("check", "text", "code", "expected"),
    [
        (check_container, "CSQU3054384", "CONTAINER_CHECK_DIGIT", "3"),
        (check_sscc, "354123450000000010", "SSCC_CHECK_DIGIT", "4"),
        (check_gln, "5412345123450", "GLN_CHECK_DIGIT", "3"),
    ],
)
def test_a_wrong_check_digit_is_told_with_the_right_one(
    check: Check, text: str, code: str, expected: str
) -> None:
    found = check(text, "")

    assert found is not None
    assert (found.code, found.seen) == (code, {"text": text, "expected": expected})


@given(st.sampled_from(CHECKS), st.text())
def test_no_text_makes_a_check_raise(check: Check, text: str) -> None:
    found = check(text, "")

    assert found is None or found.seen["text"] == text


stems = st.builds(
    "{}U{}".format,
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3),
    st.text("0123456789", min_size=6, max_size=6),
)


def mistyped(number: str, place: int, digit: str) -> str:
    assume(number[place] != digit)
    return number[:place] + digit + number[place + 1 :]


def remainder_of(stem: str) -> int:
    """Reckon as the annex writes it, letter by letter; ten and nought share one check digit."""
    letters = {"A": 10, "B": 12, "K": 21, "L": 23, "U": 32, "V": 34}
    total = 0
    for place, character in enumerate(stem):
        start = max((each for each in letters if each <= character), default="")
        value = letters[start] + ord(character) - ord(start) if start else int(character)
        total += value * 2**place
    return total % 11


@given(stems, st.integers(4, 9), st.sampled_from("0123456789"))
def test_one_mistyped_digit_of_a_container_number_is_noticed(
    stem: str, place: int, digit: str
) -> None:
    wrong = mistyped(stem, place, digit)
    assume(10 not in {remainder_of(stem), remainder_of(wrong)})

    found = check_container(wrong + container_check_digit(stem))

    assert found is not None
    assert found.code == "CONTAINER_CHECK_DIGIT"


@given(stems)
def test_the_check_digit_follows_the_rule_as_written(stem: str) -> None:
    assert container_check_digit(stem) == str(remainder_of(stem) % 10)


@pytest.mark.parametrize(("check", "length"), [(check_sscc, 18), (check_gln, 13)])
@given(digits=st.text("0123456789", min_size=18, max_size=18), wrong=st.integers(0, 17))
def test_one_mistyped_digit_of_a_gs1_key_is_noticed(
    check: Check, length: int, digits: str, wrong: int
) -> None:
    stem = digits[: length - 1]
    right = stem + gs1_check_digit(stem)
    place = wrong % length

    found = check(mistyped(right, place, digits[-1]), "")

    assert check(right, "") is None
    assert found is not None


def test_every_currency_with_other_minor_units_is_a_currency() -> None:
    assert set(MINOR_UNITS) - CURRENCIES == set()

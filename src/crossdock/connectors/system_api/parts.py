"""The parts that documents share, from published words to canonical objects: places, numbers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from crossdock.canonical.identifiers import (
    check_container,
    check_country,
    check_currency,
    check_gln,
    check_scac,
    check_sscc,
    check_unlocode,
)
from crossdock.canonical.money import Money, money
from crossdock.canonical.party import Address, Location
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.connectors.system_api import words
from crossdock.connectors.system_api.reading import Element
from crossdock.faults import Finding, Unreadable
from crossdock.formats.numbers import exact_text, plain_decimal

Check = Callable[[str, str], Finding | None]

REFERENCE_TYPES: dict[str, ReferenceType] = {kind.value: kind for kind in ReferenceType}

# These numbers are given by a carrier to what it carries, and are unique only with it.
CARRIER_ISSUED = frozenset({ReferenceType.PRO, ReferenceType.TRACKING, ReferenceType.BOOKING})


# Identifiers of a place -> how each is checked; a wrong one is a finding and is kept as sent.
PLACE_CHECKS: dict[str, Check] = {
    "country": check_country,
    "unlocode": check_unlocode,
    "gln": check_gln,
}
NUMBER_CHECKS: dict[ReferenceType, Check] = {
    ReferenceType.CONTAINER: check_container,
    ReferenceType.SSCC: check_sscc,
}


def location(element: Element, place: words.Place, where: str) -> Location | None:
    """Read a place; None where nothing of it is said. What is left out of an address is empty."""
    if place == words.Place():
        return None
    for name, check in PLACE_CHECKS.items():
        if text := getattr(place, name):
            element.check(check(text, f"{element.where}{where}/{name}"))
    written = (place.country, place.city, place.postal_code, place.subdivision, *place.lines)
    address = Address(
        country=place.country,
        city=place.city,
        postal_code=place.postal_code,
        subdivision=place.subdivision,
        lines=place.lines,
    )
    return Location(
        location_id=place.location_id,
        name=place.name,
        address=address if any(written) else None,
        unlocode=place.unlocode,
        gln=place.gln,
        zone=place.time_zone,
    )


def reference(element: Element, ref: words.Ref, where: str, carrier_scac: str = "") -> Reference:
    """Read a number; one that a carrier gives is taken as this carrier's where nobody says.

    Raises Unreadable for a type that is not in the list.
    """
    if ref.type not in REFERENCE_TYPES:
        said = "The published list of reference types does not have this one"
        raise element.refuse("UNKNOWN_REFERENCE_TYPE", said, f"{where}/type", type=ref.type)
    kind, value = REFERENCE_TYPES[ref.type], ref.value.strip()
    if kind in NUMBER_CHECKS:
        element.check(NUMBER_CHECKS[kind](value, f"{element.where}{where}/value"))
    issuer = ref.issuer or (carrier_scac if kind in CARRIER_ISSUED else "")
    return Reference(type=kind, value=value, issuer=issuer)


def scac(element: Element, text: str, where: str) -> str:
    """Read a carrier's code; a malformed one is kept, with a finding."""
    if text:
        element.check(check_scac(text, element.where + where))
    return text


def amount(element: Element, sent: words.Amount, where: str) -> Decimal:
    """Read an exact decimal. Raises Unreadable for what is none."""
    text = exact_text(sent) if isinstance(sent, Decimal) else str(sent)
    found = None if isinstance(sent, bool) else plain_decimal(text.strip())
    if found is None:
        raise element.refuse("NOT_A_NUMBER", "This is not a plain decimal", where, text=text[:100])
    return found


def amount_of_money(element: Element, value: words.Value, where: str) -> Money:
    """Read money. Raises Unreadable for no decimal, or more decimals than the currency has."""
    exact = amount(element, value.amount, f"{where}/amount")
    element.check(check_currency(value.currency, f"{element.where}{where}/currency"))
    try:
        return money(exact_text(exact), value.currency)
    except Unreadable as fault:
        raise element.refuse("NOT_AN_AMOUNT", fault.said, where, **fault.seen) from fault

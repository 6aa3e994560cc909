"""The lines of a 210: what each LX loop charges, with the segments that say so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property

from msgspec import Struct, field
from msgspec.structs import replace

from crossdock.canonical.freight import ChargeBasis, ChargeKind, FreightCharge
from crossdock.canonical.money import Money
from crossdock.connectors.x12_carrier.codes.charges import (
    BASES,
    CHARGES,
    KG_OF_POUND,
    KILOGRAMS,
    MILES,
    WORDS,
    Basis,
    Charge,
)
from crossdock.connectors.x12_carrier.codes.tenders import SHIPMENT_NUMBERS
from crossdock.connectors.x12_carrier.inbound.amounts import (
    CENT,
    IMPLIED_DECIMALS,
    KIND,
    POINT,
    amount,
    amount_of,
    in_currency,
)
from crossdock.connectors.x12_carrier.inbound.context import SetContext
from crossdock.connectors.x12_carrier.wire import Row
from crossdock.formats.numbers import exact_text, plain_decimal, whole_number

CHARGED, ADVANCED, PREPAID = 4, 5, 6  # L1-04, L1-05, L1-06
ADVANCE, PAID = "/advance", "/prepaid"  # the ends of such charges' names
BESIDE = ("L5", "L0", "L7", "CD3")  # what a charge is explained by, beside its own L1
BESIDE_MAX = 10  # of each; what more there is repeats in every charge and explains none
GRAM = Decimal("0.001")
BILLED = "B"  # element 187: the weight that is charged for


class Terms(Struct, kw_only=True):
    """What holds for every line of a bill, and in which words it disagrees with itself."""

    currency: str
    weight_unit: str
    disagreements: list[str] = field(default_factory=list)


class Line:
    """One LX loop, gathered segment by segment; what is asked of it is asked when it is whole."""

    def __init__(self, number: str, head: Row | None) -> None:
        """Begin with LX; without one where the sender left it out."""
        self.number = number
        self.head = head
        self.numbers: list[tuple[str, str]] = []
        self._rows: dict[str, list[Row]] = {}
        self._in_package = False

    def take(self, row: Row) -> None:
        """Take the next segment of the loop; the numbers of its packages are not its own."""
        match row.tag:
            case "N1":
                self._in_package = True
            case "N9" if row[2] and not self._in_package:
                self.numbers.append((row[1], row[2]))
            case "L11" if row[1] and not self._in_package:
                self.numbers.append((row[2], row[1]))
            case tag:
                self._rows.setdefault(tag, []).append(row)

    def having(self, tag: str) -> Sequence[Row]:
        """Give the segments of a tag."""
        return self._rows.get(tag, ())

    def named(self, qualifiers: tuple[str, ...]) -> str:
        """Give its number under the first of these qualifiers that it has."""
        return next((self._named[each] for each in qualifiers if each in self._named), "")

    @cached_property
    def weights(self) -> list[tuple[str, str, Row]]:
        """Its weights and their units, the one charged for first; CD3 of a package has no unit."""
        lading = [(row[4], row[11], row[5], row) for row in self.having("L0")[:BESIDE_MAX]]
        packed = [(row[2], "", row[1], row) for row in self.having("CD3")[:BESIDE_MAX]]
        told = sorted((*lading, *packed), key=lambda each: each[2] != BILLED)
        return [(text, unit, row) for text, unit, _, row in told if text]

    @cached_property
    def described(self) -> str:
        """Join what it says in words."""
        return "; ".join(row[2] for row in self.having("L5")[:BESIDE_MAX] if row[2])

    def evidence(self, context: SetContext, charge: Row) -> tuple[str, ...]:
        """Show the segments that a charge rests on."""
        rows = sorted((*self._beside, charge), key=lambda row: row.number)
        return tuple(context.shown(row) for row in rows)

    def kilograms(self, unit: str) -> Decimal | None:
        """Give its weight: the one charged for where it is told, else the first."""
        found = (kilograms(text, own or unit) for text, own, _ in self.weights)
        return next((each for each in found if each is not None), None)

    def pieces(self) -> int | None:
        """Count its pieces."""
        counted = [whole_number(row[8]) for row in self.having("L0")]
        known = [each for each in counted if each is not None]
        return sum(known) if known else None

    @cached_property
    def _named(self) -> dict[str, str]:
        return dict(reversed(self.numbers))

    @cached_property
    def _beside(self) -> tuple[Row, ...]:
        return tuple(row for tag in BESIDE for row in self.having(tag)[:BESIDE_MAX])


def kilograms(text: str, unit: str) -> Decimal | None:
    """Read a weight in kilograms; None where it is none, or in a unit nobody can convert."""
    weight = plain_decimal(text)
    return None if weight is None or unit not in KILOGRAMS else weight * KILOGRAMS[unit]


def in_grams(weight: Decimal | None) -> Decimal | None:
    """Round a weight in kilograms to the gram: no scale says more."""
    return None if weight is None else weight.quantize(GRAM)


def charges(context: SetContext, line: Line, terms: Terms) -> Iterator[FreightCharge]:
    """Read what a line charges, L1 by L1; its weight and class stand with the first."""
    first = True
    for count, row in enumerate(line.having("L1"), 1):
        for charge in _charges(context, line, row, terms):
            name = f"{line.number}/{count}{charge.charge_id}"
            yield _weighed(line, charge, name, terms) if first else replace(charge, charge_id=name)
            first = False


def _weighed(line: Line, charge: FreightCharge, name: str, terms: Terms) -> FreightCharge:
    return replace(
        charge,
        charge_id=name,
        weight_kg=in_grams(line.kilograms(terms.weight_unit)),
        pieces=line.pieces(),
        freight_class=next((row[7] for row in line.having("L7") if row[7]), ""),
    )


def _charges(context: SetContext, line: Line, row: Row, terms: Terms) -> Iterator[FreightCharge]:
    """Read one L1: what it charges, what was advanced, and what was paid before and comes off."""
    currency = _currency(context, row, terms)
    charged = _money(context, row, CHARGED, terms, currency)
    advanced = _money(context, row, ADVANCED, terms, currency)
    paid = _money(context, row, PREPAID, terms, currency)
    if charged is not None or advanced is not None:
        known = _meaning(context, line, row)
        for name, each in (("", charged), (ADVANCE, advanced)):
            if each is not None:
                yield _charge(context, line, row, name, each, known)
    if charged is not None:
        _check_rate(context, line, row, terms)
    if paid is not None:
        off = Money(minor=-paid.minor, currency=currency)
        yield _charge(context, line, row, PAID, off, Charge("", ChargeKind.OTHER, "paid before"))


def _charge(  # noqa: PLR0913, PLR0917 - a charge is all of this
    context: SetContext, line: Line, row: Row, name: str, money: Money, known: Charge | None
) -> FreightCharge:
    words = "; ".join(filter(None, (line.described, row[12])))
    return FreightCharge(
        charge_id=name,
        load_id="",
        code=row[8],
        amount=money,
        basis=ChargeBasis.INVOICE,
        shipment_id=line.named(SHIPMENT_NUMBERS),
        description=words or (known.meaning if known else ""),
        kind=known.kind if known else ChargeKind.UNCLASSIFIED,
        rate=plain_decimal(row[2]),
        rate_basis=row[3],
        evidence=line.evidence(context, row),
    )


def _money(context: SetContext, row: Row, number: int, terms: Terms, currency: str) -> Money | None:
    """Read an amount of a line; what stands there and is none leaves its bill incomplete."""
    value = amount(context, row, number)
    told = None if value is None else in_currency(context, value, currency, row, number)
    if told is None and row[number]:
        place = f"{row.tag}-{number:02d}"
        terms.disagreements.append(f"{context.shown(row)}: {place} is no amount, and not charged")
    return told


def _currency(context: SetContext, row: Row, terms: Terms) -> str:
    own = row[20]
    if not own or own == terms.currency:
        return terms.currency
    said = "This charge is in another currency than its bill"
    context.notice("CURRENCIES_MIXED", said, row, 20, KIND, bill=terms.currency, charge=own)
    terms.disagreements.append(f"{row.tag} at {row.number}: {said.lower()} ({own})")
    return own


def _meaning(context: SetContext, line: Line, row: Row) -> Charge | None:
    """Look a code up: what the partner means by it, what the house's table says, else nothing."""
    code, words = row[8], f"{line.described} {row[12]}".upper().strip()
    meant, standard = context.settings.charges.get(code), CHARGES.get(code)
    if meant is not None:
        return Charge(code, meant, standard.meaning if standard else "")
    hint = suggestion(code, words)
    if standard is None:
        said = "This charge code is in no list of ours; the charge was kept, unclassified"
    elif not code and hint:
        said = "This charge has no code, and the words beside it speak of more than freight"
    else:
        return standard
    seen = {"sent": code or words, "suggested": hint}
    context.notice("UNKNOWN_CHARGE_CODE", said, row, 8, "code", **seen)
    return None


def suggestion(code: str, words: str) -> str:
    """Guess what a charge may be for, for the person who teaches it; empty for no idea."""
    for word, kind in WORDS.items():
        if word in words or (code and word.startswith(code)):
            return kind.value
    return ""


def _check_rate(context: SetContext, line: Line, row: Row, terms: Terms) -> None:
    """Notice where rate and quantity give another amount than is charged."""
    each, quantity = plain_decimal(row[2]), _quantity(line, row, terms)
    charged = amount_of(row[CHARGED])
    if each is None or quantity is None or charged is None:
        return
    computed = each * quantity
    if abs(computed - charged) < CENT:
        return
    if POINT not in row[2] and abs(computed.scaleb(-IMPLIED_DECIMALS) - charged) < CENT:
        said = "This rate gives its charge only with two decimals implied, which a rate has not"
        context.notice("RATE_WITHOUT_POINT", said, row, 2, KIND, text=row[2])
        return
    said = "The rate does not give this charge"
    seen = {
        "rate": f"{row[2]} {row[3]}",
        "charged": exact_text(charged),
        "computed": exact_text(computed.quantize(CENT)),
    }
    context.notice("RATE_DISAGREES", said, row, CHARGED, KIND, **seen)
    terms.disagreements.append(
        f"{row.tag} at {row.number}: the rate {seen['rate']} gives {seen['computed']}, "
        f"charged are {seen['charged']}"
    )


def _quantity(line: Line, row: Row, terms: Terms) -> Decimal | None:
    """Tell how many of what the rate is for; None where nobody can tell."""
    match BASES.get(row[3]):
        case Basis.FLAT:
            return Decimal(1)
        case Basis.HUNDREDWEIGHT | Basis.POUND as basis:
            weight = line.kilograms(terms.weight_unit)
            if weight is None:
                return None
            pounds = weight / KG_OF_POUND
            return pounds / 100 if basis is Basis.HUNDREDWEIGHT else pounds
        case Basis.MILE:
            rated = (
                (row[17], row[18]),
                *((each[2], each[3]) for each in line.having("L0")[:BESIDE_MAX]),
            )
            return plain_decimal(next((text for text, kind in rated if kind == MILES), ""))
        case None:
            return None

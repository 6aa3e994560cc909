"""The match: what each charge of a load was expected to be, is claimed to be, and is agreed to be.

A leaf of freight_settlement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from msgspec import Struct, structs

from crossdock.canonical.freight import ChargeKind, FreightCharge
from crossdock.canonical.money import Money, decimal_text
from crossdock.messages.freight_settlement import FreightVerdict, LineState, Proposal
from crossdock.policies.freight import (
    Carried,
    tolerance_for,
    tolerates,
    unexpected_rule,
)
from crossdock.policies.rules import Rules
from crossdock.processes.freight_settlement_expected import (
    Expected,
    Group,
    expected_of,
    summed,
    wanted,
    weighed,
)
from crossdock.processes.freight_settlement_holds import (
    CLASS,
    CODE_UNKNOWN,
    DISAGREES,
    NOT_EXPECTED,
    NOTHING_TRAVELS,
    OTHER_CARRIER,
    OTHER_CURRENCY,
    REPEATED,
    STOPS,
    WEIGHT,
    Hold,
    held_by,
)
from crossdock.processes.freight_settlement_names import Names
from crossdock.processes.freight_settlement_state import (
    Bill,
    Consigned,
    Settlement,
    bare,
    billed,
    digest_of,
    travelling,
    whole_of,
)
from crossdock.processes.freight_settlement_words import Verdict, verdict_on


class Terms(Struct, frozen=True, kw_only=True):
    """What a claim is held against; `expects` tells whether anything was expected of the load."""

    carried: Carried
    rules: Rules
    expects: bool


class Claimed(Struct, frozen=True, kw_only=True):
    """One charge somebody claims; `holds` say why its whole document needs a person.

    `document` is carrier and number of the invoice or notice, `ordinal` counts its charges of one
    kind from 1. `repeats`: another invoice charges just the same. `told_as` names the charge of a
    notice that this one bills.
    """

    document: str
    is_invoice: bool
    charge: FreightCharge
    ordinal: int
    heard_at: datetime
    source: str
    document_id: str
    holds: tuple[Hold, ...] = ()
    repeats: bool = False
    weight_kg: Decimal | None = None
    told_as: str = ""

    @property
    def identity(self) -> str:
        """Name the charge whatever it amounts to: by its document, kind and place there."""
        return f"{self.document}/{self.charge.kind}/{self.ordinal}"

    @property
    def identities(self) -> tuple[str, ...]:
        """Name it as the bill and as the notice have it."""
        return (self.identity, self.told_as) if self.told_as else (self.identity,)

    @property
    def content(self) -> str:
        """Name the charge as it is now: what a person decides about."""
        amount = self.charge.amount
        return f"{self.identity}/{amount.minor}{amount.currency}"

    @property
    def said(self) -> str:
        """Tell in words by what it is claimed."""
        carrier, _, number = self.document.partition("/")
        if self.is_invoice:
            return f"{carrier} billed {written(self.charge.amount)} by invoice {number}"
        return f"{self.source} told {written(self.charge.amount)} by notice {number}"


class Line(Struct, frozen=True, kw_only=True):
    """One charge of the load: expected, claimed, agreed; `since` is when the last was decided.

    `confirmed` None: nothing is agreed. `because` says why in words, `rule` and `by` name what and
    who decided.
    """

    name: str
    kind: ChargeKind
    state: LineState
    expected: Money | None = None
    claimed: Claimed | None = None
    confirmed: Money | None = None
    variance: Money | None = None
    rule: str = ""
    because: str = ""
    by: tuple[str, ...] = ()
    since: datetime | None = None
    proposal: Proposal | None = None
    disputed_at: datetime | None = None


def written(amount: Money) -> str:
    """Spell an amount: `659.40 USD`."""
    return f"{decimal_text(amount)} {amount.currency}"


def carried_by(state: Settlement) -> Carried:
    """Gather what tolerances and contracts look at."""
    orders = travelling(state)
    first = orders[0] if orders else Consigned(shipment_id="", order_id="")
    alone = len({each.shipment_id for each in orders}) == 1
    since = min((each.planned_at for each in orders if each.planned_at), default=None)
    return Carried(
        carrier_scac=first.carrier_scac,
        mode=first.mode,
        service_level=first.service_level,
        weight_kg=weighed([each.weight_kg for each in orders]),
        stops=first.stops if alone else 0,
        day=since.date() if since else None,
        since=since,
    )


def lines_of(state: Settlement, rules: Rules) -> tuple[Line, ...]:
    """Give every charge of the load: claimed, expected only, or posted and claimed no more."""
    carried = carried_by(state)
    expected = expected_of(state, carried, rules)
    terms = Terms(carried=carried, rules=rules, expects=bool(expected))
    groups = grouped(state, carried, rules, expected)
    lines = dict(_named(state, groups, expected, terms))
    for name in dict.fromkeys(whole_of(name, each) for name, each in state.accrued.items()):
        if name not in lines or lines[name].claimed is None:
            known = lines.get(name)
            lines[name] = Line(
                name=name,
                kind=ChargeKind(name.partition("/")[0]),
                state=LineState.WITHDRAWN,
                expected=known.expected if known else None,
                because="nobody claims it any more",
            )
    return tuple(lines[name] for name in sorted(lines))


def _named(
    state: Settlement,
    groups: Mapping[Group, list[Claimed]],
    expected: Mapping[Group, Expected],
    terms: Terms,
) -> Iterator[tuple[str, Line]]:
    """Name the charges of a kind one after the other, each as it was posted before."""
    names = Names(state.accrued)
    priced = {kind for kind, _ in expected} == {ChargeKind.ALL_IN}
    together: dict[str, Claimed] = {}
    for group, claims in groups.items():
        named = {names.of_claim(group[0], each.identities): each for each in claims}
        together |= named
        if not priced:
            yield from _judged(state, named, wanted(expected, group), terms)
    if priced:  # one price for everything: all that is claimed together is held against it
        yield from _judged(state, together, summed([*expected.values()]), terms)
    whole = {kind for kind, shipment_id in groups if not shipment_id}
    for group, each in expected.items():
        if group not in groups and group[0] not in whole and not (priced and together):
            name = names.of_expected(group[0])
            yield (
                name,
                Line(
                    name=name,
                    kind=group[0],
                    state=LineState.EXPECTED,
                    expected=each.amount,
                    rule=each.rule,
                    since=terms.carried.since,
                ),
            )


def grouped(
    state: Settlement, carried: Carried, rules: Rules, expected: Mapping[Group, Expected]
) -> dict[Group, list[Claimed]]:
    """Put claims of one kind and shipment together; an invoice's stand over a notice's.

    What one carrier told by notice and then bills is one charge: the first of a kind with the
    first, the second with the second. A shipment of which nothing is expected counts for the load.
    """
    claims = [*_billed(state, carried, rules), *_told(state, carried)]
    shipments = {shipment_id for _, shipment_id in expected}
    tracks: dict[tuple[Group, str], tuple[list[Claimed], list[Claimed]]] = {}
    for each in sorted(claims, key=lambda each: (each.heard_at, each.document)):
        mine = each.charge.shipment_id if each.charge.shipment_id in shipments else ""
        carrier = each.document.partition("/")[0]
        bills, notices = tracks.setdefault(((each.charge.kind, mine), carrier), ([], []))
        (bills if each.is_invoice else notices).append(each)
    groups: dict[Group, list[Claimed]] = {}
    for (group, _), (bills, notices) in tracks.items():
        pairs = zip_longest(bills, notices)
        groups.setdefault(group, []).extend(
            structs.replace(bill, told_as=notice.identity) if bill and notice else bill or notice
            for bill, notice in pairs
        )
    return groups


def _numbered(charges: tuple[FreightCharge, ...]) -> Iterator[tuple[int, FreightCharge]]:
    counts = Counter[ChargeKind]()
    for charge in charges:
        counts[charge.kind] += 1
        yield counts[charge.kind], charge


def _billed(state: Settlement, carried: Carried, rules: Rules) -> Iterator[Claimed]:
    earlier: dict[tuple[str, ...], str] = {}
    for name, bill in billed(state):
        holds, repeats = [*_holds(bill, carried, rules)], False
        if len(state.bills) > 1:
            content = tuple(sorted(digest_of(bare(each)) for each in bill.invoice.charges))
            if content in earlier:
                why = f"it charges the same as invoice {earlier[content]}"
                holds.append(Hold(REPEATED, why))
                repeats = True
            earlier.setdefault(content, bill.invoice.invoice_id)
        for ordinal, charge in _numbered(bill.invoice.charges):
            yield Claimed(
                document=name,
                is_invoice=True,
                charge=charge,
                ordinal=ordinal,
                heard_at=bill.heard_at,
                source=bill.source,
                document_id=bill.document_id,
                holds=tuple(holds),
                repeats=repeats,
                weight_kg=charge.weight_kg or bill.invoice.weight_kg,
            )


def _holds(bill: Bill, carried: Carried, rules: Rules) -> Iterator[Hold]:
    """Say what keeps a whole invoice from being taken without a person."""
    invoice = bill.invoice
    for each in invoice.disagreements:
        yield Hold(DISAGREES, f"it does not agree with itself: {each}")
    if any(each.amount.currency != invoice.total.currency for each in invoice.charges):
        yield Hold(DISAGREES, "its charges are not in the currency of its total")
    elif not invoice.disagreements:
        charged = sum(each.amount.minor for each in invoice.charges)
        if charged != invoice.total.minor:
            total = Money(minor=charged, currency=invoice.total.currency)
            why = f"its charges sum to {written(total)}, and it says {written(invoice.total)}"
            yield Hold(DISAGREES, why)
    if carried.carrier_scac and invoice.carrier_scac != carried.carrier_scac:
        why = f"{invoice.carrier_scac} bills, and {carried.carrier_scac} carries the load"
        yield Hold(OTHER_CARRIER, why)
    if not carried.mode:
        yield NOTHING_TRAVELS
    stops = invoice.stops if "stops" in rules.freight.compare else None
    if stops and carried.stops and stops != carried.stops:
        yield Hold(STOPS, f"it bills {stops} stops, and {carried.stops} were planned")


def _told(state: Settlement, carried: Carried) -> Iterator[Claimed]:
    for name, told in state.notices.items():
        holds = () if carried.mode else (NOTHING_TRAVELS,)
        for ordinal, charge in _numbered(told.notice.charges):
            yield Claimed(
                document=name,
                is_invoice=False,
                charge=charge,
                ordinal=ordinal,
                heard_at=told.first_at,
                source=told.source,
                document_id=told.document_id,
                holds=holds,
                weight_kg=charge.weight_kg,
            )


def _judged(
    state: Settlement,
    claims: Mapping[str, Claimed],
    expected: Expected | None,
    terms: Terms,
) -> Iterator[tuple[str, Line]]:
    """Judge the claimed charges of one kind together: what is expected is expected of all."""
    words = {
        name: verdict_on(state.words, each.content, each.charge.amount, terms.rules.freight)
        for name, each in claims.items()
    }
    counted = [
        each for name, each in claims.items() if not each.repeats and not _is_rejected(words[name])
    ]
    takes, rule, why = _match(counted, expected, terms)
    for place, (name, each) in enumerate(claims.items()):
        said = words[name]
        variance = _variance(counted, expected) if place == 0 else None
        line = Line(
            name=name,
            kind=each.charge.kind,
            state=LineState.UNDER_REVIEW,
            expected=expected.amount if expected and place == 0 else None,
            claimed=each,
            variance=variance,
            rule=held_by(each.holds if takes else (*each.holds, Hold(rule, why))) or rule,
            because="; ".join(filter(None, (*(hold.why for hold in each.holds), why))),
            since=each.heard_at,
            proposal=said.proposal,
        )
        if said.word is not None:
            line = _said(line, each, said)
        elif takes and not each.holds and each.charge.kind is not ChargeKind.UNCLASSIFIED:
            line = structs.replace(line, state=LineState.CONFIRMED, confirmed=each.charge.amount)
        yield name, line


def _is_rejected(said: Verdict) -> bool:
    return said.word is not None and said.word.verdict is FreightVerdict.REJECT


def _said(line: Line, claimed: Claimed, said: Verdict) -> Line:
    """Let a person's word hold."""
    word = said.word
    assert word is not None  # noqa: S101
    by, currency = said.by, claimed.charge.amount.currency
    told: dict[str, Any] = {
        "rule": "freight.persons",
        "because": word.reason,
        "by": by,
        "since": word.at,
    }
    match word.verdict:
        case FreightVerdict.DISPUTE:
            return structs.replace(line, state=LineState.DISPUTED, disputed_at=word.at, **told)
        case FreightVerdict.REJECT:
            nothing = Money(minor=0, currency=currency)
            return structs.replace(line, state=LineState.REJECTED, confirmed=nothing, **told)
        case _:
            agreed = word.amount or claimed.charge.amount
            return structs.replace(line, state=LineState.CONFIRMED, confirmed=agreed, **told)


def _variance(claims: list[Claimed], expected: Expected | None) -> Money | None:
    currencies = {each.charge.amount.currency for each in claims}
    if expected is None or currencies != {expected.amount.currency}:
        return None
    difference = sum(each.charge.amount.minor for each in claims) - expected.amount.minor
    return Money(minor=difference, currency=expected.amount.currency)


def _match(claims: list[Claimed], expected: Expected | None, terms: Terms) -> tuple[bool, str, str]:
    """Tell whether the charges of a kind are taken as they are, by which rule, and why (not)."""
    if not claims:
        return False, "", ""
    first = claims[0].charge
    unknown = sorted(
        {each.charge.code for each in claims if each.charge.kind is ChargeKind.UNCLASSIFIED}
    )
    if unknown:
        why = f"nobody knows what the carrier's code {', '.join(unknown)} means"
        return False, CODE_UNKNOWN, why
    if expected is None:
        if terms.expects:
            return False, NOT_EXPECTED, f"no {first.kind} was expected"
        unexpected = unexpected_rule(terms.rules.freight, terms.carried)
        taken = unexpected.take == "accept_as_charged"
        why = "taken as charged" if taken else "nothing was expected"
        return (
            taken,
            unexpected.rule_id,
            f"{why}: neither tender nor contract tells what it should cost",
        )
    variance = _variance(claims, expected)
    if variance is None:
        billed_in = ", ".join(sorted({each.charge.amount.currency for each in claims}))
        why = f"billed in {billed_in}, expected in {expected.amount.currency}"
        return False, OTHER_CURRENCY, why
    differences = tuple(_differences(claims, expected, terms.rules))
    row = tolerance_for(terms.rules.tolerances, terms.carried, first.kind, expected.amount.currency)
    if differences:
        return False, held_by(differences), "; ".join(each.why for each in differences)
    total = Money(minor=expected.amount.minor + variance.minor, currency=expected.amount.currency)
    how = f"{written(variance)} off the expected {written(expected.amount)} ({expected.rule})"
    if variance.minor == 0:
        return True, row.rule_id if row else expected.rule, f"as expected ({expected.rule})"
    if row is None:
        return False, "", f"{how}, and no tolerance speaks of it"
    within = tolerates(row, expected.amount, total)
    return within, row.rule_id, f"{how}, {'within' if within else 'outside'} {row.rule_id}"


def _differences(claims: list[Claimed], expected: Expected, rules: Rules) -> Iterator[Hold]:
    """Name what differs beside the amounts."""
    compare = rules.freight.compare
    weights = {each.weight_kg for each in claims if each.weight_kg is not None}
    if claims[0].charge.kind is ChargeKind.LINEHAUL and "weight" in compare and weights:
        billed_weight, planned = max(weights), expected.weight_kg
        allowed = Decimal(rules.freight.weight_per_cent)
        if planned and abs(billed_weight - planned) * 100 > allowed * planned:
            limit = f"and {rules.freight.weight_per_cent} per cent are allowed"
            why = f"billed for {billed_weight} kg, planned {planned} kg, {limit}"
            yield Hold(WEIGHT, why)
    classes = {each.charge.freight_class for each in claims} - {""}
    if "class" in compare and expected.freight_class and classes - {expected.freight_class}:
        named = ", ".join(sorted(classes))
        yield Hold(CLASS, f"billed as class {named}, planned as class {expected.freight_class}")

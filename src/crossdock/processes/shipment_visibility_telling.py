"""Telling: which partners are told of milestones as messages, and what they were told already.

They are told what the customer is shown and as the customer is shown it, each milestone once; what
changes afterwards is told again under a higher revision, and what is shown no more is taken back,
before anything new is told: a reader who knows milestones by their names alone keeps the last word.
Where a policy names fewer milestones than before, what was told of the others is kept true.
While the gate is closed nothing is told, and nothing taken back.

A leaf of shipment_visibility.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import structs

from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.tracking import Classifier
from crossdock.messages.shipment_visibility import TellMilestone
from crossdock.policies.rules import Rules, TellingRow
from crossdock.processes.shipment_visibility_facts import Visibility
from crossdock.processes.shipment_visibility_gate import judge_gate, orders_of
from crossdock.processes.shipment_visibility_journey import Happening, Journey
from crossdock.processes.shipment_visibility_picture import (
    expected,
    numbers_shown,
    seen_by,
)

ESTIMATE = "estimate"  # the newest one holds, whoever makes it


def tell_partners(
    state: Visibility, journey: Journey, rules: Rules
) -> tuple[Visibility, tuple[TellMilestone, ...]]:
    """Tell each partner what it should know otherwise than it was told."""
    rows = [row for row in rules.telling.rows if row.customer_id in state.customers]
    said = tuple([each for row in rows for each in _difference(state, journey, row, rules)])
    if not said:
        return state, ()
    spoken = {**state.spoken, **{each.business_key(): each for each in said}}
    return structs.replace(state, spoken=spoken), said


def _difference(
    state: Visibility, journey: Journey, row: TellingRow, rules: Rules
) -> Iterator[TellMilestone]:
    own = orders_of(state, journey, row.customer_id)
    _, opened = judge_gate(state, row.customer_id, own, rules.portal)
    if not opened:
        return
    shown = [
        _word(state, journey, row, opened, name, each)
        for name, each in seen_by(journey, opened, rules).items()
    ]
    held = {each.business_key() for each in shown}
    for key, before in state.spoken.items():
        of_row = (before.partner, before.customer_id) == (row.partner, row.customer_id)
        if of_row and key not in held and not before.retracted:
            yield structs.replace(before, revision=before.revision + 1, retracted=True)
    for each in shown:
        known = state.spoken.get(each.business_key())
        if known is None:
            if not row.milestones or each.milestone in row.milestones:
                yield each
        elif _is_otherwise(each, known):
            yield structs.replace(each, revision=known.revision + 1)


def _is_otherwise(word: TellMilestone, before: TellMilestone) -> bool:
    """Tell whether something else happened than was told; numbers that came since are no news."""
    same = structs.replace(
        word,
        revision=before.revision,
        carrier_scac=before.carrier_scac,
        references=before.references,
    )
    return same != before


def _word(  # noqa: PLR0913, PLR0917 - what is said, to whom, and upon what it rests
    state: Visibility,
    journey: Journey,
    row: TellingRow,
    order_ids: tuple[str, ...],
    name: tuple[object, ...],
    told: Happening,
) -> TellMilestone:
    """Say one milestone to one partner, as the first word on it."""
    event = told.chosen.event
    estimate = expected(told.chosen) if told.classifier is not Classifier.ACTUAL else None
    plans = [plan for each in order_ids if (plan := state.orders[each].plan)]
    offered_as = next((each.offered_as for each in plans if each.offered_as), "")
    own = {each.customer_reference for each in plans if each.customer_reference}
    shipment = journey.shipment
    return TellMilestone(
        partner=row.partner,
        customer_id=row.customer_id,
        shipment_id=state.shipment_id,
        number=offered_as or state.shipment_id,
        carrier_scac=shipment.carrier_scac if shipment else "",
        happening=ESTIMATE if estimate else _spelled(name),
        milestone=told.milestone,
        classifier=told.classifier,
        occurred=estimate or event.occurred,
        stop=told.stop,
        revision=1,
        place=event.place,
        partial=told.partial,
        returning=told.returning,
        references=(
            *numbers_shown(state, journey),
            *[Reference(type=ReferenceType.CUSTOMER_REFERENCE, value=each) for each in sorted(own)],
        ),
    )


def _spelled(name: tuple[object, ...]) -> str:
    """Spell the name of a happening, which stays the same while its time is corrected."""
    milestone, stop, classifier, partial, returning, *when = name
    marks = ("partial" if partial else "", "returning" if returning else "")
    parts = (milestone, stop, classifier, *marks, *when)
    return "/".join([_part(each) for each in parts if each])


def _part(part: object) -> str:
    return part.isoformat() if isinstance(part, datetime) else str(part)

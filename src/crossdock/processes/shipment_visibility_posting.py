"""Postings: which confirmed milestones the ERP should know of, and what it knows already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct, structs

from crossdock.canonical.documents import ProofOfDelivery
from crossdock.canonical.moments import Moment
from crossdock.canonical.tracking import Milestone
from crossdock.messages.flow import AnswerKind, EffectAnswered
from crossdock.messages.shipment_visibility import (
    DeliveryClosed,
    MilestoneSettled,
    PostMilestone,
)
from crossdock.policies.rules import PostingRow, Rules
from crossdock.ports import DropEffect, Emission
from crossdock.processes.shipment_visibility_facts import (
    Closed,
    Consigned,
    Heard,
    Posted,
    Visibility,
)
from crossdock.processes.shipment_visibility_gate import is_given_to_us, opened_at
from crossdock.processes.shipment_visibility_journey import (
    Journey,
    lineages_about,
    reached,
    role_stops,
    view_of,
)

_PICKED_UP, _DELIVERED = Milestone.PICKED_UP, Milestone.DELIVERED


class Due(Struct, frozen=True, kw_only=True, gc=False):
    """What the ERP should know under a business key, and from when on it may be told.

    `occurred` None: it should know of no such milestone. `posting` empty: the policy posts nothing
    here; the milestone only closes the delivery.
    """

    key: str
    order_id: str
    milestone: Milestone
    posting: str
    stop: int
    occurred: Moment | None
    proof: ProofOfDelivery | None
    due_at: datetime
    company_code: str = ""

    @property
    def timer(self) -> str:
        """Name the timer that lets this settle."""
        return f"settle/{self.milestone}/{self.stop}/{self.posting or 'unposted'}/{self.order_id}"


def row_of(rules: Rules, milestone: Milestone) -> PostingRow:
    """Find the row that posts a milestone; one that posts nothing where there is none."""
    return rules.posting.by_milestone.get(milestone) or PostingRow(milestone=milestone, posting="")


def settling_row(rules: Rules, order: Consigned, milestone: Milestone) -> PostingRow:
    """Find the row by which an order's milestone is posted, or settles unposted."""
    if is_given_to_us(order):
        return PostingRow(milestone=milestone, posting="")
    return row_of(rules, milestone)


def rows_of(rules: Rules, order: Consigned) -> tuple[PostingRow, ...]:
    """List what is posted for an order, and what settles without a row that posts it.

    A delivery does, to be closed, where stock is set aside the pickup, to be confirmed, and what
    opens the gate of money. No ERP hears of a load that a customer gave us itself.
    """
    if is_given_to_us(order):
        return (settling_row(rules, order, _DELIVERED),)
    rows = rules.posting.rows
    ends = [_DELIVERED, *[each.milestone for each in rules.freight.opens]]
    if order.plan is not None and order.plan.commits_stock:
        ends.append(_PICKED_UP)
    unposted = [row for each in dict.fromkeys(ends) if not (row := row_of(rules, each)).posting]
    return (*rows, *unposted)


def unsettled(state: Visibility, journey: Journey, rules: Rules) -> Iterator[Due]:
    """Walk what the ERP should know otherwise than it was told."""
    for order_id in sorted(state.orders):
        order = state.orders[order_id]
        if order.plan is None or order.planned_at is None:
            continue
        opened = opened_at(order, rules.portal)
        gate_moved = opened or (order.withdrawal.at if order.withdrawal else order.planned_at)
        told = [each.posting for each in state.posted.values() if each.order_id == order_id]
        for row in rows_of(rules, order):
            if row.milestone not in journey.facts and row.posting not in told:
                continue  # nothing happened, and nothing was told
            for key, stop, fact in _differences(state, journey, order_id, row, opened):
                settled = _settled(journey, row.milestone, stop, rules)
                yield Due(
                    key=key,
                    order_id=order_id,
                    milestone=row.milestone,
                    posting=row.posting,
                    stop=stop,
                    occurred=fact.event.occurred if fact else None,
                    proof=fact.event.proof if fact else None,
                    due_at=max([gate_moved, *settled]),
                    company_code=order.plan.company_code,
                )


def _differences(
    state: Visibility, journey: Journey, order_id: str, row: PostingRow, opened: datetime | None
) -> Iterator[tuple[str, int, Heard | None]]:
    """Walk the stops an order posts for, or posted for under an earlier plan, that differ."""
    before = [
        each.stop
        for each in state.posted.values()
        if each.order_id == order_id and _is_under(row, each)
    ]
    now = posting_stops(journey, order_id, row.milestone)
    for stop in sorted({*now, *before}):
        key = posting_key(state.shipment_id, order_id, stop, row)
        fact = reached(journey, row.milestone, stop) if opened and stop in now else None
        if _differs(state.posted.get(key), fact):
            yield key, stop, fact


def _settled(journey: Journey, milestone: Milestone, stop: int, rules: Rules) -> list[datetime]:
    """List when each word on a milestone will have settled."""
    settle = timedelta(minutes=rules.posting.settle_minutes)
    return [
        each.reported_at + settle
        for versions in lineages_about(journey, milestone, stop)
        for each in versions
    ]


def posting_stops(journey: Journey, order_id: str, milestone: Milestone) -> tuple[int, ...]:
    """List the stops at which an order's goods reach a milestone; (0,): the whole shipment."""
    stops = role_stops(journey, milestone)
    if len(stops) <= 1:
        return (0,)
    view = view_of(journey, (order_id,))
    return tuple(each for each in stops if each not in view.foreign) or (0,)


def posting_key(shipment_id: str, order_id: str, stop: int, row: PostingRow) -> str:
    """Name a posting as its command does; what only settles, by its milestone: a delivery by none.

    Two milestones that settle unposted must not overwrite each other.
    """
    unposted = "" if row.milestone is _DELIVERED else f"/{row.milestone}"
    return f"{order_id}/{shipment_id}/{stop}/{row.posting or unposted}"


def _is_under(row: PostingRow, posted: Posted) -> bool:
    same = posted.posting == row.posting
    return same and (bool(row.posting) or posted.milestone is row.milestone)


def _differs(posted: Posted | None, fact: Heard | None) -> bool:
    if posted is None or posted.taken_back:
        return fact is not None
    if fact is None:
        return True
    known, told = posted.occurred, fact.event.occurred
    same_time = (known.at, known.precision) == (told.at, told.precision)
    return not same_time or posted.proof != fact.event.proof


def post(state: Visibility, due: Due) -> tuple[Visibility, tuple[Emission, ...]]:
    """Tell the ERP what it should know: the first time, corrected, or taken back.

    What the ERP refused before is dropped; a refused first posting needs no taking back.
    """
    before = state.posted.get(due.key)
    revision = before.revision + 1 if before else 1
    occurred = due.occurred or (before.occurred if before else None)
    if occurred is None:
        return state, ()
    after = Posted(
        order_id=due.order_id,
        milestone=due.milestone,
        posting=due.posting,
        stop=due.stop,
        occurred=occurred,
        proof=due.proof,
        revision=revision,
        taken_back=due.occurred is None,
        settled=before.settled if before else 0,
        refused=before.refused if before else 0,
    )
    said: list[Emission] = []
    if before is not None and before.refused == before.revision:
        said.append(_drop(due, before))
    never_known = after.taken_back and before is not None and before.refused == 1 == before.revision
    if not due.posting or never_known:
        after = structs.replace(after, settled=revision)
    else:
        said.append(_command(state, after, due.company_code))
    return structs.replace(state, posted={**state.posted, due.key: after}), tuple(said)


def _drop(due: Due, before: Posted) -> DropEffect:
    return DropEffect(
        verb=PostMilestone.verb,
        business_key=due.key,
        version=str(before.revision),
        because="a source has corrected what the ERP refused",
    )


def _command(state: Visibility, posted: Posted, company_code: str) -> PostMilestone:
    return PostMilestone(
        posting=posted.posting,
        order_id=posted.order_id,
        shipment_id=state.shipment_id,
        milestone=posted.milestone,
        stop=posted.stop,
        occurred=posted.occurred,
        revision=posted.revision,
        reversed_=posted.taken_back,
        proof=posted.proof,
        company_code=company_code,
        load_id=_load_of(state, posted.order_id),
    )


def note_answer(state: Visibility, answer: EffectAnswered) -> Visibility:
    """Note how a posting ended; an answer to what was never posted changes nothing."""
    posted = state.posted.get(answer.business_key)
    if posted is None or answer.verb != PostMilestone.verb:
        return state
    revision = int(answer.version)
    match answer.answer:
        case AnswerKind.APPLIED | AnswerKind.WAIVED:
            after = structs.replace(posted, settled=max(posted.settled, revision))
        case AnswerKind.REFUSED:
            after = structs.replace(posted, refused=max(posted.refused, revision))
        case AnswerKind.UNRESOLVED:
            after = posted
    return structs.replace(state, posted={**state.posted, answer.business_key: after})


def close_deliveries(
    state: Visibility, journey: Journey, rules: Rules
) -> tuple[Visibility, tuple[DeliveryClosed, ...]]:
    """Say of each order whose delivery postings are all settled that it is delivered, or is not."""
    found = _ends(state, journey, rules, _DELIVERED, state.closed)
    closed = dict(found)
    if not closed:
        return state, ()
    said = tuple(
        DeliveryClosed(
            shipment_id=state.shipment_id,
            order_id=order_id,
            delivered=each.delivered,
            occurred=each.occurred,
            revision=each.revision,
            load_id=each.load_id,
        )
        for order_id, each in closed.items()
    )
    return structs.replace(state, closed={**state.closed, **closed}), said


def settle_milestones(
    state: Visibility, journey: Journey, rules: Rules
) -> tuple[Visibility, tuple[MilestoneSettled, ...]]:
    """Say of each order what of the milestones that money waits for is settled."""
    asked = dict.fromkeys(each.milestone for each in rules.freight.opens)
    if not asked:
        return state, ()
    reached_ = dict(state.reached)
    said: list[MilestoneSettled] = []
    for milestone in asked:
        known = reached_.get(milestone, {})
        ends = dict(_ends(state, journey, rules, milestone, known))
        if ends:
            reached_[milestone] = {**known, **ends}
        said += [
            MilestoneSettled(
                shipment_id=state.shipment_id,
                order_id=order_id,
                milestone=milestone,
                reached=each.delivered,
                occurred=each.occurred,
                revision=each.revision,
                load_id=each.load_id,
            )
            for order_id, each in ends.items()
        ]
    return (structs.replace(state, reached=reached_) if said else state), tuple(said)


def _ends(
    state: Visibility,
    journey: Journey,
    rules: Rules,
    milestone: Milestone,
    known_ends: Mapping[str, Closed],
) -> Iterator[tuple[str, Closed]]:
    """Walk the orders of which it is settled now that they reached a milestone, or did not."""
    for order_id in posted_orders(state):
        row = settling_row(rules, state.orders[order_id], milestone)
        posted = [
            state.posted.get(posting_key(state.shipment_id, order_id, stop, row))
            for stop in posting_stops(journey, order_id, milestone)
        ]
        ends = [each for each in posted if each is not None and each.settled == each.revision]
        if len(ends) < len(posted):
            continue
        delivered = not any(each.taken_back for each in ends)
        occurred = max((each.occurred for each in ends), key=lambda each: each.at)
        before = known_ends.get(order_id)
        known = (before.delivered, before.occurred) if before else (False, None)
        told = (delivered, occurred if delivered else None)
        load_id = _load_of(state, order_id)
        moved = before is not None and before.delivered and before.load_id not in {"", load_id}
        if told != known or moved:
            yield (
                order_id,
                Closed(
                    delivered=delivered,
                    occurred=told[1],
                    revision=before.revision + 1 if before else 1,
                    load_id=load_id,
                ),
            )


def posted_orders(state: Visibility) -> list[str]:
    """Name the orders of which the ERP was told anything, or anything settled unposted."""
    return sorted({each.order_id for each in state.posted.values()})


def _load_of(state: Visibility, order_id: str) -> str:
    consigned = state.orders.get(order_id)
    return consigned.plan.shipment.load_id if consigned and consigned.plan else ""

"""Intake: from the ERP's draft to an accepted order, or to the team that must mend it.

A leaf of order_release.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from crossdock.canonical.order import Order
from crossdock.messages.envelope import Key
from crossdock.messages.inventory_commitment import CommitmentMoved
from crossdock.messages.master_data import (
    MasterDataArrived,
    MasterDataAwaited,
    MasterDataChanged,
)
from crossdock.messages.order_release import (
    MasterDataCheck,
    OrderAccepted,
    OrderCancelled,
    OrderReleased,
    TransportAttributes,
)
from crossdock.messages.teams import Team
from crossdock.policies.completeness import complete
from crossdock.policies.inventory import row_for
from crossdock.policies.master_data import Records, check_master_data, failed, offending
from crossdock.policies.routing import RoutingFacts, first_hit, line_weights, routing_facts
from crossdock.policies.rules import RoutingRow, Rules
from crossdock.ports import Fact, OpenException, PutReference, Received
from crossdock.processes.order_release_planning import ask_for_plan, requests_for
from crossdock.processes.order_release_state import (
    Acceptance,
    Awaited,
    Cancellation,
    OrderState,
    Release,
    Step,
    active_refusal,
    chain,
    changed,
    close_exception,
    current_ask,
    forget_exception,
    is_accepted,
    is_cancelled,
    numbers,
    order_numbers,
    raise_exception,
    waits_at_intake,
)

INCOMPLETE = "ORDER_INCOMPLETE"
MASTER_DATA = "ORDER_MASTER_DATA"
NOT_ROUTED = "ORDER_NOT_ROUTED"
VERSION_REUSED = "ORDER_VERSION_REUSED"
INTAKE_CODES = (INCOMPLETE, MASTER_DATA, NOT_ROUTED)

_record = msgspec.json.Decoder(MasterDataChanged)


def take_release(state: OrderState, received: Received[OrderReleased], rules: Rules) -> Step:
    """Take in a release: a higher version, or an operator's edit of this one, is looked at anew.

    A lower version and the same content again say nothing; the same version with other content is
    an exception, and what was heard first holds.
    """
    draft, known = received.body.draft, state.release
    edition = 1
    if known is not None:
        if draft.version < known.draft.version or draft == known.draft:
            return state, ()
        if draft.version == known.draft.version:
            if not received.amends:
                return raise_exception(state, _version_reused(state, received))
            edition = known.edition + 1
    release = Release(
        draft=draft, released_at=received.at, edition=edition, document_id=received.document_id
    )
    found = tuple(
        PutReference(reference=number, key=Key("order", state.order_id))
        for number in order_numbers(draft)
        if known is None or number not in order_numbers(known.draft)
    )
    state, said = chain(
        changed(state, release=release),
        partial(close_exception, code=VERSION_REUSED, because=f"version {draft.version} holds"),
        partial(examine, received=received, rules=rules),
    )
    return state, found + said


def _version_reused(state: OrderState, received: Received[OrderReleased]) -> OpenException:
    version = received.body.draft.version
    return OpenException(
        code=VERSION_REUSED,
        team=Team.ORDER_MANAGEMENT,
        cause=(
            f"The ERP sent order {state.order_id} version {version} twice, and differently; "
            "the first one holds"
        ),
        action="Let the ERP send what holds under a higher version, or edit and resubmit",
        about=numbers(state),
        seen={"version": str(version), "document": received.document_id},
    )


def take_cancellation(state: OrderState, said: OrderCancelled) -> Step:
    """Remember the ERP's highest cancellation; a release of a higher version outlives it."""
    known = state.cancellation
    if known is not None and known.version >= said.version:
        return state, ()
    cancellation = Cancellation(version=said.version, reason=said.reason)
    return changed(state, cancellation=cancellation), ()


def close_everything(state: OrderState) -> Step:
    """Close what a cancelled order had open: nobody has to mend it any more."""
    if not is_cancelled(state):
        return state, ()
    state = changed(state, awaited=())
    because = "the order is cancelled"
    leaves = [partial(close_exception, code=code, because=because) for code in state.raised]
    return chain(state, *leaves)


def take_as_it_is(state: OrderState, received: Received[Any], rules: Rules) -> Step:
    """Use a release whatever master data says of it, as an operator decided."""
    if state.release is None:
        return state, ()
    release = msgspec.structs.replace(state.release, waived=True)
    state = changed(forget_exception(state, MASTER_DATA), release=release)
    return examine(state, received, rules)


def examine(
    state: OrderState, received: Received[Any], rules: Rules, *, anew: bool = False
) -> Step:
    """Check a release that waits at intake, and accept it or say what it lacks.

    `anew` says an exception again that is open already.
    """
    release = state.release
    if not waits_at_intake(state) or release is None:
        return state, ()
    order = complete(release.draft, rules.completeness)
    if not isinstance(order, Order):
        return _stop(state, _incomplete(state, release, order), anew=anew)
    records = records_of(received.facts)
    checks = check_master_data(order, records, rules.completeness, received.at)
    if failed(checks) and not release.waived:
        state, said = _stop(state, _master_data(state, checks), anew=anew)
        state, awaited = _await(state, checks)
        return state, said + awaited
    facts = routing_facts(order, records)
    row = first_hit(rules.routing, facts)
    if row is None:
        return _stop(state, _not_routed(state, facts), anew=anew)
    stock = row_for(rules.inventory, order.company_code)
    committed = state.acceptance is not None and state.acceptance.commits_stock
    accepted = OrderAccepted(
        order=order,
        attributes=_attributes(row),
        checks=checks,
        rules=rules.digest,
        due_at=release.released_at + timedelta(hours=row.sla_hours),
        edition=release.edition,
        commits_stock=committed or stock is not None,  # once set aside, it must leave or go back
        holds_planning=stock is not None and stock.hold_planning,
    )
    return _accept(state, release, accepted, line_weights(order, records))


def records_of(facts: Sequence[Fact]) -> Records:
    """Read the master data a step was given."""
    return {fact.key: _record.decode(fact.body) if fact.body else None for fact in facts}


def _stop(state: OrderState, exception: OpenException, *, anew: bool) -> Step:
    because = f"{exception.code} stands in its place"
    others = [
        partial(close_exception, code=code, because=because)
        for code in INTAKE_CODES
        if code != exception.code
    ]
    state = state if exception.code == MASTER_DATA else changed(state, awaited=())
    return chain(state, *others, partial(raise_exception, exception=exception, anew=anew))


def _incomplete(state: OrderState, release: Release, missing: tuple[str, ...]) -> OpenException:
    return OpenException(
        code=INCOMPLETE,
        team=Team.ORDER_MANAGEMENT,
        cause=f"Order {state.order_id} cannot be planned, it lacks {', '.join(missing)}",
        action="Let the ERP send a complete version, or edit and resubmit",
        about=numbers(state),
        seen={"missing": " ".join(missing), "document": release.document_id},
    )


def _master_data(state: OrderState, checks: Sequence[MasterDataCheck]) -> OpenException:
    found = [f"{kind} {record.id} is {record.verdict}" for kind, record in offending(checks)]
    return OpenException(
        code=MASTER_DATA,
        team=Team.ORDER_MANAGEMENT,
        cause=f"Order {state.order_id} cannot be planned: {', '.join(found)}",
        action="Mend the master data; the order goes on by itself, or waive to use it as it is",
        about=numbers(state),
        seen={check.kind.value: _words(check) for check in checks},
    )


def _words(check: MasterDataCheck) -> str:
    as_of = check.as_of.isoformat() if check.as_of else "never"
    return f"{check.verdict}, version {check.version}, as of {as_of}"


def _not_routed(state: OrderState, facts: RoutingFacts) -> OpenException:
    return OpenException(
        code=NOT_ROUTED,
        team=Team.TRANSPORTATION,
        cause=f"No row of the routing table speaks of order {state.order_id}",
        action="Add a row to the routing table, then retry",
        about=numbers(state),
        seen={
            "from_country": facts.from_country,
            "to_country": facts.to_country,
            "customer_class": facts.customer_class,
            "item_classes": " ".join(sorted(facts.item_classes)),
            "weight_kg": "unknown" if facts.weight_kg is None else str(facts.weight_kg),
        },
    )


def _await(state: OrderState, checks: Sequence[MasterDataCheck]) -> Step:
    wanted = tuple(
        Awaited(kind=kind, id=record.id, seen_version=record.version)
        for kind, record in offending(checks)
        if record.id  # a ship-to without a number can only be mended in the order
    )
    said = tuple(
        MasterDataAwaited(
            kind=each.kind, id=each.id, order_id=state.order_id, seen_version=each.seen_version
        )
        for each in wanted
        if each not in state.awaited
    )
    return changed(state, awaited=wanted), said


def _attributes(row: RoutingRow) -> TransportAttributes:
    return TransportAttributes(
        mode=row.mode,
        service_level=row.service_level,
        carriers=row.carriers,
        sla_hours=row.sla_hours,
        rule_id=row.rule_id,
    )


def _accept(
    state: OrderState, release: Release, accepted: OrderAccepted, weights: dict[str, Decimal]
) -> Step:
    order = accepted.order
    told = {each.line_id for each in order.lines if each.weight_kg is not None}
    acceptance = Acceptance(
        version=order.version,
        edition=release.edition,
        again=requests_for(state, order.version),
        customer_id=order.customer_id,
        customer_reference=order.customer_reference,
        company_code=order.company_code,
        requested_delivery=order.requested_delivery,
        attributes=accepted.attributes,
        rules=accepted.rules,
        due_at=accepted.due_at,
        commits_stock=accepted.commits_stock,
        holds_planning=accepted.holds_planning,
        weights={name: each for name, each in weights.items() if name not in told},
    )
    closing = [
        partial(close_exception, code=code, because="the order is accepted")
        for code in INTAKE_CODES
    ]
    planning = partial(ask_for_plan, order=order, attributes=accepted.attributes)
    state, said = chain(
        changed(state, acceptance=acceptance, awaited=()),
        *closing,
        *([] if accepted.holds_planning else [planning]),
    )
    return state, (accepted, *said)


def take_commitment(state: OrderState, said: CommitmentMoved, rules: Rules) -> Step:
    """Ask for the plan of an order that waited for its stock, once the ERP's answer is settled.

    A commitment of another version or edition says nothing, nor does the same once more.
    """
    acceptance = state.acceptance
    if acceptance is None or not acceptance.holds_planning or not is_accepted(state):
        return state, ()
    answered_for = (said.order_version, said.edition)
    waits = said.settled and (acceptance.version, acceptance.edition) == answered_for
    if not waits or is_cancelled(state) or current_ask(state) is not None:
        return state, ()
    order = _order(state, rules)
    return ask_for_plan(state, order, acceptance.attributes) if order else (state, ())


def _order(state: OrderState, rules: Rules) -> Order | None:
    """Give the release as a whole order, where it is one."""
    order = complete(state.release.draft, rules.completeness) if state.release else None
    return order if isinstance(order, Order) else None


def take_arrival(state: OrderState, received: Received[MasterDataArrived], rules: Rules) -> Step:
    """Look at the order anew when a record it waited for has come; late arrivals say nothing."""
    arrived = (received.body.kind, received.body.id)
    awaited = tuple(each for each in state.awaited if (each.kind, each.id) != arrived)
    return examine(changed(state, awaited=awaited), received, rules)


def ask_again(state: OrderState, rules: Rules) -> Step:
    """Ask the TMS once more for the accepted order, because it said that it planned nothing.

    Only while the refusal holds: a plan that came meanwhile must not get a twin.
    """
    acceptance, order = state.acceptance, _order(state, rules)
    if active_refusal(state) is None or acceptance is None or order is None:
        return state, ()
    if not is_accepted(state):
        return state, ()
    again = requests_for(state, order.version)
    state = changed(state, acceptance=msgspec.structs.replace(acceptance, again=again))
    return ask_for_plan(state, order, acceptance.attributes)

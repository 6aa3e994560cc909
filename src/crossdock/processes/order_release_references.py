"""Transport references: the ERP's order is told its shipments, and the gate hears of it.

A leaf of order_release.
"""

from __future__ import annotations

import msgspec

from crossdock.canonical.shipment import Shipment
from crossdock.messages.flow import AnswerKind, EffectAnswered
from crossdock.messages.order_release import (
    OrderReferenced,
    WithdrawTransportReference,
    WriteTransportReference,
)
from crossdock.ports import DropEffect, Emission
from crossdock.processes.order_release_state import (
    FINALITY,
    Answered,
    Carriage,
    Carried,
    OrderState,
    Plan,
    Step,
    Undone,
    Write,
    changed,
    effect_name,
    is_cancelled,
    plan_in_force,
    taken_out,
)


def take_answer(state: OrderState, said: EffectAnswered) -> Step:
    """Remember how an effect ended; a later answer counts only if it is more final."""
    name = effect_name(said.verb, said.business_key, said.version)
    known = state.answers.get(name)
    if known is not None and FINALITY.index(known.answer) >= FINALITY.index(said.answer):
        return state, ()
    answered = Answered(
        answer=said.answer,
        at=said.answered_at,
        endpoint=said.endpoint,
        document=said.document,
    )
    return changed(state, answers=state.answers | {name: answered}), ()


def why_given_up(state: OrderState) -> str:
    """Say in words why a shipment is not carried any more."""
    plan = plan_in_force(state)
    if is_cancelled(state):
        return "the order is cancelled"
    if plan is None:
        return "the TMS dropped its plan"
    return f"plan revision {plan.revision} has it no more"


def write_reference(
    state: OrderState, carriage: Carriage, shipment: Shipment, plan: Plan
) -> Carried:
    """Ask the ERP to write what it does not have yet; the same load and carrier need no second."""
    standing = [each for each in carriage.writes if each.undone is Undone.NOT]
    last = standing[-1] if standing else None
    if last and (last.load_id, last.carrier_scac) == (shipment.load_id, shipment.carrier_scac):
        return carriage, ()
    numbered = (plan.order_version, plan.revision)
    write = Write(
        order_version=plan.order_version,
        revision=plan.revision,
        load_id=shipment.load_id,
        carrier_scac=shipment.carrier_scac,
        again=sum((w.order_version, w.revision) == numbered for w in carriage.writes),
        company_code=state.acceptance.company_code if state.acceptance else "",
    )
    command = _command(state, carriage, write)
    return msgspec.structs.replace(carriage, writes=(*carriage.writes, write)), (command,)


def _command(state: OrderState, carriage: Carriage, write: Write) -> WriteTransportReference:
    return WriteTransportReference(
        order_id=state.order_id,
        order_version=write.order_version,
        shipment_id=carriage.shipment_id,
        load_id=write.load_id,
        carrier_scac=write.carrier_scac,
        revision=write.revision,
        again=write.again,
        company_code=write.company_code,
    )


def _reversal(state: OrderState, carriage: Carriage, write: Write) -> WithdrawTransportReference:
    return WithdrawTransportReference(
        order_id=state.order_id,
        order_version=write.order_version,
        shipment_id=carriage.shipment_id,
        revision=write.revision,
        because=why_given_up(state),
        again=write.again,
        company_code=write.company_code,
    )


def written(state: OrderState, carriage: Carriage, write: Write) -> Answered | None:
    """Find what the ERP answered to a reference; a reversal has the same key and version."""
    command = _command(state, carriage, write)
    return state.answers.get(effect_name(command.verb, command.business_key(), command.version()))


def is_applied(state: OrderState, carriage: Carriage, write: Write) -> bool:
    """Tell whether the ERP carries this reference."""
    answered = written(state, carriage, write)
    return answered is not None and answered.answer is AnswerKind.APPLIED


def is_referenced(carriage: Carriage) -> bool:
    """Tell whether the ERP has confirmed what the carriage is now."""
    standing = [each for each in carriage.writes if each.undone is Undone.NOT]
    return bool(standing) and standing[-1].referenced


def note_references(state: OrderState, carriage: Carriage) -> Carried:
    """Tell once for each reference that the ERP carries it."""
    writes: list[Write] = []
    said: list[Emission] = []
    for write in carriage.writes:
        waits = not write.referenced and write.undone is not Undone.REVERSED
        answered = written(state, carriage, write) if waits else None
        news = answered is not None and answered.answer is AnswerKind.APPLIED
        if answered is not None and news:
            said.append(
                OrderReferenced(
                    order_id=state.order_id,
                    shipment_id=carriage.shipment_id,
                    erp_document=answered.document,
                    applied_at=answered.at,
                    endpoint=answered.endpoint,
                    revision=write.revision,
                )
            )
        writes.append(msgspec.structs.replace(write, referenced=True) if news else write)
    if not said:
        return carriage, ()
    return msgspec.structs.replace(carriage, writes=tuple(writes)), tuple(said)


def undo_references(state: OrderState, carriage: Carriage) -> Carried:
    """Take references back: the last one the ERP carries is withdrawn, unsent ones are dropped.

    While the shipment is carried only what was superseded is dropped; the ERP overwrites it.
    """
    writes = carriage.writes
    kept = writes[-1:] if carriage.live else ()
    if writes == kept:
        return carriage, ()
    applied = [each for each in writes if is_applied(state, carriage, each)]
    undone: list[Write] = []
    said: list[Emission] = []
    for write in writes:
        if write in kept:
            undone.append(write)
        elif write in applied:
            last = write == applied[-1] and write.undone is not Undone.REVERSED
            said += [_reversal(state, carriage, write)] if last and not carriage.live else []
            how = write.undone if carriage.live else Undone.REVERSED
            undone.append(msgspec.structs.replace(write, undone=how))
        else:
            dropped, drops = _drop_write(state, carriage, write)
            undone.append(dropped)
            said += drops
    return msgspec.structs.replace(carriage, writes=tuple(undone)), tuple(said)


def _drop_write(
    state: OrderState, carriage: Carriage, write: Write
) -> tuple[Write, list[Emission]]:
    answered = written(state, carriage, write)
    undone = taken_out(write.undone, answered.answer if answered else None)
    if undone is write.undone:
        return write, []
    command = _command(state, carriage, write)
    drop = DropEffect(
        verb=command.verb,
        business_key=command.business_key(),
        version=command.version(),
        because="another reference takes its place" if carriage.live else why_given_up(state),
    )
    return msgspec.structs.replace(write, undone=undone), [drop]

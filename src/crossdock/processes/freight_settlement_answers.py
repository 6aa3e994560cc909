"""Answers: how postings ended, and what of it is told to others.

A leaf of freight_settlement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from msgspec import structs

from crossdock.canonical.money import Money
from crossdock.messages.flow import AnswerKind, EffectAnswered
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    FreightNotPosted,
    FreightPosted,
    PostFreightInvoice,
    ReleaseBilling,
    ShareFreightInvoice,
)
from crossdock.processes.freight_settlement_postings import paid_of, told_of
from crossdock.processes.freight_settlement_state import (
    Accrued,
    Paid,
    Released,
    Settlement,
    parts_of,
    whole_of,
)

P = TypeVar("P", Accrued, Paid, Released)


def note_answer(state: Settlement, answer: EffectAnswered) -> Settlement:
    """Note how a posting ended; an answer to what was never posted changes nothing."""
    name = _posting_name(state, answer)
    match answer.verb:
        case AccrueFreight.verb if name in state.accrued:
            accrued = {**state.accrued, name: _answered(state.accrued[name], answer)}
            return structs.replace(state, accrued=accrued)
        case PostFreightInvoice.verb if name in state.paid:
            paid = {**state.paid, name: _answered(state.paid[name], answer)}
            return structs.replace(state, paid=paid)
        case ReleaseBilling.verb if name in state.released:
            released = {**state.released, name: _answered(state.released[name], answer)}
            return structs.replace(state, released=released)
        case _:  # the TMS has its copy, or flow asks a person why not
            return state


def _posting_name(state: Settlement, answer: EffectAnswered) -> str:
    if answer.verb == AccrueFreight.verb:
        return answer.business_key.removeprefix(f"{state.load_id}/")
    if answer.verb == ReleaseBilling.verb:
        return answer.business_key.removesuffix(f"/{state.load_id}")
    return answer.business_key


def publish(
    state: Settlement, answer: EffectAnswered
) -> tuple[FreightPosted | FreightNotPosted, ...]:
    """Tell what a partner has done, with what its ledger says now, or what it will not be asked.

    What nobody could tell is waived where it was done: then the ledger has it, under a number that
    nobody told. What it refused is not in the ledger, and waived it never will be. Other ends tell
    nothing.
    """
    if not (is_done(answer) or answer.answer is AnswerKind.WAIVED):
        return ()
    posted = _posted(state, answer)
    if posted is None or answer.version != str(posted.revision):
        return ()
    return (posted if is_done(answer) else _not_posted(posted),)


def _told(posting: P, answer: EffectAnswered) -> P:
    """Find what was told under the revision that is done; else what was told last."""
    return posting.dropped.get(answer.version, posting) if is_done(answer) else posting


def _not_posted(posted: FreightPosted) -> FreightNotPosted:
    return FreightNotPosted(
        load_id=posted.load_id,
        posting=posted.posting,
        charge=posted.charge,
        amount=posted.amount,
        revision=posted.revision,
        endpoint=posted.endpoint,
        carrier_scac=posted.carrier_scac,
        invoice_id=posted.invoice_id,
        part=posted.part,
    )


def _posted(state: Settlement, answer: EffectAnswered) -> FreightPosted | None:
    """Write what was asked of a ledger as it stands once it is done; None: no ledger was asked."""
    name = _posting_name(state, answer)
    match answer.verb:
        case AccrueFreight.verb if name in state.accrued:
            told = _told(state.accrued[name], answer)
            return FreightPosted(
                load_id=state.load_id,
                posting=answer.verb,
                charge=name,
                amount=told.amount,
                revision=told.revision,
                document=answer.document,
                endpoint=answer.endpoint,
                carrier_scac=told.carrier_scac,
                business_date=told.business_date,
                invoice_id=told.invoice_id,
            )
        case PostFreightInvoice.verb if name in state.paid:
            whole = whole_of(name, state.paid[name])
            mine = {name: _told(state.paid[name], answer)}
            return _invoice_posted(state, answer, whole, mine, told_of(mine))
        case ShareFreightInvoice.verb if parts := parts_of(state.paid, name):
            return _invoice_posted(state, answer, name, parts, paid_of(parts))
        case _:
            return None


def _invoice_posted(
    state: Settlement,
    answer: EffectAnswered,
    name: str,
    parts: Mapping[str, Paid],
    amount: Money,
) -> FreightPosted:
    carrier, _, invoice_id = name.partition("/")
    return FreightPosted(
        load_id=state.load_id,
        posting=answer.verb,
        charge="",
        amount=amount,
        revision=sum(each.revision for each in parts.values()),
        document=answer.document,
        endpoint=answer.endpoint,
        carrier_scac=carrier,
        business_date=max(each.business_date for each in parts.values()),
        invoice_id=invoice_id,
        part=next(iter(parts.values())).part if answer.verb == PostFreightInvoice.verb else "",
    )


def _answered(told: P, answer: EffectAnswered) -> P:
    revision = int(answer.version)
    match answer.answer:
        case AnswerKind.APPLIED | AnswerKind.WAIVED if answer.version in told.dropped:
            return _done_late(told, answer) if is_done(answer) else told
        case AnswerKind.APPLIED | AnswerKind.WAIVED:
            if not told.is_out or revision != told.revision:
                return told
            done = structs.replace(told, settled=revision, ended_at=answer.answered_at)
            if not is_done(answer):
                return _let_go(told, done)
            return structs.replace(_ended(done, answer), dropped={})
        case AnswerKind.REFUSED:
            return structs.replace(told, refused=max(told.refused, revision))
        case AnswerKind.UNRESOLVED:  # flow asks a person; the answer will come
            return told


def _done_late(told: P, answer: EffectAnswered) -> P:
    """Let stand what was taken back and is done all the same.

    Where nothing is on its way it is as if it had been told last, so what is wanted is told anew;
    else what is on its way comes after it.
    """
    stands = _ended(told.dropped[answer.version], answer)
    left = {name: each for name, each in told.dropped.items() if int(name) > int(answer.version)}
    if not told.is_out:
        return structs.replace(
            stands,
            revision=told.revision,
            settled=told.settled,
            refused=told.refused,
            ended_at=answer.answered_at,
            dropped=left,
        )
    return _over(structs.replace(told, dropped=left), stands)


def _over(told: P, stands: P) -> P:
    """Tell the same as before, over what stands now."""
    match told, stands:
        case Accrued(), Accrued():
            return structs.replace(told, standing=stands.standing, documents=stands.documents)
        case Paid(), Paid():
            return structs.replace(
                told, stood=stands.stood, cleared=stands.cleared, document=stands.document
            )
        case Released(), Released():
            return structs.replace(
                told,
                stood=stands.stood,
                stood_flagged=stands.stood_flagged,
                stood_accrued=stands.stood_accrued,
            )
        case _:
            return told


def is_done(answer: EffectAnswered) -> bool:
    """Tell whether it stands at the partner: applied, or waived as done where nobody could tell.

    What was refused and then waived does not stand there.
    """
    return answer.answer is AnswerKind.APPLIED or (
        answer.answer is AnswerKind.WAIVED and answer.doubted
    )


def _let_go(before: P, ended: P) -> P:
    """Let stand what stood: the TMS has nothing new to hear of that."""
    match ended:
        case Paid(shared=before.settled):
            return structs.replace(ended, shared=ended.settled)
        case _:
            return ended


def _ended(told: P, answer: EffectAnswered) -> P:
    """Let what was told stand; the ERP's own number is kept."""
    match told:
        case Accrued():
            documents = (*told.documents, answer.document) if answer.document else told.documents
            return structs.replace(told, standing=told.shares, documents=documents)
        case Paid():
            document = answer.document or told.document
            return structs.replace(
                told, stood=told.payable.minor, cleared=told.charges, document=document
            )
        case _:
            stood = None if told.reversed_ else told.freight
            return structs.replace(
                told, stood=stood, stood_flagged=told.flagged, stood_accrued=told.accrued
            )

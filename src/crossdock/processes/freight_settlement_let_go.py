"""What the ERP refused and a person waived: it does not stand, and is told anew when asked for.

A leaf of freight_settlement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import structs

from crossdock.canonical.money import Money
from crossdock.processes.freight_settlement_match import written
from crossdock.processes.freight_settlement_state import Accrued, Paid, Released, Settlement


def said_let_go(state: Settlement) -> Iterator[str]:
    """Tell in words what stands otherwise than it was told, for it was refused and waived."""
    for name, accrued in sorted(state.accrued.items()):
        if accrued.is_let_go:
            yield _differs(f"{name} is accrued", accrued.stood, accrued.amount)
    for name, paid in sorted(state.paid.items()):
        if paid.is_let_go:
            yield _differs(f"invoice {name} is posted", paid.stood, paid.payable)
    for order_id, released in sorted(state.released.items()):
        if released.is_let_go:
            yield _billed(order_id, released)


def _differs(what: str, stood: int, told: Money) -> str:
    stands = written(Money(minor=stood, currency=told.currency))
    return f"{what} with {stands}, not {written(told)}"


def _billed(order_id: str, released: Released) -> str:
    stands = f"is billed with {written(released.stood)}" if released.stood else "is not billed"
    told = "no more" if released.reversed_ else f"with {written(released.freight)}"
    return f"order {order_id} {stands}, and should be {told}"


def tell_anew(state: Settlement) -> Settlement:
    """Forget what was let go: what is wanted is held against what stands, and told again."""
    return structs.replace(
        state,
        accrued={name: _as_accrued(each) for name, each in state.accrued.items()},
        paid={name: _as_paid(each) for name, each in state.paid.items()},
        released={name: _as_released(each) for name, each in state.released.items()},
    )


def _as_accrued(told: Accrued) -> Accrued:
    if not told.is_let_go:
        return told
    amount = Money(minor=told.stood, currency=told.amount.currency)
    return structs.replace(told, amount=amount, shares=told.standing)


def _as_paid(told: Paid) -> Paid:
    if not told.is_let_go:
        return told
    payable = Money(minor=told.stood, currency=told.payable.currency)
    return structs.replace(told, payable=payable, charges=told.cleared)


def _as_released(told: Released) -> Released:
    if not told.is_let_go:
        return told
    nothing = Money(minor=0, currency=told.freight.currency)
    return structs.replace(
        told,
        freight=told.stood or nothing,
        flagged=told.stood_flagged,
        accrued=told.stood_accrued,
        reversed_=told.stood is None,
    )


def keep_what_stands(older: dict[str, Any]) -> dict[str, Any]:
    """Lift a state of schema 2, which took what was refused and then waived as standing.

    It can be told by this alone: its last revision was refused, and the ERP gave it no number. Of a
    posting that is on its way nobody can tell whose shares stood before: they stand without an
    order until it ends.
    """
    return {
        **older,
        "accrued": {name: _lift_accrued(each) for name, each in older.get("accrued", {}).items()},
        "paid": {name: _lift_paid(each) for name, each in older.get("paid", {}).items()},
        "released": {name: _lift_release(each) for name, each in older.get("released", {}).items()},
    }


def _was_waived(told: dict[str, Any], documents: object) -> bool:
    ends = {told["revision"], told.get("settled", 0), told.get("refused", 0)}
    return len(ends) == 1 and not documents


def _lift_accrued(told: dict[str, Any]) -> dict[str, Any]:
    stood = told.pop("stood", 0)
    if not stood or _was_waived(told, told.get("documents")):
        return told
    shares = told.get("shares", {})
    return {**told, "standing": shares if sum(shares.values()) == stood else {"": stood}}


def _lift_paid(told: dict[str, Any]) -> dict[str, Any]:
    if not told.get("stood"):
        return told
    if _was_waived(told, told.get("document")):
        return {**told, "stood": 0}
    return {**told, "cleared": told.get("charges", ())}


def _lift_release(told: dict[str, Any]) -> dict[str, Any]:
    gone = told.pop("gone", False)
    if gone or not told.get("settled"):
        return told
    return {**told, "stood": told["freight"], "stood_flagged": told.get("flagged", "")}

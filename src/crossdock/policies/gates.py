"""Gates: something is allowed once every condition is proven, in whatever order the proofs come.

The portal's gate opens an order to its customer when the ERP has applied the transport reference.
The gate of money lets a charge be accrued when its milestone is validated and it is confirmed.
Both are the same small rule; what it looked at is kept with its verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct


class Gate(Struct, frozen=True, kw_only=True, gc=False):
    """A rule by name, and the conditions it needs; none needed means open from the start."""

    rule_id: str
    needs: tuple[str, ...]


class Proof(Struct, frozen=True, kw_only=True, gc=False):
    """A condition is met since `at`; `said` tells by what, in words: `ERP confirmed 4711`."""

    condition: str
    at: datetime
    said: str


class Passage(Struct, frozen=True, kw_only=True, gc=False):
    """What a gate decided: `proofs` in the order of its conditions, `missing` what it waits for.

    `since` is when the last condition was met, None while it is closed or where none was needed.
    """

    rule_id: str
    proofs: tuple[Proof, ...]
    missing: tuple[str, ...]
    since: datetime | None

    @property
    def is_open(self) -> bool:
        """Tell whether nothing is missing."""
        return not self.missing


def judge(gate: Gate, proofs: Iterable[Proof]) -> Passage:
    """Hold proofs against a gate; of several for one condition the earliest counts."""
    earliest: dict[str, Proof] = {}
    for proof in proofs:
        known = earliest.get(proof.condition)
        if known is None or (proof.at, proof.said) < (known.at, known.said):
            earliest[proof.condition] = proof
    held = [earliest[each] for each in gate.needs if each in earliest]
    missing = tuple([each for each in gate.needs if each not in earliest])
    since = None if missing else max([proof.at for proof in held], default=None)
    return Passage(rule_id=gate.rule_id, proofs=tuple(held), missing=missing, since=since)

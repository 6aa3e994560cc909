"""The history checker: what clients were told, held against what is there afterwards.

Every operation is written down as it is invoked, with its end: `ok` (acknowledged), `fail`
(refused, or never sent) or `info` (nobody knows). The checks know nothing of crossdock's inside:
they read its trace, the partners' own ledgers, and what the clients saw.

lost          acknowledged, and not in the trace
doubled       more than once in the trace, or done more than once by a partner
undone        a partner never did what follows from what was acknowledged
out_of_order  acknowledged before another of its key was sent, and behind it in the trace
backwards     a milestone that a customer had seen was gone at a later look
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

OK, FAIL, INFO = "ok", "fail", "info"
OK_LEAST, OK_SHARE_LEAST = 40, 0.2  # a run with less has proved nothing


class Operation(Struct, frozen=True, kw_only=True):
    """One document sent: which order's, what it says, how it ended, and between which instants."""

    key: str
    what: str
    end: str
    invoked: float
    ended: float


class Look(Struct, frozen=True, kw_only=True):
    """One look at the customer's page: the milestones shown."""

    client: int
    key: str
    milestones: frozenset[str]


class Found(Struct, frozen=True, kw_only=True):
    """What is there afterwards: each order's trace, and what each partner did, by content."""

    traces: Mapping[str, Sequence[str]]
    done: Mapping[str, Counter[str]]


class Verdict(Struct, frozen=True, kw_only=True):
    """What a history is worth, and what is wrong with it."""

    operations: int
    ok: int
    info: int
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()
    out_of_order: tuple[str, ...] = ()
    backwards: tuple[str, ...] = ()

    @property
    def too_few(self) -> bool:
        """Tell whether too little succeeded for the run to prove anything."""
        return self.ok < max(OK_LEAST, OK_SHARE_LEAST * self.operations)

    @property
    def violations(self) -> int:
        """Count what is wrong."""
        wrong = (self.lost, self.doubled, self.undone, self.out_of_order, self.backwards)
        return sum(map(len, wrong))


def check(
    operations: Sequence[Operation],
    looks: Sequence[Look],
    found: Found,
    expected: Mapping[str, Sequence[str]],
) -> Verdict:
    """Judge a history. `expected` are the effects, by content, of each order that is complete."""
    ends = Counter(each.end for each in operations)
    acknowledged = _first_ok(operations)
    in_trace = {key: Counter(told) for key, told in found.traces.items()}
    done: Counter[str] = sum(found.done.values(), Counter())
    return Verdict(
        operations=len(operations),
        ok=ends[OK],
        info=ends[INFO],
        lost=tuple(
            f"{key} {what}" for key, what in acknowledged if not in_trace.get(key, Counter())[what]
        ),
        doubled=(
            *(f"{key} {w}" for key, told in in_trace.items() for w, n in told.items() if n > 1),
            *(content for content, times in done.items() if times > 1),
        ),
        undone=tuple(
            content for contents in expected.values() for content in contents if not done[content]
        ),
        out_of_order=tuple(_out_of_order(acknowledged, operations, found.traces)),
        backwards=tuple(_backwards(looks)),
    )


def _first_ok(operations: Sequence[Operation]) -> dict[tuple[str, str], float]:
    """Tell when each thing was first acknowledged."""
    first: dict[tuple[str, str], float] = {}
    for each in sorted(operations, key=lambda operation: operation.ended):
        if each.end == OK:
            first.setdefault((each.key, each.what), each.ended)
    return first


def _out_of_order(
    acknowledged: Mapping[tuple[str, str], float],
    operations: Sequence[Operation],
    traces: Mapping[str, Sequence[str]],
) -> list[str]:
    sent: dict[tuple[str, str], float] = {}
    for each in operations:
        name = (each.key, each.what)
        sent[name] = min(each.invoked, sent.get(name, each.invoked))
    wrong = []
    for (key, what), when in acknowledged.items():
        told = list(traces.get(key, ()))
        later = [w for (k, w), at in sent.items() if k == key and at > when and w in told]
        wrong += [
            f"{key} {what} behind {other}"
            for other in later
            if what in told and told.index(other) < told.index(what)
        ]
    return wrong


def _backwards(looks: Sequence[Look]) -> list[str]:
    seen: dict[tuple[int, str], list[frozenset[str]]] = {}
    for look in looks:
        seen.setdefault((look.client, look.key), []).append(look.milestones)
    return [
        f"{key} {', '.join(sorted(before - after))}"
        for (_client, key), shown in seen.items()
        for before, after in pairwise(shown)
        if before - after
    ]

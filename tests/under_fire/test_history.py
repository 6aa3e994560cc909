"""The checker sees what is planted, and is content with what is right."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace

from tests.under_fire.history import FAIL, INFO, OK, Found, Look, Operation, check

NAMES = [f"SO-{number}" for number in range(30)]
WHAT = ("OrderReleased", "PlanConfirmed")


def operations() -> list[Operation]:
    return [
        Operation(key=key, what=what, end=OK, invoked=number * 10 + at, ended=number * 10 + at + 1)
        for number, key in enumerate(NAMES)
        for at, what in ((0, WHAT[0]), (2, WHAT[1]))
    ]


def found(**changes: Any) -> Found:
    whole = Found(
        traces=dict.fromkeys(NAMES, WHAT), done={"tms": Counter(f"plan/{each}" for each in NAMES)}
    )
    return replace(whole, **changes)


LOOKS = [Look(client=1, key="SO-1", milestones=frozenset(each)) for each in ((), ("PUP",))]
EXPECTED = {each: [f"plan/{each}"] for each in NAMES}


def test_a_right_history_is_right() -> None:
    verdict = check(operations(), LOOKS, found(), EXPECTED)

    assert (verdict.violations, verdict.too_few, verdict.ok) == (0, False, 60)


@pytest.mark.parametrize(
    ("wrong", "changes"),
    [
        ({"lost": ("SO-3 PlanConfirmed",)}, {"traces": {"SO-3": WHAT[:1]}}),
        ({"doubled": ("SO-3 PlanConfirmed",)}, {"traces": {"SO-3": (*WHAT, WHAT[1])}}),
        (
            {"out_of_order": ("SO-3 OrderReleased behind PlanConfirmed",)},
            {"traces": {"SO-3": WHAT[::-1]}},
        ),
    ],
)
def test_a_doctored_trace_is_seen(
    wrong: dict[str, tuple[str, ...]], changes: dict[str, Any]
) -> None:
    traces = {**found().traces, **changes["traces"]}

    verdict = check(operations(), LOOKS, found(traces=traces), EXPECTED)

    assert {name: getattr(verdict, name) for name in wrong} == wrong
    assert verdict.violations == 1


@pytest.mark.parametrize(("times", "name"), [(0, "undone"), (2, "doubled")])
def test_a_doctored_ledger_is_seen(times: int, name: str) -> None:
    done = found().done["tms"] | Counter()
    done["plan/SO-3"] = times

    verdict = check(operations(), LOOKS, found(done={"tms": done}), EXPECTED)

    assert (getattr(verdict, name), verdict.violations) == (("plan/SO-3",), 1)


def test_a_milestone_that_was_seen_and_is_gone_is_seen() -> None:
    verdict = check(operations(), LOOKS[::-1], found(), EXPECTED)

    assert (verdict.backwards, verdict.violations) == (("SO-1 PUP",), 1)


@pytest.mark.parametrize("end", [FAIL, INFO])
def test_what_was_not_acknowledged_need_not_be_there(end: str) -> None:
    told = [replace(each, end=end) if each.key == "SO-3" else each for each in operations()]

    verdict = check(told, LOOKS, found(traces=dict.fromkeys(NAMES[:3] + NAMES[4:], WHAT)), EXPECTED)

    assert verdict.violations == 0


def test_a_run_with_too_few_successes_proves_nothing() -> None:
    told = [replace(each, end=INFO) for each in operations()[20:]] + operations()[:20]

    assert check(told, LOOKS, found(), EXPECTED).too_few

"""Short fuzzing of every parser; `make fuzz SECONDS=60` lets a coverage-guided fuzzer at each."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.connectors import discover
from crossdock.faults import Unreadable
from tests.fuzz.growing import Growing, growing
from tests.fuzz.kit import Target, lines_of_work, mutants
from tests.fuzz.patterns import SECONDS_MAX, Used, every_pattern, slowest
from tests.fuzz.targets import TARGETS

MUTANTS = 100
SMALL, LARGE = 1000, 4000
GROWTH_MAX = 2.5 * LARGE / SMALL / 2  # a quadratic parser's would be sixteen
FEW_LINES = 2000  # below this, what is done once weighs too much

every_target = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)


@every_target
def test_a_broken_document_is_read_or_refused(target: Target) -> None:
    seeds = target.corpus()

    tried = [target.try_on(raw) for raw in (*seeds, *mutants(seeds, Random(7), MUTANTS))]  # noqa: S311 - a test's dice

    assert len(seeds) > 1
    assert len(tried) == len(seeds) + MUTANTS


@every_target
@given(raw=st.binary(max_size=60))
@settings(max_examples=30)
def test_any_bytes_are_read_or_refused(target: Target, raw: bytes) -> None:
    target.try_on(raw)


@every_target
def test_twice_the_document_is_twice_the_work(target: Target) -> None:
    steep = {
        name: grown
        for name, grow in growing(target)
        if (grown := growth(target, grow)) > GROWTH_MAX
    }

    assert steep == {}


def growth(target: Target, grow: Growing) -> float:
    """Tell by how much the work grows with a document that is four times as large."""
    small, large = (lines_of_work(target, grow(size)) for size in (SMALL, LARGE))
    return large / max(small, FEW_LINES)


def test_a_steep_parser_is_noticed() -> None:
    def read(raw: bytes) -> int:
        return sum(1 for one in raw[:400] for other in raw[:400] if one == other) if raw else 0

    target = Target(name="steep", read=lambda raw: read(raw[: len(raw) // 20]))

    assert growth(target, lambda size: b"x" * size) > GROWTH_MAX


def test_every_document_of_every_connector_is_a_target() -> None:
    documents = {
        f"{name}-{document}" for name, each in discover().items() for document in each.documents
    }

    assert documents - set(TARGETS) == set()


@pytest.mark.parametrize("where", every_pattern())
def test_no_pattern_explodes(where: str) -> None:
    seconds, size = slowest(every_pattern()[where])

    assert seconds <= SECONDS_MAX, f"{seconds:.1f} s for {size} characters"


@pytest.mark.parametrize("careless", [r"(a+)+$", r"(?:[0-9]+,?)*;", r"^(\w|\w\w)*$"])
def test_a_careless_pattern_is_noticed(careless: str) -> None:
    assert slowest(Used(re.compile(careless)))[0] > SECONDS_MAX


def test_what_a_parser_raises_by_mistake_is_not_taken_for_a_fault() -> None:
    broken = Target(name="broken", read=lambda raw: raw[0], faults=(Unreadable,))

    with pytest.raises(IndexError):
        broken.try_on(b"")

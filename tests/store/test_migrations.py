"""Changes of the tables: what may be applied when, and who may still run on what."""

from collections.abc import Sequence

import pytest

from crossdock.faults import Misconfigured
from crossdock.store import migrations
from crossdock.store.migrations import Applied, Migration, Phase, check, is_ready, to_apply

FIRST = Migration(number=1, name="0001_pre_tables.sql", sql="CREATE TABLE a (x)")
WIDER = Migration(number=2, name="0002_pre_wider.sql", sql="ALTER TABLE a ADD y")
TIDY = Migration(number=3, name="0003_post_tidy.sql", sql="ALTER TABLE a DROP x")
LATER = Migration(number=4, name="0004_pre_later.sql", sql="CREATE TABLE b (x)")
ALL = [FIRST, WIDER, TIDY, LATER]


def noted(*applied: Migration) -> list[Applied]:
    return [Applied(each.number, each.name, each.checksum) for each in applied]


def test_the_phase_is_in_the_name() -> None:
    phases = [each.phase for each in ALL]

    assert phases == [Phase.PRE, Phase.PRE, Phase.POST, Phase.PRE]


def test_what_a_release_needs_before_its_roll_out_stops_at_the_first_post() -> None:
    chosen = [to_apply(applied, ALL, post=False) for applied in range(5)]

    assert chosen == [[FIRST, WIDER], [WIDER], [], [LATER], []]


def test_with_post_everything_that_is_missing_is_applied_in_order() -> None:
    assert [to_apply(applied, ALL) for applied in (0, 2, 4)] == [ALL, [TIDY, LATER], []]


def test_a_release_is_ready_when_only_posts_are_missing() -> None:
    two = [FIRST, WIDER, TIDY]

    assert [is_ready(applied, two) for applied in range(4)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("applied", "known", "count"),
    [
        ([], [FIRST], 0),
        ([FIRST], [FIRST, WIDER], 1),
        ([FIRST, WIDER], [FIRST], 1),  # the next release has prepared its roll-out
    ],
)
def test_a_worker_runs_on_what_the_next_release_has_prepared(
    applied: Sequence[Migration], known: Sequence[Migration], count: int
) -> None:
    assert check(noted(*applied), known, "here") == count


def test_a_worker_does_not_start_after_the_next_release_has_tidied_up() -> None:
    with pytest.raises(Misconfigured, match="written by a newer release") as refusal:
        check(noted(FIRST, WIDER, TIDY), [FIRST], "here")

    assert refusal.value.seen == {"file": "here", "migration": "0003_post_tidy.sql"}


def test_a_change_that_names_no_phase_is_never_run_past() -> None:
    unnamed = [Applied(9, "0009_tables.sql", "x")]

    with pytest.raises(Misconfigured, match="written by a newer release"):
        check([*noted(FIRST), *unnamed], [FIRST], "here")


def test_an_edited_change_is_refused() -> None:
    edited = [Applied(1, FIRST.name, "other")]

    with pytest.raises(Misconfigured, match="edited after it had been applied"):
        check(edited, [FIRST], "here")


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_what_is_shipped_is_numbered_without_gaps(store: str) -> None:
    numbers = [each.number for each in migrations.shipped(f"crossdock.store.{store}.migrations")]

    assert numbers == list(range(1, len(numbers) + 1))


def test_a_file_that_is_named_otherwise_is_no_change() -> None:
    with pytest.raises(ValueError, match="is no migration"):
        migrations.shipped("crossdock.store.sqlite.tables")

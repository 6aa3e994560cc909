"""The past, decided today."""

import msgspec
import pytest

from crossdock.flow.decisions import NeedsReason, Undecidable
from crossdock.flow.machine import Machine
from crossdock.flow.replayer import Choice, Preview
from crossdock.messages.envelope import Key
from crossdock.ports.store import Store
from tests.flow.kit import (
    NOON,
    REFUSAL,
    Chatty,
    Line,
    answered,
    ask,
    attempt,
    effects,
    house,
    lines,
    standing,
    told,
)

ORDER = Key("order", "SO-1")


def marks(seen: Preview) -> list[tuple[str, str]]:
    return [(each.version, each.mark.value) for each in seen.effects]


def choose(seen: Preview, *versions: str, reason: str = "they were forgotten") -> Choice:
    ids = tuple(each.id for each in seen.effects if each.version in versions)
    return Choice(subscriber="counter", key=ORDER, effects=ids, by="ada", reason=reason)


def past(store: Store) -> Machine:
    """Live a life with one applied, one waiting and one dropped effect."""
    machine = house(store)
    ask(machine, 1, 2)
    attempt(machine, NOON, answered())
    said = [Line(id="e3", version=3, reason="ask"), Line(id="e4", version=4, reason="drop")]
    machine.receive([lines(*said)], NOON)
    return machine


def test_a_replay_finds_everything_as_it_is(store: Store) -> None:
    machine = past(store)

    seen = machine.preview("counter", ORDER)

    assert marks(seen) == [("1", "done"), ("2", "waiting")]
    assert (seen.same_state, seen.stumbles, seen.steps) == (True, (), 5)


def test_looking_changes_nothing(store: Store) -> None:
    machine = past(store)
    before = standing(machine)

    machine.preview("counter", ORDER)

    assert standing(machine) == before
    assert attempt(machine, NOON, answered()) == ["send"]


def test_a_refused_effect_is_left_to_the_three_verbs(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)
    attempt(machine, NOON, REFUSAL)

    assert marks(machine.preview("counter", ORDER)) == [("1", "ended")]


def forgetful(store: Store) -> Machine:
    """Live a life with a process that forgot to ask, and mend it."""
    before = house(store, mended=True)
    ask(before, 1, 2)
    before.stop()
    return house(store)


def test_what_today_s_process_would_ask_for_is_offered(store: Store) -> None:
    machine = forgetful(store)

    seen = machine.preview("counter", ORDER)

    assert marks(seen) == [("1", "would_send"), ("2", "would_send")]
    assert effects(machine) == []


def test_only_what_a_person_chose_is_asked_for(store: Store) -> None:
    machine = forgetful(store)

    woken = machine.replay(choose(machine.preview("counter", ORDER), "2"), NOON)
    attempt(machine, NOON, answered())

    assert woken == {"tms"}
    assert [(row.version, row.status.value) for row in effects(machine)] == [("2", "applied")]
    assert told(machine) == ("1 ask", "2 ask", "2 APPLIED DOC-1")
    with store.read() as reader:
        (row,) = reader.audit("main")
    assert (row.actor, row.action, row.reason) == (
        "ada",
        "replay.execute",
        "they were forgotten",
    )


def test_what_is_not_new_cannot_be_chosen(store: Store) -> None:
    machine = past(store)

    with pytest.raises(Undecidable, match="not new"):
        machine.replay(choose(machine.preview("counter", ORDER), "1"), NOON)


def test_nothing_is_chosen_without_a_reason(store: Store) -> None:
    machine = forgetful(store)

    with pytest.raises(NeedsReason):
        machine.replay(choose(machine.preview("counter", ORDER), "1", reason=" "), NOON)


def test_choosing_twice_asks_once(store: Store) -> None:
    machine = forgetful(store)
    choice = choose(machine.preview("counter", ORDER), "1")
    machine.replay(choice, NOON)

    with pytest.raises(Undecidable):
        machine.replay(choice, NOON)

    assert len(effects(machine)) == 1


def test_other_bytes_under_a_known_key_are_shown_and_not_sent(store: Store) -> None:
    ask(house(store), 1)
    machine = house(store, Chatty(path="/v2"))

    seen = machine.preview("counter", ORDER)

    assert marks(seen) == [("1", "changed")]
    with pytest.raises(Undecidable):
        machine.replay(choose(seen, "1"), NOON)


def test_a_step_that_was_skipped_is_told_and_the_fold_goes_on(store: Store) -> None:
    before = house(store, mended=True)
    before.receive([lines(Line(id="a", reason="fail"), Line(id="b", version=2))], NOON)
    machine = house(store)

    seen = machine.preview("counter", ORDER)

    assert [each.error for each in seen.stumbles] == ["RuntimeError('the counter broke')"]
    assert (seen.same_state, msgspec.json.decode(seen.state)) == (False, {"told": ["2"]})

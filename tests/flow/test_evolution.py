"""States, rules and facts that outlive a release."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import replace

from crossdock.flow.decisions import Decision
from crossdock.flow.deliverer import Result
from crossdock.flow.dispatcher import PAGE
from crossdock.flow.machine import Machine
from crossdock.flow.names import lane_of
from crossdock.flow.roster import Rulebook
from crossdock.messages.envelope import Body, Key
from crossdock.messages.teams import Team
from crossdock.policies.freight import ExchangeRate
from crossdock.policies.rules import LatenessPolicy, Rules, TeamRow
from crossdock.ports import Emission, Fact, Received, Rows, Subscriber
from crossdock.ports.store import ProjectionRow, Store
from crossdock.store.sqlite import open_sqlite
from tests.flow.kit import (
    COUNTER,
    LISTENER,
    NOON,
    Counter,
    Line,
    answered,
    house,
    lines,
    queue,
    told,
)

ORDER = Key("order", "SO-1")
LANE = frozenset({lane_of("main", ORDER)})
STRICT = Rules(lateness=LatenessPolicy(grace_minutes=7))


def rebuilt(machine: Machine, counter: Subscriber[Any, Any] = COUNTER, **changes: Any) -> Machine:
    """Start the next release over the same store."""
    machine.stop()
    roster = replace(machine.roster, subscribers=(counter, LISTENER), **changes)
    later = Machine(store=machine.store, roster=roster)
    later.start()
    return later


class Tally(Struct, frozen=True, kw_only=True):
    """What the next release's counter keeps: a number and the last word."""

    number: int
    last: str


def decide_tally(
    state: Tally, received: Received[Any], _rules: Rules
) -> tuple[Tally, tuple[Emission, ...]]:
    word = getattr(received.body, "version", "") or getattr(received.body, "timer", "")
    return Tally(number=state.number + 1, last=str(word)), ()


TALLY: Subscriber[Tally, Rules] = Subscriber(
    name="counter",
    state=Tally,
    start=lambda _key: Tally(number=0, last=""),
    receives=COUNTER.receives,
    keys=COUNTER.keys,
    decide=decide_tally,
    stage=lambda state: f"at {state.number}",
    schema=3,
    upcasters={
        1: lambda old: {"words": old["told"]},
        2: lambda old: {"number": len(old["words"]), "last": ""},  # type: ignore[arg-type] # a list
    },
)


def stored_state(machine: Machine, key: Key = ORDER) -> tuple[int, object]:
    with machine.store.read() as reader:
        row = reader.processes([("main", "counter", key)])["main", "counter", key]
    return row.schema, msgspec.json.decode(row.state)


def test_an_old_state_is_lifted_step_by_step(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="a"), Line(id="b"))], NOON)

    later = rebuilt(machine, TALLY)
    later.receive([lines(Line(id="c", version=9))], NOON)

    assert stored_state(later) == (3, {"number": 3, "last": "9"})


def test_what_was_under_way_goes_on_in_the_new_shape(store: Store) -> None:
    machine = house(store)
    said = [Line(id="ask", reason="ask"), Line(id="wake", reason="wake")]
    machine.receive([lines(*said), lines(Line(id="stuck", order="SO-2", reason="fail"))], NOON)
    (leased,) = machine.lease("tms", NOON).works

    later = rebuilt(machine, TALLY)
    later.record("tms", [Result(work=leased, exchange=answered(), ended_at=NOON)], NOON)
    retried = Decision(verb="retry", exception_id=stuck(later), by="ann", reason="it is mended")
    later.decide(retried, NOON)
    later.run_to_quiescence(NOON + timedelta(hours=1))

    assert stored_state(later) == (3, {"number": 4, "last": "nap"})
    assert stored_state(later, Key("order", "SO-2")) == (3, {"number": 1, "last": "1"})
    assert (queue(later), pending(later)) == ([], (0, []))


def stuck(machine: Machine) -> str:
    with machine.store.read() as reader:
        (row,) = reader.exceptions("main")
    return row.id


def pending(machine: Machine) -> tuple[int, list[tuple[str, Key]]]:
    with machine.store.read() as reader:
        return reader.pending("main"), reader.parked("main")


def test_a_state_of_a_newer_release_is_left_to_its_workers(store: Store) -> None:
    newer = rebuilt(house(store), TALLY)
    newer.receive([lines(Line(id="a"))], NOON)
    written = stored_state(newer)

    older = rebuilt(newer, COUNTER)
    older.receive([lines(Line(id="b")), lines(Line(id="c", order="SO-2"))], NOON)
    older.run_to_quiescence(NOON)

    assert (queue(older), pending(older)) == ([], (1, []))
    assert (older.released, stored_state(older)) == (LANE, written)
    assert told(older, "SO-2") == ("1",)


def test_what_an_older_worker_left_goes_on_in_the_newer(store: Store) -> None:
    newer = rebuilt(house(store), TALLY)
    newer.receive([lines(Line(id="a"))], NOON)
    older = rebuilt(newer, COUNTER)
    older.receive([lines(Line(id="b", version=2)), lines(Line(id="c", version=3))], NOON)

    again = rebuilt(older, TALLY)
    again.run_to_quiescence(NOON)

    assert (stored_state(again), pending(again)) == ((3, {"number": 3, "last": "3"}), (0, []))


def test_a_lane_is_given_up_in_the_middle_of_a_batch(store: Store) -> None:
    newer = rebuilt(house(store), TALLY)
    newer.receive([lines(Line(id="a"))], NOON)
    older = rebuilt(newer, COUNTER)
    said = [Line(id=f"x{each}", order=f"SO-{each}") for each in range(200)]

    older.receive([lines(Line(id="b"), *said)], NOON)
    older.run_to_quiescence(NOON)

    left = [each for each in said if lane_of("main", Key("order", each.order)) in older.released]
    assert older.released == LANE
    assert (pending(older), len(left) > 1) == ((1 + len(left), []), True)


@pytest.mark.parametrize("column", ["type = 'OrderWrapped'", "schema = 99"])
def test_a_message_of_a_newer_release_is_left_to_its_workers(tmp_path: Path, column: str) -> None:
    store = open_sqlite(tmp_path / "flow.db")
    machine = house(store)
    machine.careful = 1  # so that the message waits
    machine.receive([lines(Line(id="a"))], NOON)
    store._writer.execute(f"UPDATE message SET {column}")  # noqa: S608, SLF001 - as a newer release

    machine.run_to_quiescence(NOON)

    found = (queue(machine), pending(machine), machine.released)
    store.close()
    assert found == ([], (1, []), LANE)


def test_a_process_that_this_release_does_not_have_is_left_to_its_workers(store: Store) -> None:
    machine = house(store)
    machine.careful = 1
    machine.receive([lines(Line(id="a"))], NOON)
    roster = replace(machine.roster, subscribers=(LISTENER,))
    older = Machine(store=store, roster=roster)
    older.start()

    older.run_to_quiescence(NOON)

    assert (queue(older), pending(older)) == ([], (1, []))


def decide_by_rules(
    state: Counter, _received: Received[Any], rules: Rules
) -> tuple[Counter, tuple[Emission, ...]]:
    word = f"{rules.lateness.grace_minutes} {rules.digest}"
    return Counter(told=(*state.told, word)), ()


def first_digest(state: Counter) -> str:
    return state.told[0].split()[1] if state.told else ""


RULED = replace(COUNTER, decide=decide_by_rules)
PINNED = replace(RULED, pinned=first_digest)


def graces(machine: Machine) -> list[str]:
    return [each.split()[0] for each in told(machine)]


def test_a_running_case_keeps_the_rules_it_began_with(store: Store) -> None:
    first = rebuilt(house(store), PINNED)
    first.receive([lines(Line(id="a"))], NOON)

    later = rebuilt(first, PINNED, rulebook=Rulebook(today=STRICT))
    later.receive([lines(Line(id="b"), Line(id="c", order="SO-2"))], NOON)

    assert (graces(later), told(later, "SO-2")[0][0]) == (["0", "0"], "7")


def test_a_worker_goes_on_by_rules_that_were_kept_after_its_start(store: Store) -> None:
    worker = rebuilt(house(store), PINNED)
    roster = replace(worker.roster, rulebook=Rulebook(today=STRICT))
    beside = Machine(store=store, roster=roster)
    beside.start()
    beside.receive([lines(Line(id="a"))], NOON)
    beside.run_to_quiescence(NOON)

    worker.receive([lines(Line(id="b"), Line(id="c", order="SO-2"))], NOON)

    assert (graces(worker), told(worker, "SO-2")[0][0], queue(worker)) == (["7", "7"], "0", [])


def test_a_replay_knows_the_rules_that_were_kept_after_its_start(store: Store) -> None:
    door = rebuilt(house(store), PINNED)
    worker = Machine(store=store, roster=replace(door.roster, rulebook=Rulebook(today=STRICT)))
    worker.start()
    worker.receive([lines(Line(id="a"))], NOON)
    worker.run_to_quiescence(NOON)

    seen = door.preview("counter", Key("order", "SO-1"))

    assert (seen.same_state, seen.stumbles, graces(worker)) == (True, (), ["7"])


def decide_by_rates(
    state: Counter, _received: Received[Any], rules: Rules
) -> tuple[Counter, tuple[Emission, ...]]:
    rates = "/".join(each.rate for each in rules.exchange_rates) or "-"
    return Counter(told=(*state.told, f"{rates} {rules.digest}")), ()


def test_a_case_that_keeps_its_rules_knows_the_exchange_rates_of_today(store: Store) -> None:
    rated = replace(PINNED, decide=decide_by_rates)
    first = rebuilt(house(store), rated)
    first.receive([lines(Line(id="a"))], NOON)
    rate = ExchangeRate(currency="USD", into="EUR", rate="0.9235", valid_from="2026-03-01")

    later = rebuilt(first, rated, rulebook=Rulebook(today=replace(STRICT, exchange_rates=(rate,))))
    later.receive([lines(Line(id="b"))], NOON)

    name = Rules().digest
    assert told(later) == (f"- {name}", f"0.9235 {name}")


def test_a_replay_decides_by_the_rules_the_case_keeps(store: Store) -> None:
    first = rebuilt(house(store), PINNED)
    first.receive([lines(Line(id="a"), Line(id="b"))], NOON)

    later = rebuilt(first, PINNED, rulebook=Rulebook(today=STRICT))

    assert later.preview("counter", Key("order", "SO-1")).same_state


def test_a_case_that_pins_nothing_follows_today_s_rules(store: Store) -> None:
    first = rebuilt(house(store), RULED)
    first.receive([lines(Line(id="a"))], NOON)

    later = rebuilt(first, RULED, rulebook=Rulebook(today=STRICT))
    later.receive([lines(Line(id="b"))], NOON)

    assert graces(later) == ["0", "7"]


def test_the_rules_may_send_a_code_to_another_team(store: Store) -> None:
    rules = Rules(teams=(TeamRow(code="STUCK", team=Team.FINANCE),))
    machine = rebuilt(house(store), rulebook=Rulebook(today=rules))

    machine.receive([lines(Line(id="e1", reason="complain"))], NOON)

    assert queue(machine) == [("process", "STUCK", "FINANCE")]


def wanted(_state: Counter, _body: Body) -> tuple[Key, ...]:
    return (Key("wanted", "I-1"), Key("wanted", "I-2"))


def decide_by_facts(
    state: Counter, received: Received[Any], rules: Rules
) -> tuple[Counter, tuple[Emission, ...]]:
    seen = ["-" if fact.body is None else fact.body.decode() for fact in received.facts]
    _, said = COUNTER.decide(state, received, rules)
    return Counter(told=(*state.told, *seen)), said


LOOKING = replace(COUNTER, decide=decide_by_facts, facts=wanted)
ROW = '{"item":"I-1","order":"SO-1"}'


def test_a_step_looks_at_facts_as_this_very_transaction_leaves_them(store: Store) -> None:
    machine = rebuilt(house(store), LOOKING)

    machine.receive([lines(Line(id="a", reason="tell"), Line(id="b"))], NOON)

    assert told(machine) == ("-", "-", ROW, "-")


def test_the_facts_of_a_step_are_kept_with_it(store: Store) -> None:
    machine = rebuilt(house(store), LOOKING)
    machine.receive([lines(Line(id="a", reason="tell"))], NOON)

    machine.receive([lines(Line(id="b"))], NOON + timedelta(days=1))

    with store.read() as reader:
        _, second = reader.handled("main", "counter", ORDER)
    facts = msgspec.json.decode(second.facts, type=tuple[Fact, ...])
    assert [fact.body for fact in facts] == [ROW.encode(), None]
    assert machine.preview("counter", ORDER).same_state


BY_ORDER = Rows(kind="wanted", index=(("order", "SO-1"),))


def wanted_by_order(_state: Counter, _body: Body) -> tuple[Key | Rows, ...]:
    return (BY_ORDER, Key("wanted", "I-1"))


FINDING = replace(LOOKING, facts=wanted_by_order)


def waits(item: str, order: str) -> ProjectionRow:
    return ProjectionRow(
        tenant="main",
        kind="wanted",
        key=item,
        body=f"{item} for {order}".encode(),
        index=(("order", order),),
        updated_at=NOON,
    )


def test_rows_found_by_index_are_looked_at_in_order_of_keys_each_once(store: Store) -> None:
    names = [f"I-{n}" for n in range(PAGE + 1)]
    with store.write() as unit:
        unit.put_projections([*(waits(each, "SO-1") for each in names), waits("J-1", "SO-2")])
    machine = rebuilt(house(store), FINDING)

    machine.receive([lines(Line(id="a"))], NOON)

    assert told(machine) == tuple(f"{each} for SO-1" for each in sorted(names))


def test_rows_are_found_by_index_as_this_very_transaction_leaves_them(store: Store) -> None:
    with store.write() as unit:
        unit.put_projections([waits("I-0", "SO-1")])
    machine = rebuilt(house(store), FINDING)

    machine.receive([lines(Line(id="a", reason="tell"), Line(id="b"))], NOON)

    assert told(machine) == ("I-0 for SO-1", "-", "I-0 for SO-1", ROW)


def test_a_row_that_this_transaction_moves_is_found_under_its_new_index_only(store: Store) -> None:
    with store.write() as unit:
        unit.put_projections([waits("I-1", "SO-1")])
    machine = rebuilt(house(store), replace(FINDING, facts=lambda *_: (BY_ORDER,)))

    machine.receive([lines(Line(id="a", order="SO-2", reason="tell"), Line(id="b"))], NOON)

    assert (told(machine, "SO-2"), told(machine)) == (("I-1 for SO-1",), ())


def test_a_replay_looks_at_the_rows_as_they_were_then(store: Store) -> None:
    machine = rebuilt(house(store), FINDING)
    machine.receive([lines(Line(id="a"))], NOON)
    with store.write() as unit:
        unit.put_projections([waits("I-1", "SO-1"), waits("I-2", "SO-1")])

    machine.receive([lines(Line(id="b"))], NOON + timedelta(days=1))

    assert told(machine) == ("-", "I-1 for SO-1", "I-2 for SO-1")
    assert machine.preview("counter", ORDER).same_state

"""Steps: in order for each key, whole or not at all."""

from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from msgspec.structs import replace

from crossdock.faults import NotNow
from crossdock.flow.names import emitted_id
from crossdock.messages.envelope import Key
from crossdock.messages.master_data import MasterDataAwaited, MasterKind
from crossdock.messages.registry import encode
from crossdock.ports.store import OutboxStatus, Store, Unit
from tests.flow.kit import MINUTE, NOON, Line, house, lines, queue, told

ORDER = Key("order", "SO-1")


def test_messages_of_one_key_are_taken_in_order(store: Store) -> None:
    machine = house(store)
    said = [Line(id=f"e{n}", order=f"SO-{n % 3}", version=n) for n in range(1200)]

    machine.receive([lines(*said)], NOON)
    machine.run_to_quiescence(NOON)

    assert told(machine, "SO-1") == tuple(str(n) for n in range(1200) if n % 3 == 1)


def test_a_process_that_raises_parks_its_key_and_the_others_go_on(store: Store) -> None:
    machine = house(store)
    said = [Line(id="a"), Line(id="b", version=2, reason="fail"), Line(id="c", version=3)]

    machine.receive([lines(*said, Line(id="d", order="SO-2"))], NOON)

    assert (told(machine, "SO-1"), told(machine, "SO-2")) == (("1",), ("1",))
    assert queue(machine) == [("step", "STEP_FAILED", "INTEGRATION")]
    with store.read() as reader:
        assert reader.parked("main") == [("counter", ORDER)]
        waiting = [step.message.body for step in reader.unhandled("main", "counter", ORDER)]
    assert len(waiting) == 2


def test_an_event_is_shown_and_heard_in_the_transaction_that_says_it(store: Store) -> None:
    machine = house(store)

    machine.receive([lines(Line(id="e1", reason="tell"))], NOON)

    with store.read() as reader:
        shown = reader.find("main", "wanted", {"order": "SO-1"})
        pending = reader.pending()
    assert [row.body for row in shown] == [b'{"item":"I-1","order":"SO-1"}']
    assert (told(machine, "I-1", "listener"), pending) == (("MasterDataAwaited",), 0)


def test_what_a_turn_has_no_room_for_waits_for_the_next(store: Store) -> None:
    machine = house(store, batch=3)
    said = [Line(id="a", reason="tell"), Line(id="b", order="SO-2", reason="tell")]

    machine.receive([lines(*said)], NOON)
    early = (told(machine, "SO-2"), told(machine, "I-1", "listener"))
    machine.run_to_quiescence(NOON)

    assert early == (("1 tell",), ())
    assert told(machine, "I-1", "listener") == ("MasterDataAwaited",) * 2


def test_what_is_made_now_does_not_overtake_what_waits(store: Store) -> None:
    machine = house(store, batch=1)
    machine.careful = 1
    machine.receive([lines(Line(id="a"), Line(id="b", version=2))], NOON)

    machine.careful = 0
    machine.receive([lines(Line(id="c", version=3))], NOON)
    early = told(machine)
    machine.run_to_quiescence(NOON)

    assert (early, told(machine)) == (("1",), ("1", "2", "3"))


def test_what_is_said_to_a_parked_key_waits_behind_it(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="a", reason="fail"))], NOON)

    machine.receive([lines(Line(id="b", version=2), Line(id="c", order="SO-2"))], NOON)

    with store.read() as reader:
        waiting = reader.unhandled("main", "counter", ORDER)
    assert (told(machine), told(machine, "SO-2"), len(waiting)) == ((), ("1",), 2)


def test_a_message_that_was_said_before_is_heard_once(store: Store) -> None:
    machine = house(store)
    machine.careful = 1  # so that it is only taken in
    machine.receive([lines(Line(id="e1", reason="tell"))], NOON)
    said = MasterDataAwaited(kind=MasterKind.ITEM, id="I-1", order_id="SO-1")
    with store.write() as unit:
        (step,) = unit.claim(9)
        id_ = emitted_id("main", step.message.id, "counter", ORDER, 0)
        unit.append([replace(step.message, id=id_, type="MasterDataAwaited", body=encode(said))])
        heard = replace(step.row, message_id=id_, subscriber="listener", key=Key("item", "I-1"))
        unit.enqueue([heard])

    machine.careful = 0
    machine.run_to_quiescence(NOON)

    assert (told(machine), told(machine, "I-1", "listener")) == (
        ("1 tell",),
        ("MasterDataAwaited",),
    )


def test_a_command_becomes_an_effect_with_its_bytes_fixed(store: Store) -> None:
    machine = house(store)

    machine.receive([lines(Line(id="e1", reason="ask"))], NOON)

    with store.read() as reader:
        (row,) = reader.outbox_of("main", "counter", ORDER)
    assert (row.endpoint, row.verb, row.business_key, row.version) == (
        "tms",
        "tms.cancel",
        "SO-1",
        "1",
    )
    assert (row.status, row.due_at, row.owner) == (OutboxStatus.WAITING, NOON, "TRANSPORTATION")
    assert b'"path":"/SO-1/1"' in row.request


def test_the_same_effect_asked_for_twice_is_one(store: Store) -> None:
    machine = house(store)

    machine.receive([lines(Line(id="e1", reason="ask"), Line(id="e2", reason="ask"))], NOON)
    machine.receive([lines(Line(id="e3", reason="ask"))], NOON)

    with store.read() as reader:
        assert len(reader.outbox_of("main", "counter", ORDER)) == 1


def test_a_command_that_cannot_be_written_is_refused_and_shown(store: Store) -> None:
    machine = house(store)

    machine.receive([lines(Line(id="e1", reason="refuse"))], NOON)
    machine.run_to_quiescence(NOON)

    assert told(machine) == ("1 refuse", "666 REFUSED")
    assert queue(machine) == [("effect", "EFFECT_UNWRITTEN", "TRANSPORTATION")]


def test_an_effect_no_longer_wanted_is_taken_back(store: Store) -> None:
    machine = house(store)

    machine.receive(
        [lines(Line(id="e1", reason="ask"), Line(id="e2", version=2, reason="drop"))], NOON
    )

    with store.read() as reader:
        (row,) = reader.outbox_of("main", "counter", ORDER)
    assert row.status is OutboxStatus.SUPERSEDED


def test_an_effect_dropped_and_wanted_again_waits_again(store: Store) -> None:
    machine = house(store)
    said = [Line(id="e1", reason="ask"), Line(id="e2", version=2, reason="drop")]

    machine.receive([lines(*said, Line(id="e3", reason="ask"))], NOON)

    with store.read() as reader:
        (row,) = reader.outbox_of("main", "counter", ORDER)
    assert row.status is OutboxStatus.WAITING


def test_a_timer_rings_once_when_due(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1", reason="wake"))], NOON)

    early = machine.run_to_quiescence(NOON + MINUTE - timedelta(seconds=1))
    machine.run_to_quiescence(NOON + MINUTE)
    machine.run_to_quiescence(NOON + 2 * MINUTE)

    assert (early, told(machine)) == (0, ("1 wake", "woken by nap"))


def test_a_cancelled_timer_stays_quiet(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1", reason="wake"), Line(id="e2", reason="sleep"))], NOON)

    machine.run_to_quiescence(NOON + MINUTE)

    assert told(machine) == ("1 wake", "1 sleep")


def test_a_timer_set_again_rings_again(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1", reason="wake"))], NOON)
    machine.run_to_quiescence(NOON + MINUTE)

    machine.receive([lines(Line(id="e2", version=2, reason="wake"))], NOON + MINUTE)
    machine.run_to_quiescence(NOON + MINUTE)

    assert told(machine) == ("1 wake", "woken by nap", "2 wake", "woken by nap")


def test_many_due_timers_ring_in_portions(store: Store) -> None:
    machine = house(store)
    said = [Line(id=f"e{n}", order=f"SO-{n}", reason="wake") for n in range(7)]
    machine.receive([lines(*said)], NOON)

    rung = [machine.timers(NOON + MINUTE, limit=5) for _ in range(3)]

    assert [(each.rung, each.more) for each in rung] == [(5, True), (2, False), (0, False)]


def test_a_process_opens_and_closes_its_own_exception(store: Store) -> None:
    machine = house(store)

    machine.receive([lines(Line(id="e1", reason="complain"))], NOON)
    opened = queue(machine)
    machine.receive([lines(Line(id="e2", reason="cheer"))], NOON)

    assert opened == [("process", "STUCK", "TRANSPORTATION")]
    assert queue(machine) == []


def test_what_is_ignored_is_handled_and_writes_no_state(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1"))], NOON)

    machine.receive([lines(Line(id="e2", reason="ignore"))], NOON)

    with store.read() as reader:
        steps = reader.handled("main", "counter", ORDER)
        pending = reader.pending("main")
    assert ([each.revision for each in steps], pending) == ([1, 1], 0)


def test_a_state_comes_back_as_it_was(store: Store) -> None:
    before = house(store)
    before.receive([lines(Line(id="e1"))], NOON)
    before.stop()

    after = house(store)
    after.receive([lines(Line(id="e2", version=2))], NOON)

    assert told(after) == ("1", "2")


def test_how_long_messages_waited_is_measured_for_each_process(store: Store) -> None:
    machine = house(store)
    machine.careful = 1  # so that it is only taken in
    machine.receive([lines(Line(id="e1", reason="tell"))], NOON)
    machine.run_to_quiescence(NOON + MINUTE)

    value = machine.metrics.registry.get_sample_value
    sums = [
        value("crossdock_step_wait_seconds_sum", {"subscriber": name})
        for name in ("counter", "listener")
    ]
    assert sums == [60, 0]


class Fitful:
    """A store that cannot take every second transaction while it is away."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.away = False
        self.read = inner.read
        self.close = inner.close
        self._begun = 0

    def write(self) -> AbstractContextManager[Unit]:
        """Open a transaction, where it is not the second one."""
        self._begun += self.away
        if self.away and self._begun % 2 == 0:
            raise NotNow("The store's file cannot be read or written")
        return self.inner.write()


def test_a_step_whose_tries_end_because_the_store_is_away_is_not_poison(store: Store) -> None:
    fitful = Fitful(store)
    machine = house(fitful)
    machine.careful = 99
    machine.receive([lines(Line(id="e1"))], NOON)

    fitful.away = True
    for _ in range(5):
        with pytest.raises(NotNow):
            machine.turn(NOON)
    fitful.away = False
    machine.run_to_quiescence(NOON)

    assert (told(machine), queue(machine)) == (("1",), [])

"""Control numbers are taken with the effect, and are in its bytes for ever."""

from datetime import timedelta

from crossdock.flow.replayer import Mark
from crossdock.messages.acknowledgement import Environment, ExchangeEnded, ExchangeNumbered, Level
from crossdock.messages.envelope import Key
from crossdock.messages.registry import decode
from crossdock.ports import Endpoint
from crossdock.ports.store import Store
from tests.flow.kit import (
    LOST,
    NOON,
    REFUSAL,
    Line,
    NoSettings,
    answered,
    ask,
    attempt,
    effects,
    lines,
    queue,
)
from tests.flow.numbered_kit import Numbered, bytes_of, numbered_house, on_channel


def exchanges(store: Store) -> list[str]:
    """Tell what was said of exchanges, in words."""
    with store.read() as reader:
        documents = reader.documents("main")
        causes = [row.message_id for row in reader.outbox_of("main", "counter", ORDER)]
        rows = reader.messages_caused_by("main", [*causes, *(each.id for each in documents)])
    told: list[str] = []
    for row in rows:
        match decode(row.type, row.schema, row.body):
            case ExchangeNumbered(level=level, number=number, awaited=awaited):
                told.append(f"{level} {number}{' awaited' if awaited else ''}")
            case ExchangeEnded(level=level, number=number, ending=ending):
                told.append(f"{level} {number} {ending}")
            case _:
                pass
    return told


ORDER = Key("order", "SO-1")


def test_each_effect_gets_the_next_numbers_and_keeps_them(store: Store) -> None:
    machine = numbered_house(store)

    ask(machine, 1, 2)

    starts = [bytes_of(row).partition(b"{")[0] for row in effects(machine)]
    assert starts == [b"1/1 12:00 ", b"2/2 12:00 "]
    assert exchanges(store) == [
        "interchange 1",
        "group 1 awaited",
        "interchange 2",
        "group 2 awaited",
    ]


def test_a_resend_has_the_very_same_bytes(store: Store) -> None:
    machine = numbered_house(store)
    ask(machine, 1)
    (before,) = effects(machine)
    attempt(machine, NOON, LOST)

    attempt(machine, NOON + timedelta(minutes=5), answered())

    (after,) = effects(machine)
    assert (after.status, after.request) == ("applied", before.request)
    assert exchanges(store)[2:] == ["interchange 1 delivered", "group 1 delivered"]


def test_what_was_refused_is_asked_for_again_under_new_numbers(store: Store) -> None:
    machine = numbered_house(store)
    ask(machine, 1)
    attempt(machine, NOON, REFUSAL)

    machine.receive([lines(Line(id="again", version=1, reason="ask"))], NOON)

    (row,) = effects(machine)
    assert (row.status, bytes_of(row)[:4]) == ("waiting", b"2/2 ")
    assert exchanges(store)[2:4] == ["interchange 1 not_delivered", "group 1 not_delivered"]


def test_a_dropped_effect_ends_its_exchange(store: Store) -> None:
    machine = numbered_house(store)
    ask(machine, 1)

    machine.receive([lines(Line(id="drop", version=2, reason="drop"))], NOON)

    assert [row.status for row in effects(machine)] == ["superseded"]
    assert exchanges(store)[2:] == ["interchange 1 not_delivered", "group 1 not_delivered"]


def test_what_cannot_be_numbered_is_an_exception_and_takes_no_number(store: Store) -> None:
    machine = numbered_house(store)

    ask(machine, 1, order="SO-13")
    ask(machine, 1)

    assert queue(machine) == [("effect", "EFFECT_UNWRITTEN", "INTEGRATION")]
    assert [bytes_of(row)[:4] for row in effects(machine)] == [b"1/1 "]


def test_a_partners_test_way_is_not_taken_from_a_house_in_production(store: Store) -> None:
    connector = Numbered()
    way = Endpoint(
        name="tms", connector=connector, settings=NoSettings(), environment=Environment.TEST
    )
    machine = numbered_house(store, connector, endpoints={"tms": way})

    ask(machine, 1)

    with store.read() as reader:
        (trouble,) = reader.exceptions("main")
    assert (trouble.code, trouble.seen) == (
        "EFFECT_UNWRITTEN",
        {
            "house": "production",
            "envelope": "says nothing",
            "channel": "test",
            "credentials": "production",
        },
    )


def test_numbers_count_apart_for_test_and_production(store: Store) -> None:
    connector = Numbered()
    earnest = numbered_house(store, connector)
    ask(earnest, 1)
    earnest.stop()
    way = Endpoint(
        name="tms",
        connector=connector,
        settings=NoSettings(),
        environment=Environment.TEST,
        credentials=Environment.TEST,
    )
    trying = numbered_house(
        store,
        connector,
        endpoints={"tms": way},
        inbound=on_channel(earnest, Environment.TEST),
        environment=Environment.TEST,
    )

    ask(trying, 2)

    assert [bytes_of(row)[:4] for row in effects(trying)] == [b"1/1 ", b"1/1 "]


def test_a_replay_does_not_take_a_numbered_effect_for_a_changed_one(store: Store) -> None:
    machine = numbered_house(store)
    ask(machine, 1)

    preview = machine.preview("counter", ORDER)

    assert [each.mark for each in preview.effects] == [Mark.WAITING]


def test_no_level_is_awaited_that_the_partner_does_not_owe(store: Store) -> None:
    machine = numbered_house(store, Numbered(awaits=(Level.INTERCHANGE,)))

    ask(machine, 1)

    assert exchanges(store) == ["interchange 1 awaited", "group 1"]

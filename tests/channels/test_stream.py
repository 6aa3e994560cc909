"""A broker's stream, read from a real NATS server."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path

import nats
import pytest
from msgspec.structs import replace

from crossdock.channels.stream import Source
from crossdock.channels.stream.jetstream import open_stream, opened
from crossdock.faults import Fault, Misconfigured, NotNow
from tests.channels.broker import answering, broker, free_port, publishing, server
from tests.simulators.kit import call

pytestmark = pytest.mark.skipif(not server(), reason="there is no nats-server for this system")

WAIT = 5.0


def source(port: int) -> Source:
    return Source(servers=(f"nats://127.0.0.1:{port}",), stream="ORDERS", consumer="crossdock")


async def pulled_taken_and_pulled_again(folder: Path) -> list[list[bytes]]:
    port = free_port()
    async with broker(folder, port) as address, publishing(address) as partner:
        await partner.add_stream(name="ORDERS", subjects=["orders"])
        for number in range(3):
            await partner.publish("orders", b"order %d" % number)
        stream = await open_stream(source(port))
        first = await stream.pull(10, WAIT)
        await stream.taken(first)
        await stream.close()
        await partner.publish("orders", b"order 3")
        back = await open_stream(source(port))
        second = await back.pull(10, WAIT)
        await back.again(second)
        third = await back.pull(10, WAIT)
        await back.close()
    return [[each.content for each in messages] for messages in (first, second, third)]


def test_what_was_taken_never_comes_again_and_what_found_no_room_does(tmp_path: Path) -> None:
    told = asyncio.run(pulled_taken_and_pulled_again(tmp_path))

    assert told == [[b"order 0", b"order 1", b"order 2"], [b"order 3"], [b"order 3"]]


async def pulled_around_a_crash(folder: Path) -> tuple[type[Fault], list[bytes]]:
    port = free_port()
    async with broker(folder, port) as address, publishing(address) as partner:
        await partner.add_stream(name="ORDERS", subjects=["orders"])
        stream = await open_stream(source(port))
        await partner.publish("orders", b"order 0")
    with pytest.raises(NotNow) as gone:
        await stream.pull(10, WAIT)
    await stream.close()
    async with broker(folder, port):
        back = await open_stream(source(port))
        found = await back.pull(10, WAIT)
        await back.close()
    return gone.type, [each.content for each in found]


def test_a_broker_that_was_killed_gives_what_it_kept_when_it_is_back(tmp_path: Path) -> None:
    assert asyncio.run(pulled_around_a_crash(tmp_path)) == (NotNow, [b"order 0"])


async def opened_at(folder: Path, wanted: Source, port: int, *options: str) -> str:
    async with broker(folder, port, *options):
        with pytest.raises(Misconfigured) as refused:
            await open_stream(wanted)
    return refused.value.said


def test_a_stream_that_is_not_there_is_told(tmp_path: Path) -> None:
    port = free_port()

    said = asyncio.run(opened_at(tmp_path, source(port), port))

    assert said == "The broker has no such stream; make it there, or mend its name"


def test_a_token_that_does_not_hold_is_told(tmp_path: Path) -> None:
    port = free_port()
    wanted = replace(source(port), token="worn out")

    said = asyncio.run(opened_at(tmp_path, wanted, port, "--auth", "the right one"))

    assert said == "The broker does not let us in; see `credentials` and `token`"


def test_a_broker_that_is_away_is_waited_for() -> None:
    with pytest.raises(NotNow):
        asyncio.run(open_stream(source(free_port())))


@pytest.mark.parametrize(
    ("event", "held"),
    [
        (
            {"specversion": "1.0", "data": {"order": 1}},
            (b'{"order":1}', "application/json"),
        ),
        (
            {
                "specversion": "1.0",
                "datacontenttype": "text/csv",
                "data_base64": base64.b64encode(b"a;b").decode(),
            },
            (b"a;b", "text/csv"),
        ),
        (
            {"specversion": "1.0", "data_base64": "no base64"},
            (
                b'{"specversion":"1.0","data_base64":"no base64"}',
                "application/cloudevents+json",
            ),
        ),
        ({"order": 1}, (b'{"order":1}', "application/cloudevents+json")),
    ],
)
def test_a_structured_event_is_opened_and_what_is_none_comes_as_it_is(
    event: dict[str, object], held: tuple[bytes, str]
) -> None:
    assert opened(json.dumps(event, separators=(",", ":")).encode()) == held


async def told_of_flushing(folder: Path) -> tuple[bool, bool]:
    port, monitor = free_port(), free_port()
    config = folder / "nats.conf"
    config.write_text("jetstream { sync_interval: always }", "utf-8")
    async with broker(folder, port, "-c", str(config), "-m", str(monitor)) as address:
        await answering(monitor)
        seen = await asyncio.to_thread(call, "GET", f"http://127.0.0.1:{monitor}/varz")
        client = await nats.connect(address)
        told = json.dumps(client._server_info)  # noqa: SLF001 - all that a client is told at the door
        stream = await client.jetstream().add_stream(name="ORDERS", subjects=["orders"])
        account = await client.request("$JS.API.INFO", b"")
        await client.close()
    heard = f"{told} {stream.as_dict()} {account.data.decode()}"
    return seen.content["jetstream"]["config"]["sync_always"], "sync" in heard


def test_whether_a_broker_flushes_it_tells_whoever_watches_it_and_no_client(tmp_path: Path) -> None:
    assert asyncio.run(told_of_flushing(tmp_path)) == (True, False)

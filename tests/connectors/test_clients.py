"""Clients send the stored bytes once, under our key, and can ask what became of it."""

import asyncio
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from crossdock.connectors import FolderConnector, discover
from crossdock.connectors.system_api.calls import address
from crossdock.connectors.system_api.settings import SystemApiSettings
from crossdock.faults import Refused
from crossdock.messages.order_release import CancelPlan, WriteTransportReference
from crossdock.ports import Answer, Call, Exchange, Request, Stage
from crossdock.ports.settings import Described, PartnerSettings, Secret, described

KEY = "NBSWY3DPEB3W64TMMQ"
REFERENCE = WriteTransportReference(
    order_id="SO-1",
    order_version=1,
    shipment_id="SH-9",
    load_id="LD-3",
    carrier_scac="ROAD",
    revision=1,
)


class Wire:
    """A transport that keeps what it was asked and answers with one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        """Take the answer to give."""
        self.calls: list[Call] = []
        self.given = exchange

    async def exchange(self, call: Call) -> Exchange:
        """Keep the call."""
        self.calls.append(call)
        return self.given


def tms() -> tuple[FolderConnector, PartnerSettings, Request]:
    connector = discover()["reference_tms"]
    assert isinstance(connector, FolderConnector)
    settings = msgspec.convert(
        {"base_url": "https://tms.example.com/v1/", "token": "t0ken"}, connector.settings
    )
    assert isinstance(settings, PartnerSettings)
    request = connector.write(CancelPlan(order_id="SO 1", order_version=2), settings)
    return connector, settings, msgspec.structs.replace(request, correlation_id="order/SO 1")


def test_a_request_goes_out_once_with_key_token_and_correlation() -> None:
    connector, settings, request = tms()
    wire = Wire(Exchange(stage=Stage.ANSWERED, status=202))

    exchange = asyncio.run(connector.send(request, KEY, settings, wire))

    assert exchange == wire.given
    assert wire.calls == [
        Call(
            method="POST",
            url="https://tms.example.com/v1/shipment-requests/SO%201/cancellations",
            headers={
                "Accept": "application/json",
                "Idempotency-Key": KEY,
                "Authorization": "Bearer t0ken",
                "X-Correlation-Id": "order/SO 1",
                "Content-Type": "application/json",
            },
            body=b'{"order_version":2,"reason":""}',
            deadline_seconds=20,
        )
    ]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
@example("SO-1")
@example("../SO 1")
@example("Bürgerstraße/7%")
def test_a_number_stays_one_step_of_an_address_and_is_read_back(number: str) -> None:
    assume(number not in {".", ".."})

    written = address("orders", number)

    empty, orders, step = written.split("/")
    assert (empty, orders, unquote(step)) == ("", "orders", number)
    assert written.isascii()
    assert set("?#&= ").isdisjoint(written)


@pytest.mark.parametrize("number", ["", ".", ".."])
def test_a_number_that_leads_elsewhere_is_refused(number: str) -> None:
    with pytest.raises(Refused, match="cannot stand in an address"):
        address("orders", number)


def test_a_look_up_asks_by_our_key() -> None:
    connector, settings, request = tms()
    wire = Wire(Exchange(stage=Stage.NO_ANSWER, said="gone"))

    exchange = asyncio.run(connector.look_up(request, KEY, settings, wire))

    assert exchange == wire.given
    assert [(each.method, each.url, each.body) for each in wire.calls] == [
        ("GET", f"https://tms.example.com/v1/effects/{KEY}", b"")
    ]


def test_settings_show_themselves_without_their_secrets() -> None:
    _, settings, _ = tms()

    assert repr(settings) == (
        "Settings(base_url='https://tms.example.com/v1/', token=***, partner='', time_zone='')"
    )


def test_settings_describe_their_secrets() -> None:
    (token,) = (each for each in described(SystemApiSettings) if each.secret)

    assert token == Described(
        name="token",
        purpose="Bearer token that the partner gave us.",
        example="${file:secrets/token}",
        secret=True,
        required=False,
    )
    assert SystemApiSettings(base_url="x", token=Secret("y")).token == "y"


NOTHING = Wire(Exchange(stage=Stage.NOT_SENT))


def files(folder: Path) -> tuple[FolderConnector, PartnerSettings, Request]:
    connector = discover()["csv_orders"]
    assert isinstance(connector, FolderConnector)
    settings = msgspec.convert({"outbox_dir": str(folder)}, connector.settings)
    assert isinstance(settings, PartnerSettings)
    return connector, settings, connector.write(REFERENCE, settings)


def test_a_reference_becomes_a_file_named_by_our_key(tmp_path: Path) -> None:
    connector, settings, request = files(tmp_path)

    for _ in range(2):
        exchange = asyncio.run(connector.send(request, KEY, settings, NOTHING))

    name = f"reference-{KEY.lower()}.csv"
    assert connector.answer(request.operation, exchange) == Answer(understood=True, document=name)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(name, request.body)]


def test_a_file_can_be_looked_up(tmp_path: Path) -> None:
    connector, settings, request = files(tmp_path)
    answers = []
    for _ in range(2):
        found = asyncio.run(connector.look_up(request, KEY, settings, NOTHING))
        answers.append(connector.answer(request.operation, found))
        asyncio.run(connector.send(request, KEY, settings, NOTHING))

    assert answers == [
        Answer(understood=True, found=False),
        Answer(understood=True, found=True, document=f"reference-{KEY.lower()}.csv"),
    ]


def test_a_file_that_says_something_else_is_not_ours(tmp_path: Path) -> None:
    connector, settings, request = files(tmp_path)
    (tmp_path / f"reference-{KEY.lower()}.csv").write_bytes(b"half")

    found = asyncio.run(connector.look_up(request, KEY, settings, NOTHING))

    assert connector.answer(request.operation, found) == Answer(understood=True, found=False)


def test_without_the_folder_nothing_was_sent(tmp_path: Path) -> None:
    connector, settings, request = files(tmp_path / "gone")

    exchange = asyncio.run(connector.send(request, KEY, settings, NOTHING))

    assert exchange.stage is Stage.NOT_SENT
    assert not connector.answer(request.operation, exchange).understood

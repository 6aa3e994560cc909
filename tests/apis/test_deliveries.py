"""A partner delivers documents, and hears what became of them."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from crossdock.apis.intake import Caller
from crossdock.apis.system.v1.deliveries import Deliveries
from crossdock.faults import NotNow
from crossdock.flow.reading import Arrival
from crossdock.flow.receiver import Receipt
from crossdock.flow.shell import Busy
from crossdock.messages.acknowledgement import Environment
from crossdock.ports.store import DocumentStatus, StoreFull
from tests.apis.asgi import Heard, call

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
ORDERS = "/system/v1/partners/erp/orders"


class Ledger:
    """An intake that writes down what it took."""

    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt
        self.taken: list[Arrival] = []

    async def take(self, arrival: Arrival) -> Receipt:
        """Write it down."""
        self.taken.append(arrival)
        return self.receipt


class OutOfSpace:
    """An intake whose store's disk is full."""

    async def take(self, _arrival: Arrival) -> Receipt:
        """Turn it away."""
        raise StoreFull("The store's disk is full")


class Away:
    """An intake whose store cannot be reached."""

    async def take(self, _arrival: Arrival) -> Receipt:
        """Turn it away."""
        raise NotNow("The database has ended the connection")


class Full:
    """An intake without room."""

    async def take(self, arrival: Arrival) -> Receipt:
        """Turn it away."""
        raise Busy("Too much is waiting to be stored", retry_after=2.5, partner=arrival.partner)


def marked(
    secrets: tuple[str, ...], headers: Mapping[str, str], body: bytes, now: datetime
) -> bool:
    """A signature anybody can check: the secret, the body's length and the hour."""
    return headers.get("webhook-signature") in {f"{each}/{len(body)}/{now:%H}" for each in secrets}


CALLERS = {
    "erp": Caller(name="erp", documents=frozenset({"orders", "master_data"}), body_max_bytes=20),
    "tms": Caller(name="tms", documents=frozenset({"plans"}), webhook_secrets=("old", "new")),
    "edi": Caller(
        name="edi",
        documents=frozenset({"interchange"}),
        webhook_secrets=("live",),
        test_webhook_secrets=("try",),
        answers_in_response=True,
    ),
}
RECEIPT = Receipt(
    document_id="d-1", accepted=2, duplicates=1, conflicts=0, status=DocumentStatus.TRANSLATED
)
UNREADABLE = Receipt(
    document_id="d-2", accepted=0, duplicates=0, conflicts=0, status=DocumentStatus.UNREADABLE
)


def door(intake: Ledger | Full | OutOfSpace | Away) -> Deliveries:
    return Deliveries("main", CALLERS, intake, marked, lambda: NOON)


def problem(heard: Heard) -> tuple[int, str, str, str]:
    told = heard.json
    assert told["type"].startswith("/problems/")
    return heard.status, heard.headers["content-type"], told["title"], told["detail"]


def test_a_document_is_answered_with_what_was_new_in_it() -> None:
    ledger = Ledger(RECEIPT)

    heard = call(
        door(ledger), "POST", ORDERS, body=[b"[1,", b"2]"], headers={"Content-Type": "text/json"}
    )

    assert ledger.taken == [
        Arrival(
            tenant="main",
            partner="erp",
            document="orders",
            content=b"[1,2]",
            content_type="text/json",
        )
    ]
    assert (heard.status, heard.json) == (
        202,
        {"document_id": "d-1", "accepted": 2, "duplicates": 1, "conflicts": 0},
    )


def test_bytes_nobody_can_read_are_stored_and_said_to_be_so() -> None:
    ledger = Ledger(UNREADABLE)

    heard = call(door(ledger), "POST", ORDERS, body=b"<html>")

    assert (heard.status, heard.json["unreadable"], len(ledger.taken)) == (202, True, 1)


INTERCHANGE = "/system/v1/partners/edi/interchange"


@pytest.mark.parametrize(
    ("secret", "credentials"), [("live", Environment.PRODUCTION), ("try", Environment.TEST)]
)
def test_a_signature_tells_for_which_side_the_credentials_are(
    secret: str, credentials: Environment
) -> None:
    ledger = Ledger(RECEIPT)

    call(
        door(ledger),
        "POST",
        INTERCHANGE,
        body=b"[]",
        headers={"webhook-signature": f"{secret}/2/12"},
    )

    assert [(each.credentials, each.in_response) for each in ledger.taken] == [(credentials, True)]


def test_an_answer_that_is_owed_rides_in_the_response() -> None:
    ledger = Ledger(replace(RECEIPT, answer=b"ISA*"))
    headers = {"webhook-signature": "live/2/12", "Content-Type": "application/edi-x12"}

    heard = call(door(ledger), "POST", INTERCHANGE, body=b"[]", headers=headers)

    assert (heard.status, heard.body, heard.headers["content-type"]) == (
        200,
        b"ISA*",
        "application/edi-x12",
    )


@pytest.mark.parametrize("secret", ["old", "new"])
def test_a_delivery_signed_with_either_secret_is_taken(secret: str) -> None:
    ledger = Ledger(RECEIPT)

    heard = call(
        door(ledger),
        "POST",
        "/system/v1/partners/tms/plans",
        body=b"[]",
        headers={"webhook-signature": f"{secret}/2/12"},
    )

    assert (heard.status, len(ledger.taken)) == (202, 1)


@pytest.mark.parametrize("signature", ["", "old/3/12", "older/2/12", "old/2/11"])
def test_a_delivery_signed_otherwise_is_not_stored(signature: str) -> None:
    ledger = Ledger(RECEIPT)

    heard = call(
        door(ledger),
        "POST",
        "/system/v1/partners/tms/plans",
        body=b"[]",
        headers={"webhook-signature": signature},
    )

    assert (heard.status, heard.json["title"], ledger.taken) == (401, "The caller is not known", [])


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("/system/v1/partners/wms/orders", "No partner is called `wms` here"),
        (
            "/system/v1/partners/erp/invoices",
            "`erp` delivers no document `invoices`; known: master_data, orders",
        ),
    ],
)
def test_an_address_nobody_has_is_not_found(url: str, detail: str) -> None:
    heard = call(door(Ledger(RECEIPT)), "POST", url)

    assert problem(heard) == (404, "application/problem+json", "There is nothing here", detail)


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "21"}])
def test_a_document_larger_than_agreed_is_sent_back(headers: dict[str, str]) -> None:
    ledger = Ledger(RECEIPT)

    heard = call(door(ledger), "POST", ORDERS, body=[b"x" * 20, b"x"], headers=headers)

    assert problem(heard)[0:4:3] == (413, "At most 20 bytes at once are agreed")
    assert ledger.taken == []


def test_whoever_comes_when_there_is_no_room_hears_when_to_come_again() -> None:
    heard = call(door(Full()), "POST", ORDERS, body=b"[]")

    assert problem(heard)[0:4:3] == (429, "Too much is waiting to be stored")
    assert heard.headers["retry-after"] == "3"


def test_a_full_disk_turns_deliveries_away_and_says_when_to_come_again() -> None:
    heard = call(door(OutOfSpace()), "POST", ORDERS, body=b"[]")

    assert problem(heard) == (
        507,
        "application/problem+json",
        "The store has no room for more",
        "The store's disk is full",
    )
    assert heard.headers["retry-after"] == "30"


def test_while_the_store_is_away_deliveries_hear_when_to_come_again() -> None:
    heard = call(door(Away()), "POST", ORDERS, body=b"[]")

    assert problem(heard) == (
        503,
        "application/problem+json",
        "Not ready to serve",
        "The database has ended the connection",
    )
    assert heard.headers["retry-after"] == "5"


def test_reading_where_documents_are_delivered_is_not_allowed() -> None:
    heard = call(door(Ledger(RECEIPT)), "GET", ORDERS)

    assert (heard.status, heard.headers["allow"]) == (405, "POST")

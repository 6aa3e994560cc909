"""The doorkeeper: who comes in at a full door, what the others hear, and what a look can tell."""

from __future__ import annotations

import pytest

from crossdock.apis.door import Door
from crossdock.apis.doorkeeper import Doorkeeper, is_whole, may_stay

LINE = b"POST /system/v1/partners/erp/orders HTTP/1.1\r\n"
DELIVERY = LINE + b"Content-Length: 2\r\n\r\n{}"
PAGE = b"GET /livez HTTP/1.1\r\n\r\n"
COMMAND = b"POST /process/v1/exceptions HTTP/1.1\r\nContent-Length: 0\r\n\r\n"


async def nobody(_scope: object, _receive: object, _send: object) -> None:
    """Answer nothing."""


def test_at_a_full_door_all_come_in_but_deliveries() -> None:
    keeper = Doorkeeper(Door(nobody, most=0))

    assert [keeper.lets_in(each) for each in (DELIVERY, PAGE, COMMAND)] == [False, True, True]


def test_a_place_is_kept_for_whoever_was_let_in_until_it_is_seated() -> None:
    keeper = Doorkeeper(Door(nobody, most=2))
    heard = [keeper.lets_in(each) for each in (DELIVERY, PAGE, DELIVERY, DELIVERY)]
    keeper.seated(PAGE)
    heard.append(keeper.lets_in(DELIVERY))
    keeper.seated(DELIVERY)
    heard.append(keeper.lets_in(DELIVERY))

    assert heard == [True, True, True, False, False, True]


@pytest.mark.parametrize(("closes", "last"), [(True, [b"Connection: close"]), (False, [])])
def test_a_refusal_is_what_the_door_says(closes: bool, last: list[bytes]) -> None:  # noqa: FBT001 - a case of the story
    door = Door(nobody, most=0)
    said = Doorkeeper(door, wall=lambda: 1.5).refusal(closes=closes)
    head, _, body = said.partition(b"\r\n\r\n")

    assert body == door.refusal().body
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 429 Too Many Requests",
        b"Date: Thu, 01 Jan 1970 00:00:01 GMT",
        b"Content-Type: application/problem+json",
        b"Retry-After: 1",
        b"Content-Length: %d" % len(body),
        *last,
    ]


@pytest.mark.parametrize(
    "said",
    [
        DELIVERY[:-1],
        DELIVERY + b"x",
        DELIVERY + DELIVERY,
        LINE + b"Content-Le",
        LINE + b"\r\n",
        LINE + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        LINE + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
        LINE + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        LINE + b"Content-Length: 2\r\ncontent-length : 7\r\n\r\n{}",
        LINE + b"Content-Length: +2\r\n\r\n{}",
        LINE + b"Content-Length: 2, 2\r\n\r\n{}",
        LINE + b"X-Note: a\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_what_may_have_another_end_is_not_whole(said: bytes) -> None:
    assert not is_whole(said)


@pytest.mark.parametrize(
    "said", [DELIVERY, DELIVERY.replace(b"Content-Length: 2", b"content-length:\t2 ")]
)
def test_a_request_that_ends_where_it_says_is_whole(said: bytes) -> None:
    assert is_whole(said)


@pytest.mark.parametrize(
    ("said", "stays"),
    [
        (DELIVERY, True),
        (LINE + b"Connection: keep-alive\r\n\r\n", True),
        (LINE + b"Connection: TE, Close\r\n\r\n", False),
        (DELIVERY.replace(b"HTTP/1.1", b"HTTP/1.0"), False),
    ],
)
def test_a_connection_stays_where_both_speak_so(said: bytes, stays: bool) -> None:  # noqa: FBT001 - a case of the story
    assert may_stay(said) is stays

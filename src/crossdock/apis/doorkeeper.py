"""The doorkeeper: where the door is full, a delivery is turned away by its first bytes.

It is asked before a request is read. What a refusal costs is taken from those who are inside:
reading a request and making a task of it is a third of what storing a delivery takes, and at five
times the load there are four refusals for each delivery that is stored. Only a request that came
whole, or that ends its connection, can be answered so; the door itself turns the others away.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from crossdock.apis import problems
from crossdock.apis.door import Door
from crossdock.apis.http import Reply
from crossdock.apis.problems import as_problem
from crossdock.apis.system.v1.deliveries import PREFIX

DELIVERY = f"POST {PREFIX}".encode()
HEAD_ENDS = b"\r\n\r\n"
TOO_LATE = as_problem(problems.TOO_SLOW, "The rest of this request was waited for in vain")
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n")


class Doorkeeper:
    """Says who comes in, by what they say first; `wall` tells the seconds since 1970."""

    def __init__(self, door: Door, wall: Callable[[], float] = time.time) -> None:
        """Stand at a door."""
        self._door = door
        self._wall = wall

    def lets_in(self, said: bytes) -> bool:
        """Tell whether a request that begins so may come in.

        A delivery that may has a place kept for it, until it is `seated`.
        """
        if not said.startswith(DELIVERY):
            return True
        if self._door.is_full:
            return False
        self._door.keep_place()
        return True

    def seated(self, said: bytes) -> None:
        """Keep no place any more for one that was let in: it has taken it, or never will."""
        if said.startswith(DELIVERY):
            self._door.keep_no_place()

    def refusal(self, *, closes: bool) -> bytes:
        """Write what is said to one that is turned away, and whether its connection ends."""
        return _written(self._door.refusal(), int(self._wall()), closes=closes)

    def farewell(self) -> bytes:
        """Write what is said to one whose request did not come in time."""
        return _written(TOO_LATE, int(self._wall()), closes=True)


@lru_cache(maxsize=64)
def _written(reply: Reply, second: int, *, closes: bool) -> bytes:
    """Write a reply as of a second (RFC 9110, section 6.6.1; RFC 9112, section 9.6)."""
    headers = (
        ("Date", formatdate(second, usegmt=True)),
        ("Content-Type", reply.content_type),
        *reply.headers,
        ("Content-Length", str(len(reply.body))),
        *((("Connection", "close"),) if closes else ()),
    )
    status = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"
    lines = (status, *(f"{name}: {text}" for name, text in headers), "", "")
    return "\r\n".join(lines).encode("latin-1") + reply.body


def is_whole(said: bytes) -> bool:
    """Tell whether these bytes are one request to its end, and nothing beyond.

    False where that takes more than a look (RFC 9112, section 6.3): whoever reads in earnest must
    never see another end.
    """
    end = said.find(HEAD_ENDS)
    head = said[: end + 2].lower()
    length = LENGTH.search(head)
    return (
        end > 0
        and length is not None
        and head.count(b"content-length") == 1
        and b"transfer-encoding" not in head
        and int(length[1]) == len(said) - end - len(HEAD_ENDS)
    )


def may_stay(said: bytes) -> bool:
    """Tell whether a request lets its connection stay open (RFC 9112, section 9.3)."""
    line, _, headers = said[: said.find(HEAD_ENDS)].partition(b"\r\n")
    return line.endswith(b" HTTP/1.1") and b"close" not in headers.lower()

"""Requests and answers without a framework: what every route of the house is written against.

`apis.server` alone turns these into a web framework's words.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.cookies import SimpleCookie
from typing import Any, ParamSpec, TypeVar

import msgspec
from msgspec import Struct

JSON = "application/json"
HTML = "text/html"
PROBLEM = "application/problem+json"

P = ParamSpec("P")
T = TypeVar("T")

_encoder = msgspec.json.Encoder(order="deterministic")

NO_HEADERS: Mapping[str, str] = {}


class Ask(Struct, frozen=True, kw_only=True):
    """One request. Header names are lower case; `path` has the values of the route's names."""

    method: str
    url: str
    path: Mapping[str, str] = NO_HEADERS
    query: Mapping[str, str] = NO_HEADERS
    headers: Mapping[str, str] = NO_HEADERS
    body: bytes = b""
    client: str = ""  # the caller's address; empty where there is none (tests, a pipe)

    def cookie(self, name: str) -> str:
        """Read a cookie; empty where there is none."""
        found = SimpleCookie(self.headers.get("cookie", "")).get(name)
        return found.value if found else ""


class Reply(Struct, frozen=True, kw_only=True):
    """One answer, complete."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


# A plain function may wait for the store: it runs in a thread. What is awaited never does.
Answering = Callable[[Ask], Reply] | Callable[[Ask], Awaitable[Reply]]


class Route(Struct, frozen=True, kw_only=True):
    """A path and what answers it: `{name}` stands for one segment, `{name...}` for the rest.

    `method` is GET (which answers HEAD as well) or POST.
    """

    method: str
    path: str
    answer: Answering


READERS_MAX = 8  # that read the store at once; others wait for their turn
_readers = ThreadPoolExecutor(READERS_MAX, thread_name_prefix="crossdock-reader")


async def aside(call: Callable[P, T], *asked: P.args, **named: P.kwargs) -> T:
    """Run what may wait for the store beside the event loop, on which deliveries come in."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_readers, partial(call, *asked, **named))


async def reply_to(ask: Ask, answer: Answering) -> Reply:
    """Answer a request."""
    if inspect.iscoroutinefunction(answer):
        awaited: Reply = await answer(ask)
        return awaited
    plain: Callable[[Ask], Any] = answer
    told: Reply = await aside(plain, ask)
    return told


def as_json(
    value: object, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> Reply:
    """Answer with a value as JSON."""
    return Reply(status=status, body=_encoder.encode(value), headers=headers)


def as_page(text: str, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """Answer with a page that may load nothing from anywhere else, and run nothing."""
    return Reply(
        status=status, body=text.encode(), content_type=HTML, headers=(*PAGE_HEADERS, *headers)
    )


def go_to(url: str, *, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """Send a browser on after a form was taken (303 See Other)."""
    return Reply(status=303, headers=(("Location", url), *headers), content_type=HTML)


PAGE_HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cache-Control", "private, no-cache"),
)


def unchanged(ask: Ask, tag: str) -> bool:
    """Tell whether the caller has this very version (If-None-Match, RFC 9110 section 13.1.2)."""
    known = [
        each.strip().removeprefix("W/") for each in ask.headers.get("if-none-match", "").split(",")
    ]
    return tag.removeprefix("W/") in known or "*" in known


def json_text(value: Any) -> str:
    """Write a value as the JSON the APIs answer with."""
    return _encoder.encode(value).decode()

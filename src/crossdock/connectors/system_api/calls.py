"""Requests to a partner that speaks the published system API: authorised, keyed, and once."""

from __future__ import annotations

import re
from urllib.parse import quote

from crossdock.connectors.system_api.settings import SystemApiSettings
from crossdock.faults import Refused
from crossdock.ports import Call, Request

# RFC 3986, section 2.3: what is never quoted. Most numbers are no more than that.
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)


def address(*steps: str) -> str:
    """Write a path; each step is quoted whole, so that a slash in a number stays in it.

    Raises Refused for a step that would lead elsewhere in any address.
    """
    if bad := [step for step in steps if step in {"", ".", ".."}]:
        raise Refused("This number cannot stand in an address", number=repr(bad[0]))
    return "".join([f"/{_quoted(step)}" for step in steps])


def _quoted(step: str) -> str:
    return step if _UNRESERVED.fullmatch(step) else quote(step, safe="")


def request_call(
    request: Request, key: str, settings: SystemApiSettings, deadline_seconds: float
) -> Call:
    """Write the HTTP call of a stored request: the same bytes and key at every attempt."""
    headers = _headers(key, settings, request) | {"Content-Type": request.content_type}
    return Call(
        method=request.method,
        url=settings.base_url.rstrip("/") + request.path,
        headers=headers,
        body=request.body,
        deadline_seconds=deadline_seconds,
    )


def look_up_call(
    request: Request, key: str, settings: SystemApiSettings, deadline_seconds: float
) -> Call:
    """Write the HTTP call that asks what became of a key."""
    return Call(
        method="GET",
        url=settings.base_url.rstrip("/") + address("effects", key),
        headers=_headers(key, settings, request),
        body=b"",
        deadline_seconds=deadline_seconds,
    )


def _headers(key: str, settings: SystemApiSettings, request: Request) -> dict[str, str]:
    headers = {"Accept": "application/json", "Idempotency-Key": key}
    if settings.token:
        headers["Authorization"] = f"Bearer {settings.token}"
    if request.correlation_id:
        headers["X-Correlation-Id"] = request.correlation_id
    return headers

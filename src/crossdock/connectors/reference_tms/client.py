"""Calls to the TMS: the stored bytes, our address book, one attempt."""

from __future__ import annotations

from crossdock.connectors.reference_tms.settings import Settings
from crossdock.connectors.system_api.calls import look_up_call, request_call
from crossdock.ports import Exchange, Request, Transport


async def send(
    request: Request, key: str, settings: Settings, via: Transport, *, deadline_seconds: float
) -> Exchange:
    """Send the request once, under our key."""
    return await via.exchange(request_call(request, key, settings, deadline_seconds))


async def look_up(
    request: Request, key: str, settings: Settings, via: Transport, *, deadline_seconds: float
) -> Exchange:
    """Ask what became of the request with this key."""
    return await via.exchange(look_up_call(request, key, settings, deadline_seconds))

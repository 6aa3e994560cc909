"""Interchanges on their way: posted to the partner's address, or written into its folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

from crossdock.channels.file_drop import write_file
from crossdock.connectors.x12_carrier.settings import Settings
from crossdock.ports import Call, Exchange, Request, Stage, Transport

CREATED = 201
ABSENT = 404


async def send(
    request: Request, key: str, settings: Settings, via: Transport, *, deadline_seconds: float
) -> Exchange:
    """Send the stored bytes once: to the address where there is one, else as a file."""
    if settings.base_url:
        return await via.exchange(_call(request, key, settings, deadline_seconds))
    name = f"{request.operation}-{key.rstrip('=').lower()}.x12"
    try:
        await asyncio.to_thread(write_file, Path(settings.outbox_dir), name, request.body)
    except OSError as error:
        return Exchange(stage=Stage.NOT_SENT, said=f"{type(error).__name__}: {error}")
    return Exchange(stage=Stage.ANSWERED, status=CREATED, body=name.encode())


async def look_up(
    request: Request, key: str, settings: Settings, via: Transport, *, deadline_seconds: float
) -> Exchange:
    """Say that nobody can be asked: the same interchange is sent again instead."""
    del request, key, settings, via, deadline_seconds
    return Exchange(stage=Stage.ANSWERED, status=ABSENT)


def _call(request: Request, key: str, settings: Settings, deadline_seconds: float) -> Call:
    headers = {"Content-Type": request.content_type, "Idempotency-Key": key}
    if settings.token:
        headers["Authorization"] = f"Bearer {settings.token}"
    if request.correlation_id:
        headers["X-Correlation-Id"] = request.correlation_id
    return Call(
        method=request.method,
        url=settings.base_url.rstrip("/") + request.path,
        headers=headers,
        body=request.body,
        deadline_seconds=deadline_seconds,
    )

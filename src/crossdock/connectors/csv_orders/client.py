"""Files for the ERP, written whole or not at all."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from crossdock.channels.file_drop import write_file
from crossdock.connectors.csv_orders.outbound import ABSENT, CREATED, FOUND, Written
from crossdock.connectors.csv_orders.settings import Settings
from crossdock.ports import Exchange, Request, Stage, Transport


async def send(
    request: Request, key: str, settings: Settings, _via: Transport, *, deadline_seconds: float
) -> Exchange:
    """Write the file; its name is made of our key."""
    del deadline_seconds  # a thread that writes cannot be stopped; the disk has its own limits
    name = file_name(request, key)
    try:
        await asyncio.to_thread(write_file, Path(settings.outbox_dir), name, request.body)
    except OSError as error:
        return Exchange(stage=Stage.NOT_SENT, said=f"{type(error).__name__}: {error}")
    return _answered(CREATED, name)


async def look_up(
    request: Request, key: str, settings: Settings, _via: Transport, *, deadline_seconds: float
) -> Exchange:
    """Look whether the file is there and whole; the ERP may have fetched it since."""
    del deadline_seconds
    name = file_name(request, key)
    try:
        content = await asyncio.to_thread((Path(settings.outbox_dir) / name).read_bytes)
    except FileNotFoundError:
        return _answered(ABSENT, "")
    except OSError as error:
        return Exchange(stage=Stage.NO_ANSWER, said=f"{type(error).__name__}: {error}")
    return _answered(FOUND, name) if content == request.body else _answered(ABSENT, "")


def file_name(request: Request, key: str) -> str:
    """Name the file: what it is, and our key."""
    return f"{request.path}-{key.rstrip('=').lower()}.csv"


def _answered(status: int, name: str) -> Exchange:
    body = msgspec.json.encode(Written(document_id=name))
    return Exchange(stage=Stage.ANSWERED, status=status, body=body)

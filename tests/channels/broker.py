"""A real NATS server with JetStream, from its wheel, as long as a story needs one."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats
from nats.js import JetStreamContext

from crossdock.cli.demonstration.stage import free_ports

START_SECONDS = 20.0


def server() -> str:
    """Find the server; empty where the wheel has none for this system."""
    return shutil.which("nats-server", path=str(Path(sys.executable).parent)) or ""


@asynccontextmanager
async def broker(folder: Path, port: int, *options: str) -> AsyncIterator[str]:
    """Serve on this port, keeping streams in this folder; give the address."""
    command = [server(), "-js", "-sd", str(folder), "-a", "127.0.0.1", "-p", str(port), *options]
    with (folder / "nats.log").open("ab") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: ASYNC220 - begins at once
    try:
        await answering(port)
        yield f"nats://127.0.0.1:{port}"
    finally:
        running.kill()
        running.wait()


async def answering(port: int) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


@asynccontextmanager
async def publishing(address: str) -> AsyncIterator[JetStreamContext]:
    """Open a connection of the other side."""
    client = await nats.connect(address)
    try:
        yield client.jetstream()
    finally:
        await client.close()


def free_port() -> int:
    """Find a port on the loopback that nobody listens on."""
    return free_ports(1)[0]

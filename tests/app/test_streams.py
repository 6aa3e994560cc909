"""Orders over a broker, taken in by a running crossdock that is killed on the way."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from nats.js import JetStreamContext

from crossdock.store.sqlite import open_reader
from tests.channels.broker import broker, free_port, publishing, server
from tests.cli.test_running_house import wait_for

pytestmark = pytest.mark.skipif(not server(), reason="there is no nats-server for this system")

ORDERS = 60
PATIENCE_SECONDS = 60.0
CONFIG = """
[server]
port = {web}
[[partners]]
name = "erp"
connector = "reference_erp"
[partners.settings]
base_url = "http://127.0.0.1:9"
[[streams]]
partner = "erp"
document = "orders"
servers = ["nats://127.0.0.1:{broker}"]
stream = "ORDERS"
"""


def released(number: int) -> bytes:
    """Write an order as the published contract has it; the same number is the same event."""
    place = {"location_id": "P-1", "name": "Northgate", "country": "DE", "city": "Berlin"}
    order = {
        "order_id": f"SO-{number}",
        "version": 1,
        "customer_id": "C-1",
        "ship_from": {"location_id": "DC-1", "country": "DE", "city": "Hamburg"},
        "ship_to": place | {"postal_code": "10115", "time_zone": "Europe/Berlin"},
        "requested_delivery": "2026-03-30",
        "lines": [{"line_id": "10", "item_id": "IT-1", "quantity": "3", "unit": "EA"}],
    }
    event = {
        "event_id": f"E-{number}",
        "event_type": "order.released",
        "occurred_at": "2026-03-27T06:00:00Z",
        "order": order,
    }
    return json.dumps(event).encode()


def up(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "crossdock.cli", "up", "--config", "crossdock.toml"]
    with (folder / "up.log").open("ab") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)


def known(folder: Path) -> Counter[str]:
    """Count the orders that crossdock keeps, by their number."""
    with open_reader(folder / "crossdock.db").read() as reader:
        cases = reader.list_processes("main", "order_release", None, "", 10 * ORDERS)
        counted = reader.count_messages("main")
    return Counter(each.key.id for each in cases) + Counter(all=counted.get("OrderReleased", 0))


async def until(folder: Path, orders: int) -> None:
    """Wait until so many orders are on disk."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        count = 0
        while count < orders:
            await asyncio.sleep(0.1)
            count = known(folder)["all"]


async def day(folder: Path) -> Counter[str]:
    """Publish orders, some of them twice; kill crossdock after the first, and start it again."""
    port = free_port()
    web = free_port()
    config = CONFIG.format(web=web, broker=port)
    (folder / "crossdock.toml").write_text(config, "utf-8")
    async with broker(folder, port) as address, publishing(address) as erp:
        await erp.add_stream(name="ORDERS", subjects=["orders"])
        first = up(folder)
        for number in range(ORDERS):
            await erp.publish("orders", released(number))
            if number % 7 == 0:
                await erp.publish("orders", released(number))
        await asyncio.to_thread(wait_for, f"http://127.0.0.1:{web}/readyz")
        await until(folder, 1)
        first.send_signal(signal.SIGKILL)
        first.wait()
        second = up(folder)
        try:
            await until(folder, ORDERS)
            await drained(erp)
        finally:
            second.terminate()
            second.wait()
    return known(folder)


async def drained(erp: JetStreamContext) -> None:
    """Wait until the broker has nothing more to bring, and waits to hear of nothing."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            told = await erp.consumer_info("ORDERS", "crossdock")
            if not told.num_pending and not told.num_ack_pending:
                return
            await asyncio.sleep(0.2)


def test_each_order_of_a_stream_is_taken_once_though_crossdock_was_killed(tmp_path: Path) -> None:
    told = asyncio.run(day(tmp_path))

    assert told == Counter({f"SO-{number}": 1 for number in range(ORDERS)} | {"all": ORDERS})

"""A house with named operators, a ledger that says yes, and one load whose bill is too high."""

from __future__ import annotations

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct

PERSONS = ("ann", "ben")
BOOT_SECONDS = 30.0
LOOK_SECONDS = 20.0
PLACE = {"country": "DE", "city": "Ulm", "postal_code": "89073", "time_zone": "Europe/Berlin"}
BILLED = {"LINEHAUL": "602.19", "FUEL": "57.21"}
OFFERED = {"LINEHAUL": "500.00", "FUEL": "57.21"}


class Books(http.server.BaseHTTPRequestHandler):
    """A partner's books: whatever is asked is done, once for each key."""

    done: dict[str, str] = {}  # noqa: RUF012 - one for all requests
    asked: list[tuple[str, Any]] = []  # noqa: RUF012 - as above

    def do_POST(self) -> None:
        """Do it, and answer with a number of the books."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Idempotency-Key"]
        if key not in self.done:
            self.done[key] = f"D-{len(self.done) + 1}"
            self.asked.append((self.path, json.loads(body)))
        answer = json.dumps({"document_id": self.done[key]}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_words: object) -> None:
        """Keep still."""


class MoneyHouse(Struct, frozen=True, kw_only=True):
    """Where the house answers, its configuration, and what its partners were asked."""

    url: str
    config: Path
    asked: list[tuple[str, Any]]

    def tell(self, partner: str, document: str, event: dict[str, Any]) -> None:
        """Bring a partner's document to the door."""
        self._ask("POST", f"/system/v1/partners/{partner}/{document}", event)

    def read(self, path: str) -> Any:
        """Read what the process API tells."""
        return json.loads(self._ask("GET", f"/process/v1/{path}"))

    def paper(self, load: str) -> bytes:
        """Fetch the evidence pack of a load, as PDF."""
        return self._ask("GET", f"/process/v1/freight/{load}/evidence.pdf")

    def until(self, path: str, wanted: Any) -> Any:
        """Read a path until it tells what is wanted; answer what it told last."""
        deadline = time.monotonic() + LOOK_SECONDS
        while True:
            try:
                told = self.read(path)
            except urllib.error.HTTPError:
                told = None
            if (told is not None and wanted(told)) or time.monotonic() > deadline:
                return told
            time.sleep(0.1)

    def _ask(self, method: str, path: str, event: dict[str, Any] | None = None) -> bytes:
        body = None if event is None else json.dumps(event).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data=body, headers=headers, method=method)  # noqa: S310 - our own address
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - as above
            told: bytes = answer.read()
            return told


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def written(folder: Path, port: int, books: int) -> Path:
    """Write the configuration: three partners, two operators with tokens that are their names."""
    parts = [f"[server]\nport = {port}\n"]
    parts += [
        f'[[operators]]\nname = "{each}"\ntoken_sha256 = "{sha256(each.encode()).hexdigest()}"\n'
        for each in PERSONS
    ]
    parts += [
        f'[[partners]]\nname = "{name}"\nconnector = "{connector}"\n'
        f'[partners.settings]\nbase_url = "http://127.0.0.1:{books}"\n'
        for name, connector in (
            ("erp", "reference_erp"),
            ("tms", "reference_tms"),
            ("road", "reference_carrier"),
        )
    ]
    policies = folder / "policies"
    policies.mkdir()
    known = "known_customer = false\nknown_items = false\nknown_ship_to = false\n"
    (policies / "completeness.toml").write_text(known, "utf-8")
    (policies / "posting.toml").write_text("settle_minutes = 0\n", "utf-8")
    config = folder / "crossdock.toml"
    config.write_text("".join(parts), "utf-8")
    return config


@contextmanager
def money_house(folder: Path) -> Iterator[MoneyHouse]:
    """Run the house and its partner's books."""
    Books.done, Books.asked = {}, []
    books = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Books)
    threading.Thread(target=books.serve_forever, daemon=True).start()
    port = free_port()
    config = written(folder, port, books.server_address[1])
    command = [sys.executable, "-m", "crossdock.cli", "up", "--config", str(config)]
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ.copy())
    house = MoneyHouse(url=f"http://127.0.0.1:{port}", config=config, asked=Books.asked)
    try:
        wait_for(f"{house.url}/readyz")
        yield house
    finally:
        process.terminate()
        process.wait(10)
        books.shutdown()
        books.server_close()


def wait_for(url: str) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - our own address
        except OSError:
            assert time.monotonic() < deadline, url
            time.sleep(0.1)
        else:
            return


def charges(amounts: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"charge_id": name, "code": name, "amount": {"amount": amount, "currency": "USD"}}
        for name, amount in amounts.items()
    ]


def live(house: MoneyHouse) -> None:
    """Let one load be planned, delivered and billed, 102.19 dollars above what was offered."""
    pro = {"type": "PRO", "value": "4711", "issuer": "ROAD"}
    order = {
        "order_id": "SO-1",
        "version": 1,
        "company_code": "1000",
        "customer_id": "C-1",
        "ship_from": {"location_id": "DC-1", **PLACE},
        "ship_to": {"location_id": "C-1-1", **PLACE},
        "lines": [{"line_id": "10", "item_id": "I", "quantity": "1", "weight_kg": "10"}],
    }
    day = "2026-03-29T12:00:00+02:00"
    house.tell("erp", "orders", event("E-1", "order.released", day, order=order))
    house.until("trace/SO-1", lambda told: told["chapters"][0]["stage"] != "released")
    stop = {"place": {"location_id": "DC-1", **PLACE}}
    shipment = {
        "shipment_id": "SH-1",
        "load_id": "LD-1",
        "mode": "ROAD",
        "carrier_scac": "ROAD",
        "service_level": "STANDARD",
        "stops": [
            {"sequence": 1, "role": "PICKUP", **stop},
            {"sequence": 2, "role": "DELIVERY", **stop},
        ],
        "order_ids": ["SO-1"],
        "references": [pro],
        "charges": charges(OFFERED),
    }
    plan = {"order_id": "SO-1", "order_version": 1, "revision": 1, "shipments": [shipment]}
    house.tell("tms", "plans", event("P-1", "plan.confirmed", day, **plan))
    arrived = {"kind": "original", "revision": 0, "classifier": "ACT", "reference": pro}
    at_the_stop = {**arrived, "stop_sequence": 2, "carrier_scac": "ROAD", "place": PLACE}
    house.tell("road", "tracking", event("T-1", "tracking", day, status_code="DLV", **at_the_stop))
    bill = {
        "invoice_id": "INV-7",
        "carrier_scac": "ROAD",
        "reference": pro,
        "total": {"amount": "659.40", "currency": "USD"},
        "charges": charges(BILLED),
    }
    house.tell("road", "invoices", event("I-1", "invoice.issued", day, **bill))


def event(event_id: str, event_type: str, at: str, **more: Any) -> dict[str, Any]:
    return {"event_id": event_id, "event_type": event_type, "occurred_at": at, **more}

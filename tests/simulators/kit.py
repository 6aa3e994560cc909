"""What the stories here are told with: simulators as real processes, and an ear that listens."""

from __future__ import annotations

import http.client
import json
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crossdock.simulators.clock import AcceleratedClock

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DAY = datetime(2026, 3, 27, 5, tzinfo=UTC)
PATIENCE_SECONDS = 60


def fast_clock(factor: float = 20_000) -> str:
    """Begin the day now, in haste: a minute of wall time is two weeks."""
    epoch = datetime.now(UTC)
    return str(AcceleratedClock(real_epoch=epoch, simulated_epoch=DAY, factor=factor))


class Answer:
    """What came back: the status, the JSON, or the word that the connection was cut."""

    def __init__(self, status: int, content: Any = None) -> None:
        """Keep both."""
        self.status = status
        self.content = content


def call(
    method: str, url: str, content: Any = None, headers: dict[str, str] | None = None
) -> Answer:
    """Make one call; status 0 where the connection was cut before an answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=15)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    body = None if content is None else json.dumps(content)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read()
        return Answer(answer.status, json.loads(text) if text else None)
    except (http.client.HTTPException, ConnectionError):
        return Answer(0)
    finally:
        connection.close()


class Partner:
    """A simulator that runs."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        """Know its address."""
        self.process = process
        self.url = url

    def get(self, path: str) -> Any:
        """Read JSON from it."""
        return call("GET", self.url + path).content

    def post(self, path: str, content: Any, key: str = "") -> Answer:
        """Ask it for something, under a key."""
        headers = {"Idempotency-Key": key} if key else {}
        return call("POST", self.url + path, content, headers)

    def entries(self, query: str = "") -> list[dict[str, Any]]:
        """Read its ledger."""
        found: list[dict[str, Any]] = self.get(f"/ledger?{query}")["entries"]
        return found

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait(10)


@contextmanager
def simulator(kind: str, ledger: Path, *arguments: str) -> Iterator[Partner]:
    """Start a simulator, wait until it listens, and end it with the story."""
    command = [sys.executable, "-m", "crossdock.simulators.run", kind, "--ledger", str(ledger)]
    process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        yield Partner(process, _first_line(process).split()[-1])
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait(5)
        if process.stdout:
            process.stdout.close()


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)
        assert ready.select(PATIENCE_SECONDS), "the simulator does not listen"
    return process.stdout.readline().strip()


class Heard:
    """One call an ear took: the path, the headers, the bytes and what they say."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Read it."""
        self.path = path
        self.headers = headers
        self.body = body
        self.content: Any = json.loads(body) if body[:1] in {b"[", b"{"} else None

    @property
    def document(self) -> str:
        """The last word of the path."""
        return self.path.rsplit("/", 1)[-1]


class Ear:
    """Stands where crossdock would: takes every webhook, and says what `answers` says."""

    def __init__(self) -> None:
        """Listen to nothing yet."""
        self.url = ""
        self.heard: list[Heard] = []
        self.answers: Callable[[Heard], int] = lambda _heard: 202

    def events(self, document: str) -> list[dict[str, Any]]:
        """Give the events of a document, in the order they were heard."""
        bodies = [each.content for each in self.heard if each.document == document]
        return [event for body in bodies for event in (body if isinstance(body, list) else [body])]


@contextmanager
def ear() -> Iterator[Ear]:
    """Open an ear on a free port."""
    hearing = Ear()

    class Listening(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard = Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            hearing.heard.append(heard)
            self.send_response(hearing.answers(heard))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    hearing.url = f"http://127.0.0.1:{server.server_port}/system/v1/partners/it"
    yield hearing
    server.shutdown()
    thread.join(5)
    server.server_close()


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def eventually(true: Callable[[], bool]) -> None:
    """Wait until something is so, within patience."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not become so"
        time.sleep(0.02)

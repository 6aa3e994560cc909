"""What all simulated partners have in common: one door for effects, one way to tell, one ledger.

GET  /health            is it up
GET  /ledger            entries as JSON; ?kind= &verb= &content_key= &since=
GET  /progress          what it still has to tell: {"done", "left", "given_up", "begun"}
GET  /effects/{key}     was the request with this idempotency key done
POST /faults            change the faults while it runs: {"faults": "down=1"}; "" heals it
POST /resend            tell crossdock again what it took since: {"since": "2026-03-27T09:00:00Z"}
POST /statements        tell now what the ledger holds of freight, date by date

A partner with a ledger of freight tells at midnight (UTC, simulated) what it holds of every date
that has changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from crossdock.faults import Misconfigured
from crossdock.simulators import mischief
from crossdock.simulators.chance import between, share
from crossdock.simulators.clock import AcceleratedClock
from crossdock.simulators.closing import STATEMENT, due_statements, midnight_after
from crossdock.simulators.ledger import Entry, Ledger, Telling, Told
from crossdock.simulators.mischief import Mischief
from crossdock.simulators.sender import Sender
from crossdock.simulators.statements import Line

CROSSDOCK = "crossdock"
PROMISES = ("idempotent", "lookup", "natural", "neither")  # about a request that comes again
SLOW_SECONDS = (0.2, 1.5)  # wall time: a caller's patience is wall time too
CUT_SHARE = 0.5  # of the calls in an outage: the connection is cut instead of a 503


class Setup(Struct, frozen=True, kw_only=True):
    """What a partner is set up with; `token` empty: every caller is welcome.

    `promises` tells by verb what repeating a request does: `idempotent` (the key is honoured, as
    without a promise), `lookup` (it can only be asked about), `natural` (what stands already is not
    done again) or `neither`.
    """

    seed: int
    clock: AcceleratedClock
    ledger: Path
    targets: Mapping[str, str]
    faults: str = ""
    secret: str = ""
    token: str = ""
    promises: Mapping[str, str] = {}


class Asked(Struct, frozen=True, kw_only=True):
    """A request in business terms: what is asked, and the content that makes it the same again."""

    verb: str
    content_key: str
    content: Any


class No(Exception):
    """The partner's own refusal: status, stable word and a sentence."""

    def __init__(self, status: int, error: str, detail: str, document_id: str = "") -> None:
        """Say no; `document_id` where it was done before."""
        super().__init__(detail)
        self.status = status
        self.answer = {"error": error, "detail": detail, "document_id": document_id}


def json_answer(content: Any, status: int = 200) -> web.Response:
    """Answer with JSON."""
    return web.Response(
        body=msgspec.json.encode(content), status=status, content_type="application/json"
    )


class Partner:
    """A partner system on a port. The kinds add their routes and what they tell by themselves.

    `keeps_books`: it has a ledger of freight, and tells what it holds.
    """

    keeps_books = False

    def __init__(self, setup: Setup) -> None:
        """Open the ledger; nothing is told before `app` runs."""
        self.setup = setup
        self.clock = setup.clock
        self.ledger = Ledger(setup.ledger)
        self.sender = Sender(self.ledger, setup.clock, setup.targets, secret=setup.secret)
        self.mischief = Mischief(seed=setup.seed)
        self.trouble(setup.faults)

    def trouble(self, text: str) -> None:
        """Change the faults, from now on. Raises Misconfigured for an unknown one."""
        self.mischief = mischief.parse(text, self.setup.seed)
        self.sender.mischief = self.mischief

    def routes(self) -> Sequence[web.RouteDef]:
        """Give the routes of this kind of partner."""
        return ()

    def doors(self) -> Sequence[web.RouteDef]:
        """Give every route: what all kinds have, then those of this kind."""
        return (
            web.get("/health", self._health),
            web.get("/ledger", self._ledger),
            web.get("/progress", self._progress),
            web.get("/effects/{key}", self._look_up),
            web.post("/faults", self._faults),
            web.post("/resend", self._resend),
            web.post("/statements", self._statements),
            *self.routes(),
        )

    async def act(self) -> None:
        """Act by itself; the sender runs beside it."""

    def begun(self) -> bool:
        """Tell whether others may begin, too."""
        return True

    def left(self) -> int:
        """Count what is still to be told beyond what already waits."""
        return 0

    def app(self) -> web.Application:
        """Build the application: routes, and the background that tells."""
        app = web.Application(client_max_size=16 * 2**20)
        app.add_routes(self.doors())
        app.cleanup_ctx.append(self._background)
        return app

    async def _background(self, _app: web.Application) -> AsyncIterator[None]:
        work = [self.sender.run(), self.act(), *([self._nights()] if self.keeps_books else [])]
        tasks = [asyncio.create_task(each) for each in work]
        for task in tasks:
            task.add_done_callback(_end_with)
        yield
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _nights(self) -> None:
        """Close each day at its midnight, for ever."""
        while True:
            now = self.clock.now()
            await self.clock.sleep(midnight_after(now) - now)
            self.draw_statements(every=False)

    def draw_statements(self, *, every: bool) -> int:
        """Promise to tell what the ledger holds of every date, or of those that have changed.

        Answers of how many.
        """
        self.before_reading()
        with self.ledger.together():
            due = list(due_statements(self.ledger, self.mischief, self.clock.now(), every=every))
            for told, lines in due:
                self.tell_statement(told, lines)
        return len(due)

    def tell_statement(self, told: Told, lines: Sequence[Line]) -> None:
        """Promise a statement; the ledger keeps what is said of it, the wire has its lines."""
        body = {**told.content["event"], "lines": lines}
        self.tell(STATEMENT, told.content_key, told, self.clock.now(), body=body)

    async def take(
        self,
        request: web.Request,
        asked: Asked,
        carry_out: Callable[[], str],
        *,
        status: int = 201,
        key: str = "",
    ) -> web.StreamResponse:
        """Answer a request for an effect, with the faults that strike it.

        `carry_out` does it and gives the document's id, or raises No; it runs at most once for an
        idempotency key, in one transaction with the ledger's entry. `key` is the sender's own
        number of it, where the wire has one; else the header tells.
        """
        times = self.ledger.count_asked(asked.content_key)
        if (away := self._absence(request, asked.content_key, times)) is not None:
            return away
        key = key or request.headers.get("Idempotency-Key", "")
        answer = self._settle(key, asked, carry_out, status)
        if self.mischief.strikes("slow", asked.content_key, times):
            await asyncio.sleep(
                between(*SLOW_SECONDS, self.setup.seed, "slow", asked.content_key, times)
            )
        if self.mischief.strikes("lost", asked.content_key, times):
            hang_up(request)
        return answer

    def _absence(self, request: web.Request, subject: str, times: int) -> web.StreamResponse | None:
        """Answer for a partner that is out or down; in an outage half of the calls are cut."""
        busy = json_answer({"error": "unavailable"}, 503)
        if self.mischief.away_until(self.clock.now()) is not None:
            if share(self.setup.seed, "outage", subject, times) < CUT_SHARE:
                hang_up(request)
            return busy
        if self.mischief.strikes("down", subject, times):
            return busy
        token = self.setup.token
        if token and request.headers.get("Authorization") != f"Bearer {token}":
            return json_answer({"error": "unauthorized"}, 401)
        return None

    def _settle(
        self, key: str, asked: Asked, carry_out: Callable[[], str], status: int
    ) -> web.Response:
        with self.ledger.together():
            known = self._known(key, asked)
            if known:
                self.enter("repeated", asked, key, known)
                return json_answer({"document_id": known})
            try:
                document_id = carry_out()
            except No as no:
                self.enter("refused", asked, key, "")
                return json_answer(no.answer, no.status)
            self.enter("received", asked, key, document_id)
            return json_answer({"document_id": document_id}, status)

    def _known(self, key: str, asked: Asked) -> str:
        """Find the document of this request where the partner sees that it is the same again."""
        match self._promise(asked.verb):
            case "idempotent" if not self.mischief.strikes("forgetful", asked.content_key):
                return self.ledger.done_under(key)[1]
            case "natural":
                had = self.ledger.entries(kind="received", content_key=asked.content_key)
                return had[-1].document_id if had else ""
            case _:
                return ""

    def _promise(self, verb: str) -> str:
        return self.setup.promises.get(verb, "idempotent")

    def enter(self, kind: str, asked: Asked, key: str = "", document_id: str = "") -> None:
        """Write into the ledger what was asked, and what became of it."""
        self.ledger.write(
            Entry(
                at=self.clock.now(),
                kind=kind,
                verb=asked.verb,
                content_key=asked.content_key,
                content=asked.content,
                idempotency_key=key,
                document_id=document_id,
            )
        )

    def tell(
        self, document: str, subject: str, told: Told, due: datetime, *, body: Any = None
    ) -> None:
        """Promise crossdock an event, with the faults that strike it on the way.

        `body` is what goes over the wire where it is more than the event.
        """
        key = told.content_key
        if self.mischief.strikes("late", key):
            due += self.mischief.minutes(60, 360, "late", key)
        elif self.mischief.strikes("reorder", key):
            due += self.mischief.minutes(5, 60, "reorder", key)
        self.plainly(CROSSDOCK, document, subject, told, due, body=body)
        if self.mischief.strikes("duplicate", key):
            again = due + self.mischief.minutes(0, 30, "duplicate", key)
            self.plainly(CROSSDOCK, document, subject, told, again, body=body)

    def plainly(  # noqa: PLR0913 - who is told what about what, and when
        self,
        target: str,
        document: str,
        subject: str,
        told: Told,
        due: datetime,
        *,
        body: Any = None,
    ) -> None:
        """Promise a target an event, as it is."""
        content = told.content if body is None else body
        self.sender.post(
            Telling(
                due=due,
                target=target,
                document=document,
                subject=subject,
                webhook_id=told.content_key,
                body=msgspec.json.encode(content),
                tells=(told,),
            )
        )

    async def _health(self, _request: web.Request) -> web.StreamResponse:
        return json_answer({"status": "up", "now": self.clock.now()})

    async def _ledger(self, request: web.Request) -> web.StreamResponse:
        asked = request.query
        self.before_reading()
        entries = self.ledger.entries(
            kind=asked.get("kind", ""),
            verb=asked.get("verb", ""),
            content_key=asked.get("content_key", ""),
            since=int(asked.get("since", "0")),
        )
        return json_answer({"now": self.clock.now(), "entries": entries})

    def before_reading(self) -> None:
        """Bring the ledger up to date before it is read."""

    async def _progress(self, _request: web.Request) -> web.StreamResponse:
        counts = self.ledger.outgoing_counts()
        left = counts.get("waiting", 0) + self.left()
        progress = {
            "done": left == 0,
            "left": left,
            "given_up": counts.get("given_up", 0),
            "begun": self.begun(),
        }
        return json_answer(progress)

    async def _look_up(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        subject = f"effects/{key}"
        away = self._absence(request, subject, self.ledger.count_asked(subject))
        if away is not None:
            return away
        verb, found = self.ledger.done_under(key)
        if not found or self._promise(verb) == "neither":
            return json_answer({"status": "unknown"}, 404)
        return json_answer({"document_id": found, "status": "done"})

    async def _faults(self, request: web.Request) -> web.StreamResponse:
        try:
            self.trouble(str((await request.json())["faults"]))
        except Misconfigured as error:
            return json_answer({"error": "misconfigured", "detail": str(error)}, 400)
        return json_answer({"chances": self.mischief.chances})

    async def _statements(self, _request: web.Request) -> web.StreamResponse:
        drawn = self.draw_statements(every=True) if self.keeps_books else 0
        return json_answer({"statements": drawn})

    async def _resend(self, request: web.Request) -> web.StreamResponse:
        since = msgspec.convert((await request.json())["since"], datetime)
        return json_answer({"again": self.sender.tell_again(CROSSDOCK, since)})


def _end_with(task: asyncio.Task[None]) -> None:
    """End the process where its background failed: half a partner would only mislead."""
    if not task.cancelled() and task.exception() is not None:
        signal.raise_signal(signal.SIGTERM)


def hang_up(request: web.Request) -> None:
    """Close the connection under the caller's feet, before any answer."""
    if request.transport is not None:
        request.transport.abort()

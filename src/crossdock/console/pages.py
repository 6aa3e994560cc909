"""The pages of operations: the board, the trace of any number, the exception queues.

Every page has a twin with `.json`. A decision is a form that carries a token of this browser, is
answered by a redirect, and needs a name and a reason.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib import resources
from urllib.parse import quote, urlencode

from crossdock.apis import access, problems
from crossdock.apis.access import SESSION, Access
from crossdock.apis.http import Answering, Ask, Reply, Route, as_json, aside, go_to
from crossdock.apis.problems import Declined
from crossdock.apis.process.v1.counter_offers import OFFERED, Countering, counter
from crossdock.apis.process.v1.operations import Operations
from crossdock.apis.process.v1.promises import STATUSES
from crossdock.apis.process.v1.routes import ANYONE, acknowledged, asked_for, tagged
from crossdock.apis.process.v1.story import Stuck
from crossdock.apis.process.v1.verbs import Operator, decided
from crossdock.console.frame import Frame
from crossdock.flow.decisions import EDIT, RETRY, WAIVE, Decision
from crossdock.messages.teams import Team
from crossdock.ports.store import ExceptionStatus

HOLDS_NOTHING = frozenset({"endpoint", "store", "entrance", "file"})  # that is mended here
FORMS = {
    RETRY: ("Try again", "What stopped is tried again as it is."),
    WAIVE: ("Waive", "It goes on without this; the decision is kept with your reason."),
    EDIT: ("Mend and take again", "What you mend is taken in place of the first."),
}


class Console(Frame):
    """The pages over one process API."""

    def __init__(
        self,
        operations: Operations,
        operator: Operator,
        access: Access,
        now: Callable[[], datetime],
    ) -> None:
        """Take what is seen, what carries decisions out, the door, and the business clock."""
        super().__init__(access, now)
        self._operations = operations
        self._operator = operator

    def routes(self) -> tuple[Route, ...]:
        """Give the routes of the pages."""
        pages: dict[str, Answering] = {
            "/console/": self.board,
            "/console/board.json": self.board_json,
            "/console/cases": self.cases,
            "/console/cases.json": self.cases_json,
            "/console/trace": self.trace,
            "/console/trace.json": self.trace_json,
            "/console/acknowledgements": self.acknowledgements,
            "/console/acknowledgements.json": self.acknowledgements_json,
            "/console/exceptions": self.exceptions,
            "/console/exceptions.json": self.exceptions_json,
            "/console/exceptions/{id}": self.exception,
        }
        return (
            *(
                Route(method="GET", path=path, answer=self._guarded(answer))
                for path, answer in pages.items()
            ),
            Route(
                method="POST",
                path="/console/exceptions/{id}/{verb}",
                answer=self._told(self.decide),
            ),
            Route(
                method="POST", path="/console/offers/{id}/counter", answer=self._told(self.counter)
            ),
            Route(method="GET", path="/console/login", answer=self._told(self.enter)),
            Route(method="POST", path="/console/login", answer=self._told(self.login)),
            Route(method="GET", path="/console/static/console.css", answer=style),
        )

    def board(self, ask: Ask) -> Reply:
        """Show the whole house at a glance."""
        del ask
        return self._page("board.html", board=self._operations.board())

    def board_json(self, ask: Ask) -> Reply:
        """Show the board as JSON."""
        return tagged(ask, self._operations.board())

    def cases(self, ask: Ask) -> Reply:
        """List the cases of a stage."""
        process, stage = ask.query.get("process", ""), ask.query.get("stage", "")
        found = self._operations.cases(process, stage, after=ask.query.get("after", ""))
        return self._page("cases.html", process=process, stage=stage, found=found)

    def cases_json(self, ask: Ask) -> Reply:
        """List the cases of a stage as JSON."""
        process, stage = ask.query.get("process", ""), ask.query.get("stage", "")
        return tagged(ask, self._operations.cases(process, stage, after=ask.query.get("after", "")))

    def trace(self, ask: Ask) -> Reply:
        """Tell the story of a number."""
        number = ask.query.get("q", "").strip()
        story = self._operations.trace(number)
        stuck = [*story.stuck, *(each for one in story.chapters for each in one.stuck)]
        return self._page(
            "trace.html",
            status=200 if story.found or not number else 404,
            q=number,
            story=story,
            effects=[each for one in story.chapters for each in one.effects],
            open_stuck=[each for each in stuck if each.status == ExceptionStatus.OPEN],
        )

    def trace_json(self, ask: Ask) -> Reply:
        """Tell the story of a number as JSON."""
        return tagged(ask, self._operations.trace(ask.query.get("q", "").strip()))

    def acknowledgements(self, ask: Ask) -> Reply:
        """List what partners owe for what we sent."""
        status = acknowledged(ask.query)
        found = self._operations.acknowledgements(status, ask.query.get("partner", ""))
        return self._page("acknowledgements.html", wanted=status, statuses=STATUSES, found=found)

    def acknowledgements_json(self, ask: Ask) -> Reply:
        """List what partners owe as JSON."""
        status, partner = acknowledged(ask.query), ask.query.get("partner", "")
        return tagged(ask, self._operations.acknowledgements(status, partner))

    def exceptions(self, ask: Ask) -> Reply:
        """List the exceptions of a team."""
        wanted = asked_for(ask.query)
        queue = self._operations.queue(wanted)
        return self._page("exceptions.html", team=wanted.team, teams=list(Team), queue=queue)

    def exceptions_json(self, ask: Ask) -> Reply:
        """List the exceptions of a team as JSON."""
        return tagged(ask, self._operations.queue(asked_for(ask.query)))

    async def exception(self, ask: Ask) -> Reply:
        """Show one exception and what can be decided about it."""
        id_ = ask.path["id"]
        one = await aside(self._stuck, id_.removesuffix(".json"))
        if id_.endswith(".json"):
            return as_json(one)
        said = self._access.vouched(ask.query.get("said", ""), ask.query.get("mark", ""))
        return await self._shown(ask, one, said=said)

    async def decide(self, ask: Ask) -> Reply:
        """Carry a decision out, and show what became of it."""
        fields = self._access.form(ask)
        one = await aside(self._stuck, ask.path["id"])
        decision = Decision(
            verb=ask.path["verb"],
            exception_id=one.id,
            by=fields.get("by", "").strip(),
            reason=fields.get("reason", "").strip(),
            content=fields.get("content", "").encode(),
        )
        try:
            said = await decided(self._operator, decision)
        except Declined as declined:
            return await self._shown(
                ask, one, wrong=declined.detail, status=declined.kind.status, fields=fields
            )
        note = urlencode({"said": said, "mark": self._access.vouch(said)})
        return go_to(f"/console/exceptions/{quote(one.id)}?{note}")

    async def counter(self, ask: Ask) -> Reply:
        """Show what a customer would be told, and have it told once that is confirmed."""
        fields = self._access.form(ask)
        one = await aside(self._stuck, ask.path["id"])
        asked = Countering(
            by=fields.get("by", ""),
            reason=fields.get("reason", ""),
            pickup=fields.get("pickup", ""),
            delivery=fields.get("delivery", ""),
            price=fields.get("price", ""),
            confirmed=fields.get("confirmed", "") == "yes",
        )
        try:
            word = await aside(self._operations.counter, one.id, asked)
            outcome = await counter(self._operator, word, asked)
        except Declined as declined:
            status = declined.kind.status
            return await self._shown(
                ask, one, wrong=declined.detail, status=status, countering=asked
            )
        if not outcome.told:
            return await self._shown(ask, one, countering=asked, would=outcome.said)
        note = urlencode({"said": outcome.said, "mark": self._access.vouch(outcome.said)})
        return go_to(f"/console/exceptions/{quote(one.id)}?{note}")

    async def login(self, ask: Ask) -> Reply:
        """Take the operator's token, and open a session for a day."""
        token = access.read_form(ask).get("token", "").strip()
        if not self._access.knows(token) or not access.same_site(ask):
            return self._page("login.html", status=401, wrong=True)
        session = self._access.session(self._access.named(token))
        return go_to("/console/", headers=(self._session_cookie(session),))

    async def enter(self, ask: Ask) -> Reply:
        """Ask an operator for a token."""
        del ask
        return self._page("login.html", wrong=False)

    async def _shown(  # noqa: PLR0913 - a page after a refused form shows what was typed
        self,
        ask: Ask,
        one: Stuck,
        *,
        said: str = "",
        wrong: str = "",
        status: int = 200,
        fields: dict[str, str] | None = None,
        countering: Countering | None = None,
        would: str = "",
    ) -> Reply:
        session = ask.cookie(SESSION) or self._access.session()
        content = await self._content(one)
        verbs = [(verb, *told) for verb, told in FORMS.items() if verb != EDIT or content]
        return self._page(
            "exception.html",
            status=status,
            headers=(self._session_cookie(session),),
            one=one,
            said=said,
            wrong=wrong,
            verbs=verbs,
            is_offer=one.code == OFFERED,
            terms=countering or Countering(by="", reason=""),
            would=would,
            content=(fields or {}).get("content") or content,
            form_token=self._access.form_token(ask, session),
        )

    async def _content(self, one: Stuck) -> str:
        """Read what can be mended: a document's bytes, whose reading is noted, or a message."""
        if one.status != ExceptionStatus.OPEN or one.kind in HOLDS_NOTHING:
            return ""
        if one.kind != "document":
            return await aside(self._operations.editable_text, one.message_id)
        document = await aside(self._operations.document, one.document_id or one.subject)
        if document is None:
            return ""
        await self._operator.looked_at(document.id, by=ANYONE)
        try:
            return document.content.decode()
        except UnicodeDecodeError:
            return ""

    def _stuck(self, id_: str) -> Stuck:
        one = self._operations.stuck(id_)
        if one is None:
            raise Declined(problems.NOT_FOUND, f"There is no exception {id_}")
        return one


async def style(_ask: Ask) -> Reply:
    """Serve the style sheet."""
    sheet = resources.files("crossdock.console") / "static" / "console.css"
    headers = (("Cache-Control", "max-age=3600"), ("X-Content-Type-Options", "nosniff"))
    return Reply(body=sheet.read_bytes(), content_type="text/css", headers=headers)

"""The frame of the console's pages: the door, problems told to people, words in templates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined

from crossdock.apis import access, problems, words
from crossdock.apis.access import SESSION, Access
from crossdock.apis.http import Answering, Ask, Reply, as_page, reply_to
from crossdock.apis.problems import Declined


class Frame:
    """What every group of pages has in common."""

    def __init__(self, door: Access, now: Callable[[], datetime]) -> None:
        """Take the door and the business clock."""
        self._access = door
        self._now = now
        self._templates = self._with_words()

    def _guarded(self, answer: Answering) -> Answering:
        async def answering(ask: Ask) -> Reply:
            self._access.admit(ask)
            return await reply_to(ask, answer)

        return self._told(answering)

    def _told(self, answer: Answering) -> Answering:
        """Tell a person of a problem on a page; a program gets it as problem details."""

        async def answering(ask: Ask) -> Reply:
            try:
                return await reply_to(ask, answer)
            except Declined as declined:
                if ".json" in ask.url:
                    raise
                return self._problem(declined)

        return answering

    def _problem(self, declined: Declined) -> Reply:
        kind = declined.kind
        if kind is problems.UNAUTHENTICATED and self._access.by_token:
            return self._page("login.html", status=kind.status, wrong=False)
        return self._page(
            "problem.html",
            status=kind.status,
            title=kind.title,
            detail=declined.detail,
            remedy=kind.remedy,
        )

    @staticmethod
    def _session_cookie(session: str) -> tuple[str, str]:
        return access.cookie(SESSION, session, path="/")

    def _page(
        self,
        template: str,
        *,
        status: int = 200,
        headers: tuple[tuple[str, str], ...] = (),
        **shown: object,
    ) -> Reply:
        text = self._templates.get_template(template).render(shown)
        return as_page(text, status=status, headers=headers)

    def _with_words(self) -> Environment:
        made = Environment(
            loader=PackageLoader("crossdock.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        made.filters["utc"] = words.utc
        made.filters["machine"] = words.rfc3339
        made.filters["number"] = words.number
        made.filters["ago"] = lambda at: words.ago(at, self._now())
        made.filters["said"] = lambda code: words.code_words(str(code))
        made.filters["stage"] = lambda stage: str(stage).replace("_", " ")
        return made

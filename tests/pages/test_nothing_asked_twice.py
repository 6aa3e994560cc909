"""No screen asks a person for data that some system has sent: a story about every form there is.

What a form asks for is a person's own word, a key, or what is looked for. What the house knows, the
form brings along: hidden where it is not to be changed, filled in where it may be mended.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from crossdock.store.sqlite import open_sqlite
from tests.apis import history
from tests.apis.asgi import call
from tests.apis.freight_rows import PICTURE, paint
from tests.pages.house import house
from tests.pages.test_console import DOCUMENT, UNREAD
from tools.floorplan import HOUSE

OWN_WORD = {
    "by": "who decides; where operators have tokens of their own it is not asked",
    "reason": "why it is decided so",
    "pickup": "when a person would rather pick up than the customer asked",
    "delivery": "when a person would rather deliver",
    "price": "for what a person would carry it",
    "amount": "what a person would pay, which is neither what was billed nor what was expected",
}
A_KEY = {"token", "api_key"}
LOOKED_FOR = {"q", "date"}
FILLED_IN = {"content"}  # what is stuck, for mending

WORDS = {*OWN_WORD, *A_KEY, *LOOKED_FOR, *FILLED_IN}


class Fields(HTMLParser):
    """Reads what a page asks for: fields that are not hidden, with what is filled in."""

    def __init__(self, page: str) -> None:
        """Read it."""
        super().__init__()
        self.asked: dict[str, str] = {}
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a field."""
        told = dict(attrs)
        if tag in {"input", "textarea", "select"} and told.get("type") != "hidden":
            self._open = str(told["name"])
            self.asked[self._open] = told.get("value") or ""

    def handle_data(self, data: str) -> None:
        """Note what stands in a text field."""
        if self.lasttag == "textarea":
            self.asked[self._open] += data


def templates() -> Iterator[Path]:
    for room in ("console", "portal"):
        yield from sorted((HOUSE / room / "templates").glob("*.html"))


def test_every_field_of_every_form_is_a_persons_own_word_a_key_or_what_is_looked_for() -> None:
    asked = {name for each in templates() for name in Fields(each.read_text("utf-8")).asked}

    assert asked == WORDS


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("/console/exceptions/x-1", {"q", "by", "reason"}),
        ("/console/exceptions/x-2", {"q", "by", "reason", "content"}),
        ("/console/finance/load?id=L-1", {"q", "reason", "amount"}),
    ],
)
def test_what_the_house_knows_of_a_case_is_filled_in_or_not_asked(
    tmp_path: Path, url: str, asked: set[str]
) -> None:
    store = open_sqlite(tmp_path / "store.db")
    history.write(store, history.HELD, UNREAD)
    with store.write() as unit:
        unit.keep_documents([DOCUMENT])
    paint(store, PICTURE)

    page = Fields(call(house(store), "GET", url).text).asked
    store.close()

    assert set(page) == asked
    assert {name for name, text in page.items() if text} == set(page) & FILLED_IN

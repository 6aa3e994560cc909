"""Statements run in one transaction on one connection.

A statement that takes arrays is run for many rows at once. What has no answer is only sent, and
is waited for together with the next that has one. `-- key: 1 2` beneath a statement's name
says which of its values name the row it writes: rows are written in the order of their names, so
that two transactions that write the same ones do not wait for each other, and the same row twice in
one call is two statements.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any, TypeVar, overload

from msgspec import Struct

from crossdock.store.postgres.session import Answer, Session
from crossdock.store.postgres.values import Bigints, Blobs, Texts
from crossdock.store.queries import statements
from crossdock.store.tables.table import Row

T = TypeVar("T")

COLUMNS: Mapping[str, Callable[[Iterable[Any]], Sequence[Any]]] = {
    "text": Texts,
    "bigint": Bigints,
    "bytea": Blobs,
}
COLUMN = re.compile(r"\$(\d+)::(text|bigint|bytea)\[\]")
KEY = re.compile(r"^-- key: ([\d ]+)\n")


class Statement(Struct, frozen=True):
    """A statement, the columns it takes where it takes many rows, and what names a row."""

    text: str
    columns: tuple[str, ...]
    name_of: Callable[[Row], Any] | None

    def arrays(self, rows: Sequence[Row]) -> list[Any]:
        """Turn rows into columns."""
        return [
            COLUMNS[kind](values)
            for kind, values in zip(self.columns, zip(*rows, strict=True), strict=True)
        ]


def parsed(text: str) -> Statement:
    """Read a statement as it is written in the file."""
    key = KEY.match(text)
    columns = dict(sorted((int(number), kind) for number, kind in COLUMN.findall(text)))
    return Statement(
        text=KEY.sub("", text),
        columns=tuple(columns.values()),
        name_of=itemgetter(*(int(each) - 1 for each in key[1].split())) if key else None,
    )


STATEMENTS = {name: parsed(text) for name, text in statements("crossdock.store.postgres").items()}


class PostgresSql:
    """The statements of this store, run in one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(self, name: str, values: Row = (), /) -> list[Row]:
        if STATEMENTS[name].columns:
            return self.ask_each(name, [values])
        return self._session.ask(STATEMENTS[name].text, values)

    def later(self, name: str, values: Row = ()) -> Answer:
        """Ask without waiting: the rows are there when the next answer is, or when looked at."""
        return self._session.send(STATEMENTS[name].text, values)

    def tell(self, name: str, values: Row = (), /) -> None:
        self._session.send(STATEMENTS[name].text, values)

    def ask_each(self, name: str, rows: Iterable[Row], /) -> list[Row]:
        statement = STATEMENTS[name]
        portions = in_order(statement, list(rows))
        sent = [self._session.send(statement.text, values) for values in portions]
        return [row for answer in sent for row in answer.rows]

    def tell_each(self, name: str, rows: Iterable[Row], /) -> None:
        statement = STATEMENTS[name]
        for values in in_order(statement, list(rows)):
            self._session.send(statement.text, values)

    def change(self, name: str, rows: Iterable[Row], /) -> None:
        """Write rows; the statement itself raises, and nothing behind it is done."""
        self.tell_each(name, rows)

    def write(self, name: str, rows: Iterable[Row], /) -> Sequence[bool]:
        """Write rows; the statement answers the names of those written, which come first in them.

        Of rows with the same name the first is the one. The server is waited for when somebody
        looks.
        """
        asked = list(rows)
        if not asked:
            return []
        statement = STATEMENTS[name]
        ordered = sorted(asked, key=statement.name_of) if statement.name_of else asked
        answer = self._session.send(statement.text, statement.arrays(ordered))
        return Awaited(lambda: written(asked, answer.rows))


class Awaited(Sequence[T]):
    """What is there when somebody looks: then the server is waited for."""

    def __init__(self, look: Callable[[], Sequence[T]]) -> None:
        """Take what looks."""
        self._look = look

    @cached_property
    def _seen(self) -> Sequence[T]:
        return self._look()

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...

    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        """Give what is there."""
        return self._seen[place]

    def __len__(self) -> int:
        """Tell how much is there."""
        return len(self._seen)

    def __eq__(self, other: object) -> bool:
        """Compare as a list."""
        return list(self._seen) == other

    __hash__ = None  # type: ignore[assignment]  # as of a list


def written(asked: Sequence[Row], names: Iterable[Row]) -> list[bool]:
    """Tell of each row whether it is among those written."""
    new = set(names)
    answers: list[bool] = []
    for row in asked:
        place = row[: len(next(iter(new)))] if new else ()
        answers.append(place in new)
        new.discard(place)
    return answers


def in_order(statement: Statement, rows: list[Row]) -> list[list[Any]]:
    """Put rows in the order of their names, each name once in a portion; nothing for no rows."""
    if not rows:
        return []
    if statement.name_of is None:
        return [statement.arrays(rows)]
    portions: list[dict[Any, Row]] = [{}]
    for row in rows:
        name = statement.name_of(row)
        for portion in portions:
            if name not in portion:
                portion[name] = row
                break
        else:
            portions.append({name: row})
    return [statement.arrays([each[name] for name in sorted(each)]) for each in portions]

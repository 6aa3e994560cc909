"""A folder with a configuration, and a store with one order's history in it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from crossdock.cli.__main__ import main
from crossdock.ports.store import Store
from crossdock.store.postgres import open_postgres
from crossdock.store.sqlite import open_sqlite
from tests.apis import history


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How a command ended, and what it said."""

    code: int
    answer: str
    said: str


class Terminal:
    """A terminal in a folder with a configuration."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.config = folder / "crossdock.toml"
        self._capture = capture

    def run(self, *words: str, config: bool = True) -> Told:
        """Type a command and press return."""
        self._capture.readouterr()
        where = ("--config", str(self.config)) if config else ()
        code = main([*words, *where])
        heard = self._capture.readouterr()
        return Told(code=code, answer=heard.out, said=heard.err)


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal in a folder with a small configuration."""
    (tmp_path / "crossdock.toml").write_text("# nothing is set\n", "utf-8")
    return Terminal(tmp_path, capsys)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, terminal: Terminal) -> Iterator[Store]:
    """The configured store, a file or a database, with one order's history and an exception."""
    made: Store
    if request.param == "sqlite":
        made = open_sqlite(terminal.folder / "crossdock.db")
    else:
        address = request.getfixturevalue("database")
        terminal.config.write_text(f'[store]\naddress = "{address}"\n', "utf-8")
        made = open_postgres(address)
    history.write(made, history.HELD)
    yield made
    made.close()

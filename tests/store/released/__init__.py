"""What released versions ask of a store: their statements, frozen, and how far their tables went.

    python -m tests.store.released      freezes those of this version, when it is released

A worker of a released version goes on while the next one is rolled out, so everything it asks must
fit the tables as the next one has prepared them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

import crossdock
from crossdock.store.migrations import Migration, shipped, to_apply
from crossdock.store.queries import statements

HERE = Path(__file__).parent
ENGINES = ("sqlite", "postgres")


class Released(Struct, frozen=True, kw_only=True):
    """One version: how many changes of the tables it shipped, and its statements by name."""

    version: str
    migrations: int
    statements: Mapping[str, str]


def frozen(engine: str) -> list[Released]:
    """Read what every released version asks of an engine."""
    files = sorted(HERE.glob(f"{engine}-*.json"))
    return [msgspec.json.decode(each.read_bytes(), type=Released) for each in files]


def prepared_by_the_next(applied: int, migrations: Sequence[Migration]) -> list[Migration]:
    """List the changes a store has had when workers of a version still run beside the next."""
    return [*migrations[:applied], *to_apply(applied, migrations, post=False)]


def today(engine: str) -> Released:
    """Tell what this version asks of an engine."""
    store = f"crossdock.store.{engine}"
    return Released(
        version=crossdock.__version__,
        migrations=len(shipped(f"{store}.migrations")),
        statements=dict(sorted(statements(store).items())),
    )


def main() -> None:
    """Freeze what this version asks."""
    for engine in ENGINES:
        released = today(engine)
        file = HERE / f"{engine}-{released.version}.json"
        file.write_bytes(msgspec.json.format(msgspec.json.encode(released), indent=1) + b"\n")


if __name__ == "__main__":
    main()

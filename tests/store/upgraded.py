"""Upgrades a day as every released version would have left it, and keeps what was compared.

python -m tests.store.upgraded [--orders 600] [--store sqlite]     on both stores, or on one
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from crossdock.testing.plain_partner import PlainPartner
from crossdock.testing.postgres import PostgresServer
from tests.store import earlier, grown, released
from tests.store.earlier import Databases, Engine, Files
from tools.figures import Figure, record

OPEN = {"waiting", "leased", "unknown"}
RED = ("answers_that_differ", "effects_doubled", "effects_missing")
STORES = {"sqlite": "upgrade", "postgres": "upgrade_postgres"}  # and the name of its figures


def upgrade(engine: Engine, orders: int) -> dict[str, Figure]:
    """Grow a day, write it as earlier releases would have, upgrade and finish it."""
    versions = released.frozen(engine.name)
    day = engine.place()
    store = engine.open(day)
    grown.grow(store, PlainPartner(), orders)
    with store.read() as reader:
        messages = sum(reader.count_messages(grown.TENANT).values())
        outbox = reader.outbox_counts(grown.TENANT)
    store.close()
    before = earlier.answers(engine, day)
    different = asked = doubled = 0
    for each in versions:
        image = engine.as_of(earlier.changes(engine)[: each.migrations], day)
        after = earlier.answers(engine, image)
        different += sum(one != other for one, other in zip(before, after, strict=True))
        partner, opened = PlainPartner(), engine.open(image)
        grown.finish(opened, partner, orders)
        opened.close()
        asked += len(partner.applied)
        doubled += sum(count - 1 for count in partner.applied.values())
    return {
        "released_versions": len(versions),
        "statements_prepared": sum(len(each.statements) for each in versions),
        "messages": messages,
        "open_effects": sum(count for (_, _, status), count in outbox.items() if status in OPEN),
        "answers_compared": len(before),
        "answers_that_differ": different,
        "effects_done_after_the_upgrade": asked,
        "effects_doubled": doubled,
        "effects_missing": 4 * orders * len(versions) - asked,
    }


def main() -> int:
    """Upgrade on each store, keep the figures; 1 where something differs, is missing or doubled."""
    words = argparse.ArgumentParser(prog="make upgrades")
    words.add_argument("--orders", type=int, default=600)
    words.add_argument("--store", choices=STORES, help="this one alone")
    asked = words.parse_args()
    red = 0
    for name in [asked.store] if asked.store else STORES:
        with ExitStack() as end:
            if name == "postgres":
                engine: Engine = Databases(end.enter_context(PostgresServer.start()))
            else:
                engine = Files(Path(end.enter_context(tempfile.TemporaryDirectory())))
            figures = upgrade(engine, asked.orders)
        title = f"A day of an earlier release, upgraded in its middle and finished ({engine.title})"
        record(STORES[name], title, "make upgrades", figures)
        sys.stdout.write(json.dumps({"store": name, **figures}) + "\n")
        red += sum(bool(figures[each]) for each in RED)
    return int(red > 0)


if __name__ == "__main__":
    sys.exit(main())

"""Upgrades a day as every released version would have left it, and keeps what was compared.

python -m tests.store.upgraded [ORDERS]
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from crossdock.store.sqlite import SqliteStore
from crossdock.store.sqlite.migrations import shipped
from crossdock.testing.plain_partner import PlainPartner
from tests.store import grown, released
from tools.figures import record


def main(orders: int) -> None:
    """Grow a day, write it as earlier releases would have, upgrade and finish it."""
    versions = released.frozen("sqlite")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = SqliteStore(folder / "today.db")
        grown.grow(store, PlainPartner(), orders)
        with store.read() as reader:
            messages = sum(reader.count_messages(grown.TENANT).values())
            open_effects = sum(
                count
                for (_, _, status), count in reader.outbox_counts(grown.TENANT).items()
                if status in {"waiting", "leased", "unknown"}
            )
        store.close()
        before = grown.all_answers(folder / "today.db")
        different = asked = doubled = 0
        for each in versions:
            image = folder / f"{each.version}.db"
            grown.as_of(shipped()[: each.migrations], folder / "today.db", image)
            after = grown.all_answers(image)
            different += sum(one != other for one, other in zip(before, after, strict=True))
            partner, opened = PlainPartner(), SqliteStore(image)
            grown.finish(opened, partner, orders)
            opened.close()
            asked += len(partner.applied)
            doubled += sum(count - 1 for count in partner.applied.values())
    figures = {
        "released_versions": len(versions),
        "statements_prepared": sum(len(each.statements) for each in versions),
        "messages": messages,
        "open_effects": open_effects,
        "answers_compared": len(before),
        "answers_that_differ": different,
        "effects_done_after_the_upgrade": asked,
        "effects_doubled": doubled,
        "effects_missing": 4 * orders * len(versions) - asked,
    }
    title = "A day of an earlier release, upgraded in its middle and finished (SQLite)"
    record("upgrade", title, "make upgrades", figures)
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 600)

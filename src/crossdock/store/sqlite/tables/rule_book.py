"""`rule_book`: every rule book in use, for the cases that are pinned to one."""

from __future__ import annotations

from crossdock.store.sqlite.queries import named
from crossdock.store.sqlite.tables.table import Table

SQL = named("rule_book")


class ReadRuleBooks(Table):
    """Questions about rule books."""

    def rules(self, tenant: str) -> dict[str, bytes]:
        return dict(self._cursor.execute(SQL["list"], (tenant,)).fetchall())


class WriteRuleBooks(ReadRuleBooks):
    """Rule books, kept; what a digest names never changes."""

    def keep_rules(self, tenant: str, digest: str, content: bytes) -> None:
        self._cursor.execute(SQL["keep"], (tenant, digest, content))

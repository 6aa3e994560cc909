"""`rule_book`: every rule book in use, for the cases that are pinned to one."""

from __future__ import annotations

from crossdock.store.tables.table import Table


class ReadRuleBooks(Table):
    """Questions about rule books."""

    def rules(self, tenant: str) -> dict[str, bytes]:
        return dict(self._sql.ask("rule_book.list", (tenant,)))


class WriteRuleBooks(ReadRuleBooks):
    """Rule books, kept; what a digest names never changes."""

    def keep_rules(self, tenant: str, digest: str, content: bytes) -> None:
        self._sql.tell("rule_book.keep", (tenant, digest, content))

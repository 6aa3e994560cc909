"""`expected_ack`: the acknowledgements that partners owe."""

from __future__ import annotations

from datetime import datetime

from crossdock.store.sqlite.instants import micros
from crossdock.store.sqlite.queries import named
from crossdock.store.sqlite.tables.table import Table

SQL = named("expected_ack")


class WriteExpectedAcks(Table):
    """Acknowledgements, awaited."""

    def expect_ack(
        self, tenant: str, endpoint: str, number: str, outbox_id: str, due_at: datetime
    ) -> None:
        expected = (tenant, endpoint, number, outbox_id, micros(due_at))
        self._cursor.execute(SQL["expect"], expected)

"""`expected_ack`: the acknowledgements that partners owe."""

from __future__ import annotations

from datetime import datetime

from crossdock.store.instants import micros
from crossdock.store.tables.table import Table


class WriteExpectedAcks(Table):
    """Acknowledgements, awaited."""

    def expect_ack(
        self, tenant: str, endpoint: str, number: str, outbox_id: str, due_at: datetime
    ) -> None:
        expected = (tenant, endpoint, number, outbox_id, micros(due_at))
        self._sql.tell("expected_ack.expect", expected)

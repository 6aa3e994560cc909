"""`breaker`: one circuit breaker for each endpoint, saved by its generation."""

from __future__ import annotations

from crossdock.ports.store import BreakerRow, BreakerState
from crossdock.store.instants import instant_or_none, micros_or_null
from crossdock.store.tables.table import Table


class ReadBreakers(Table):
    """Questions about breakers."""

    def breaker(self, tenant: str, endpoint: str) -> BreakerRow:
        found = self._sql.ask("breaker.find", (tenant, endpoint))
        for state, generation, failures, open_until, probe_until, changed_at in found:
            return BreakerRow(
                tenant=tenant,
                endpoint=endpoint,
                state=BreakerState(state),
                generation=generation,
                failures=failures,
                open_until=instant_or_none(open_until),
                probe_until=instant_or_none(probe_until),
                changed_at=instant_or_none(changed_at),
            )
        return BreakerRow(tenant=tenant, endpoint=endpoint)


class WriteBreakers(ReadBreakers):
    """Breakers, saved."""

    def save_breaker(self, row: BreakerRow, expected_generation: int) -> bool:
        written = (
            row.tenant,
            row.endpoint,
            row.state,
            row.generation,
            row.failures,
            micros_or_null(row.open_until),
            micros_or_null(row.probe_until),
            micros_or_null(row.changed_at),
            expected_generation,
        )
        return bool(self._sql.ask("breaker.save", written))

"""What the measurements run in: the real processes and connectors, and a store that counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from crossdock.app.clock import TimeOrderedIds
from crossdock.app.roster import PROCESSES, PROJECTIONS
from crossdock.app.routing import Target, router
from crossdock.connectors import discover
from crossdock.connectors.system_api.settings import SystemApiSettings
from crossdock.flow.roster import Inbound, Roster, Rulebook
from crossdock.policies.freight import FreightPolicy, UnexpectedRow
from crossdock.policies.rules import LatenessPolicy, Rules
from crossdock.ports import Endpoint
from crossdock.ports.store import Reader, Store, Unit

CONNECTORS = {"erp": "reference_erp", "tms": "reference_tms", "road": "reference_carrier"}
NO_LIMIT = 1e9
# No tender says what a load costs here: what the carrier tells is taken, as a policy that says so.
AS_CHARGED = UnexpectedRow(rule_id="benchmark.as-charged", take="accept_as_charged")
RULES = Rules(
    lateness=LatenessPolicy(silence_hours=0), freight=FreightPolicy(unexpected=(AS_CHARGED,))
)


class CountedStore:
    """A store that counts its commits."""

    def __init__(self, store: Store) -> None:
        """Wrap a store."""
        self._store = store
        self.commits = 0

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """Open a transaction, and count it once it is committed."""
        with self._store.write() as unit:
            yield unit
        self.commits += 1

    def read(self) -> AbstractContextManager[Reader]:
        """Open a snapshot."""
        return self._store.read()

    def close(self) -> None:
        """Let go."""
        self._store.close()


def roster() -> Roster:
    """Put the house together with partners that take as much as there is at once."""
    found = discover()
    settings = SystemApiSettings(base_url="", partner="road", time_zone="Europe/Berlin")
    endpoints = {
        name: Endpoint(
            name=name,
            connector=found[connector],
            settings=settings,
            rate_per_second=NO_LIMIT,
            in_flight_max=500,
        )
        for name, connector in CONNECTORS.items()
    }
    return Roster(
        subscribers=PROCESSES,
        projections=PROJECTIONS,
        inbound={
            name: Inbound(connector=each.connector, settings=each.settings)
            for name, each in endpoints.items()
        },
        endpoints=endpoints,
        route=router([Target(endpoint=each) for each in endpoints.values()]),
        rulebook=Rulebook(today=RULES),
        ids=TimeOrderedIds(),
    )

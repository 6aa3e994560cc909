"""Tenants: what one of them has is nobody else's, though they share a store and every number."""

from __future__ import annotations

from collections.abc import Iterator

import apsw

from crossdock.simulators.chance import share
from crossdock.testing.simulation.invariants.base import Invariant
from crossdock.testing.simulation.memory import MemoryFile
from crossdock.testing.simulation.neighbour import HOST, MARK, NEIGHBOUR, Town
from crossdock.testing.simulation.people import pages

MOVES_IN_SHARE = 0.1  # of the runs
TABLES = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND EXISTS"
    " (SELECT 1 FROM pragma_table_info(sqlite_schema.name) WHERE name = 'tenant') ORDER BY 1"
)


class Apart(Invariant):
    """INV-40."""

    number = "INV-40"
    says = "no row, page, message or effect of one tenant holds or changes anything of another"

    def at_end(self) -> Iterator[str]:
        """Let a neighbour with a mark of its own move in, and look for either with the other."""
        scene = self.scene
        if scene.roster is None or share(scene.options.seed, "neighbour") >= MOVES_IN_SHARE:
            return
        town = Town(scene.file(), scene.roster, scene.ended_at)
        before = held(town.store, HOST)
        marks = town.move_in()
        for tenant, work in town.live():
            self.witness.reached[f"tenant {tenant} sends"] += 1
            if work.row.tenant != tenant:
                yield f"{work.row.verb} of {work.row.tenant} leaves where {tenant} delivers"
        self.witness.reached["tenant moved in"] += 1
        yield from changed(before, held(town.store, HOST))
        yield from leaked(held(town.store, NEIGHBOUR), marks)
        yield from self._shown(town, marks)
        town.store.close()

    def _shown(self, town: Town, marks: set[str]) -> Iterator[str]:
        """Look at the pages of all customers, of both."""
        customers = {
            str(order["customer_id"])
            for told in self.witness.versions.values()
            for orders in told.values()
            for order in orders
            if order.get("customer_id")
        }
        for customer in sorted(customers):
            if any(MARK in repr(each) for each in pages(town.store, customer)):
                yield f"a page of {customer} of {HOST} shows what {NEIGHBOUR} was told"
            for page in pages(town.store, customer, NEIGHBOUR):
                self.witness.reached[f"tenant {NEIGHBOUR} shows"] += 1
                if any(each in repr(page) for each in marks):
                    yield f"a page of {customer} of {NEIGHBOUR} shows what {HOST} was told"


def leaked(rows: dict[str, list[str]], marks: set[str]) -> Iterator[str]:
    """Name the host's marks among the neighbour's rows; where its own is missing, nothing was."""
    if marks and not any(MARK in row for each in rows.values() for row in each):
        yield f"{NEIGHBOUR} has moved in, and nothing of it is kept"
    for table, each in rows.items():
        for said in sorted(marks):
            if any(said in row for row in each):
                yield f"{table} of {NEIGHBOUR} holds {said}, which is of {HOST}"


def held(store: MemoryFile, tenant: str) -> dict[str, list[str]]:
    """Read every row of a tenant, by table."""
    connection: apsw.Connection = store.connection
    return {
        str(name): sorted(
            repr(row)
            for row in connection.execute(f"SELECT * FROM {name} WHERE tenant = ?", (tenant,))  # noqa: S608 - names of our tables
        )
        for (name,) in connection.execute(TABLES).fetchall()
    }


def changed(before: dict[str, list[str]], after: dict[str, list[str]]) -> Iterator[str]:
    """Name what is otherwise than it was."""
    for table, rows in before.items():
        if rows != after[table]:
            yield f"{table} of {HOST} is otherwise since {NEIGHBOUR} moved in"

"""Tenants: what one of them has is nobody else's, though they share a store and every number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import apsw

from crossdock.flow.settling import Work
from crossdock.simulators.chance import between, choose, share
from crossdock.testing.simulation.image import BEGIN
from crossdock.testing.simulation.invariants.base import Invariant, Scene
from crossdock.testing.simulation.memory import MemoryFile
from crossdock.testing.simulation.neighbour import HOST, MARK, NEIGHBOUR, Letter, Town
from crossdock.testing.simulation.people import pages

MOVES_IN_SHARE = 0.25  # of the runs
HOURS = (1.0, 72.0)  # from the beginning to when it moves in, where the run goes on that long
TABLES = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND EXISTS"
    " (SELECT 1 FROM pragma_table_info(sqlite_schema.name) WHERE name = 'tenant') ORDER BY 1"
)
PENDING = "SELECT 1 FROM inbox WHERE place = 0 LIMIT 1"

Rows = dict[str, list[tuple[Any, ...]]]  # of a tenant, by table


class Apart(Invariant):
    """INV-40."""

    number = "INV-40"
    says = "no row, page, message or effect of one tenant holds or changes anything of another"
    wakes = frozenset({"committed"})

    def __init__(self, scene: Scene) -> None:
        """Draw whether a neighbour moves in, and when."""
        super().__init__(scene)
        seed = scene.options.seed
        self._moves_in = share(seed, "neighbour") < MOVES_IN_SHARE
        self._at: datetime = BEGIN + timedelta(hours=between(*HOURS, seed, "neighbour", "hours"))

    def after(self) -> Iterator[str]:
        """Let a neighbour move in at its time, once something is planned, between two steps."""
        scene = self.scene
        due = self._moves_in and scene.now >= self._at and self.witness.confirmed
        if due and scene.roster is not None and not scene.rows(PENDING):
            yield from self._judge()

    def at_end(self) -> Iterator[str]:
        """Let it move in when all is over, where the run was over before its time."""
        if self._moves_in and self.scene.roster is not None:
            yield from self._judge()

    def _judge(self) -> Iterator[str]:
        """Let both live in the store for a while, and look for either with the other."""
        scene = self.scene
        if scene.roster is None:
            return
        self._moves_in = False
        with scene.store.aside():
            yield from self._live_together(Town(scene.store, scene.roster, scene.now))

    def _live_together(self, town: Town) -> Iterator[str]:
        letters = list(town.told())
        names = self._names(letters)
        before = held(town.store, HOST)
        marks = town.move_in(letters, names)
        self.witness.reached["tenant moved in"] += 1
        yield from changed(before, held(town.store, HOST))
        yield from self._left(HOST, town.leave(HOST))
        before = held(town.store, HOST)
        yield from self._left(NEIGHBOUR, town.live())
        yield from changed(before, held(town.store, HOST))
        yield from leaked(held(town.store, NEIGHBOUR), marks)
        yield from self._shown(town, marks)
        yield from found(town.store, names)

    def _names(self, letters: Iterable[Letter]) -> set[str]:
        """Choose an order that the host was told of, and name what it is carried under."""
        events = (each for told in letters for each in told.events)
        orders = {str(each["order"]["order_id"]) for each in events if "order" in each}
        if not orders:
            return set()
        order = choose(sorted(orders), self.scene.options.seed, "neighbour", "order")
        shipments = self.witness.confirmed[order]
        return {order}.union(*map(self.scene.numbers_of, shipments))

    def _left(self, tenant: str, works: Iterable[Work]) -> Iterator[str]:
        """Hold what leaves against whose machine sends it."""
        for work in works:
            self.witness.reached[f"tenant {tenant} sends"] += 1
            if work.row.tenant != tenant:
                yield f"{work.row.verb} of {work.row.tenant} leaves where {tenant} delivers"

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


def found(store: MemoryFile, names: set[str]) -> Iterator[str]:
    """Look for numbers and for open exceptions as persons of either do."""
    with store.read() as reader:
        for tenant in (HOST, NEIGHBOUR):
            numbers = (row for name in sorted(names) for row in reader.search(tenant, name))
            for what, rows in (("number", numbers), ("exception", reader.exceptions(tenant))):
                for row in rows:
                    if row.tenant != tenant:
                        yield f"{tenant} finds the {what} of {row.tenant}"


def leaked(rows: Rows, marks: set[str]) -> Iterator[str]:
    """Name the host's marks among the neighbour's rows; where its own is missing, nothing was."""
    said = {table: repr(each) for table, each in rows.items()}
    if marks and not any(MARK in each for each in said.values()):
        yield f"{NEIGHBOUR} has moved in, and nothing of it is kept"
    for table, text in said.items():
        for each in sorted(marks):
            if each in text:
                yield f"{table} of {NEIGHBOUR} holds {each}, which is of {HOST}"


def held(store: MemoryFile, tenant: str) -> Rows:
    """Read every row of a tenant, by table."""
    connection: apsw.Connection = store.connection
    return {
        str(name): connection.execute(
            f"SELECT * FROM {name} WHERE tenant = ?",  # noqa: S608 - names of our tables
            (tenant,),
        ).fetchall()
        for (name,) in connection.execute(TABLES).fetchall()
    }


def changed(before: Rows, after: Rows) -> Iterator[str]:
    """Name what is otherwise than it was."""
    for table, rows in before.items():
        if rows != after[table]:
            yield f"{table} of {HOST} is otherwise since {NEIGHBOUR} moved in"

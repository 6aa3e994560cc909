"""The store as many processes share it: workers with a part of the work each, and doors.

A worker takes the steps of its lanes and delivers to its endpoints. A door takes documents and
decisions in, and leaves the work to the workers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from crossdock.ports.shared import Part, Wake
from crossdock.ports.store import CaseName, InboxRow, OutboxRow, Step
from crossdock.store.postgres.bell import Bell, Ear, News
from crossdock.store.postgres.connections import WORKING
from crossdock.store.postgres.session import Session
from crossdock.store.postgres.share import Share
from crossdock.store.postgres.sql import PostgresSql
from crossdock.store.postgres.store import PostgresStore
from crossdock.store.postgres.unit import PostgresUnit


class SharedUnit(PostgresUnit):
    """One transaction of a process with a part of the work; what is not its part it cannot take."""

    def __init__(self, sql: PostgresSql, part: Part) -> None:
        super().__init__(sql)
        self._part = part
        self.news = News()

    def claim(self, limit: int, lanes: Sequence[int] | None = None) -> Sequence[Step]:
        mine = self._part.lanes if lanes is None else self._part.lanes & frozenset(lanes)
        return super().claim(limit, sorted(mine)) if mine else []

    def held_back(self, rows: Sequence[InboxRow]) -> frozenset[CaseName]:
        mine = [row for row in rows if row.lane in self._part.lanes]
        others = frozenset(
            (row.tenant, row.subscriber, row.key)
            for row in rows
            if row.lane not in self._part.lanes
        )
        return super().held_back(mine) | others if mine else others

    def lease(
        self, tenant: str, endpoint: str, now: datetime, until: datetime, limit: int
    ) -> list[OutboxRow]:
        if endpoint not in self._part.endpoints:
            return []
        return super().lease(tenant, endpoint, now, until, limit)

    def enqueue(self, rows: Sequence[InboxRow]) -> None:
        super().enqueue(rows)
        self.news.add({row.lane for row in rows}, ())

    def ask(self, rows: Sequence[OutboxRow]) -> None:
        super().ask(rows)
        self.news.add((), {row.endpoint for row in rows})

    def rewrite_effect(self, row: OutboxRow) -> None:
        super().rewrite_effect(row)
        self.news.add((), [row.endpoint])


class Door(PostgresStore):
    """The store of a process that takes in and decides, and does no work."""

    def __init__(self, address: str) -> None:
        """Open it. Raises Misconfigured and NotNow as `PostgresStore`."""
        self._bell = Bell(address)
        super().__init__(address)

    def _part(self) -> Part:
        return Part()

    def _unit(self, sql: PostgresSql) -> SharedUnit:
        return SharedUnit(sql, self._part())

    def _committed(self, unit: PostgresUnit) -> None:
        if isinstance(unit, SharedUnit):
            part = self._part()
            self._bell.ring(unit.news.lanes - part.lanes, unit.news.endpoints - part.endpoints)

    def balance(self, endpoints: Collection[str], busy: Collection[str]) -> Part:
        """Take nothing."""
        del endpoints, busy
        return Part()

    def listen(self, wake: Wake) -> None:
        """Hear nothing: there is no work here to be woken for."""

    def leave(self) -> None:
        """Give nothing back."""

    def close(self) -> None:
        """Tell what is left to tell, and close the connections."""
        self._bell.close()
        super().close()


class WorkingStore(Door):
    """The store of a worker."""

    settings = WORKING

    def __init__(self, address: str, tenant: str) -> None:
        """Open it; nothing is taken before the first `balance`."""
        self._tenant = tenant
        self._share: Share | None = None
        self._ear: Ear | None = None
        super().__init__(address)

    def _begin(self, session: Session, number: int) -> None:
        self._share = Share(session, number, self._tenant)

    def _part(self) -> Part:
        share = self._share
        return Part() if share is None else Part(lanes=share.lanes, endpoints=share.endpoints)

    def balance(self, endpoints: Collection[str], busy: Collection[str]) -> Part:
        """Take a fair part, and give back what is more. Raises NotNow where the server is away."""
        with self._turn, self._connected():
            if self._share is None:
                return Part()
            return self._share.balance(endpoints, busy)

    def listen(self, wake: Wake) -> None:
        """Call `wake`, from another thread, when others have left work for this part."""

        def heard(news: News) -> None:
            part = self._part()
            mine = news.endpoints & part.endpoints
            if mine or news.lanes & part.lanes:
                wake(frozenset(mine))

        self._ear = Ear(self.address, heard)

    def leave(self) -> None:
        """Give everything back in order; a worker whose connection is lost has nothing any more."""
        with self._turn:
            if self._share is not None and not self._writer.closed:
                with self._connected():
                    self._share.leave()

    def close(self) -> None:
        """Close the connections."""
        if self._ear is not None:
            self._ear.close()
        super().close()


def open_door(address: str) -> Door:
    """Open the store for taking in and deciding. Raises Misconfigured and NotNow."""
    return Door(address)


def open_worker(address: str, tenant: str) -> WorkingStore:
    """Open the store for a worker. Raises Misconfigured and NotNow."""
    return WorkingStore(address, tenant)

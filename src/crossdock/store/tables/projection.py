"""`projection` and `projection_index`: the rows of the read models, and what finds them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from crossdock.ports.store import ProjectionRow
from crossdock.store.instants import instant, micros
from crossdock.store.tables.table import Table

Place = tuple[str, str, str]  # tenant, kind, key
Terms = tuple[tuple[str, str], ...]

_terms = msgspec.json.Decoder(Terms)
write_terms = msgspec.json.Encoder().encode


def projection_row(columns: Sequence[Any]) -> ProjectionRow:
    """Read the columns of a row, in the order every query here asks for them."""
    tenant, kind, key, body, terms, updated_at, revision = columns
    return ProjectionRow(
        tenant=tenant,
        kind=kind,
        key=key,
        body=body,
        index=_terms.decode(terms),
        updated_at=instant(updated_at),
        revision=revision,
    )


class ReadProjections(Table):
    """Questions to the read models."""

    def projections(self, tenant: str, kind: str, keys: Sequence[str]) -> dict[str, ProjectionRow]:
        asked = [(tenant, kind, key) for key in keys]
        rows = [projection_row(row) for row in self._sql.ask_each("projection.find", asked)]
        return {row.key: row for row in rows}

    def find(
        self,
        tenant: str,
        kind: str,
        where: Mapping[str, str],
        *,
        after: str = "",
        limit: int = 100,
    ) -> list[ProjectionRow]:
        if not where:
            found = self._sql.ask("projection.list", (tenant, kind, after, limit))
        else:
            rarest = self._rarest(tenant, kind, where)
            rest = {name: value for name, value in where.items() if name != rarest}
            asked = (tenant, kind, rarest, where[rarest], after, json.dumps(rest), limit)
            found = self._sql.ask("projection.list_where", asked)
        return [projection_row(columns) for columns in found]

    def _rarest(self, tenant: str, kind: str, where: Mapping[str, str]) -> str:
        """Choose the condition that the fewest rows meet: the others are checked on those."""
        if len(where) == 1:
            return next(iter(where))
        asked = [(tenant, kind, name, value) for name, value in where.items()]
        counts = self._sql.ask_each("projection.how_many", asked)
        return min(zip(counts, where, strict=True))[1]


class WriteProjections(ReadProjections):
    """Rows of the read models, written."""

    def put_projections(self, rows: Sequence[ProjectionRow]) -> None:
        asked = [(row.tenant, row.kind, row.key) for row in rows]
        before: dict[Place, tuple[bytes, bytes, int]] = {
            (tenant, kind, key): (body, terms.encode(), revision)
            for tenant, kind, key, body, terms, _, revision in self._sql.ask_each(
                "projection.find", asked
            )
        }
        now = dict(before)
        written: list[tuple[object, ...]] = []
        for place, row in zip(asked, rows, strict=True):
            body, terms, revision = now.get(place, (None, None, 0))
            wanted = write_terms(row.index)
            if (body, terms) != (row.body, wanted):
                now[place] = (row.body, wanted, revision + 1)
                at = micros(row.updated_at)
                written.append((*place, row.body, wanted.decode(), at, revision + 1))
        self._sql.change("projection.put", written)
        self._reindex(
            (place, before[place][1] if place in before else b"[]", now[place][1]) for place in now
        )

    def drop_projections(self, tenant: str, kind: str, keys: Sequence[str]) -> None:
        asked = [(tenant, kind, key) for key in keys]
        dropped = self._sql.ask_each("projection.drop", asked)
        self._reindex(
            ((tenant_, kind_, key), terms.encode(), b"[]") for tenant_, kind_, key, terms in dropped
        )

    def _reindex(self, changes: Iterator[tuple[Place, bytes, bytes]]) -> None:
        gone: list[tuple[str, ...]] = []
        new: list[tuple[str, ...]] = []
        for (tenant, kind, key), before, now in changes:
            if before != now:
                old_terms, new_terms = set(_terms.decode(before)), set(_terms.decode(now))
                gone += [(tenant, kind, *term, key) for term in old_terms - new_terms]
                new += [(tenant, kind, *term, key) for term in new_terms - old_terms]
        self._sql.tell_each("projection.unindex", gone)
        self._sql.tell_each("projection.index", new)

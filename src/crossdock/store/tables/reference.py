"""`reference`: the numbers that lead to keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crossdock.canonical.references import Reference, ReferenceType
from crossdock.messages.envelope import Key
from crossdock.ports.store import ReferenceRow
from crossdock.store.tables.table import Table


def reference_row(columns: Sequence[Any]) -> ReferenceRow:
    """Read the columns of a number, in the order every query here asks for them."""
    tenant, kind, issuer, value, key_kind, key_id, routable, correlation_id = columns
    return ReferenceRow(
        tenant=tenant,
        reference=Reference(type=ReferenceType(kind), value=value, issuer=issuer),
        key=Key(key_kind, key_id),
        routable=bool(routable),
        correlation_id=correlation_id,
    )


class ReadReferences(Table):
    """Questions about numbers."""

    def routes(self, tenant: str, references: Sequence[Reference]) -> dict[Reference, ReferenceRow]:
        asked = [(tenant, each.type, each.issuer, each.value) for each in dict.fromkeys(references)]
        rows = [reference_row(row) for row in self._sql.ask_each("reference.routes", asked)]
        found = {row.reference: row for row in rows}
        # A number that routes to two keys routes nowhere: which one is meant is not ours to guess.
        if len(found) < len(rows):
            several = [row.reference for row in rows if found[row.reference] is not row]
            return {each: row for each, row in found.items() if each not in several}
        return found

    def search(self, tenant: str, value: str) -> list[ReferenceRow]:
        found = self._sql.ask("reference.search", (tenant, value.casefold()))
        return [reference_row(columns) for columns in found]

    def references_of(self, tenant: str, key: Key) -> list[ReferenceRow]:
        found = self._sql.ask("reference.of_key", (tenant, key.kind, key.id))
        return [reference_row(columns) for columns in found]


class WriteReferences(ReadReferences):
    """Numbers, written."""

    def put_references(self, rows: Sequence[ReferenceRow]) -> None:
        self._sql.tell_each(
            "reference.put",
            [
                (
                    row.tenant,
                    row.reference.type,
                    row.reference.issuer,
                    row.reference.value,
                    row.key.kind,
                    row.key.id,
                    row.reference.value.casefold(),
                    row.routable,
                    row.correlation_id,
                )
                for row in rows
            ],
        )

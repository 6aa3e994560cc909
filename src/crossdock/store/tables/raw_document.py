"""`raw_document` and `raw_chunk`: the bytes as they came, packed in pieces."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import compress
from typing import Any

import msgspec

from crossdock.faults import Finding
from crossdock.ports.store import DocumentRow, DocumentStatus
from crossdock.store.instants import instant, micros
from crossdock.store.tables.table import Table

CHUNK_BYTES = 1 << 20
LEVEL = 1  # a document is written once and seldom read: speed before the last per cent

_findings = msgspec.json.Decoder(tuple[Finding, ...])


def chunks(content: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Cut content in pieces (number, packing, bytes), packed where that makes them smaller."""
    for number, start in enumerate(range(0, len(content), CHUNK_BYTES)):
        piece = content[start : start + CHUNK_BYTES]
        packed = zlib.compress(piece, LEVEL)
        yield (number, "zlib", packed) if len(packed) < len(piece) else (number, "plain", piece)


class ReadDocuments(Table):
    """Questions about raw documents."""

    def document(self, tenant: str, id: str) -> DocumentRow | None:
        for columns in self._sql.ask("raw_document.find", (tenant, id)):
            return self._document_row(columns)
        return None

    def documents(self, tenant: str, *, after: str = "", limit: int = 100) -> list[DocumentRow]:
        found = self._sql.ask("raw_document.list", (tenant, after, limit))
        return [self._document_row(columns) for columns in found]

    def last_heard(self, tenant: str) -> dict[str, datetime]:
        found = self._sql.ask("raw_document.last_heard", (tenant,))
        return {endpoint: instant(received_at) for endpoint, received_at in found}

    def _document_row(self, columns: Sequence[Any]) -> DocumentRow:
        (tenant, id_, endpoint, document, received_at, content_type, sha256) = columns[:7]
        (status, findings, parent_id, retention) = columns[7:]
        return DocumentRow(
            tenant=tenant,
            id=id_,
            endpoint=endpoint,
            document=document,
            received_at=instant(received_at),
            content=self._content(tenant, id_),
            content_type=content_type,
            sha256=sha256,
            status=DocumentStatus(status),
            findings=_findings.decode(findings),
            parent_id=parent_id,
            retention=retention,
        )

    def _content(self, tenant: str, id_: str) -> bytes:
        return b"".join(
            zlib.decompress(content) if packing == "zlib" else content
            for packing, content in self._sql.ask("raw_document.chunks", (tenant, id_))
        )


class WriteDocuments(ReadDocuments):
    """Raw documents, kept."""

    def keep_documents(self, rows: Sequence[DocumentRow]) -> None:
        is_new = self._sql.write("raw_document.keep", map(kept, rows))
        again = [row for row, new in zip(rows, is_new, strict=True) if not new]
        self._sql.tell_each(
            "raw_document.keep_again",
            [(row.status, text_of(row.findings), row.tenant, row.id) for row in again],
        )
        self._sql.tell_each(
            "raw_document.keep_chunk",
            [
                (row.tenant, row.id, *piece)
                for row in compress(rows, is_new)
                for piece in chunks(row.content)
            ],
        )


def text_of(findings: tuple[Finding, ...]) -> str:
    """Write findings as JSON."""
    return msgspec.json.encode(findings).decode()


def kept(row: DocumentRow) -> tuple[object, ...]:
    """Write a document, less its content, as the columns of `keep`."""
    return (
        row.tenant,
        row.id,
        row.endpoint,
        row.document,
        micros(row.received_at),
        row.content_type,
        row.sha256,
        row.status,
        text_of(row.findings),
        row.parent_id,
        row.retention,
    )

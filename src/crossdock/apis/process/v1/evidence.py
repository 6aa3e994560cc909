"""The evidence pack of a load's money: everything a dispute or a posting rests on, in one document.

It is made when it is asked for, from what the store holds, in one snapshot: charges with the rule
that decided and the segments they were read from, the rules themselves, what was told of the
journey, every document with the hash of its bytes and its text, every message and every attempt in
order, who decided what and why. `digest` is the SHA-256 of the pack without it, so that two copies
can be compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossdock.apis.http import json_text
from crossdock.apis.process.v1.freight_load import Load, RawDocument, load, raw_document
from crossdock.apis.process.v1.story import Entry
from crossdock.apis.process.v1.trace import trace
from crossdock.messages.shipment_visibility import PictureChanged
from crossdock.ports.store import Reader

VIEW = "shipment_view"  # the read model's name
TEXT_MAX = 64 * 1024  # characters of one document; its hash is that of all its bytes


class ToldMilestone(Struct, frozen=True, kw_only=True):
    """A milestone of a shipment of the load, as it stands; `occurred` is as the source wrote it."""

    shipment_id: str
    milestone: str
    classifier: str
    occurred_at: datetime
    occurred: str
    source: str
    received_at: datetime
    stop: int
    corrected: bool
    partial: bool


class RuleText(Struct, frozen=True, kw_only=True):
    """A rule that decided about a charge, as its table has it, and the hash of the rule book."""

    rule_id: str
    table: str
    edition: str
    row: dict[str, Any]


class Original(Struct, frozen=True, kw_only=True):
    """A raw document and what it says; `text` is None where it is no text.

    `whole` False: the text is longer than a pack takes, and goes on in the document itself.
    """

    document: RawDocument
    text: str | None
    whole: bool = True


class Evidence(Struct, frozen=True, kw_only=True):
    """A load's money with its whole story."""

    tenant: str
    load: Load
    milestones: tuple[ToldMilestone, ...]
    rules: tuple[RuleText, ...]
    documents: tuple[Original, ...]
    timeline: tuple[Entry, ...]
    digest: str = ""


def evidence(reader: Reader, tenant: str, load_id: str) -> Evidence:
    """Gather the pack of a load. Raises Declined where nothing is known of its money."""
    found = load(reader, tenant, load_id)
    timeline = trace(reader, tenant, load_id).timeline
    bare = Evidence(
        tenant=tenant,
        load=found,
        milestones=tuple(_milestones(reader, tenant, found)),
        rules=tuple(_rules(reader, tenant, found)),
        documents=tuple(_originals(reader, tenant, found, timeline)),
        timeline=timeline,
    )
    return replace(bare, digest=digest_of(bare))


def digest_of(pack: Evidence) -> str:
    """Hash a pack as it is written, its own digest left out."""
    return hashlib.sha256(json_text(replace(pack, digest="")).encode()).hexdigest()


def _milestones(reader: Reader, tenant: str, found: Load) -> Iterator[ToldMilestone]:
    """Tell each shipment's milestones once; all its customers are shown the same ones."""
    for shipment_id in found.shipment_ids:
        rows = reader.find(tenant, VIEW, {"reference": shipment_id})
        views = (msgspec.json.decode(row.body, type=PictureChanged) for row in rows)
        told = next((each for each in views if each.shipment_id == shipment_id), None)
        if told is not None:
            for each in told.picture.milestones:
                yield ToldMilestone(
                    shipment_id=told.shipment_id,
                    milestone=each.milestone,
                    classifier=each.classifier,
                    occurred_at=each.occurred.at,
                    occurred=each.occurred.text,
                    source=each.source,
                    received_at=each.received_at,
                    stop=each.stop,
                    corrected=each.corrected,
                    partial=each.partial,
                )


def _rules(reader: Reader, tenant: str, found: Load) -> Iterator[RuleText]:
    """Find the rules by their names in the rule book that decided.

    Where an earlier release did not tell which one, in every one in use, each wording once.
    """
    wanted = {rule for each in found.charges for rule in each.rule.split(", ")}
    told: set[bytes] = set()
    for edition, content in sorted(reader.rules(tenant).items()):
        if found.rules not in {"", edition}:
            continue
        for table, row in _rows("", msgspec.json.decode(content)):
            text = msgspec.json.encode((table, row), order="deterministic")
            if row["rule_id"] in wanted and text not in told:
                told.add(text)
                yield RuleText(rule_id=row["rule_id"], table=table, edition=edition, row=row)


def _rows(table: str, found: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Find what has a rule's name in a rule book, with the table it stands in."""
    match found:
        case {"rule_id": str()}:
            yield table, found
        case dict():
            for name, each in found.items():
                yield from _rows(f"{table}.{name}" if table else name, each)
        case list():
            for each in found:
                yield from _rows(table, each)
        case _:
            return


def _originals(
    reader: Reader, tenant: str, found: Load, timeline: tuple[Entry, ...]
) -> Iterator[Original]:
    """Give the documents that charges were read from, then all others of the story."""
    ids = (*(each.id for each in found.documents), *(each.document_id for each in timeline))
    for id_ in dict.fromkeys(filter(None, ids)):
        row = reader.document(tenant, id_)
        if row is None:
            continue
        try:
            text: str | None = row.content.decode("utf-8")
        except UnicodeDecodeError:
            text = None
        whole = text is None or len(text) <= TEXT_MAX
        text = text if text is None else text[:TEXT_MAX]
        yield Original(document=raw_document(row), text=text, whole=whole)

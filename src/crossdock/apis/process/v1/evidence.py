"""The evidence pack of a load's money: everything a dispute or a posting rests on, in one document.

It is made when it is asked for, from what the store holds, in one snapshot: charges with the rule
that decided and the segments they were read from, every document by the hash of its bytes, every
message and every attempt in order, who decided what and why. `digest` is the SHA-256 of the pack
without it, so that two copies can be compared.
"""

from __future__ import annotations

import hashlib

from msgspec import Struct
from msgspec.structs import replace

from crossdock.apis.http import json_text
from crossdock.apis.process.v1.freight_load import Load, load
from crossdock.apis.process.v1.story import Entry
from crossdock.apis.process.v1.trace import trace
from crossdock.ports.store import Reader


class Evidence(Struct, frozen=True, kw_only=True):
    """A load's money with its whole story."""

    tenant: str
    load: Load
    timeline: tuple[Entry, ...]
    digest: str = ""


def evidence(reader: Reader, tenant: str, load_id: str) -> Evidence:
    """Gather the pack of a load. Raises Declined where nothing is known of its money."""
    bare = Evidence(
        tenant=tenant,
        load=load(reader, tenant, load_id),
        timeline=trace(reader, tenant, load_id).timeline,
    )
    return replace(bare, digest=digest_of(bare))


def digest_of(pack: Evidence) -> str:
    """Hash a pack as it is written, its own digest left out."""
    return hashlib.sha256(json_text(replace(pack, digest="")).encode()).hexdigest()

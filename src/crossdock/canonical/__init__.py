"""The Canonical Data Model: what orders, shipments, freight and tracking mean here, for everyone.

Frozen structs, required by default: a field is optional only where the trade allows it to be
absent. `SCHEMA_VERSION` rises with every change that a stored document could notice.
"""

from __future__ import annotations

from msgspec import Struct

SCHEMA_VERSION = 1


# Frozen objects of frozen objects are never part of a cycle: the collector need not look at them.
class Canonical(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The base of every canonical object."""

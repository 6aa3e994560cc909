"""Whose stock is committed: the row of the inventory policy that speaks of a company."""

from __future__ import annotations

from crossdock.policies.rules import InventoryPolicy, InventoryRow


def row_for(policy: InventoryPolicy, company_code: str) -> InventoryRow | None:
    """Find the row of a company, else the one for any other; None where nothing is asked."""
    rows = {row.company_code: row for row in policy.rows}
    return rows.get(company_code) or rows.get("")

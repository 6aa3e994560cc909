"""The files' columns, in and out, in the partner's words."""

from __future__ import annotations

# One row for each order line. What belongs to the order is repeated in every row of it.
ORDER_COLUMNS: tuple[str, ...] = (
    "order_no",
    "order_version",
    "action",
    "company",
    "customer_no",
    "customer_po",
    "ship_from_id",
    "ship_from_country",
    "ship_from_city",
    "ship_from_zip",
    "ship_to_id",
    "ship_to_name",
    "ship_to_country",
    "ship_to_city",
    "ship_to_zip",
    "ship_to_street",
    "req_date",
    "line_no",
    "item_no",
    "qty",
    "uom",
    "weight_kg",
    "value",
    "currency",
)
LINE_COLUMNS = frozenset({"line_no", "item_no", "qty", "uom", "weight_kg", "value", "currency"})
HEAD_COLUMNS: tuple[str, ...] = tuple(each for each in ORDER_COLUMNS if each not in LINE_COLUMNS)

REFERENCE_COLUMNS: tuple[str, ...] = (
    "order_no",
    "order_version",
    "shipment_id",
    "load_id",
    "carrier_scac",
    "revision",
)
WITHDRAWAL_COLUMNS: tuple[str, ...] = (
    "order_no",
    "order_version",
    "shipment_id",
    "revision",
    "because",
)
POSTING_COLUMNS: tuple[str, ...] = (
    "order_no",
    "shipment_id",
    "posting",
    "milestone",
    "stop",
    "occurred_at",
    "occurred_local",
    "revision",
    "reversed",
    "received_by",
    "document_no",
)

# One row for each order's share; what belongs to the posting is repeated in every row of it.
ACCRUAL_COLUMNS: tuple[str, ...] = (
    "load_id",
    "charge",
    "kind",
    "carrier_scac",
    "invoice_no",
    "currency",
    "amount",
    "before",
    "revision",
    "business_date",
    "ledger_currency",
    "ledger_amount",
    "rate",
    "rate_date",
    "rule",
    "proof",
    "order_no",
    "share",
)
FREIGHT_INVOICE_COLUMNS: tuple[str, ...] = (
    "load_id",
    "invoice_no",
    "carrier_scac",
    "currency",
    "billed",
    "payable",
    "revision",
    "business_date",
    "charges",
    "rule",
    "order_no",
    "share",
    "part",
)
BILLING_RELEASE_COLUMNS: tuple[str, ...] = (
    "order_no",
    "load_id",
    "currency",
    "freight",
    "revision",
    "flagged",
    "reversed",
    "accrued",
)

# One row for each posting under the date; a date with nothing is one row without a posting.
STATEMENT_COLUMNS: tuple[str, ...] = (
    "business_date",
    "drawn_at",
    "posting",
    "load_id",
    "charge",
    "invoice_no",
    "part",
    "carrier_scac",
    "amount",
    "currency",
    "document_no",
)

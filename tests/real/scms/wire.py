"""The file's rows in the file's words."""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec import Struct

FORMATS = ("%d-%b-%y", "%m/%d/%y")


class Row(Struct, frozen=True, kw_only=True):
    """One order line on one shipment, all columns as text."""

    ID: str
    project: str
    pq_sent: str
    po_sent: str
    order: str
    shipment: str
    country: str
    mode: str
    scheduled: str
    delivered: str
    recorded: str
    vendor: str
    item: str
    quantity: str
    value: str
    weight: str
    freight: str

    @property
    def line(self) -> str:
        """Name the line across the file."""
        return f"{self.order}/{self.ID}"


COLUMNS = {
    "ID": "ID",
    "project": "Project Code",
    "pq_sent": "PQ First Sent to Client Date",
    "po_sent": "PO Sent to Vendor Date",
    "order": "PO / SO #",
    "shipment": "ASN/DN #",
    "country": "Country",
    "mode": "Shipment Mode",
    "scheduled": "Scheduled Delivery Date",
    "delivered": "Delivered to Client Date",
    "recorded": "Delivery Recorded Date",
    "vendor": "Vendor",
    "item": "Item Description",
    "quantity": "Line Item Quantity",
    "value": "Line Item Value",
    "weight": "Weight (Kilograms)",
    "freight": "Freight Cost (USD)",
}


def day(text: str) -> date | None:
    """Read a date in either of the file's shapes; words are None."""
    for shape in FORMATS:
        try:
            return datetime.strptime(text, shape).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None

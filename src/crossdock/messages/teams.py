"""The teams that own exceptions: one queue each."""

from __future__ import annotations

from enum import StrEnum


class Team(StrEnum):
    """Who looks after a kind of trouble."""

    ORDER_MANAGEMENT = "ORDER_MANAGEMENT"
    TRANSPORTATION = "TRANSPORTATION"
    CARRIER_RELATIONS = "CARRIER_RELATIONS"
    FINANCE = "FINANCE"
    CUSTOMER_SERVICE = "CUSTOMER_SERVICE"
    INTEGRATION = "INTEGRATION"

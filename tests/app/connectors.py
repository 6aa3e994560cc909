"""Two connectors with settings, for stories about the configuration."""

from typing import Annotated

from msgspec import Meta, Struct

from crossdock.ports import Connector
from crossdock.testing.plain_partner import PlainConnector


class LineSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a partner is reached."""

    base_url: Annotated[str, Meta(description="Its address.", examples=["http://127.0.0.1:8101"])]
    token: Annotated[str, Meta(description="Our token.", extra={"secret": True})] = ""
    time_zone: Annotated[str, Meta(description="Where its clock hangs.")] = "UTC"
    partner: Annotated[str, Meta(description="What its evidence is kept under.")] = ""


class LineConnector(PlainConnector):
    """A plain connector that must be told an address."""

    settings: type[Struct] = LineSettings


def connectors() -> dict[str, Connector]:
    """An ERP, another one, and a TMS."""
    roles = {"reference_erp": "erp", "slow_erp": "erp", "reference_tms": "tms"}
    return {name: LineConnector(name, role) for name, role in roles.items()}

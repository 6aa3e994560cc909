"""What crossdock must be told of an ERP that exchanges files."""

from __future__ import annotations

from typing import Annotated

from crossdock.ports.settings import PartnerSettings, setting


class Settings(PartnerSettings, frozen=True, kw_only=True):
    """Where files are exchanged, and how they are written."""

    inbox_dir: Annotated[
        str,
        setting("Folder the ERP drops its order files into; watched.", example="exchange/orders"),
    ] = ""
    outbox_dir: Annotated[
        str,
        setting("Folder the ERP fetches our files from; must exist.", example="exchange/to-erp"),
    ]
    partner: Annotated[
        str,
        setting(
            "Name that this ERP's ledger is known by; its name in the configuration.",
            example="legacy",
        ),
    ] = ""
    encoding: Annotated[
        str,
        setting("Encoding of the files in both directions.", example="cp1252"),
    ] = "utf-8"
    delimiter: Annotated[
        str,
        setting("The sign between two fields, in both directions.", example=";"),
    ] = ";"
    time_zone: Annotated[
        str,
        setting(
            "IANA zone that requested days end in; UTC is assumed where this is empty.",
            example="Europe/Berlin",
        ),
    ] = ""

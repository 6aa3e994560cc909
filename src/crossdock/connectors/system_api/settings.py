"""What crossdock must be told of a partner that speaks the published system API."""

from __future__ import annotations

from typing import Annotated

from crossdock.ports.settings import PartnerSettings, Secret, setting


class SystemApiSettings(PartnerSettings, frozen=True, kw_only=True):
    """Where the partner listens, how we are known there, and what we know of its habits."""

    base_url: Annotated[
        str,
        setting(
            "Address of the partner's system API, without a slash at the end.",
            example="https://erp.example.com/system/v1",
        ),
    ]
    token: Annotated[
        Secret,
        setting(
            "Bearer token that the partner gave us.", example="${file:secrets/token}", secret=True
        ),
    ] = Secret("")
    partner: Annotated[
        str,
        setting(
            "Name that this partner's evidence is kept under; its name in the configuration.",
            example="roadhaul",
        ),
    ] = ""
    time_zone: Annotated[
        str,
        setting(
            "IANA zone of local times that come without one; UTC is assumed where this is empty.",
            example="Europe/Berlin",
        ),
    ] = ""

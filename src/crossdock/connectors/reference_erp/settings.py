"""What crossdock must be told of an ERP."""

from __future__ import annotations

from crossdock.connectors.system_api.settings import SystemApiSettings


class Settings(SystemApiSettings, frozen=True, kw_only=True):
    """An ERP needs what every partner of the published system API needs, and nothing else."""

"""Sections of `crossdock.toml` that say where things are: the store, the doors, the policies."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class StoreSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where everything is kept."""

    path: Annotated[str, Meta(description="The store's file.", examples=["crossdock.db"])] = (
        "crossdock.db"
    )
    ballast_mib: Annotated[
        int, Meta(ge=0, description="Room held back, in MiB; given up when the disk is full.")
    ] = 16
    low_water_mib: Annotated[
        int, Meta(ge=0, description="With less room on its disk, in MiB, nothing is taken in.")
    ] = 64
    address: Annotated[
        str,
        Meta(
            description=(
                "A PostgreSQL database, 15 or newer, in place of the file: what several machines "
                "share. Without a password; that is `password`."
            ),
            examples=["postgresql://crossdock@db.example:5432/crossdock"],
        ),
    ] = ""
    password: Annotated[
        str,
        Meta(
            description="The database's password; empty where none is asked for.",
            examples=["${file:secrets/database}"],
            extra={"secret": True},
        ),
    ] = ""


class ServerSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where partners, customers and operators reach crossdock."""

    host: Annotated[str, Meta(description="The address to listen on.", examples=["192.0.2.7"])] = (
        "127.0.0.1"
    )
    port: Annotated[
        int, Meta(ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    ] = 8080
    operator_token: Annotated[
        str,
        Meta(
            description=(
                "Opens the console and the process API. Without one they answer only to this "
                "machine itself."
            ),
            examples=["${file:secrets/operator-token}"],
            extra={"secret": True},
        ),
    ] = ""


class PoliciesSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the rule book is."""

    folder: Annotated[
        str,
        Meta(description="The folder of the policy files.", examples=["policies"]),
    ] = "policies"


class CustomerSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A customer who may look at its own shipments."""

    id: Annotated[str, Meta(description="The ERP's customer number.", examples=["C-100"])]
    name: Annotated[str, Meta(description="Shown on its pages.", examples=["Acme GmbH"])] = ""
    api_key_sha256: Annotated[
        str,
        Meta(
            pattern=r"^[0-9a-f]{64}$",
            description=(
                "SHA-256 of its API key, in hex: `printf %s KEY | sha256sum`. The key itself is "
                "kept nowhere."
            ),
        ),
    ]


class OperatorSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person who operates, with a token of her own: what she decides carries her name."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[a-z][a-z0-9_-]*$",
            description="The person's name, as decisions about money and the audit log show it.",
            examples=["ann"],
        ),
    ]
    token_sha256: Annotated[
        str,
        Meta(
            pattern=r"^[0-9a-f]{64}$",
            description=(
                "SHA-256 of the person's token, in hex: `printf %s TOKEN | sha256sum`. The token "
                "itself is kept nowhere."
            ),
        ),
    ]

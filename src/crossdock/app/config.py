"""The configuration: `crossdock.toml` read into a frozen `Config`, or refused at the very line.

What changes meaning (partners, policies) is in files; secrets are references to elsewhere
(`app.secrets`). Relative paths start at the folder of the configuration file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from crossdock.app import secrets
from crossdock.app.sections import (
    CustomerSection,
    OperatorSection,
    PoliciesSection,
    ServerSection,
    StoreSection,
)
from crossdock.channels import webhook
from crossdock.channels.stream import Source
from crossdock.connectors import promising
from crossdock.faults import Misconfigured
from crossdock.governance import typed_toml
from crossdock.governance.typed_toml import Toml
from crossdock.messages.acknowledgement import Environment
from crossdock.ports import Connector, EffectClass, Endpoint
from crossdock.store.postgres.connections import postgres_address

FILE = "crossdock.toml"
FOLDER = "_dir"  # settings so named are folders; relative ones begin at the configuration


class PartnerSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A partner system: who it is, how it is spoken to, and how it wants to be treated."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[a-z][a-z0-9_-]*$",
            description="The partner's name: part of its address here, and in every trace.",
            examples=["erp"],
        ),
    ]
    connector: Annotated[
        str, Meta(description="The connector that speaks its dialect.", examples=["reference_erp"])
    ]
    serves: Annotated[
        tuple[str, ...],
        Meta(
            description=(
                "Company codes (ERP) or SCACs (carrier) this partner takes; empty takes them all."
            ),
            examples=[["1000", "2000"]],
        ),
    ] = ()
    webhook_secrets: Annotated[
        tuple[str, ...],
        Meta(
            description=(
                "Secrets its deliveries to us are signed with (Standard Webhooks, `whsec_...`). "
                "Two while a secret is being changed; none accepts unsigned deliveries."
            ),
            examples=[["${file:secrets/erp-webhook}"]],
            extra={"secret": True},
        ),
    ] = ()
    test_webhook_secrets: Annotated[
        tuple[str, ...],
        Meta(
            description=(
                "Secrets the partner's test system signs with: what they sign counts as shown by "
                "test credentials."
            ),
            examples=[["${file:secrets/erp-test-webhook}"]],
            extra={"secret": True},
        ),
    ] = ()
    environment: Annotated[
        Literal["", "production", "test"],
        Meta(
            description=(
                "What the way to and from this partner is for; empty: what this house is for. "
                "Test and production never mix."
            )
        ),
    ] = ""
    credentials: Annotated[
        Literal["", "production", "test"],
        Meta(
            description=(
                "What the credentials in `settings` are for; empty: what this house is for."
            )
        ),
    ] = ""
    answers: Annotated[
        Literal["separately", "in_response"],
        Meta(
            description=(
                "Whether answers it is owed (acknowledgements) are sent on their own, or ride in "
                "the response of its delivery."
            )
        ),
    ] = "separately"
    body_max_kib: Annotated[
        int, Meta(ge=1, description="The largest document it may send at once, in KiB.")
    ] = 1024
    rate_per_second: Annotated[
        float, Meta(gt=0, description="How many requests a second it wants at most.")
    ] = 50.0
    in_flight_max: Annotated[
        int, Meta(ge=1, description="How many requests it wants at the same time at most.")
    ] = 8
    breaker_failures: Annotated[
        int, Meta(ge=1, description="After so many failures in a row it is left alone for a while.")
    ] = 5
    breaker_open_seconds: Annotated[
        float, Meta(gt=0, description="How long it is left alone before one probe.")
    ] = 30.0
    retry_base_seconds: Annotated[
        float, Meta(gt=0, description="The wait before the first retry; it doubles from there.")
    ] = 5.0
    retry_max_seconds: Annotated[float, Meta(gt=0, description="The longest wait.")] = 3600.0
    attempts_max: Annotated[
        int, Meta(ge=1, description="After so many attempts a person is asked.")
    ] = 20
    promises: Annotated[
        dict[str, EffectClass],
        Meta(
            description=(
                "What it promises about repeating an operation, where that is other than its "
                "connector declares: `idempotent` (honours our key), `lookup` (can only be asked), "
                "`natural` (repeating is harmless) or `neither` (a person is asked)."
            ),
            examples=[{"erp.write_reference": "lookup"}],
        ),
    ] = {}
    settings: Annotated[
        dict[str, Any], Meta(description="What its connector needs to know; see the connector.")
    ] = {}


class StreamSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A broker's stream that carries a partner's documents to us (NATS JetStream)."""

    partner: Annotated[
        str, Meta(description="Whose documents it carries: a name under `[[partners]]`.")
    ]
    servers: Annotated[
        tuple[str, ...],
        Meta(
            min_length=1,
            description="The broker's servers.",
            examples=[["nats://192.0.2.9:4222"]],
        ),
    ]
    stream: Annotated[str, Meta(description="The stream's name.", examples=["ORDERS"])]
    document: Annotated[
        str, Meta(description="What each message holds; the connector's first document by default.")
    ] = ""
    subject: Annotated[
        str, Meta(description="Only messages of this subject.", examples=["erp.orders.>"])
    ] = ""
    consumer: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_-]+$",
            description="The name of our durable consumer; the broker remembers its place.",
        ),
    ] = "crossdock"
    credentials: Annotated[
        str,
        Meta(
            description="The content of a NATS credentials file.",
            examples=["${file:secrets/broker.creds}"],
            extra={"secret": True},
        ),
    ] = ""
    token: Annotated[
        str,
        Meta(
            description="A token, where the broker asks for one.",
            examples=["${file:secrets/broker-token}"],
            extra={"secret": True},
        ),
    ] = ""


class ConfigFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`crossdock.toml` as written."""

    tenant: Annotated[
        str,
        Meta(pattern=r"^[a-z0-9_-]+$", description="Whose orders these are; one in one file."),
    ] = "main"
    environment: Annotated[
        Environment,
        Meta(description="What this house is for: `production`, or `test`. The two never mix."),
    ] = Environment.PRODUCTION
    store: StoreSection = StoreSection()
    server: ServerSection = ServerSection()
    policies: PoliciesSection = PoliciesSection()
    partners: tuple[PartnerSection, ...] = ()
    customers: tuple[CustomerSection, ...] = ()
    operators: tuple[OperatorSection, ...] = ()
    streams: tuple[StreamSection, ...] = ()


class Partner(Struct, frozen=True, kw_only=True):
    """A configured partner: its connector with settings read and secrets looked up."""

    section: PartnerSection
    connector: Connector
    settings: Struct
    webhook_secrets: tuple[str, ...]
    test_webhook_secrets: tuple[str, ...] = ()
    environment: Environment = Environment.PRODUCTION
    credentials: Environment = Environment.PRODUCTION

    def __repr__(self) -> str:
        """Leave the secrets out."""
        return f"Partner({self.section.name!r}, {self.section.connector!r})"

    @property
    def name(self) -> str:
        """Tell the partner's name."""
        return self.section.name

    def endpoint(self) -> Endpoint:
        """Give the partner as flow delivers to it."""
        section = self.section
        return Endpoint(
            name=section.name,
            connector=self.connector,
            settings=self.settings,
            environment=self.environment,
            credentials=self.credentials,
            rate_per_second=section.rate_per_second,
            in_flight_max=section.in_flight_max,
            breaker_failures=section.breaker_failures,
            breaker_open_seconds=section.breaker_open_seconds,
            retry_base_seconds=section.retry_base_seconds,
            retry_max_seconds=section.retry_max_seconds,
            attempts_max=section.attempts_max,
        )


class StreamSource(Struct, frozen=True, kw_only=True):
    """A configured stream: whose documents it carries, which, and from where."""

    partner: str
    document: str
    source: Source

    def __repr__(self) -> str:
        """Leave the secrets out."""
        return f"StreamSource({self.partner!r}, {self.source.stream!r})"


class Config(Struct, frozen=True, kw_only=True):
    """Everything configured, checked and ready to be put together."""

    tenant: str
    store: Path
    ballast_mib: int
    low_water_mib: int
    policies: Path
    host: str
    port: int
    operator_token: str
    partners: tuple[Partner, ...]
    customers: tuple[CustomerSection, ...]
    file: Path
    operators: tuple[OperatorSection, ...] = ()
    streams: tuple[StreamSource, ...] = ()
    environment: Environment = Environment.PRODUCTION
    database: str = ""  # its address, password and all; empty where the store is a file

    def __repr__(self) -> str:
        """Leave the secrets out."""
        return f"Config({str(self.file)!r}, {self.partners!r})"


def load_config(file: Path, connectors: Mapping[str, Connector]) -> Config:
    """Read `crossdock.toml` for the connectors there are.

    Raises Misconfigured with file, line and a suggestion for whatever cannot be meant so.
    """
    toml = typed_toml.read(file)
    written = typed_toml.convert(toml, toml.table, ConfigFile)
    folder = file.resolve().parent
    _once(toml, "partners", "name", [each.name for each in written.partners])
    _once(toml, "customers", "id", [each.id for each in written.customers])
    _once(toml, "customers", "api_key_sha256", [each.api_key_sha256 for each in written.customers])
    _once(toml, "operators", "name", [each.name for each in written.operators])
    _once(toml, "operators", "token_sha256", [each.token_sha256 for each in written.operators])
    partners = tuple(
        _partner(toml, number, each, connectors, written.environment)
        for number, each in enumerate(written.partners)
    )
    token = _secret(toml, written.server.operator_token, ("server", "operator_token"))
    return Config(
        tenant=written.tenant,
        store=folder / written.store.path,
        ballast_mib=written.store.ballast_mib,
        low_water_mib=written.store.low_water_mib,
        database=_database(toml, written.store),
        policies=folder / written.policies.folder,
        host=written.server.host,
        port=written.server.port,
        operator_token=token,
        partners=partners,
        customers=written.customers,
        operators=written.operators,
        file=file,
        streams=tuple(
            _stream(toml, number, each, partners) for number, each in enumerate(written.streams)
        ),
        environment=written.environment,
    )


def _database(toml: Toml, section: StoreSection) -> str:
    """Put the database's address together; empty where the store is a file."""
    password = _secret(toml, section.password, ("store", "password"))
    if not section.address:
        if password:
            raise toml.fault(
                "a file has no password; `address` says which database it is for",
                ("store", "password"),
            )
        return ""
    address = _secret(toml, section.address, ("store", "address"), needed=False)
    try:
        return postgres_address(address, password)
    except Misconfigured as wrong:
        raise toml.fault(wrong.said, ("store", "address")) from wrong


def _once(toml: Toml, table: str, field: str, values: list[str]) -> None:
    """Refuse a value that must be one row's alone and stands in two."""
    for number, value in enumerate(values):
        if value in values[:number]:
            raise toml.fault(
                f"two `[[{table}]]` have the same `{field}`; each needs its own",
                (table, number, field),
            )


def _partner(
    toml: Toml,
    number: int,
    section: PartnerSection,
    connectors: Mapping[str, Connector],
    house: Environment,
) -> Partner:
    """Read one partner's settings as its connector wants them."""
    here = ("partners", number)
    connector = connectors.get(section.connector)
    if connector is None:
        hint = typed_toml.meant(section.connector, connectors)
        raise toml.fault(
            f"there is no connector `{section.connector}`; {hint}", (*here, "connector")
        )
    if lost := [verb for verb in section.promises if verb not in connector.operations]:
        hint = typed_toml.meant(lost[0], connector.operations)
        raise toml.fault(
            f"its connector has no operation `{lost[0]}`; {hint}", (*here, "promises", lost[0])
        )
    table = section.settings
    environment = Environment(section.environment or house)
    if "partner" in connector.settings.__struct_fields__:
        table = {"partner": section.name, **table}  # evidence is kept under the partner's name
    if "environment" in connector.settings.__struct_fields__:
        table = {"environment": environment, **table}  # what is sent says which it is
    settings = _settings(toml, table, (*here, "settings"), connector.settings)
    return Partner(
        section=section,
        connector=promising(connector, section.promises) if section.promises else connector,
        settings=settings,
        webhook_secrets=_signing(toml, section.webhook_secrets, (*here, "webhook_secrets")),
        test_webhook_secrets=_signing(
            toml, section.test_webhook_secrets, (*here, "test_webhook_secrets")
        ),
        environment=environment,
        credentials=Environment(section.credentials or house),
    )


def _signing(toml: Toml, written: tuple[str, ...], here: tuple[str | int, ...]) -> tuple[str, ...]:
    """Look up the secrets that deliveries are signed with, and see that they are such."""
    signed = tuple(_secret(toml, each, (*here, place)) for place, each in enumerate(written))
    for place, each in enumerate(signed):
        try:
            webhook.key_of(each)
        except Misconfigured as wrong:
            raise toml.fault(wrong.said, (*here, place)) from wrong
    return signed


def _stream(
    toml: Toml, number: int, section: StreamSection, partners: tuple[Partner, ...]
) -> StreamSource:
    """Read one stream, and find the partner whose documents it carries."""
    here = ("streams", number)
    by_name = {each.name: each for each in partners}
    if section.partner not in by_name:
        hint = typed_toml.meant(section.partner, by_name)
        raise toml.fault(f"there is no partner `{section.partner}`; {hint}", (*here, "partner"))
    documents = by_name[section.partner].connector.documents
    document = section.document or next(iter(documents), "")
    if document not in documents:
        hint = typed_toml.meant(document, documents)
        raise toml.fault(f"its connector reads no `{document}`; {hint}", (*here, "document"))
    source = Source(
        servers=section.servers,
        stream=section.stream,
        consumer=section.consumer,
        subject=section.subject,
        credentials=_secret(toml, section.credentials, (*here, "credentials")),
        token=_secret(toml, section.token, (*here, "token")),
    )
    return StreamSource(partner=section.partner, document=document, source=source)


def _settings(
    toml: Toml, table: dict[str, Any], here: tuple[str | int, ...], kind: type[Struct]
) -> Struct:
    """Look up the references in a settings table and read it as the connector's settings."""
    hidden = set(secret_fields(kind))
    looked_up = {
        name: _secret(toml, value, (*here, name), needed=name in hidden)
        if isinstance(value, str)
        else value
        for name, value in table.items()
    }
    folder = toml.file.resolve().parent
    placed = {
        name: str(folder / value) if name.endswith(FOLDER) and value else value
        for name, value in looked_up.items()
    }
    return typed_toml.convert(toml, placed, kind, here)


def _secret(toml: Toml, text: str, here: tuple[str | int, ...], *, needed: bool = True) -> str:
    """Look up a text's references; where a secret is needed, nothing but a reference will do."""
    if needed and text and not secrets.is_reference(text):
        raise toml.fault(
            "a secret is not written here but referred to: `${file:secrets/name}` or `${env:NAME}`",
            here,
        )
    try:
        return secrets.resolve(text, toml.file.resolve().parent)
    except Misconfigured as missing:
        raise toml.fault(missing.said, here) from missing


def secret_fields(kind: type[Struct]) -> Iterator[str]:
    """Name the fields of a settings struct that are marked `Meta(extra={"secret": True})`."""
    described = msgspec.inspect.type_info(kind)
    if isinstance(described, msgspec.inspect.StructType):
        for field in described.fields:
            inner = field.type
            if isinstance(inner, msgspec.inspect.Metadata) and (inner.extra or {}).get("secret"):
                yield field.encode_name

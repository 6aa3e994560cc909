"""A world on this machine: two ERPs, a TMS and three carriers, each a process of its own.

Everything a world needs lies in one folder: configuration, secrets, ledgers, the store, the logs
of its processes. Servers listen on 127.0.0.1. Only processes that were started here are ended.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from crossdock.app.config import Config, load_config
from crossdock.app.first_files import policy_text
from crossdock.connectors import discover
from crossdock.policies.rules import Rules
from crossdock.simulators.clock import AcceleratedClock
from crossdock.simulators.places import CARRIERS, CUSTOMERS
from crossdock.simulators.world import JSON_COMPANY, LEGACY_COMPANY

HOST = "127.0.0.1"
TYPICAL_FAULTS = (
    "slow=0.02,down=0.03,lost=0.04,duplicate=0.08,reorder=0.06,late=0.04,unknown_code=0.02,"
    "retraction=0.02,correction=0.02,cancelled=0.03,changed=0.03,unknown_master=0.02,"
    "incomplete=0.02,rejected=0.01,replanned=0.02,sold_out=0.01,overbilled=0.04,accessorial=0.04,"
    "unknown_charge=0.02,reweighed=0.03,wrong_sum=0.03,billed_twice=0.04,rebilled=0.03,"
    "bill_cancelled=0.03,billed_near=0.15,billed_early=0.05,billed_late=0.05,mistyped=0.008,"
    "misdated=0.008,reversed_by_hand=0.008,double_booked=0.005,booked_by_hand=0.005,copy_lost=0.005"
)
OUTAGES = {"erp": "outage=10:10-10:40", "tms": "outage=12:00-12:20", "PARC": "outage=13:00-14:00"}
STOP_SECONDS = 10.0
# Real seconds, for partners whose day lasts as long as a cup of coffee. The rate goes by the day's
# clock: one that calls may reach would hold the clock, which waits for them.
IMPATIENT = (
    "rate_per_second = 100_000.0\nin_flight_max = 16\nbreaker_failures = 5\n"
    "breaker_open_seconds = 0.3\nretry_base_seconds = 0.1\nretry_max_seconds = 2.0\n"
)


X12 = "x12_carrier"
# A 214 has no words for these, so that carriers who speak X12 do not try, to crossdock or others.
UNSPEAKABLE = ("retraction", "correction")
X12_FAULTS = "no_ack=0.02,late_ack=0.02,corrupt=0.01,declined=0.02,countered=0.01,answers_late=0.01"


OPERATORS = ("ann", "ben")  # who decide about money


class Role(Struct, frozen=True, kw_only=True):
    """One partner of the world: its name at crossdock, its kind as a simulator, its connector.

    `promises` are those it does not keep as its connector declares: by operation, an effect class.
    """

    name: str
    kind: str
    connector: str
    serves: tuple[str, ...] = ()
    scac: str = ""
    promises: Mapping[str, str] = {}

    @property
    def speaks_x12(self) -> bool:
        """Tell whether it speaks X12 to crossdock."""
        return self.connector == X12


ROLES: tuple[Role, ...] = (
    # The ERP honours keys, but its invoices can only be asked about. The files of the old ERP are
    # natural: a name holds the key. The TMS takes every copy of an invoice for another one.
    Role(
        name="erp",
        kind="erp",
        connector="reference_erp",
        serves=(JSON_COMPANY,),
        promises={"erp.post_freight_invoice": "lookup"},
    ),
    Role(name="legacy", kind="erp", connector="csv_orders", serves=(LEGACY_COMPANY,)),
    Role(
        name="tms",
        kind="tms",
        connector="reference_tms",
        promises={"tms.share_freight_invoice": "neither"},
    ),
    *(
        Role(
            name=each.scac.lower(),
            kind="carrier",
            connector=X12,
            serves=(each.scac,),
            scac=each.scac,
        )
        for each in CARRIERS
    ),
)


class Plan(Struct, frozen=True, kw_only=True):
    """What kind of day it is. `tokens`: partners ask their callers for a bearer token.

    `x12`: the carriers that can, speak X12; else all speak JSON.
    `database` is the address of a PostgreSQL database where the store is not a file.
    """

    folder: Path
    clock: AcceleratedClock
    seed: int = 1
    orders: int = 300
    faults: str = TYPICAL_FAULTS
    outages: bool = True
    tokens: bool = True
    x12: bool = True
    database: str = ""


class Stage:
    """A world in its folder; `ports` are by partner name, with `hub` for what connects them."""

    def __init__(self, plan: Plan) -> None:
        """Write configuration and secrets; nothing is started yet."""
        self.plan = plan
        self.folder = plan.folder
        self.folder.mkdir(parents=True, exist_ok=True)
        names = ("hub", *(role.name for role in ROLES))
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.api_keys = {each.customer_id: secrets.token_urlsafe(24) for each in CUSTOMERS}
        self.operators = {name: secrets.token_urlsafe(24) for name in OPERATORS}
        for folder in ("secrets", "ledgers", "logs", "policies", "exchange/in", "exchange/out"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        self._write_secrets()
        self._write_policies()
        (self.folder / "crossdock.toml").write_text(self._config(), "utf-8")

    @property
    def config_file(self) -> Path:
        """Name the configuration of crossdock in this world."""
        return self.folder / "crossdock.toml"

    @cached_property
    def config(self) -> Config:
        """Read the configuration of crossdock in this world."""
        return load_config(self.config_file, discover())

    @property
    def hub_url(self) -> str:
        """Name the address of what connects the partners: crossdock, or the naive sync."""
        return self.url("hub")

    def url(self, name: str) -> str:
        """Name a partner's address."""
        return f"http://{HOST}:{self.ports[name]}"

    def dropped(self) -> list[Path]:
        """List the files of the old ERP that crossdock has not put away yet."""
        drop = self.folder / "exchange/in"
        return [*drop.glob("*.csv"), *drop.glob("processing/*.csv")]

    def ledger(self, name: str) -> Path:
        """Name the file of a partner's ledger."""
        return self.folder / "ledgers" / f"{name}.ledger"

    def partner_command(self, role: Role) -> list[str]:
        """Write the command line of one simulated partner."""
        plan = self.plan
        command = [
            *(sys.executable, "-m", "crossdock.simulators.run", role.kind),
            *("--port", str(self.ports[role.name]), "--seed", str(plan.seed)),
            *("--orders", str(plan.orders), "--clock", str(plan.clock)),
            *("--faults", self._faults(role)),
            *("--intake-url", f"{self.hub_url}/system/v1/partners/{role.name}"),
            *("--secret-file", str(self._secret(f"{role.name}-webhook"))),
            *("--ledger", str(self.ledger(role.name))),
        ]
        if plan.tokens:
            command += ["--token-file", str(self._secret(f"{role.name}-token"))]
        if role.promises:
            command += ["--promises", *(f"{verb}={each}" for verb, each in role.promises.items())]
        if role.kind == "carrier":
            command += ["--scac", role.scac]
            command += ["--format", "x12"] if role.speaks_x12 and plan.x12 else []
        if role.kind == "tms":
            carriers = [f"{each.scac}={self.url(each.name)}" for each in ROLES if each.scac]
            command += ["--carriers", *carriers]
        if role.connector == "csv_orders":
            command += [
                *("--format", "csv", "--drop-dir", str(self.folder / "exchange/in")),
                *("--reference-dir", str(self.folder / "exchange/out")),
                *("--after-url", self.url("erp")),
            ]
        return command

    def _faults(self, role: Role) -> str:
        """Write a partner's faults: those of the day, and those its tongue has words for."""
        plan = self.plan
        outage = OUTAGES.get(role.scac or role.name, "") if plan.outages else ""
        wanted = plan.faults.split(",")
        if role.speaks_x12:
            wanted = [each for each in wanted if not each.startswith(UNSPEAKABLE)]
            wanted += [X12_FAULTS] if plan.faults and plan.x12 else []
        return ",".join(filter(None, (*wanted, outage)))

    def hub_command(self, role: str = "up") -> list[str]:
        """Write the command line of crossdock in this world: all of it, a worker, an API node."""
        clock = ("--clock", str(self.plan.clock))
        return [
            *(sys.executable, "-m", "crossdock.cli", role),
            *("--config", str(self.config_file), *clock),
        ]

    def naive_command(self) -> list[str]:
        """Write the command line of the point-to-point sync in this world."""
        return [
            *(sys.executable, "-m", "crossdock.simulators.run", "naive"),
            *("--port", str(self.ports["hub"]), "--clock", str(self.plan.clock)),
            *("--erp-url", self.url("erp"), "--tms-url", self.url("tms")),
            *("--drop-dir", str(self.folder / "exchange/in")),
            *("--reference-dir", str(self.folder / "exchange/out")),
        ]

    def start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        """Start one process of this world; its output goes to a log in the folder."""
        log: IO[bytes]
        with (self.folder / "logs" / f"{name}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own command line, no shell
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )

    @contextmanager
    def partners(self) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
        """Run all simulated partners as long as the block lasts."""
        running: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for role in ROLES:
                running[role.name] = self.start(role.name, self.partner_command(role))
            yield running
        finally:
            stop(*running.values())

    def _secret(self, name: str) -> Path:
        return self.folder / "secrets" / name

    def _write_secrets(self) -> None:
        for role in ROLES:
            webhook = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
            self._write_secret(f"{role.name}-webhook", webhook)
            self._write_secret(f"{role.name}-token", secrets.token_urlsafe(24))
        for customer, key in self.api_keys.items():
            self._write_secret(f"{customer}-api-key", key)

    def _write_secret(self, name: str, text: str) -> None:
        path = self._secret(name)
        path.touch(mode=0o600)
        path.write_text(text + "\n", "utf-8")

    def _write_policies(self) -> None:
        for field in msgspec.structs.fields(Rules):
            text = POLICIES.get(field.name) or policy_text(field.name)
            (self.folder / "policies" / f"{field.name}.toml").write_text(text, "utf-8")

    def _config(self) -> str:
        store = f'[store]\naddress = "{self.plan.database}"\n' if self.plan.database else ""
        server = f'[server]\nhost = "{HOST}"\nport = {self.ports["hub"]}\n'
        partners = "".join(self._partner(role) for role in ROLES)
        customers = "".join(
            f'\n[[customers]]\nid = "{each.customer_id}"\nname = "{each.name}"\n'
            f'api_key_sha256 = "{digest(self.api_keys[each.customer_id])}"\n'
            for each in CUSTOMERS
        )
        operators = "".join(
            f'\n[[operators]]\nname = "{name}"\ntoken_sha256 = "{digest(token)}"\n'
            for name, token in self.operators.items()
        )
        return f"{store}{server}{partners}{customers}{operators}"

    def _partner(self, role: Role) -> str:
        head = (
            f'\n[[partners]]\nname = "{role.name}"\nconnector = "{role.connector}"\n'
            f"serves = [{', '.join(repr(each) for each in role.serves)}]\n"
            f"{IMPATIENT}"
        )
        if role.promises:
            said = ", ".join(f'"{verb}" = "{each}"' for verb, each in role.promises.items())
            head += f"promises = {{ {said} }}\n"
        if role.connector == "csv_orders":
            return (
                f'{head}[partners.settings]\ninbox_dir = "{self.folder / "exchange/in"}"\n'
                f'outbox_dir = "{self.folder / "exchange/out"}"\ntime_zone = "Europe/Paris"\n'
            )
        if role.speaks_x12:
            return (
                f'{head}answers = "in_response"\n'
                f'webhook_secrets = ["${{file:secrets/{role.name}-webhook}}"]\n'
                "[partners.settings]\n"
                f'own_id = "SHIPPERCO"\npartner_id = "{role.scac}"\n'
                f'base_url = "{self.url(role.name)}"\n'
                f'token = "${{file:secrets/{role.name}-token}}"\ntime_zone = "Europe/Berlin"\n'
            )
        return (
            f'{head}webhook_secrets = ["${{file:secrets/{role.name}-webhook}}"]\n'
            "[partners.settings]\n"
            f'base_url = "{self.url(role.name)}"\n'
            f'token = "${{file:secrets/{role.name}-token}}"\ntime_zone = "Europe/Berlin"\n'
        )


# The routing guide of the distributor: overseas by sea, light orders as parcels, else by road.
ROUTING = "".join(
    f'[[routing]]\nrule_id = "{rule_id}"\n{conditions}mode = "{mode}"\n'
    f'service_level = "{level}"\ncarriers = ["{scac}"]\nsla_hours = {hours}\n\n'
    for rule_id, conditions, mode, level, scac, hours in (
        *(
            (f"overseas.{country}", f'to_country = "{country}"\n', "OCEAN", "SHORT_SEA", "OCEA", 96)
            for country in ("IE", "IS", "MT", "MA")
        ),
        ("parcel.light", 'max_weight_kg = "25"\n', "PARCEL", "EXPRESS", "PARC", 48),
        ("road.standard", "", "ROAD", "STANDARD", "ROAD", 72),
    )
)


# Loads by road are offered to the carrier. A simulated day is over in some real seconds, so that
# partners get two of them for what takes them an hour.
TENDERING = 'modes = ["ROAD"]\nanswer_within_minutes = 2880\n'
ACKNOWLEDGING = "functional_within_minutes = 2880\ngap_grace_minutes = 2880\n"
# The old ERP commits its stock by itself.
INVENTORY = f'[[rows]]\ncompany_code = "{JSON_COMPANY}"\nhold_planning = false\n'
# Orders are billed with their freight, or flagged when it is not certain by then.
FREIGHT = 'billing = "held"\nbilling_after_hours = 72\n'
POLICIES = {
    "routing": ROUTING,
    "tendering": TENDERING,
    "acknowledgement": ACKNOWLEDGING,
    "inventory": INVENTORY,
    "freight": FREIGHT,
}


def free_ports(count: int) -> list[int]:
    """Find ports on the loopback that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind((HOST, 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def digest(key: str) -> str:
    """Hash an API key as the configuration keeps it."""
    return hashlib.sha256(key.encode()).hexdigest()


def stop(*processes: subprocess.Popen[bytes]) -> None:
    """End processes started here: ask, wait, insist."""
    for each in processes:
        if each.poll() is None:
            each.terminate()
    for each in processes:
        try:
            each.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            each.kill()
            each.wait()

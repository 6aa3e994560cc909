"""The one application that `crossdock up` serves: partners' way in, APIs, portal and console."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime

from prometheus_client import REGISTRY, CollectorRegistry

from crossdock.apis.access import Access, Seal
from crossdock.apis.experience.v1 import openapi as experience_contract
from crossdock.apis.experience.v1 import shipments as experience
from crossdock.apis.experience.v1.shipments import Shipments
from crossdock.apis.http import Ask, Reply, Route, as_page
from crossdock.apis.intake import Caller, Intake
from crossdock.apis.process.v1 import openapi as process_contract
from crossdock.apis.process.v1.freight_routes import FreightApi, Money
from crossdock.apis.process.v1.operations import Operations, Snapshot
from crossdock.apis.process.v1.routes import ProcessApi
from crossdock.apis.process.v1.verbs import Operator
from crossdock.apis.server import Front, Readiness, build_asgi
from crossdock.apis.system.v1.deliveries import Deliveries
from crossdock.app.config import Config
from crossdock.channels.webhook import is_genuine
from crossdock.console.finance import Finance
from crossdock.console.pages import Console
from crossdock.flow.outbound import is_held
from crossdock.governance.entitlements import Customer, Customers
from crossdock.portal.pages import Portal

KIB = 1024

Now = Callable[[], datetime]


def assemble(  # noqa: PLR0913 - an application has this many parts
    config: Config,
    *,
    read: Snapshot,
    intake: Intake,
    operator: Operator,
    now: Now,
    wall: Now,
    meters: CollectorRegistry = REGISTRY,
    not_ready: Readiness = dict,
    waits: Readiness = dict,
) -> Front:
    """Put the application together.

    `read` opens snapshots of the store; `now` is the business clock, `wall` the machine's own, by
    which signatures and sessions are judged. `not_ready` names what keeps the house from working,
    `waits` what waits for somebody though it works.
    """
    seal = Seal(secrets.token_bytes(32))
    persons = {each.token_sha256: each.name for each in config.operators}
    access = Access(config.operator_token, seal, wall, persons)
    customers = Customers(
        Customer(id=each.id, name=each.name, api_key_sha256=each.api_key_sha256)
        for each in config.customers
    )
    shipments = Shipments(read, config.tenant)
    operations = Operations(read, config.tenant)
    money = Money(read, config.tenant, operator)
    deliveries = Deliveries(config.tenant, callers(config), intake, is_genuine, wall)
    routes = (
        Route(method="GET", path="/", answer=entrance),
        *experience.routes(shipments, customers),
        experience_contract.published(),
        process_contract.published(access),
        *ProcessApi(operations, operator, access, deliveries.by_hand).routes(),
        *FreightApi(money, access).routes(),
        *Portal(shipments, customers, seal, now, wall).routes(),
        *Console(operations, operator, access, now).routes(),
        *Finance(money, access, now).routes(),
    )
    return build_asgi(
        routes,
        deliveries=deliveries,
        not_ready=not_ready,
        held=lambda: {**held(read), **waits()},
        meters=meters,
    )


def held(read: Snapshot) -> dict[str, str]:
    """Name what waits for a person after a restore; empty where nothing does."""
    with read() as reader:
        if is_held(reader):
            return {"outbound": "a backup was restored; nothing is sent until it is released"}
    return {}


def callers(config: Config) -> dict[str, Caller]:
    """List the partners that may deliver documents, by name."""
    return {
        each.name: Caller(
            name=each.name,
            documents=frozenset(each.connector.documents),
            webhook_secrets=each.webhook_secrets,
            test_webhook_secrets=each.test_webhook_secrets,
            credentials=each.credentials,
            answers_in_response=each.section.answers == "in_response",
            body_max_bytes=each.section.body_max_kib * KIB,
        )
        for each in config.partners
        if each.connector.documents
    }


async def entrance(_ask: Ask) -> Reply:
    """Show the doors."""
    return as_page(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>crossdock</title>'
        '<link rel="stylesheet" href="/portal/static/portal.css"><main><h1>crossdock</h1><ul>'
        '<li><a href="/portal/">Portal</a>: customers follow their shipments'
        '<li><a href="/console/">Console</a>: operations see what stands where, and decide'
        '<li><a href="/experience/v1/openapi.json">Experience API</a> for customers\' programs'
        '<li><a href="/process/v1/openapi.json">Process API</a> for programs of operations'
        "</ul></main></html>\n"
    )

"""Who takes part: the processes, the read models and the configured partners."""

from __future__ import annotations

from crossdock.app.clock import TimeOrderedIds
from crossdock.app.config import Config
from crossdock.app.routing import Target, router
from crossdock.flow.roster import Inbound, Roster, Rulebook
from crossdock.policies.rules import Rules
from crossdock.ports import Ids
from crossdock.processes import (
    acknowledgement,
    control_numbers,
    freight_reconciliation,
    freight_settlement,
    inventory_commitment,
    load_acceptance,
    master_data,
    order_release,
    reference_binding,
    shipment_visibility,
)
from crossdock.projections import acknowledgement as acknowledgement_view
from crossdock.projections import freight_reconciliation as freight_reconciliation_view
from crossdock.projections import freight_settlement as freight_view
from crossdock.projections import inventory_commitment as inventory_view
from crossdock.projections import master_data as master_data_view
from crossdock.projections import shipment_visibility as shipment_view

PROCESSES = (
    order_release.SUBSCRIBER,
    load_acceptance.SUBSCRIBER,
    reference_binding.SUBSCRIBER,
    shipment_visibility.SUBSCRIBER,
    inventory_commitment.SUBSCRIBER,
    freight_settlement.SUBSCRIBER,
    master_data.SUBSCRIBER,
    acknowledgement.SUBSCRIBER,
    control_numbers.SUBSCRIBER,
    freight_reconciliation.SUBSCRIBER,
)
PROJECTIONS = (
    shipment_view.PROJECTION,
    inventory_view.PROJECTION,
    freight_view.PROJECTION,
    master_data_view.PROJECTION,
    acknowledgement_view.PROJECTION,
    freight_reconciliation_view.PROJECTION,
)


def roster(config: Config, rules: Rules, ids: Ids | None = None) -> Roster:
    """Put together who takes part in this house, under these rules."""
    partners = config.partners
    targets = [
        Target(endpoint=each.endpoint(), serves=each.section.serves)
        for each in partners
        if each.connector.operations
    ]
    return Roster(
        subscribers=PROCESSES,
        projections=PROJECTIONS,
        inbound={
            each.name: Inbound(
                connector=each.connector, settings=each.settings, environment=each.environment
            )
            for each in partners
            if each.connector.documents
        },
        endpoints={each.endpoint.name: each.endpoint for each in targets},
        route=router(targets),
        rulebook=Rulebook(today=rules),
        ids=ids or TimeOrderedIds(),
        tenant=config.tenant,
        environment=config.environment,
    )

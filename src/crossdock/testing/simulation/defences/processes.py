"""The defences of what is decided, and of how partners are read."""

from __future__ import annotations

from crossdock.connectors.system_api import tracking
from crossdock.processes import (
    freight_settlement_gate,
    inventory_commitment,
    inventory_commitment_targets,
    order_release,
    order_release_carriage,
    order_release_intake,
    order_release_planning,
    shipment_visibility,
    shipment_visibility_facts,
    shipment_visibility_gate,
    shipment_visibility_posting,
)
from crossdock.testing.simulation import rosters, seams
from crossdock.testing.simulation.defences.base import Defence, one

DEFENCES: dict[str, Defence] = {
    "last_word": Defence(
        says="the last word by the source's revision holds, whatever came last",
        patches=one(shipment_visibility_facts, "_with", seams.last_arrival),
        weather=(
            "correction",
            "retraction",
            "late",
        ),
        held_by="tests/processes/test_shipment_visibility_evidence.py::test_a_report_an_operator_mended_replaces_what_it_amends",
    ),
    "retractions": Defence(
        says="what a source takes back is taken back",
        patches=one(shipment_visibility, "hear", seams.deaf_to_retractions),
        weather=("retraction",),
        held_by="tests/processes/test_shipment_visibility_evidence.py::test_a_retraction_after_delivery_takes_the_status_back_and_says_so",
    ),
    "unknown_codes": Defence(
        says="a code on no list is an exception, never a guess",
        patches=one(tracking, "_milestone", seams.guess),
        weather=("unknown_code",),
        held_by="tests/connectors/test_every_connector.py::test_a_sample_says_what_its_twin_says[reference_carrier-tracking-unknown_code]",
    ),
    "waiting_evidence": Defence(
        says="a report whose number nobody knows yet waits for it",
        patches=one(rosters, "PROCESSES", seams.without_binding),
        weather=("reorder",),
    ),
    "money_gate": Defence(
        says="nothing is accrued before its delivery is decided",
        patches=one(freight_settlement_gate, "_milestone", seams.delivered_anyhow),
        held_by="tests/processes/test_freight_settlement.py::test_a_bill_as_offered_is_agreed_and_waits_for_the_delivery",
    ),
    "newest_order": Defence(
        says="a lower order version never takes the place of a higher",
        patches=one(order_release, "take_release", seams.any_version),
        beside=(
            "inbox_dedup",
            "conflict_check",
        ),
        weather=(
            "changed",
            "late",
            "reorder",
        ),
        held_by=(
            "tests/processes/test_order_release_changes.py"
            "::test_a_version_that_says_nothing_new_is_silence[an older one]"
        ),
    ),
    "newest_plan": Defence(
        says="a lower plan revision never takes the place of a higher",
        patches=one(order_release, "take_plan", seams.any_revision),
        beside=(
            "inbox_dedup",
            "conflict_check",
        ),
        weather=(
            "replanned",
            "late",
            "reorder",
        ),
        held_by="tests/processes/test_order_release_changes.py::test_an_older_revision_is_silence",
    ),
    "complete_orders": Defence(
        says="nothing leaves the house for an order that lacks a field",
        patches=one(order_release_intake, "complete", seams.complete_anyhow),
        weather=("incomplete",),
        held_by="tests/processes/test_order_release_intake.py::test_an_incomplete_order_goes_nowhere_and_names_what_it_lacks",
    ),
    "known_master": Defence(
        says="nothing leaves the house for an order with unknown master data",
        patches=one(order_release_intake, "failed", seams.always(answer=False)),
        weather=("unknown_master",),
        held_by="tests/processes/test_order_release_intake.py::test_an_unknown_item_stops_the_order_and_shows_all_three_checks",
    ),
    "plans_taken_back": Defence(
        says="the plan of a cancelled order is cancelled, whenever it is confirmed",
        patches=one(order_release_planning, "_cancel", lambda _: lambda state: (state, ())),
        weather=("cancelled",),
        held_by="tests/processes/test_order_release_changes.py::test_a_request_that_was_on_its_way_is_cancelled_when_its_answer_comes",
    ),
    "references_taken_back": Defence(
        says="the ERP's reference to a shipment that is off is withdrawn",
        patches=one(
            order_release_carriage,
            "undo_references",
            lambda _: lambda _state, carriage: (carriage, ()),
        ),
        weather=(
            "cancelled",
            "replanned",
        ),
        held_by="tests/processes/test_order_release_changes.py::test_a_cancelled_order_is_taken_back_everywhere",
    ),
    "contradictions_flagged": Defence(
        says="facts that cannot all be true are flagged",
        patches=one(shipment_visibility, "contradictions", seams.always(())),
        weather=("clock_jump", "correction"),
    ),
    "portal_gate": Defence(
        says="a customer sees an order from when its ERP has the reference",
        patches=one(shipment_visibility_gate, "gate_of", seams.open_gate),
        weather=("busy",),
    ),
    "stock_given_back": Defence(
        says="a cancelled order gives its stock back",
        patches=one(inventory_commitment_targets, "is_off", seams.never_off),
        held_by="tests/processes/test_inventory_commitment.py",
        weather=("cancelled",),
    ),
    "stock_by_version": Defence(
        says="a changed order changes what is set aside for it",
        patches=one(inventory_commitment, "accept", seams.first_version),
        held_by="tests/processes/test_inventory_commitment.py",
        weather=("changed",),
    ),
    "posted_once": Defence(
        says="a milestone that was posted as it is is not posted again",
        patches=one(shipment_visibility_posting, "_differs", seams.post_again),
    ),
}

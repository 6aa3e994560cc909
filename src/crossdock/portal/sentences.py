"""What the customer reads first: where the shipment is, and how sure that is."""

from __future__ import annotations

from datetime import datetime

from crossdock.apis import words
from crossdock.apis.experience.v1.views import FreshnessView, MilestoneView, ShipmentView
from crossdock.canonical.shipment import Mode

FACT = "ACTUAL"


def latest_fact(view: ShipmentView) -> MilestoneView | None:
    """Find the newest thing that did happen and is the shipment's status; None before the first."""
    facts = [
        each
        for each in view.milestones
        if each.classifier == FACT and each.milestone == view.status.milestone
    ]
    return max(facts, key=lambda each: each.occurred.at, default=None)


def status_sentence(view: ShipmentView) -> str:
    """Say where the shipment is, where and when that was told to have happened."""
    fact = latest_fact(view)
    if fact is None:
        return f"{view.status.words}."
    place = f" in {fact.place.words}" if fact.place and fact.place.words else ""
    return f"{view.status.words}{place} on {fact.occurred.words}."


def promise_sentence(view: ShipmentView) -> str:
    """Say what was promised and what is expected now."""
    delivery = view.delivery
    if delivery.promised is None:
        start = "No delivery date was promised"
        verdict = ""
    else:
        start = f"Promised by {delivery.promised.words}"
        verdict = f": {delivery.words}"
    if delivery.expected is None or delivery.timeliness in {"ON_TIME", "LATE"}:
        return f"{start}{verdict}."
    return f"{start}{verdict}. Now expected {delivery.expected.words}."


def transport_sentence(view: ShipmentView) -> str:
    """Say how it travels and with whom; what the planner did not say is left out."""
    said = [each for each in (view.mode, view.service_level) if each not in {"", Mode.UNSPECIFIED}]
    how = ", ".join(each.replace("_", " ").lower() for each in said)
    carrier = f"carrier {view.carrier_scac}" if view.carrier_scac else ""
    told = ", ".join(each for each in (how, carrier) if each)
    return f"{told[:1].upper()}{told[1:]}"


def freshness_sentence(fresh: FreshnessView) -> str:
    """Say as of when this is and who said so."""
    if fresh.as_of is None:
        return "Nobody has reported anything yet."
    said = f", said by {fresh.source}" if fresh.source else ""
    return f"As of {words.utc(fresh.as_of)}{said}."


def stale_sentence(fresh: FreshnessView, now: datetime) -> str:
    """Say what to think of it when no news comes; empty while all is well."""
    if fresh.source_down_since is not None:
        since = words.utc(fresh.source_down_since)
        return (
            f"{fresh.source} has not been reachable since {since}. You see the last confirmed "
            "status; we keep trying, and this page changes as soon as there is news."
        )
    if fresh.silent and fresh.as_of is not None:
        return (
            f"Nobody has told of this shipment for {words.ago(fresh.as_of, now)}. You see the last "
            "confirmed status; our transport team has been asked to find out."
        )
    if fresh.silent:
        return (
            "Nobody has told of this shipment yet, for longer than is usual. Our transport team "
            "has been asked to find out."
        )
    return ""

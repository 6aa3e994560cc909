"""DBOS on PostgreSQL, in one process: a workflow for each order, its id the order's.

Deployment   the library in the application's process, system tables in PostgreSQL (fsync on),
             LISTEN/NOTIFY on
Receipt      `start_workflow` under the order's id: a second release is the same workflow
Validation   a step
TMS, ERP     steps, each with the order's key, so that a repeated step is no second effect
Confirmation `DBOS.send` to the workflow, under its own idempotency key; `DBOS.recv` waits for it
Milestones   `DBOS.send` under the event's id, so that a repeated event is dropped durably
View         `DBOS.set_event`, the documented way to publish a workflow's state to clients
Accrual      a step after delivery and charge
Guarantee    workflows resume after a crash; steps at least once
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, SendMessage, SetWorkflowID, WorkflowHandle

from benchmarks.peers.work import CODES, DELIVERED, Ledger, Order, enriched, event_id, key_of, order
from benchmarks.servers import postgres

DEPLOYMENT = "one process; PostgreSQL, fsync on"
GUARANTEE = "workflows resume, steps at least once"
COHORT, COHORTS = 10, 3
POOL = 20
PATIENCE_SECONDS = 120.0

ledger = Ledger()


@DBOS.step()
def validate(released: Order) -> Order:
    """Check and enrich."""
    return enriched(released)


@DBOS.step()
def plan(key: str) -> str:
    """Ask the TMS for a plan."""
    return ledger.apply("plan", key)


@DBOS.step()
def reference(key: str) -> str:
    """Write the transport reference to the ERP."""
    return ledger.apply("reference", key)


@DBOS.step()
def accrue(key: str) -> str:
    """Accrue the freight."""
    return ledger.apply("accrue", key)


@DBOS.workflow()
def order_to_delivery(released: Order) -> str:
    """Take an order to its delivery and its accrual."""
    key: str = validate(released)["order_id"]
    plan(key)
    DBOS.recv("confirmation", timeout_seconds=PATIENCE_SECONDS)
    reference(key)
    shown: list[str] = []
    charged = False
    while not charged or len(shown) < len(CODES):
        told = DBOS.recv("progress", timeout_seconds=PATIENCE_SECONDS)
        if told is None:
            raise TimeoutError(key)
        if told == "charge":
            charged = True
        elif told not in shown:
            shown.append(told)
            DBOS.set_event("view", shown)
            ledger.show(key, shown)
    if DELIVERED in shown:
        accrue(key)
    return key


class Deployment:
    """The running peer."""

    def __init__(self) -> None:
        """Begin with no workflow."""
        self._handles: dict[int, WorkflowHandle[str]] = {}

    async def release(self, numbers: Sequence[int]) -> None:
        """Start the workflows."""

        def start() -> None:
            for each in numbers:
                with SetWorkflowID(key_of(each)):
                    self._handles[each] = DBOS.start_workflow(order_to_delivery, order(each))

        await asyncio.to_thread(start)

    async def confirm(self, numbers: Sequence[int]) -> None:
        """Send the confirmations."""
        await self._send(numbers, "confirmation", "planned", "confirmed")

    async def track(self, numbers: Sequence[int], code: str) -> None:
        """Send a milestone of each."""
        await self._send(numbers, "progress", code, code)

    async def charge(self, numbers: Sequence[int]) -> None:
        """Send the charges."""
        await self._send(numbers, "progress", "charge", "charge")

    async def ended(self, numbers: Sequence[int]) -> None:
        """Wait for the workflows' results."""

        def wait() -> None:
            for each in numbers:
                self._handles.pop(each).get_result()

        await asyncio.to_thread(wait)

    async def account(self) -> Ledger:
        """Show the ledger."""
        return ledger

    async def shown_at(self) -> dict[tuple[str, str], float]:
        """Show the ledger's times."""
        return ledger.shown_at

    @staticmethod
    async def _send(numbers: Sequence[int], topic: str, told: str, code: str) -> None:
        messages = [
            SendMessage(key_of(each), told, topic, event_id(each, code)) for each in numbers
        ]
        await asyncio.to_thread(DBOS.send_bulk, messages)


@asynccontextmanager
async def deploy(folder: Path) -> AsyncIterator[Deployment]:
    """Start PostgreSQL and the library."""
    with postgres(folder) as address:
        config: Any = DBOSConfig(
            name="bench",
            system_database_url=address,
            sys_db_pool_size=POOL,
            log_level="ERROR",
        )
        DBOS(config=config)
        DBOS.launch()
        try:
            yield Deployment()
        finally:
            await asyncio.to_thread(DBOS.destroy)

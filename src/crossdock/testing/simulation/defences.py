"""Every defence of the house, and how the simulation alone takes it away.

A defence is switched off by replacing what carries it for the length of a run: a method of the
store, a function of flow or of a process. The product has no switch for any of this. `held_by`
names the test that holds the defence by itself, for those that another defence may mask.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

from msgspec import Struct

from crossdock.connectors.system_api import tracking
from crossdock.flow import asking, breaker, deliverer, desk, machine, settling, speech, timekeeper
from crossdock.ports import EffectClass
from crossdock.ports.store import Seen
from crossdock.processes import (
    order_release,
    order_release_carriage,
    order_release_intake,
    order_release_planning,
    shipment_visibility,
    shipment_visibility_facts,
    shipment_visibility_gate,
    shipment_visibility_posting,
)
from crossdock.store.sqlite.unit import SqliteUnit
from crossdock.testing.simulation import house, rosters, seams
from crossdock.testing.simulation.seams import Make

_NUMBERS = count(1)


class Patch(Struct, frozen=True, kw_only=True):
    """One replacement: the attribute of an owner, and what makes the new one of the old."""

    owner: Any
    name: str
    make: Make


class Defence(Struct, frozen=True, kw_only=True):
    """One defence: what it keeps from happening, how it is taken away, and which test holds it.

    `weather` names the faults that strike often while it is away: those it is made for. `beside`
    names defences that may keep the same from happening.
    """

    says: str
    patches: tuple[Patch, ...]
    held_by: str = ""
    weather: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


@contextmanager
def switched_off(*names: str) -> Iterator[None]:
    """Take defences away until the block is left."""
    with ExitStack() as back:
        for name in names:
            for each in DEFENCES[name].patches:
                original = getattr(each.owner, each.name)
                back.callback(setattr, each.owner, each.name, original)
                setattr(each.owner, each.name, each.make(original))
        yield


def _one(owner: Any, name: str, make: Make) -> tuple[Patch, ...]:
    return (Patch(owner=owner, name=name, make=make),)


DEFENCES: dict[str, Defence] = {
    "inbox_dedup": Defence(
        says="what was said before is told from what is new, by identity",
        patches=_one(SqliteUnit, "remember", seams.verdicts(lambda _each: Seen.NEW)),
        weather=("telling_doubled",),
    ),
    "conflict_check": Defence(
        says="other content under a known identity is an exception",
        patches=_one(
            SqliteUnit,
            "remember",
            seams.verdicts(lambda each: Seen.DUPLICATE if each is Seen.CONFLICT else each),
        ),
        weather=("identity_reused",),
    ),
    "documents_kept": Defence(
        says="each document is kept before anything is made of it",
        patches=_one(SqliteUnit, "keep_documents", seams.always(None)),
    ),
    "answer_after_flush": Defence(
        says="a sender is answered after the commit",
        patches=_one(house.House, "_take_in", seams.answer_first),
        weather=("crash_before_commit",),
    ),
    "known_effects": Defence(
        says="an effect that is asked for again is looked up first",
        patches=_one(asking, "_known", seams.always({})),
        held_by="tests/flow/test_asking.py",
        beside=(
            "unique_effects",
            "handled_with_its_step",
        ),
        weather=("crash_after_commit",),
    ),
    "unique_effects": Defence(
        says="an effect is one row by its key, whoever asks",
        patches=_one(SqliteUnit, "ask", seams.ask_anew),
        held_by="tests/store/test_sqlite.py (store_conformance/effects.py)",
        beside=("handled_with_its_step",),
    ),
    "stored_key": Defence(
        says="every attempt carries the key that was stored",
        patches=_one(SqliteUnit, "lease", seams.key_by_attempt),
    ),
    "derived_ids": Defence(
        says="what a step says has an id made of its cause",
        patches=_one(speech, "emitted_id", lambda _: lambda *_args: f"emitted-{next(_NUMBERS)}"),
        held_by="tests/flow/test_dispatcher.py",
        beside=("handled_with_its_step",),
        weather=("crash_before_commit",),
    ),
    "effects_with_their_step": Defence(
        says="effects are written in the transaction of the step that asks for them",
        patches=_one(SqliteUnit, "ask", seams.later),
        beside=(
            "trouble_told",
            "exceptions_open",
        ),
        held_by="tests/store/test_sqlite.py (store_conformance/transactions.py)",
        weather=("crash_after_commit",),
    ),
    "handled_with_its_step": Defence(
        says="a step is marked handled in its own transaction",
        patches=_one(SqliteUnit, "finish", seams.later),
        beside=(
            "inbox_dedup",
            "posted_once",
        ),
        held_by="tests/store/test_sqlite.py (store_conformance/transactions.py)",
        weather=("crash_after_commit",),
    ),
    "timers_with_their_step": Defence(
        says="timers are set in the transaction of their step",
        patches=_one(SqliteUnit, "set_timers", seams.later),
        held_by="tests/store/test_sqlite.py (store_conformance/transactions.py)",
        weather=("crash_after_commit",),
    ),
    "fence": Defence(
        says="a result counts only under the fence its call was leased under",
        patches=_one(SqliteUnit, "settle", seams.any_fence),
        weather=(
            "frozen",
            "left_behind",
        ),
    ),
    "lease": Defence(
        says="a call that is on its way is nobody else's",
        patches=_one(SqliteUnit, "lease", seams.until(timedelta())),
        beside=(
            "fence",
            "look_up_first",
        ),
        held_by="tests/flow/test_crashes.py",
        weather=(
            "answer_late",
            "frozen",
        ),
    ),
    "lease_runs_out": Defence(
        says="a lease ends, so that a dead worker's calls go on",
        patches=_one(SqliteUnit, "lease", seams.until(timedelta(days=1000))),
    ),
    "look_up_first": Defence(
        says="what a partner may have done is looked up before it is sent again",
        patches=_one(deliverer, "purpose_of", seams.send_unless(EffectClass.NEITHER)),
        weather=("answer_lost",),
    ),
    "ask_a_person": Defence(
        says="what may have happened and cannot be looked up is a person's to decide",
        patches=_one(deliverer, "purpose_of", seams.send_unless(EffectClass.LOOKUP)),
        held_by="tests/flow/test_crashes.py",
        beside=(
            "look_up_first",
            "lease",
        ),
        weather=("answer_lost",),
    ),
    "attempts_end": Defence(
        says="after so many attempts a person is asked",
        patches=_one(rosters, "roster_for", seams.for_ever),
        held_by="tests/flow/test_deliverer.py",
        beside=(
            "growing_pause",
            "breaker",
        ),
        weather=(
            "down",
            "not_sent",
        ),
    ),
    "trouble_told": Defence(
        says="an effect that ends badly is somebody's exception",
        patches=_one(deliverer, "conclude", seams.without_exception),
        weather=("refused",),
    ),
    "in_order": Defence(
        says="what must come in order waits for what comes before",
        patches=_one(SqliteUnit, "ask", seams.in_no_order),
        held_by="tests/flow/test_deliverer.py",
        weather=(
            "busy",
            "correction",
        ),
    ),
    "breaker": Defence(
        says="a partner that fails is left alone",
        patches=_one(
            breaker,
            "admit",
            lambda _: (
                lambda row, *_rest: breaker.Admission(permits=None, generation=row.generation)
            ),
        ),
        held_by="tests/flow/test_breaker.py",
        weather=("down",),
    ),
    "retry_after": Defence(
        says="a partner that asks for rest gets it",
        patches=_one(desk.Desk, "pause", seams.no_pause),
        held_by="tests/flow/test_endpoints.py",
        weather=("throttled",),
    ),
    "growing_pause": Defence(
        says="attempts are further and further apart",
        patches=_one(settling, "pause_before", seams.always(timedelta(seconds=1))),
        held_by="tests/flow/test_deliverer.py",
        beside=("breaker",),
        weather=(
            "down",
            "not_sent",
        ),
    ),
    "compare_and_set": Defence(
        says="a state is written only over the revision it was decided from",
        patches=_one(SqliteUnit, "save", seams.save_blindly),
        held_by="tests/store/test_sqlite.py (store_conformance/states.py)",
        beside=("handled_with_its_step",),
    ),
    "quarantine": Defence(
        says="a step that killed two workers is set aside",
        patches=_one(machine, "DEATHS_MAX", lambda _: 10**6),
        held_by="tests/flow/test_crashes.py",
        weather=("deadly_step",),
    ),
    "careful_start": Defence(
        says="after an unclean stop steps are tried one at a time",
        patches=_one(machine.Machine, "start", seams.careless),
        held_by="tests/flow/test_crashes.py",
        weather=("deadly_step",),
    ),
    "timers_by_name": Defence(
        says="a timer set anew replaces the one of its name",
        patches=_one(SqliteUnit, "set_timers", seams.first_timer),
        held_by="tests/store/test_sqlite.py (store_conformance/rows.py)",
        weather=(
            "telling_held",
            "correction",
        ),
    ),
    "due_at": Defence(
        says="a wake-up is judged by when it was due, not by when it rang",
        patches=_one(timekeeper, "_wake_up", seams.due_when_rung),
        held_by="tests/processes/test_shipment_visibility_promises.py",
        beside=("timers_by_name",),
        weather=(
            "crash_after_commit",
            "clock_jump",
        ),
    ),
    "last_word": Defence(
        says="the last word by the source's revision holds, whatever came last",
        patches=_one(shipment_visibility_facts, "_with", seams.last_arrival),
        held_by="tests/processes/test_shipment_visibility_evidence.py",
        weather=(
            "correction",
            "retraction",
            "late",
        ),
    ),
    "retractions": Defence(
        says="what a source takes back is taken back",
        patches=_one(shipment_visibility, "hear", seams.deaf_to_retractions),
        held_by="tests/processes/test_shipment_visibility_evidence.py",
        weather=("retraction",),
    ),
    "unknown_codes": Defence(
        says="a code on no list is an exception, never a guess",
        patches=_one(tracking, "_milestone", seams.guess),
        held_by="tests/connectors/test_every_connector.py",
        weather=("unknown_code",),
    ),
    "waiting_evidence": Defence(
        says="a report whose number nobody knows yet waits for it",
        patches=_one(rosters, "PROCESSES", seams.without_binding),
        held_by="tests/processes/test_reference_binding.py",
        weather=("reorder",),
    ),
    "newest_order": Defence(
        says="a lower order version never takes the place of a higher",
        patches=_one(order_release, "take_release", seams.any_version),
        beside=(
            "inbox_dedup",
            "conflict_check",
        ),
        held_by="tests/processes/test_order_release_changes.py",
        weather=(
            "changed",
            "late",
            "reorder",
        ),
    ),
    "newest_plan": Defence(
        says="a lower plan revision never takes the place of a higher",
        patches=_one(order_release, "take_plan", seams.any_revision),
        beside=(
            "inbox_dedup",
            "conflict_check",
        ),
        held_by="tests/processes/test_order_release_planning.py",
        weather=(
            "replanned",
            "late",
            "reorder",
        ),
    ),
    "complete_orders": Defence(
        says="nothing leaves the house for an order that lacks a field",
        patches=_one(order_release_intake, "complete", seams.complete_anyhow),
        held_by="tests/processes/test_order_release_intake.py",
        weather=("incomplete",),
    ),
    "known_master": Defence(
        says="nothing leaves the house for an order with unknown master data",
        patches=_one(order_release_intake, "failed", seams.always(answer=False)),
        held_by="tests/processes/test_order_release_intake.py",
        weather=("unknown_master",),
    ),
    "plans_taken_back": Defence(
        says="the plan of a cancelled order is cancelled, whenever it is confirmed",
        patches=_one(order_release_planning, "_cancel", lambda _: lambda state: (state, ())),
        held_by="tests/processes/test_order_release_changes.py",
        weather=("cancelled",),
    ),
    "references_taken_back": Defence(
        says="the ERP's reference to a shipment that is off is withdrawn",
        patches=_one(
            order_release_carriage,
            "undo_references",
            lambda _: lambda _state, carriage: (carriage, ()),
        ),
        held_by="tests/processes/test_order_release_changes.py",
        weather=(
            "cancelled",
            "replanned",
        ),
    ),
    "portal_gate": Defence(
        says="a customer sees an order from when its ERP has the reference",
        patches=_one(shipment_visibility_gate, "gate_of", seams.open_gate),
        weather=("busy",),
    ),
    "posted_once": Defence(
        says="a milestone that was posted as it is is not posted again",
        patches=_one(shipment_visibility_posting, "_differs", seams.post_again),
        held_by="tests/processes/test_shipment_visibility_orders.py",
    ),
    "exceptions_open": Defence(
        says="what nobody can decide opens an exception",
        patches=_one(SqliteUnit, "open_exceptions", seams.always(None)),
    ),
    "audit": Defence(
        says="who decided is written down",
        patches=_one(SqliteUnit, "log", seams.always(None)),
    ),
    "counters": Defence(
        says="what is counted is counted in the transaction that did it",
        patches=_one(SqliteUnit, "bump", seams.always(None)),
    ),
}

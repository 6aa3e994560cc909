"""The defences of the machine and of its store."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from crossdock.flow import asking, breaker, deliverer, desk, machine, settling, speech, timekeeper
from crossdock.ports import EffectClass
from crossdock.ports.store import Seen
from crossdock.store.sqlite.unit import SqliteUnit
from crossdock.testing.simulation import house, rosters, seams
from crossdock.testing.simulation.defences.base import Defence, one

_NUMBERS = count(1)

DEFENCES: dict[str, Defence] = {
    "inbox_dedup": Defence(
        says="what was said before is told from what is new, by identity",
        patches=one(SqliteUnit, "remember", seams.verdicts(lambda _each: Seen.NEW)),
        weather=("telling_doubled",),
    ),
    "conflict_check": Defence(
        says="other content under a known identity is an exception",
        patches=one(
            SqliteUnit,
            "remember",
            seams.verdicts(lambda each: Seen.DUPLICATE if each is Seen.CONFLICT else each),
        ),
        weather=("identity_reused",),
    ),
    "documents_kept": Defence(
        says="each document is kept before anything is made of it",
        patches=one(SqliteUnit, "keep_documents", seams.always(None)),
    ),
    "answer_after_flush": Defence(
        says="a sender is answered after the commit",
        patches=one(house.House, "_take_in", seams.answer_first),
        weather=("crash_before_commit",),
    ),
    "known_effects": Defence(
        says="an effect that is asked for again is looked up first",
        patches=one(asking, "_known", seams.always({})),
        held_by="tests/flow/test_asking.py",
        beside=(
            "unique_effects",
            "handled_with_its_step",
        ),
        weather=("crash_after_commit",),
    ),
    "unique_effects": Defence(
        says="an effect is one row by its key, whoever asks",
        patches=one(SqliteUnit, "ask", seams.ask_anew),
        held_by="tests/store/test_sqlite.py (store_conformance/effects.py)",
        beside=("handled_with_its_step",),
    ),
    "stored_key": Defence(
        says="every attempt carries the key that was stored",
        patches=one(SqliteUnit, "lease", seams.key_by_attempt),
    ),
    "derived_ids": Defence(
        says="what a step says has an id made of its cause",
        patches=one(speech, "emitted_id", lambda _: lambda *_args: f"emitted-{next(_NUMBERS)}"),
        held_by="tests/flow/test_dispatcher.py",
        beside=("handled_with_its_step",),
        weather=("crash_before_commit",),
    ),
    "effects_with_their_step": Defence(
        says="effects are written in the transaction of the step that asks for them",
        patches=one(SqliteUnit, "ask", seams.later),
        beside=(
            "trouble_told",
            "exceptions_open",
        ),
        held_by="tests/store/test_sqlite.py (store_conformance/transactions.py)",
        weather=("crash_after_commit",),
    ),
    "handled_with_its_step": Defence(
        says="a step is marked handled in its own transaction",
        patches=one(SqliteUnit, "finish", seams.later),
        beside=(
            "inbox_dedup",
            "posted_once",
        ),
        held_by="tests/store/test_sqlite.py (store_conformance/transactions.py)",
        weather=("crash_after_commit",),
    ),
    "timers_with_their_step": Defence(
        says="timers are set in the transaction of their step",
        patches=one(SqliteUnit, "set_timers", seams.later),
        held_by="tests/store/test_sqlite.py (store_conformance/transactions.py)",
        weather=("crash_after_commit",),
    ),
    "fence": Defence(
        says="a result counts only under the fence its call was leased under",
        patches=one(SqliteUnit, "settle", seams.any_fence),
        weather=(
            "frozen",
            "left_behind",
        ),
    ),
    "lease": Defence(
        says="a call that is on its way is nobody else's",
        patches=one(SqliteUnit, "lease", seams.until(timedelta())),
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
        patches=one(SqliteUnit, "lease", seams.until(timedelta(days=1000))),
    ),
    "look_up_first": Defence(
        says="what a partner may have done is looked up before it is sent again",
        patches=one(deliverer, "purpose_of", seams.send_unless(EffectClass.NEITHER)),
        weather=("answer_lost",),
    ),
    "ask_a_person": Defence(
        says="what may have happened and cannot be looked up is a person's to decide",
        patches=one(deliverer, "purpose_of", seams.send_unless(EffectClass.LOOKUP)),
        held_by="tests/flow/test_crashes.py",
        beside=(
            "look_up_first",
            "lease",
        ),
        weather=("answer_lost",),
    ),
    "attempts_end": Defence(
        says="after so many attempts a person is asked",
        patches=one(rosters, "roster_for", seams.for_ever),
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
        patches=one(deliverer, "conclude", seams.without_exception),
        weather=("refused",),
    ),
    "in_order": Defence(
        says="what must come in order waits for what comes before",
        patches=one(SqliteUnit, "ask", seams.in_no_order),
        held_by="tests/flow/test_deliverer.py",
        weather=(
            "busy",
            "correction",
        ),
    ),
    "breaker": Defence(
        says="a partner that fails is left alone",
        patches=one(
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
        patches=one(desk.Desk, "pause", seams.no_pause),
        held_by="tests/flow/test_endpoints.py",
        weather=("throttled",),
    ),
    "growing_pause": Defence(
        says="attempts are further and further apart",
        patches=one(settling, "pause_before", seams.always(timedelta(seconds=1))),
        held_by="tests/flow/test_deliverer.py",
        beside=("breaker",),
        weather=(
            "down",
            "not_sent",
        ),
    ),
    "compare_and_set": Defence(
        says="a state is written only over the revision it was decided from",
        patches=one(SqliteUnit, "save", seams.save_blindly),
        held_by="tests/store/test_sqlite.py (store_conformance/states.py)",
        beside=("handled_with_its_step",),
    ),
    "quarantine": Defence(
        says="a step that killed two workers is set aside",
        patches=one(machine, "DEATHS_MAX", lambda _: 10**6),
        held_by="tests/flow/test_crashes.py",
        weather=("deadly_step",),
    ),
    "careful_start": Defence(
        says="after an unclean stop steps are tried one at a time",
        patches=one(machine.Machine, "start", seams.careless),
        held_by="tests/flow/test_crashes.py",
        weather=("deadly_step",),
    ),
    "timers_by_name": Defence(
        says="a timer set anew replaces the one of its name",
        patches=one(SqliteUnit, "set_timers", seams.first_timer),
        held_by="tests/store/test_sqlite.py (store_conformance/rows.py)",
        weather=(
            "telling_held",
            "correction",
        ),
    ),
    "due_at": Defence(
        says="a wake-up is judged by when it was due, not by when it rang",
        patches=one(timekeeper, "_wake_up", seams.due_when_rung),
        held_by="tests/processes/test_shipment_visibility_promises.py",
        beside=("timers_by_name",),
        weather=(
            "crash_after_commit",
            "clock_jump",
        ),
    ),
    "exceptions_open": Defence(
        says="what nobody can decide opens an exception",
        patches=one(SqliteUnit, "open_exceptions", seams.always(None)),
    ),
    "audit": Defence(
        says="who decided is written down",
        patches=one(SqliteUnit, "log", seams.always(None)),
    ),
    "counters": Defence(
        says="what is counted is counted in the transaction that did it",
        patches=one(SqliteUnit, "bump", seams.always(None)),
    ),
}

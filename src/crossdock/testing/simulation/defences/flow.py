"""The defences of the machine and of its store."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from crossdock.flow import (
    asking,
    audit_chain,
    breaker,
    deliverer,
    desk,
    machine,
    operator_effects,
    reading,
    settling,
    speech,
    timekeeper,
)
from crossdock.ports import EffectClass
from crossdock.ports.store import Seen
from crossdock.store.sqlite.unit import SqliteReader, SqliteUnit
from crossdock.testing.simulation import house, seams
from crossdock.testing.simulation.defences.base import Defence, Patch, one

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
    "same_reading": Defence(
        says="bytes are read by what is in them, and by nothing else",
        patches=one(reading, "read", seams.read_by_count),
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
        beside=(
            "unique_effects",
            "handled_with_its_step",
        ),
        weather=("crash_after_commit",),
        held_by="tests/flow/test_asking.py::test_what_was_applied_is_answered_at_once[sqlite]",
    ),
    "unique_effects": Defence(
        says="an effect is one row by its key, whoever asks",
        patches=one(SqliteUnit, "ask", seams.ask_anew),
        beside=("handled_with_its_step",),
        held_by="tests/store/test_sqlite.py::TestSqliteStore::test_the_same_effect_is_asked_for_once",
    ),
    "stored_key": Defence(
        says="every attempt carries the key that was stored",
        patches=one(SqliteUnit, "lease", seams.key_by_attempt),
    ),
    "derived_ids": Defence(
        says="what a step says has an id made of its cause",
        patches=one(speech, "emitted_id", lambda _: lambda *_args: f"emitted-{next(_NUMBERS)}"),
        beside=("handled_with_its_step",),
        weather=("crash_before_commit",),
        held_by="tests/flow/test_whole_steps.py::test_what_it_says_has_an_id_made_of_its_cause[sqlite]",
    ),
    "effects_with_their_step": Defence(
        says="effects are written in the transaction of the step that asks for them",
        patches=one(SqliteUnit, "ask", seams.later),
        beside=(
            "trouble_told",
            "exceptions_open",
        ),
        weather=("crash_after_commit",),
        held_by="tests/flow/test_whole_steps.py::test_the_effect_it_asked_for_is_there[sqlite]",
    ),
    "handled_with_its_step": Defence(
        says="a step is marked handled in its own transaction",
        patches=one(SqliteUnit, "finish", seams.later),
        beside=(
            "inbox_dedup",
            "posted_once",
        ),
        weather=("crash_after_commit",),
        held_by="tests/flow/test_whole_steps.py::test_the_step_is_marked_as_handled[sqlite]",
    ),
    "timers_with_their_step": Defence(
        says="timers are set in the transaction of their step",
        patches=one(SqliteUnit, "set_timers", seams.later),
        weather=("crash_after_commit",),
        held_by="tests/flow/test_whole_steps.py::test_the_timer_it_set_is_there[sqlite]",
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
        weather=(
            "answer_late",
            "frozen",
        ),
        held_by="tests/flow/test_crashes.py::test_a_worker_that_dies_during_a_call_leaves_it_to_be_sent_again[sqlite-idempotent]",
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
        beside=(
            "look_up_first",
            "lease",
        ),
        weather=("answer_lost",),
        held_by="tests/flow/test_crashes.py::test_where_nothing_protects_a_dead_worker_leaves_one_exception[sqlite]",
    ),
    "attempts_end": Defence(
        says="after so many attempts a person is asked",
        patches=one(settling, "attempts_allowed", seams.always(10**6)),
        beside=(
            "growing_pause",
            "breaker",
        ),
        weather=(
            "down",
            "not_sent",
        ),
        held_by="tests/flow/test_deliverer.py::test_what_a_partner_never_took_is_given_up[sqlite]",
    ),
    "only_refused_is_mended": Defence(
        says="another effect is asked for in place of what was refused, and of nothing else",
        patches=one(operator_effects, "_refused", lambda _: operator_effects._effect),  # noqa: SLF001 - what it wraps is private
        weather=("answer_lost", "garbled"),
        held_by="tests/flow/test_operator.py::test_what_may_have_been_done_is_never_edited[sqlite]",
    ),
    "mended_apart": Defence(
        says="what is mended goes under a version, and so a key, of its own",
        patches=one(operator_effects, "next_version", lambda _: str),
        weather=("refused",),
    ),
    "mended_is_over": Defence(
        says="what another effect took the place of is never sent again",
        patches=one(SqliteUnit, "rewrite_effect", seams.waiting_all_the_same),
        weather=("refused",),
    ),
    "trouble_told": Defence(
        says="an effect that ends badly is somebody's exception",
        patches=one(deliverer, "conclude", seams.without_exception),
        weather=("refused",),
    ),
    "in_order": Defence(
        says="what must come in order waits for what comes before",
        patches=one(SqliteUnit, "ask", seams.in_no_order),
        weather=(
            "busy",
            "correction",
        ),
        held_by="tests/flow/test_deliverer.py::test_effects_of_one_line_go_in_order[sqlite]",
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
        weather=("down",),
        held_by="tests/flow/test_breaker.py::test_failures_in_a_row_open_it",
    ),
    "retry_after": Defence(
        says="a partner that asks for rest gets it",
        patches=one(desk.Desk, "pause", seams.no_pause),
        weather=("throttled",),
    ),
    "growing_pause": Defence(
        says="attempts are further and further apart",
        patches=one(settling, "pause_before", seams.always(timedelta(seconds=1))),
        beside=("breaker",),
        weather=(
            "down",
            "not_sent",
        ),
        held_by="tests/flow/test_deliverer.py::test_the_pause_grows_and_is_the_same_each_time[sqlite]",
    ),
    "compare_and_set": Defence(
        says="a state is written only over the revision it was decided from",
        patches=one(SqliteUnit, "save", seams.save_blindly),
        beside=("handled_with_its_step",),
        held_by="tests/store/test_sqlite.py::TestSqliteStore::test_a_slower_worker_is_told_that_it_is_stale",
    ),
    "quarantine": Defence(
        says="a step that killed two workers is set aside",
        patches=one(machine, "DEATHS_MAX", lambda _: 10**6),
        weather=("deadly_step",),
        held_by="tests/flow/test_crashes.py::test_a_step_that_kills_its_worker_twice_is_set_aside_and_the_others_go_on[sqlite]",
    ),
    "careful_start": Defence(
        says="after an unclean stop steps are tried one at a time",
        patches=one(machine.Machine, "start", seams.careless),
        weather=("deadly_step",),
        held_by="tests/flow/test_crashes.py::test_a_step_that_kills_its_worker_twice_is_set_aside_and_the_others_go_on[sqlite]",
    ),
    "timers_by_name": Defence(
        says="a timer set anew replaces the one of its name",
        patches=one(SqliteUnit, "set_timers", seams.first_timer),
        weather=(
            "telling_held",
            "correction",
        ),
        held_by="tests/store/test_sqlite.py::TestSqliteStore::test_a_timer_of_the_same_name_is_replaced",
    ),
    "due_at": Defence(
        says="a wake-up is judged by when it was due, not by when it rang",
        patches=one(timekeeper, "_wake_up", seams.due_when_rung),
        beside=("timers_by_name",),
        weather=(
            "crash_after_commit",
            "clock_jump",
        ),
        held_by="tests/flow/test_whole_steps.py::test_a_timer_that_rings_late_says_when_it_was_due[sqlite]",
    ),
    "exceptions_open": Defence(
        says="what nobody can decide opens an exception",
        patches=one(SqliteUnit, "open_exceptions", seams.always(None)),
    ),
    "pages_by_tenant": Defence(
        says="a page is read among the rows of one tenant",
        patches=one(SqliteReader, "find", seams.for_all_tenants),
    ),
    "exceptions_by_tenant": Defence(
        says="a person is asked about the exceptions of one tenant",
        patches=one(SqliteReader, "exceptions", seams.for_all_tenants),
    ),
    "search_by_tenant": Defence(
        says="a number is looked up among those of one tenant",
        patches=one(SqliteReader, "search", seams.for_all_tenants),
    ),
    "seen_by_tenant": Defence(
        says="what one tenant was told before is news to another",
        patches=one(SqliteUnit, "remember", seams.as_the_host),
    ),
    "effects_by_tenant": Defence(
        says="whoever delivers for a tenant leases its effects alone",
        patches=(
            Patch(owner=SqliteUnit, name="lease", make=seams.for_all_tenants),
            Patch(owner=SqliteReader, name="next_effect", make=seams.due_for_any_tenant),
        ),
    ),
    "audit": Defence(
        says="who decided is written down",
        patches=one(SqliteUnit, "log", seams.always(None)),
    ),
    "audit_sealed": Defence(
        says="what is written down of who decided is sealed",
        patches=one(SqliteUnit, "seal_audit", seams.always(None)),
    ),
    "audit_chained": Defence(
        says="each row of the audit log is sealed upon the one before it",
        patches=one(audit_chain, "_digest", seams.upon_nothing),
    ),
    "counters": Defence(
        says="what is counted is counted in the transaction that did it",
        patches=one(SqliteUnit, "bump", seams.always(None)),
    ),
}

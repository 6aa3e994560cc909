"""The defences of money: of what is claimed, agreed, posted, billed and reconciled."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

from msgspec.structs import replace

from crossdock.canonical.freight import InvoicePurpose
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    LineState,
    PostFreightInvoice,
    ReleaseBilling,
)
from crossdock.policies import freight
from crossdock.processes import (
    freight_reconciliation,
    freight_settlement,
    freight_settlement_answers,
    freight_settlement_billing,
    freight_settlement_gate,
    freight_settlement_match,
    freight_settlement_persons,
    freight_settlement_postings,
    freight_settlement_state,
    freight_settlement_words,
)
from crossdock.store.sqlite.unit import SqliteUnit
from crossdock.testing.simulation import seams
from crossdock.testing.simulation.defences.base import Defence, Patch, one

NOTHING: tuple[Any, ...] = ()
TWICE = 2


def number_anew(original: Any) -> Any:
    """Take an invoice that is sent again for another one."""

    def bill(state: Any, said: Any, invoice: Any, at: Any) -> Any:
        known = f"{invoice.carrier_scac}/{invoice.invoice_id}" in state.bills
        if known and invoice.purpose is InvoicePurpose.ORIGINAL:
            invoice = replace(invoice, invoice_id=f"{invoice.invoice_id}-again")
        return original(state, said, invoice, at)

    return bill


def never_alike(_original: Any) -> Any:
    """Find no charge to be like another."""
    numbers = count(1)
    return lambda charge: replace(charge, charge_id=f"x{next(numbers)}")


def count_voices(original: Any) -> Any:
    """Count each time a person says something as another person."""

    def verdict_on(words: Iterable[Any], *rest: Any) -> Any:
        voices = [replace(each, by=f"{each.by}#{at}") for at, each in enumerate(words)]
        found = original(voices, *rest)
        return replace(found, by=tuple(each.partition("#")[0] for each in found.by))

    return verdict_on


def whatever_was_seen(original: Any) -> Any:
    """Take a word for what is billed now, whatever its speaker saw."""
    return lambda said, claims: original(replace(said, seen=None), claims)


def by_place(_original: Any) -> Any:
    """Name a claimed charge by where it stands, not by how much it is."""
    return property(lambda each: f"{each.document}/{each.charge.kind}/{each.ordinal}")


def without_waiting(original: Any) -> Any:
    """Post an invoice before all it charges stands accrued."""

    def payment(payable: Any, part: Any, known: Any, _waiting: Any, today: Any) -> Any:
        return original(payable, part, known, frozenset(), today)

    return payment


def at_once(original: Any) -> Any:
    """Post the next of a line while one is on its way."""

    def accrual(state: Any, due: Any, part: Any, *rest: Any) -> Any:
        known = state.accrued.get(part.name)
        if known is not None and known.is_out:
            ended = replace(known, settled=known.revision)
            state = replace(state, accrued={**state.accrued, part.name: ended})
        return original(state, due, part, *rest)

    return accrual


def over_and_over(original: Any) -> Any:
    """Post again what stands already."""

    def accrual(state: Any, due: Any, part: Any, *rest: Any) -> Any:
        after, known = original(state, due, part, *rest), state.accrued.get(part.name)
        stands = known is not None and after == known and not known.is_out
        if stands and known.amount.minor and known.revision < TWICE:
            return replace(known, revision=known.revision + 1)
        return after

    return accrual


def at_todays_rate(original: Any) -> Any:
    """Convert each posting anew."""
    return lambda known, *rest: original(replace(known, rate="", rate_date=None), *rest)


def dated_today(_original: Any) -> Any:
    """Date each posting by the day it is decided."""
    return lambda policy, _day, decided: freight.business_day(policy, decided)


def rounded_down(original: Any) -> Any:
    """Let the last cents fall away."""

    def allocate(amount: Any, weights: Any) -> Any:
        parts = original(amount, weights)
        exact = {name: part.minor - part.minor % max(len(parts), 1) for name, part in parts.items()}
        return {name: replace(part, minor=exact[name]) for name, part in parts.items()}

    return allocate


def first_word(_original: Any) -> Any:
    """Let the first invoice hold, whatever is said of it later."""
    return lambda bills: (min(bills, key=lambda each: each.heard_at), NOTHING)


def forget_withdrawn(original: Any) -> Any:
    """See nothing of what nobody claims any more."""

    def lines_of(*args: Any) -> Any:
        found = original(*args)
        return tuple(each for each in found if each.state is not LineState.WITHDRAWN)

    return lines_of


def follow_todays(_original: Any) -> Any:
    """Let a load be decided by whatever rules are in force."""
    return lambda state, _dues, _rules: replace(state, rules="")


def posted_under(original: Any) -> Any:
    """Give every attempt at an accrual a key of its own."""

    def lease(self: Any, *args: Any) -> list[Any]:
        rows = original(self, *args)
        return [
            replace(row, idempotency_key=f"{row.idempotency_key}x{row.fence}")
            if row.verb == AccrueFreight.verb
            else row
            for row in rows
        ]

    return lease


def in_any_order(_original: Any) -> Any:
    """Let what is posted of a load overtake what was posted before."""
    return lambda _self: ""


DECIDED = "tests/processes/test_freight_settlement_decisions.py"
SETTLED = "tests/processes/test_freight_settlement.py"
WAIVED = "tests/processes/test_freight_settlement_waived.py"
KEPT = "tests/processes/test_freight_settlement_rules.py"
RECONCILED = "tests/processes/test_freight_reconciliation.py"
HEARD = (freight_settlement_match, freight_settlement_persons, freight_settlement_billing)
POSTINGS = (AccrueFreight, PostFreightInvoice, ReleaseBilling)
SPLIT = (freight, freight_settlement_gate)

DEFENCES: dict[str, Defence] = {
    "invoice_by_number": Defence(
        says="an invoice is one by its carrier and number, however often it is sent",
        patches=one(freight_settlement_state, "_bill", number_anew),
        beside=("same_charges_asked",),
        weather=("billed_twice",),
        held_by=f"{DECIDED}::test_the_same_number_with_other_charges_is_contested_and_the_first_stands",
    ),
    "same_charges_asked": Defence(
        says="the same charges under another number are paid by persons only",
        patches=one(freight_settlement_match, "bare", never_alike),
        beside=("invoice_by_number", "tolerance"),
        weather=("billed_again", "billed_twice"),
        held_by=f"{DECIDED}::test_the_same_bill_under_another_number_is_never_paid_unasked",
    ),
    "tolerance": Defence(
        says="what is billed beyond the tolerance waits for persons",
        patches=one(freight_settlement_match, "tolerates", seams.always(answer=True)),
        weather=("overbilled",),
        held_by=f"{DECIDED}::test_both_amount_and_per_cent_must_hold",
    ),
    "weights_compared": Defence(
        says="another weight or class than planned waits for persons",
        patches=one(freight_settlement_match, "_differences", seams.always(NOTHING)),
        beside=("tolerance",),
        weather=("reweighed",),
        held_by=f"{DECIDED}::test_weight_and_class_are_compared_too",
    ),
    "whole_invoice_held": Defence(
        says="an invoice that does not agree with itself, or with who carries, waits for persons",
        patches=one(freight_settlement_match, "_holds", seams.always(NOTHING)),
        weather=("wrong_sum",),
        held_by=f"{DECIDED}::test_an_invoice_whose_charges_do_not_come_to_its_total_waits",
    ),
    "two_persons": Defence(
        says="above a limit two persons must say the same",
        patches=one(freight_settlement_words, "persons_needed", seams.always(1)),
        weather=("overbilled",),
        held_by=f"{DECIDED}::test_the_first_person_proposes_and_the_second_decides",
    ),
    "second_is_another": Defence(
        says="the same person again is no second one",
        patches=(
            *(Patch(owner=each, name="verdict_on", make=count_voices) for each in HEARD),
            *one(freight_settlement_persons, "_says_it_already", seams.always(answer=False)),
        ),
        weather=("overbilled",),
        held_by=f"{DECIDED}::test_the_first_person_proposes_and_the_second_decides",
    ),
    "approved_as_seen": Defence(
        says="a word about an amount that has changed since is refused",
        patches=one(freight_settlement_persons, "_objections", whatever_was_seen),
        beside=("words_by_content",),
        weather=("rebilled_higher",),
        held_by=f"{DECIDED}::test_a_decision_about_what_has_changed_since_is_refused_with_the_reason",
    ),
    "words_by_content": Defence(
        says="what persons said of an amount does not count for another",
        patches=one(freight_settlement_match.Claimed, "content", by_place),
        weather=("rebilled_higher",),
        held_by=f"{DECIDED}::test_what_was_approved_before_a_correction_is_not_approved_after_it",
    ),
    "corrections_hold": Defence(
        says="a correction replaces an invoice, a cancellation takes it back",
        patches=one(freight_settlement_state, "in_force", first_word),
        weather=("rebilled", "bill_cancelled"),
        held_by=f"{DECIDED}::test_a_correction_adjusts_what_stands_and_the_invoice_after_it",
    ),
    "withdrawn_is_reversed": Defence(
        says="what nobody claims any more is taken out of the books",
        patches=one(freight_settlement_gate, "lines_of", forget_withdrawn),
        weather=("bill_cancelled",),
        held_by=f"{DECIDED}::test_a_cancelled_invoice_takes_everything_back",
    ),
    "accrued_before_invoiced": Defence(
        says="an invoice is posted when all it charges stands accrued",
        patches=one(freight_settlement_postings, "_payment", without_waiting),
        beside=("line_of_a_load",),
        held_by=f"{SETTLED}::test_the_invoice_follows_when_all_it_charges_stands_accrued",
    ),
    "one_posting_at_a_time": Defence(
        says="the next posting of a charge waits for the end of the one before",
        patches=one(freight_settlement_postings, "_accrual", at_once),
        beside=("line_of_a_load",),
        weather=("rebilled", "answer_lost", "down"),
        held_by=f"{DECIDED}::test_the_next_posting_waits_until_the_one_before_is_done",
    ),
    "posted_as_it_stands": Defence(
        says="what stands as it should is not posted again",
        patches=one(freight_settlement_postings, "_accrual", over_and_over),
        held_by=f"{SETTLED}::test_the_invoice_follows_when_all_it_charges_stands_accrued",
    ),
    "line_of_a_load": Defence(
        says="an ERP hears of one load's money in the order it was decided",
        patches=tuple(
            Patch(owner=each, name="sequence_key", make=in_any_order) for each in POSTINGS
        ),
        beside=("one_posting_at_a_time", "accrued_before_invoiced"),
        weather=("busy", "rebilled"),
        held_by=f"{SETTLED}::test_the_erp_hears_of_a_loads_money_in_one_line",
    ),
    "posting_key": Defence(
        says="a posting is tried again under the key it was tried under",
        patches=one(SqliteUnit, "lease", posted_under),
        weather=("answer_lost",),
    ),
    "rate_kept": Defence(
        says="a charge is converted at the rate of its first posting",
        patches=one(freight_settlement_postings, "_rated", at_todays_rate),
        weather=("deploy", "rebilled", "overbilled"),
        abroad=True,
        held_by=f"{DECIDED}::test_a_mended_rate_changes_nothing_of_what_is_posted_at_another",
    ),
    "dated_once": Defence(
        says="a posting keeps the business date it was first decided for",
        patches=one(freight_settlement_postings, "business_date", dated_today),
        held_by=f"{DECIDED}::test_what_changes_after_midnight_keeps_its_day_until_the_month_is_closed",
    ),
    "open_month": Defence(
        says="nothing is dated into a month that is closed",
        patches=one(
            freight_settlement_postings, "business_date", lambda _: lambda _p, day, _at: day
        ),
        weather=("billed_late", "overbilled"),
        held_by=f"{DECIDED}::test_what_changes_after_midnight_keeps_its_day_until_the_month_is_closed",
    ),
    "last_cent": Defence(
        says="what is split over orders sums to what was split",
        patches=tuple(Patch(owner=each, name="allocate", make=rounded_down) for each in SPLIT),
        held_by="tests/policies/test_freight.py::test_the_last_cent_goes_to_the_largest_remainder_then_by_name",
    ),
    "freight_certain": Defence(
        says="an order is billed when its freight has come to its end",
        patches=one(freight_settlement_billing, "_has_ended", seams.always(answer=True)),
        held_by=f"{SETTLED}::test_the_order_is_billed_when_its_freight_has_come_to_its_end",
    ),
    "waived_is_nowhere": Defence(
        says="what an ERP refused and a person waived does not stand",
        patches=one(freight_settlement_answers, "is_done", seams.always(answer=True)),
        weather=("unbookable",),
        held_by=f"{WAIVED}::test_what_was_waived_does_not_stand_and_the_order_is_billed_with_a_flag",
    ),
    "rules_kept": Defence(
        says="a load is settled by the rule book that decided first",
        patches=one(freight_settlement, "keep_rules", follow_todays),
        weather=("new_policy",),
        held_by=f"{KEPT}::test_a_decided_load_keeps_the_rules_that_decided",
    ),
    "newest_statement": Defence(
        says="a statement that was drawn earlier says nothing more",
        patches=one(freight_reconciliation, "overtaken", seams.always(answer=False)),
        weather=("late", "mistyped", "reorder"),
        held_by=f"{RECONCILED}::test_an_older_statement_changes_nothing",
    ),
    "strays_told": Defence(
        says="what stands under another date is told where it was posted",
        patches=one(freight_reconciliation, "strays_in", seams.always({})),
        weather=("misdated",),
        held_by=f"{RECONCILED}::test_a_line_that_left_the_other_date_is_missing_where_it_belongs",
    ),
}

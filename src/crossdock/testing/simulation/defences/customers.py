"""The defences of what is answered to customers, and of what they are told and shown."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from crossdock.apis.experience.v1 import views
from crossdock.messages.load_acceptance import LoadOffered
from crossdock.processes import (
    load_acceptance,
    shipment_visibility,
    shipment_visibility_picture,
    shipment_visibility_telling,
)
from crossdock.testing.simulation import seams
from crossdock.testing.simulation.defences.base import Defence, one

AGAIN_MAX = 3  # words on one milestone; who is told for ever would be told by every step
HELD_BY = "tests/processes/test_load_acceptance.py::test_"
SILENCE_BY = "tests/processes/test_shipment_visibility_promises.py::test_"
TOLD_BY = "tests/processes/test_shipment_visibility_telling.py::test_"


def any_word(original: Any) -> Any:
    """Let the word heard last hold."""

    def take_offer(state: Any, said: LoadOffered, *rest: Any) -> Any:
        if state.offer is not None and state.offer.revision > said.revision:
            state = replace(state, offer=replace(state.offer, revision=-1))
        return original(state, said, *rest)

    return take_offer


def decide_again(original: Any) -> Any:
    """Forget what was decided of an offer when somebody decides."""
    return lambda state, *rest: original(replace(state, verdict=None), *rest)


def at_any_time(_original: Any) -> Any:
    """Let a decision count whenever it is made."""
    return lambda _offer, verdict, *_: verdict


def deaf_to_alarms(_original: Any) -> Any:
    """Let the time pass until which a customer waits."""
    return lambda state, *_: (state, ())


def carry_on(_original: Any) -> Any:
    """Carry what was agreed, whatever the customer takes back."""
    return lambda state, _said: (state, ())


def ask_on(original: Any) -> Any:
    """Leave the question open when an offer is taken back."""

    def close(state: Any, because: str) -> Any:
        taken_back = because.startswith("the customer took")
        return (state, ()) if taken_back else original(state, because)

    return close


def tell_again(original: Any) -> Any:
    """Tell what was told, a few times."""

    def is_otherwise(word: Any, before: Any) -> bool:
        return bool(original(word, before)) or before.revision < AGAIN_MAX

    return is_otherwise


def without_taking_back(original: Any) -> Any:
    """Take nothing back that was told."""

    def difference(*args: Any) -> Any:
        return (each for each in original(*args) if not each.retracted)

    return difference


def without_gate(original: Any) -> Any:
    """Tell of every order that travels, whatever its gate says."""

    def judge_gate(state: Any, customer_id: str, order_ids: Any, policy: Any) -> Any:
        verdict, _ = original(state, customer_id, order_ids, policy)
        return verdict, tuple(order_ids)

    return judge_gate


def once_silent(_original: Any) -> Any:
    """Call a shipment silent for ever that was silent once."""
    return lambda state, _journey: state.silent_since is not None


def within_reach(original: Any) -> Any:
    """Say of every source that it can be reached."""
    return lambda seen, _source: original(seen, None)


DEFENCES: dict[str, Defence] = {
    "silence_shown": Defence(
        says="a page says so when nobody speaks of its shipment",
        patches=one(shipment_visibility_picture, "is_silent", seams.always(answer=False)),
    ),
    "silence_ends": Defence(
        says="a page says no more that nobody speaks once somebody has",
        patches=one(shipment_visibility_picture, "is_silent", once_silent),
        weather=("telling_lost", "late", "cut_off"),
        held_by=f"{SILENCE_BY}the_next_report_ends_the_silence",
    ),
    "out_of_reach_shown": Defence(
        says="a page says so when the source of its news cannot be reached",
        patches=one(views, "_freshness", within_reach),
        weather=("down", "not_sent"),
    ),
    "newest_offer": Defence(
        says="an older word on a load never takes the place of a newer",
        patches=one(load_acceptance, "take_offer", any_word),
        weather=("offer_changed", "offer_withdrawn", "late", "telling_held"),
        held_by=f"{HELD_BY}an_older_word_that_comes_later_is_silence",
        customers=True,
    ),
    "answered_once": Defence(
        says="an offer is answered once, however often somebody decides",
        patches=one(load_acceptance, "settle", decide_again),
        held_by=f"{HELD_BY}an_offer_is_answered_once_however_often_somebody_decides",
        customers=True,
    ),
    "no_yes_too_late": Defence(
        says="no load is accepted that its customer waits for no more",
        patches=one(load_acceptance, "in_time", at_any_time),
        weather=("late", "telling_held"),
        held_by=f"{HELD_BY}a_yes_after_the_deadline_is_a_decline",
        customers=True,
    ),
    "offers_decline": Defence(
        says="what nobody decides in time is declined",
        patches=one(load_acceptance, "end_waiting", deaf_to_alarms),
        customers=True,
    ),
    "carriage_called_off": Defence(
        says="what was agreed on an offer is off when it is taken back",
        patches=one(load_acceptance, "call_off", carry_on),
        weather=("offer_withdrawn",),
        held_by=f"{HELD_BY}an_offer_that_is_taken_back_is_asked_about_no_more_and_what_was_agreed_is_off",
        customers=True,
    ),
    "asked_no_more": Defence(
        says="an offer that is taken back is asked about no more",
        patches=one(load_acceptance, "close", ask_on),
        weather=("offer_withdrawn",),
        held_by=f"{HELD_BY}an_offer_that_is_taken_back_closes_its_question",
        customers=True,
    ),
    "told_as_news": Defence(
        says="a partner is told what it was not told so before, and nothing else",
        patches=one(shipment_visibility_telling, "_is_otherwise", tell_again),
        held_by=f"{TOLD_BY}a_number_that_comes_later_is_no_news",
        customers=True,
    ),
    "corrections_told": Defence(
        says="who was told a wrong time is told the right one",
        patches=one(shipment_visibility_telling, "_is_otherwise", seams.always(answer=False)),
        weather=("correction",),
        held_by=f"{TOLD_BY}a_correction_is_told_again_and_what_is_taken_back_is_taken_back",
        customers=True,
    ),
    "taken_back_told": Defence(
        says="who was told what is shown no more is told so",
        patches=one(shipment_visibility_telling, "_difference", without_taking_back),
        weather=("retraction",),
        held_by=f"{TOLD_BY}a_correction_is_told_again_and_what_is_taken_back_is_taken_back",
        customers=True,
    ),
    "told_behind_the_gate": Defence(
        says="nobody is told what its customer is not shown yet",
        patches=one(shipment_visibility_telling, "judge_gate", without_gate),
        weather=("busy", "down"),
        held_by=f"{TOLD_BY}a_partner_hears_each_milestone_once_and_in_order_when_the_gate_opens",
        customers=True,
    ),
    "milestones_told": Defence(
        says="what a customer is shown its partners are told",
        patches=one(shipment_visibility, "tell_partners", lambda _: lambda state, *_: (state, ())),
        customers=True,
    ),
}

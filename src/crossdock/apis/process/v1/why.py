"""Why is it not done yet? One sentence from what is stored, the most telling reason first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crossdock.apis import words
from crossdock.apis.process.v1.story import Alarm, Effect, Shown, Stuck
from crossdock.ports.store import BreakerRow, BreakerState

# The stages, of any process, in which nothing more is waited for.
DONE = frozenset({"delivered", "returned", "cancelled", "withdrawn", "bound", "known"})
OPEN = "open"
UNDER_WAY = frozenset({"waiting", "leased", "unknown"})

# Whose answer is awaited first where a story has several processes: the earliest of the way.
ORDER = ("order_release", "shipment_visibility", "reference_binding")


def why(  # noqa: PLR0913 - every kind of waiting is asked for
    *,
    stage: str,
    parked: bool,
    waiting_steps: int,
    stuck: Sequence[Stuck],
    effects: Sequence[Effect],
    alarms: Sequence[Alarm],
    breakers: Mapping[str, BreakerRow],
) -> str:
    """Say what one process waits for."""
    problem = next((each for each in stuck if each.status == OPEN), None)
    if problem is not None:
        return _of_a_person(problem)
    if parked:
        return "Its next step failed and waits until someone retries it."
    effect = next((each for each in effects if each.status in UNDER_WAY), None)
    if effect is not None:
        return _of_a_partner(effect, breakers.get(effect.endpoint))
    if waiting_steps:
        steps = "1 message" if waiting_steps == 1 else f"{waiting_steps} messages"
        return f"{steps} arrived and will be looked at next."
    stands = stage.replace("_", " ")
    if stage in DONE:
        return f"Nothing is missing: it is {stands}."
    if alarms:
        first = min(alarms, key=lambda each: each.due_at)
        return f"It is {stands}; {_alarm_words(first)}."
    return f"It is {stands}, and waits for the next message about it."


def shown_words(shown: Sequence[Shown]) -> str:
    """Say what customers see of it now; empty where nothing was ever decided about that."""
    now: dict[tuple[str, str], Shown] = {}
    for each in sorted(shown, key=lambda one: one.at):
        now[each.shipment_id, each.customer_id] = each
    withheld = next((each for each in now.values() if not each.visible), None)
    if withheld is not None:
        return f"Customer {withheld.customer_id} does not see it yet: {withheld.because}."
    latest = max(now.values(), key=lambda each: each.at, default=None)
    if latest is None:
        return ""
    return f"Customer {latest.customer_id} sees: {latest.status}."


def _of_a_person(problem: Stuck) -> str:
    team = problem.team.replace("_", " ").lower()
    who = f"{problem.owner} of {team}" if problem.owner else team
    return f"{problem.cause.rstrip('.')}. Waits for {who}: {problem.action.rstrip('.')}."


def _of_a_partner(effect: Effect, breaker: BreakerRow | None) -> str:
    asked = f"{effect.endpoint} has not confirmed {effect.verb} for {effect.business_key}"
    done = [each for each in effect.tries if each.finished_at is not None]
    last = next((each for each in reversed(done) if each.outcome), None)
    tried = f"; tried {len(done)} time(s), last: {last.said or last.outcome}" if last else ""
    if breaker is not None and breaker.state is not BreakerState.CLOSED:
        since = f" since {words.utc(breaker.changed_at)}" if breaker.changed_at else ""
        return f"{asked}{tried}. {effect.endpoint} is not answering{since}; it is held safely."
    if effect.status == "unknown":
        return (
            f"{asked}{tried}. The answer was lost; it is looked up before anything is sent again."
        )
    return f"{asked}{tried}. Next try {words.utc(effect.due_at)}."


def _alarm_words(alarm: Alarm) -> str:
    return f"if nothing comes, `{alarm.name}` decides at {words.utc(alarm.due_at)}"

"""Why is it not done yet? One sentence from what is stored, the most telling reason first.

For a whole story it is chosen for the number asked: whoever waits for a person speaks first, then
whoever waits for a partner or a message. Where nobody waits, the order tells how it ended, or the
shipment that was asked for; what an order has left does not speak for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crossdock.apis import words
from crossdock.apis.process.v1.story import Alarm, Chapter, Effect, Shown, Stuck
from crossdock.messages.shipment_visibility import PostMilestone
from crossdock.ports.store import BreakerRow, BreakerState

# The stages, of any process, in which nothing more is waited for.
DONE = frozenset(
    "delivered returned cancelled withdrawn bound unbound known"
    " confirmed reversed uncommitted nothing_committed".split()
)
LEFT = frozenset({"withdrawn", "unbound"})  # nothing travels there any more
ARRIVED = frozenset({"delivered", "returned"})
# The order's own work is done, or its stock lies ready; its shipments say what comes next.
ON_ITS_WAY = frozenset({"open", "committed"})
OPEN = "open"
APPLIED = "applied"
UNDER_WAY = frozenset({"waiting", "leased", "unknown"})

# Whose answer is awaited first where a story has several processes: the earliest of the way.
ORDER = (
    "order_release",
    "shipment_visibility",
    "inventory_commitment",
    "freight_settlement",
    "reference_binding",
)


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


def whole_why(
    number: str, told: Sequence[Chapter], shown: Sequence[Shown], stuck: Sequence[Stuck]
) -> str:
    """Answer for a whole story, whose chapters are in the order of the way.

    `stuck` are the exceptions that belong to no chapter.
    """
    if not told:
        if stuck:
            return "It never became an order or a shipment; see the exception."
        return "Nothing is known under this number."
    asked = [each for each in told if each.kind == "shipment" and each.id == number]
    speaks = None if asked and not _concern(asked[0]) else _speaker(told)
    said = _ending(asked[:1] or told) if speaks is None else speaks.why
    sees = shown_words(_of_now(asked or told, shown), over=speaks is None)
    return f"{said} {sees}".strip()


def _speaker(told: Sequence[Chapter]) -> Chapter | None:
    """Choose who tells what is waited for, by how pressing it is; none where all is over."""
    concerned = [each for each in told if _concern(each)]
    return min(concerned, key=_concern, default=None)


def _concern(chapter: Chapter) -> int:
    """Tell how soon a chapter has to speak: 1 first, 0 not at all."""
    if chapter.parked or any(each.status == OPEN for each in chapter.stuck):
        return 1
    if chapter.waiting_steps or any(each.status in UNDER_WAY for each in chapter.effects):
        return 2
    if chapter.stage in DONE:
        return 0
    return 4 if chapter.stage in ON_ITS_WAY else 3


def _ending(told: Sequence[Chapter]) -> str:
    """Tell how it ended, where nothing is missing any more."""
    main = next((each for each in told if each.stage not in LEFT), told[0])
    posted = main.stage in ARRIVED and any(
        effect.verb == PostMilestone.verb and effect.status == APPLIED
        for each in told
        for effect in each.effects
    )
    and_posted = ", and the ERP has posted it" if posted else ""
    stands = main.stage.replace("_", " ")
    return f"Nothing is missing: {main.kind.replace('_', ' ')} {main.id} is {stands}{and_posted}."


def _of_now(told: Sequence[Chapter], shown: Sequence[Shown]) -> Sequence[Shown]:
    """Keep what was shown of these shipments, without those an order has left if there are more."""
    kept = {each.id for each in told if each.stage not in LEFT} or {each.id for each in told}
    now = [each for each in shown if each.shipment_id in kept]
    left = {each.id for each in told}
    return now or [each for each in shown if each.shipment_id in left]


def shown_words(shown: Sequence[Shown], *, over: bool) -> str:
    """Say what customers see of it now; empty where nothing was ever decided about that.

    `over` tells that nothing is waited for, so that what is not seen will not be seen.
    """
    now: dict[tuple[str, str], Shown] = {}
    for each in sorted(shown, key=lambda one: one.at):
        now[each.shipment_id, each.customer_id] = each
    withheld = next((each for each in now.values() if not each.visible), None)
    if withheld is not None:
        yet = "" if over else " yet"
        because = withheld.because.removeprefix("withheld: ")
        return f"Customer {withheld.customer_id} does not see it{yet}: {because}."
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

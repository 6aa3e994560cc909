"""From a partner to the house: told at least once, until the house has said that it has it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from crossdock.flow.reading import Arrival
from crossdock.ports import Call, Exchange, Stage
from crossdock.simulators.chance import between
from crossdock.simulators.ledger import Ledger, Telling
from crossdock.simulators.partner import CROSSDOCK
from crossdock.simulators.sender import Sender
from crossdock.testing.simulation.faults import Dice
from crossdock.testing.simulation.network import Network
from crossdock.testing.simulation.partners import Cast
from crossdock.testing.simulation.timeline import SimulatedClock, Timeline

SOON = (0.02, 0.4)  # seconds on the way, one way
PATIENCE_SECONDS = 30.0
HELD_SECONDS = (60.0, 7200.0)
SAID_OTHERWISE = {"orders", "plans", "tracking", "tenders", "interchange"}
NO_REASON, WEATHER = b"*NS*", b"*AO*"  # reasons in a 214 (AT7-02): none, and the weather
ACCEPTED, REFUSED_MIN, REFUSED_MAX = 202, 400, 500

# Takes the partner, what it tells, and the bytes it tells it in.
Dressed = Callable[[str, Telling, bytes], None]
Answered = Callable[[int], None]  # takes the status; 0: nothing came back


class Intake(Protocol):
    """The door of the house."""

    def offer(self, arrival: Arrival, answered: Answered) -> None:
        """Bring a document; `answered` is called with the status once it is stored, if ever."""
        ...


class Post(Sender):
    """A partner's sender: what it promises is on the timeline, and goes over the network."""

    def __init__(  # noqa: PLR0913, PLR0917 - the post joins all of these
        self,
        name: str,
        ledger: Ledger,
        clock: SimulatedClock,
        timeline: Timeline,
        dice: Dice,
        network: Network,
        intake: Intake,
        cast: Cast,
        dressed: Dressed,
    ) -> None:
        """Promise nothing yet; `dressed` hears of all that goes over the wire."""
        super().__init__(ledger, clock, {})
        self._name = name
        self._timeline = timeline
        self._dice = dice
        self._network = network
        self._intake = intake
        self._cast = cast
        self._dressed = dressed
        self.waiting = 0

    def post(self, telling: Telling) -> None:
        """Promise to tell."""
        number = self._ledger.post(telling)
        self._plan(telling.due, number, telling)

    def _plan(self, due: datetime, number: int, telling: Telling) -> None:
        self.waiting += 1
        what = f"tell {telling.target} {telling.document} {telling.webhook_id}"
        self._timeline.at(due, self._name, what, lambda: self._tell_now(number))

    def _tell_now(self, number: int) -> str | None:
        self.waiting -= 1
        telling = self._ledger.telling(number)
        if telling is None:
            return "withdrawn"
        if self._network.is_away(self._name):
            self._again(telling, tried=False)
            return "away"
        if telling.target != CROSSDOCK:
            return self._tell_partner(telling)
        if telling.tries == 0:
            self._note("sent", telling)
        return self._over_the_network(telling)

    def _tell_partner(self, telling: Telling) -> str:
        """Tell another partner; between partners nothing is lost."""
        call = Call(
            method="POST",
            url=f"/{telling.document}",
            headers={},
            body=telling.body,
            deadline_seconds=PATIENCE_SECONDS,
        )
        exchange: Exchange = self._cast.doors[telling.target.lower()].answer(call)
        if exchange.stage is Stage.ANSWERED and exchange.status < REFUSED_MIN:
            self._ledger.close(telling.number, "acknowledged")
            return "taken"
        self._again(telling, tried=True)
        return f"not taken: {exchange.status}"

    def _over_the_network(self, telling: Telling) -> str:
        words = (self._name, telling.webhook_id, telling.number, telling.tries)
        if self._network.is_cut(self._name) or self._dice.strikes("telling_lost", *words):
            self._again(telling, tried=True)
            return "lost"
        letter = self.dress(telling)
        self._bring(telling, letter, words)
        said = "on its way"
        if self._dice.strikes("telling_doubled", *words):
            self._bring(telling, letter, (*words, "again"))
            said += ", twice"
        return said

    def _bring(
        self, telling: Telling, letter: tuple[bytes, str], words: tuple[object, ...]
    ) -> None:
        seconds = between(*SOON, self._dice.seed, "leg", *words)
        if self._dice.strikes("telling_held", *words):
            seconds = between(*HELD_SECONDS, self._dice.seed, "held", *words)
        content, content_type = letter
        arrival = Arrival(
            tenant="main",
            partner=self._name,
            document=telling.document,
            content=content,
            content_type=content_type,
        )
        self._dressed(self._name, telling, content)
        first = words[-1] != "again"
        answered = self._heard(telling, words) if first else _nobody
        what = f"arrive {telling.document} {telling.webhook_id}"
        self._timeline.after(
            seconds, "network", f"{what} from {self._name}", lambda: self._offer(arrival, answered)
        )
        self._spoil(telling, arrival, seconds, words)

    def _spoil(
        self, telling: Telling, arrival: Arrival, seconds: float, words: tuple[object, ...]
    ) -> None:
        """Let a broken document, or one that says something else, come beside the right one."""
        if self._dice.strikes("garbage", *words):
            cut = msgspec.structs.replace(
                arrival, content=arrival.content[: len(arrival.content) // 2]
            )
            self._timeline.after(
                seconds,
                "network",
                f"arrive garbage {telling.document} from {self._name}",
                lambda: self._offer(cut, _nobody),
            )
        if telling.document in SAID_OTHERWISE and self._dice.strikes("identity_reused", *words):
            other = otherwise(arrival)
            self._dressed(self._name, telling, other.content)
            later = seconds + between(-seconds, 600, self._dice.seed, "reused", *words)
            self._timeline.after(
                later,
                "network",
                f"arrive reused {telling.document} from {self._name}",
                lambda: self._offer(other, _nobody),
            )

    def _offer(self, arrival: Arrival, answered: Answered) -> None:
        self._intake.offer(arrival, answered)

    def _heard(self, telling: Telling, words: tuple[object, ...]) -> Answered:
        """Wait for the house's answer, for as long as a sender waits."""
        state = {"done": False}

        def give_up() -> str | None:
            if state["done"]:
                return None
            state["done"] = True
            self._again(telling, tried=True)
            return "no answer"

        def answered(status: int) -> None:
            if state["done"] or self._network.is_cut(self._name):
                return
            if self._dice.strikes("receipt_lost", *words):
                return
            state["done"] = True
            self._close(telling, status)

        self.waiting += 1

        def count_down() -> str | None:
            self.waiting -= 1
            return give_up()

        self._timeline.after(
            PATIENCE_SECONDS, self._name, f"wait for {telling.webhook_id}", count_down
        )
        return answered

    def _close(self, telling: Telling, status: int) -> None:
        if status != ACCEPTED:
            self._again(telling, tried=True)
            return
        with self._ledger.together():
            self._note("acknowledged", telling)
            self._ledger.close(telling.number, "acknowledged")

    def _again(self, telling: Telling, *, tried: bool) -> None:
        back = self._network.back_at(self._name)
        due = self._timeline.now + self._pause(telling)
        if not tried and back is not None:
            due = back + timedelta(seconds=1)
        self._ledger.postpone(telling.number, due, tried=tried)
        self._plan(due, telling.number, telling)


def _nobody(_status: int) -> None:
    """Leave the answer to nobody: the sender waits for it elsewhere."""


def otherwise(arrival: Arrival) -> Arrival:
    """Say something else under the same identity: another note, reason or reference."""
    if arrival.document == "interchange":
        return msgspec.structs.replace(arrival, content=arrival.content.replace(NO_REASON, WEATHER))
    told = msgspec.json.decode(arrival.content)
    one = told[-1] if isinstance(told, list) else told
    if isinstance(one.get("order"), dict):
        one["order"]["customer_reference"] = "PO-REUSED"
        one["order"]["reason"] = "said otherwise"
    elif one.get("event_type") == "tracking":
        one["note"] = "said otherwise"
    else:
        one["reason"] = "said otherwise"
        for shipment in one.get("shipments", ()):
            shipment["service_level"] = "SAID-OTHERWISE"
    return msgspec.structs.replace(arrival, content=msgspec.json.encode(told))

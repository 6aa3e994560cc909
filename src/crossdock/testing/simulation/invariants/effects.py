"""Effects: each one once, under one key, in its time, and never by whoever has lost the right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from crossdock.flow import replayer
from crossdock.flow.outcomes import Outcome, Vote, vote
from crossdock.flow.replayer import Mark
from crossdock.flow.roster import Directory
from crossdock.flow.settling import LOOK_UP, SEND
from crossdock.messages.envelope import Key
from crossdock.ports import EffectClass
from crossdock.ports.store import BreakerState
from crossdock.simulators import auditor
from crossdock.simulators.chance import share
from crossdock.store.instants import instant
from crossdock.testing.simulation.invariants.base import Invariant, Scene
from crossdock.testing.simulation.witness import Heard, Sent

CLEARED = {Outcome.NOT_APPLIED, Outcome.THROTTLED, Outcome.LOCKED_OUT}
RETRY_AFTER_MIN, RETRY_AFTER_MAX = 1.0, 3600.0
ILL_MAX, OPEN_SECONDS = 5, 30.0  # what the simulated house grants a partner
REPLAYED_SHARE = 0.5  # of the runs: all that was decided in a day is decided once more
BREAKER = "SELECT generation, state, open_until FROM breaker WHERE endpoint = ?"


class OneKey(Invariant):
    """INV-10."""

    number = "INV-10"
    says = "one key, one content: every attempt carries the same bytes under the same key"
    wakes = frozenset({"sent", "done"})

    def __init__(self, scene: Scene) -> None:
        """Begin with nothing sent."""
        super().__init__(scene)
        self._keys: dict[str, str] = {}
        self._contents: dict[tuple[str, str], bytes] = {}

    def after(self) -> Iterator[str]:
        """Hold what left, and what arrived, against what was before."""
        for sent in self.witness.news.sent:
            row = sent.work.row
            known = self._keys.setdefault(row.id, row.idempotency_key)
            if known != row.idempotency_key:
                yield f"{row.verb} {row.business_key} has changed its key"
        for done in self.witness.news.done:
            entry = done.entry
            if not entry.idempotency_key or entry.kind == "refused":
                continue
            content = msgspec.json.encode(entry.content, order="deterministic")
            name = (done.partner, entry.idempotency_key)
            if self._contents.setdefault(name, content) != content:
                yield f"{entry.verb} {entry.content_key}: another content under the same key"


class Once(Invariant):
    """INV-11."""

    number = "INV-11"
    says = "each effect happens once, and what is called applied has happened"
    wakes = frozenset({"done"})

    def after(self) -> Iterator[str]:
        """Look through the ledgers that have a new entry of something done.

        None else can make more of what was done, or fewer of what people asked for.
        """
        for partner in {
            done.partner for done in self.witness.news.done if done.entry.kind == "received"
        }:
            doubled = Counter(auditor.doubled_effects(self.witness.done[partner]))
            for sentence, times in doubled.items():
                if times > self._asked_again(sentence):
                    yield f"{partner}: {sentence}"

    def _asked_again(self, sentence: str) -> int:
        """Count how often people asked a process to try again about what a sentence names."""
        words = sentence.replace(":", " ").replace("/", " ").split()
        return sum(self.witness.permitted[word] for word in words)

    def at_end(self) -> Iterator[str]:
        """Find the work behind each effect that is called applied."""
        applied = self.scene.rows(
            "SELECT endpoint, verb, business_key, idempotency_key FROM outbox"
            " WHERE status = 'applied'"
        )
        for endpoint, verb, business_key, key in applied:
            if not self.witness.is_done(done_under(endpoint, verb, key)):
                yield f"{verb} {business_key} is called applied, and {endpoint} did not do it"


FILES = {
    "erp.write_reference": "reference",
    "erp.withdraw_reference": "withdrawal",
    "erp.post_milestone": "posting",
    "erp.accrue": "accrual",
    "erp.post_freight_invoice": "freight_invoice",
    "erp.release_billing": "billing_release",
}


def done_under(endpoint: str, verb: str, key: str) -> str:
    """Name what a partner does under a key: by the key, or by the file that carries it."""
    return f"{FILES[verb]}-{key}.csv" if endpoint == "legacy" else key


class LookedUp(Invariant):
    """INV-12."""

    number = "INV-12"
    says = "what may have happened is looked up before it is sent again; else a person is asked"
    wakes = frozenset({"sent", "heard", "unheard"})

    def __init__(self, scene: Scene) -> None:
        """Begin with nothing sent."""
        super().__init__(scene)
        self._open: dict[str, int] = {}  # by effect: how often people had asked when it was sent

    def after(self) -> Iterator[str]:
        """Follow each effect whose outcome is not known."""
        for effect in self.witness.news.unheard:
            self._open.pop(effect, None)
        for heard in self.witness.news.heard:
            if heard.ended.counted and self._is_cleared(heard):
                self._open.pop(heard.result.work.row.id, None)
        for sent in self.witness.news.sent:
            yield from self._judge(sent)

    @staticmethod
    def _is_cleared(heard: Heard) -> bool:
        purpose, outcome = heard.result.work.purpose, heard.ended.outcome
        if purpose == LOOK_UP:
            return outcome in {Outcome.NOT_APPLIED, Outcome.APPLIED}
        return outcome is not Outcome.UNKNOWN and not heard.result.work.was_unknown

    def _judge(self, sent: Sent) -> Iterator[str]:
        row, effect = sent.work.row, sent.work.operation.effect
        if sent.work.purpose != SEND or effect not in {EffectClass.LOOKUP, EffectClass.NEITHER}:
            return
        permitted = self.witness.permitted[row.id]
        if self._open.get(row.id) == permitted:
            yield (
                f"{row.verb} {row.business_key} was sent again to {sent.endpoint} ({effect})"
                " while its outcome was not known"
            )
        self._open[row.id] = permitted


class AfterCommit(Invariant):
    """INV-13."""

    number = "INV-13"
    says = "a call leaves only after the commit that leased it, and only while it is wanted"
    wakes = frozenset({"sent"})

    def after(self) -> Iterator[str]:
        """Find the lease behind each call."""
        for sent in self.witness.news.sent:
            row = sent.work.row
            found = self.scene.rows("SELECT status, fence FROM outbox WHERE id = ?", row.id)
            if not found or found[0][1] < row.fence:
                yield f"{row.verb} {row.business_key} left before its lease was committed"
            elif found[0][1] == row.fence and found[0][0] != "leased":
                yield f"{row.verb} {row.business_key} left while it was {found[0][0]}"


class Fenced(Invariant):
    """INV-14."""

    number = "INV-14"
    says = "a result counts only under the newest fence, and once"
    wakes = frozenset({"heard"})

    def __init__(self, scene: Scene) -> None:
        """Begin with nothing counted."""
        super().__init__(scene)
        self._counted: set[tuple[str, int]] = set()

    def after(self) -> Iterator[str]:
        """Judge each result written down."""
        for heard in self.witness.news.heard:
            row = heard.result.work.row
            if not heard.ended.counted:
                continue
            if row.fence < heard.latest:
                yield f"{row.verb} {row.business_key}: a result under an old fence counted"
            if (row.id, row.fence) in self._counted:
                yield f"{row.verb} {row.business_key}: two results counted under one fence"
            self._counted.add((row.id, row.fence))


class Bounded(Invariant):
    """INV-15."""

    number = "INV-15"
    says = "attempts have an end, and what was refused is not tried again by itself"
    wakes = frozenset({"sent", "heard"})

    def __init__(self, scene: Scene) -> None:
        """Begin with no attempts."""
        super().__init__(scene)
        self._tried: dict[tuple[str, int], int] = {}
        self._refused: dict[str, int] = {}

    def after(self) -> Iterator[str]:
        """Count what cost an attempt, and stop at refusals; a probe that met nobody costs none."""
        for sent in self.witness.news.sent:
            row = sent.work.row
            if self._refused.get(row.id) == self.witness.permitted[row.id] and row.attempts:
                yield f"{row.verb} {row.business_key} was refused and is tried again"
        for heard in self.witness.news.heard:
            row = heard.result.work.row
            permitted = self.witness.permitted[row.id]
            if not heard.ended.counted:
                continue
            if heard.ended.outcome is Outcome.REFUSED:
                self._refused[row.id] = permitted
            if heard.ended.row.attempts > row.attempts:
                tries = self._tried.get((row.id, permitted), 0) + 1
                self._tried[row.id, permitted] = tries
                if tries > 3 * self.scene.options.attempts_max:
                    yield f"{row.verb} {row.business_key} has been tried {tries} times"


class Polite(Invariant):
    """The rule behind P13: a partner in trouble is left alone."""

    number = "P13"
    says = "a partner that asks for rest, or fails five times in a row, is left alone for its time"
    wakes = frozenset({"sent", "heard"})

    def __init__(self, scene: Scene) -> None:
        """Begin with everybody well."""
        super().__init__(scene)
        self._rests: dict[tuple[str, int], datetime] = {}
        self._ill: dict[tuple[str, int, int], int] = {}
        self._open_until: dict[str, datetime] = {}
        self._asked: dict[str, int] = {}

    def after(self) -> Iterator[str]:
        """Judge each call by what its partner asked for, then listen to the partner."""
        for sent in self.witness.news.sent:
            rest = self._rests.get((sent.endpoint, sent.life))
            if rest is not None and sent.at < rest:
                yield f"{sent.endpoint} asked for rest until {rest:%H:%M:%S} and was called"
            shut = self._open_until.get(sent.endpoint)
            if shut is not None and sent.at < shut and not self._let_go(sent.endpoint):
                yield f"{sent.endpoint} failed {ILL_MAX} times in a row and was called again"
        for heard in self.witness.news.heard:
            self._listen(heard)

    def _let_go(self, endpoint: str) -> bool:
        return self.witness.permitted[endpoint] > self._asked.get(endpoint, 0)

    def _listen(self, heard: Heard) -> None:
        exchange, endpoint = heard.result.exchange, heard.endpoint
        if heard.ended.outcome is Outcome.THROTTLED and exchange.retry_after is not None:
            seconds = min(max(exchange.retry_after, RETRY_AFTER_MIN), RETRY_AFTER_MAX)
            until = heard.at + timedelta(seconds=seconds)
            name = (endpoint, heard.life)
            self._rests[name] = max(until, self._rests.get(name, until))
        generation = heard.result.work.generation
        # What a life wrote down as it died was heard by nobody: each life is counted on its own.
        mark = (endpoint, generation, heard.life)
        match vote(exchange):
            case Vote.ILL:
                self._ill[mark] = self._ill.get(mark, 0) + 1
                if self._ill[mark] == ILL_MAX and generation == max(
                    known for whose, known, _ in self._ill if whose == endpoint
                ):
                    self._open_until[endpoint] = self._shut_until(heard)
                    self._asked[endpoint] = self.witness.permitted[endpoint]
            case Vote.WELL:  # whoever heard it, it is written down for all lives
                self._ill.update(dict.fromkeys(self._of(endpoint, generation), 0))
            case Vote.NEITHER:
                pass

    def _of(self, endpoint: str, generation: int) -> list[tuple[str, int, int]]:
        return [each for each in self._ill if each[:2] == (endpoint, generation)]

    def _shut_until(self, heard: Heard) -> datetime:
        """Tell until when nobody calls: where the house had shut its door before, as it did then.

        It counts also what another life wrote down, so it may have seen the fifth failure earlier.
        """
        for generation, state, until in self.scene.rows(BREAKER, heard.endpoint):
            if generation > heard.result.work.generation:
                return instant(until) if state == BreakerState.OPEN and until else heard.at
        return heard.at + timedelta(seconds=OPEN_SECONDS)


class Replayed(Invariant):
    """INV-8, INV-9, INV-17 and INV-43."""

    number = "INV-17"
    says = "every process's steps, decided again, give the stored state and no new effect"

    def at_end(self) -> Iterator[str]:
        """Decide the past of every process again, where the rules are still those it had."""
        roster = self.scene.roster
        if share(self.scene.options.seed, "replayed") >= REPLAYED_SHARE:
            return
        if self.scene.releases or roster is None or self.scene.waived_steps():
            return
        directory = Directory(roster)
        with self.scene.store.read() as reader:
            for subscriber, kind, id_ in self.scene.rows(
                "SELECT subscriber, key_kind, key_id FROM process ORDER BY 1, 2, 3"
            ):
                if subscriber == "master_data":
                    continue
                seen = replayer.preview(directory, reader, "main", subscriber, Key(kind, id_))
                if not seen.same_state or seen.stumbles:
                    yield f"{subscriber} {id_}: its past does not give its state"
                for effect in seen.effects:
                    if effect.mark is Mark.WOULD_SEND:
                        yield f"{subscriber} {id_}: a replay would send {effect.verb}"

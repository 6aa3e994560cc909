"""Rules: a load is settled by the rule book that decided first, whatever is in force since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from crossdock.flow import replayer
from crossdock.flow.roster import Directory
from crossdock.messages.envelope import Key
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    ChargeConfirmed,
    FreightPicture,
    FreightPictureChanged,
    LineState,
)
from crossdock.processes.freight_settlement_state import Settlement
from crossdock.testing.simulation.invariants.base import Invariant

SETTLEMENT = "freight_settlement"
SAID = (
    "SELECT seq, type, body FROM message WHERE tenant = 'main'"
    " AND type IN ('ChargeConfirmed', 'FreightPictureChanged', 'AccrueFreight') ORDER BY seq"
)
STATES = "SELECT state FROM process WHERE tenant = 'main' AND subscriber = 'freight_settlement'"
# Of a load that could not be split: it follows today's rules until it is.
FOLLOWS = "SELECT subject FROM exception WHERE tenant = 'main' AND code = 'FREIGHT_SPLIT_UNKNOWN'"
BEGAN = (
    "SELECT min(message.seq) FROM inbox JOIN message ON message.tenant = inbox.tenant"
    " AND message.id = inbox.message_id"
    " WHERE inbox.tenant = 'main' AND subscriber = 'freight_settlement' AND key_id = ?"
)
UNDECIDED = frozenset({LineState.EXPECTED, LineState.UNDER_REVIEW, LineState.WITHDRAWN})

_TYPES = {each.__name__: each for each in (AccrueFreight, ChargeConfirmed, FreightPictureChanged)}


class Word(Struct, frozen=True, kw_only=True):
    """What a load said of its money, at a message: by which rules, and whether that decides it.

    `rules` empty: it names none.
    """

    seq: int
    rules: str = ""
    decides: bool | None = None


class KeepsItsRules(Invariant):
    """INV-43, of rule books."""

    number = "INV-43"
    says = "a load keeps the rule book of its first decision; one begun later has the newer one"

    def at_end(self) -> Iterator[str]:
        """Follow every load through the rule books of the run."""
        if len(self.scene.adopted) == 1:
            return
        follows = {subject.rsplit("/", 1)[-1] for (subject,) in self.scene.rows(FOLLOWS)}
        said = self._said()
        for (raw,) in self.scene.rows(STATES):
            state = msgspec.json.decode(raw, type=Settlement)
            words = said.get(state.load_id, [])
            if state.load_id in follows or not words:
                continue
            yield from self._judge(state, words)
            yield from self._replay(state, words)

    def _said(self) -> dict[str, list[Word]]:
        said: dict[str, list[Word]] = defaultdict(list)
        for seq, kind, body in self.scene.rows(SAID):
            told = msgspec.json.decode(body, type=_TYPES[kind])
            match told:
                case FreightPictureChanged(picture=picture):
                    word = Word(seq=seq, rules=picture.rules, decides=_is_decided(picture))
                    said[picture.load_id].append(word)
                case ChargeConfirmed():
                    said[told.load_id].append(Word(seq=seq, rules=told.rules))
                case AccrueFreight():
                    said[told.load_id].append(Word(seq=seq, decides=True))
                case _:
                    pass
        return said

    def _judge(self, state: Settlement, words: Sequence[Word]) -> Iterator[str]:
        """Hold each word against the rule book that was kept by then, or in force."""
        kept, posted, held = "", False, False
        for word in words:
            expected = kept if held else self.scene.book_at(word.seq).digest
            if word.rules and word.rules != expected:
                yield f"{state.load_id} is decided by {word.rules}, and should be by {expected}"
            posted = posted or (word.decides is True and not word.rules)
            if word.rules:
                kept = word.rules
            if word.decides is not None:
                held = posted or word.decides
        if state.rules != (kept if held else ""):
            yield f"{state.load_id} keeps {state.rules or 'no rules'}, and was decided by {kept}"

    def _replay(self, state: Settlement, words: Sequence[Word]) -> Iterator[str]:
        """Decide a load again that had one rule book from its beginning, and that has gone since.

        What it keeps gives what it is, though the house goes by other rules.
        """
        scene = self.scene
        decided = next((word.seq for word in words if word.decides), 0)
        ((began,),) = scene.rows(BEGAN, state.load_id)
        alone = {word.rules for word in words if word.rules} == {state.rules}
        same = decided and scene.book_at(began) is scene.book_at(decided)
        gone = state.rules not in {"", scene.adopted[-1][1].digest}
        if not (alone and same and gone) or scene.options.ledger_currency:
            return  # rates are dated facts: today's table is asked
        if scene.roster is None or scene.waived_steps():
            return
        directory = Directory(scene.roster)
        with scene.store.read() as reader:
            key = Key("load", state.load_id)
            seen = replayer.preview(directory, reader, "main", SETTLEMENT, key)
        self.witness.reached["load replayed by kept rules"] += 1
        if not seen.same_state or seen.stumbles:
            yield f"{state.load_id}: its past by the rules it keeps does not give its state"


def _is_decided(picture: FreightPicture) -> bool:
    return any(each.posted is not None or each.state not in UNDECIDED for each in picture.lines)

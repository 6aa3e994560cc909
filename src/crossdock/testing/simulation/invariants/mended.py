"""What people mend: another effect in place of one that was refused, and never both."""

from __future__ import annotations

from collections.abc import Iterator

from crossdock.testing.simulation.invariants.base import Invariant, Scene
from crossdock.testing.simulation.invariants.effects import done_under

MENDED = (
    "SELECT was.endpoint, was.verb, was.business_key, was.idempotency_key, now.idempotency_key"
    " FROM outbox AS was"
    " JOIN message ON message.tenant = was.tenant AND message.amends = was.message_id"
    " JOIN outbox AS now ON now.tenant = was.tenant AND now.message_id = message.id"
    " AND now.endpoint = was.endpoint"
    " WHERE was.id = ?"
)


class OneOfBoth(Invariant):
    """INV-18."""

    number = "INV-18"
    says = "what a person mended goes under a key of its own, and never both it and its original"
    wakes = frozenset({"done", "sent", "committed"})

    def __init__(self, scene: Scene) -> None:
        """Begin with nothing mended."""
        super().__init__(scene)
        self._pairs: list[tuple[str, str, str, str, str]] = []
        self._known = 0

    def after(self) -> Iterator[str]:
        """Learn what was mended just now; look for originals that leave, and for both as done."""
        if len(self.witness.mended) > self._known:
            yield from self._learn()
        if not self._pairs:
            return
        for sent in self.witness.news.sent:
            if sent.work.row.id in self.witness.mended:
                yield f"{sent.work.row.verb} {sent.work.row.business_key} is mended, and sent too"
        for endpoint, verb, business_key, was, now in self._pairs if self.witness.news.done else ():
            both = (done_under(endpoint, verb, key) for key in (was, now))
            if all(map(self.witness.is_done, both)):
                yield f"{endpoint} did {verb} {business_key}, and what it was mended to"

    def _learn(self) -> Iterator[str]:
        for effect in self.witness.mended[self._known :]:
            pairs = self.scene.rows(MENDED, effect)
            if not pairs:
                yield f"{effect} is mended, and nothing takes its place"
            for _, verb, business_key, was, now in pairs:
                self.witness.reached["effect mended"] += 1
                if was == now:
                    yield f"{verb} {business_key} is mended under the key it had"
            self._pairs.extend(pairs)
        self._known = len(self.witness.mended)

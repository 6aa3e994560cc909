"""The inbox and the states against lists: order for each key, once each, parked keys wait."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from msgspec.structs import replace

from crossdock.messages.envelope import Key
from crossdock.ports.store import Handled, Seen, Stale
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN
from tests.stateful.stores import Died, OverStore, die_if

KEYS = tuple(Key("order", each) for each in ("a", "b", "c"))
SUBSCRIBER = "order_release"
keys = st.sampled_from(KEYS)
messages = st.integers(1, 12).map(lambda number: f"m{number}")


class Inbox(OverStore):
    """Workers take steps; some die before they finish, some come late with an old state."""

    def __init__(self) -> None:
        """Begin with an empty inbox."""
        super().__init__()
        self.waiting: list[tuple[str, Key]] = []  # in order of arrival
        self.known: set[tuple[str, Key]] = set()
        self.handled: dict[Key, list[str]] = defaultdict(list)
        self.parked: set[Key] = set()
        self.revisions: dict[Key, int] = {}
        self.identities: dict[str, bytes] = {}

    @rule(told=st.lists(st.tuples(messages, keys), min_size=1, max_size=4), commits=st.booleans())
    def arrive(self, told: list[tuple[str, Key]], commits: bool) -> None:  # noqa: FBT001 - drawn
        """Messages arrive, some again, some in a transaction that fails."""
        try:
            with self.store.write() as unit:
                unit.append([rows.message(message) for message, _ in told])
                unit.enqueue([rows.step(message, key=key) for message, key in told])
                die_if(not commits)
        except Died:
            return
        for each in told:
            if each not in self.known:
                self.known.add(each)
                self.waiting.append(each)

    @rule(limit=st.integers(1, 5), dies=st.booleans())
    def work(self, limit: int, dies: bool) -> None:  # noqa: FBT001 - drawn
        """A worker takes steps and finishes them, or dies and leaves them as they were."""
        expected = [each for each in self.waiting if each[1] not in self.parked][:limit]
        try:
            with self.store.write() as unit:
                steps = unit.claim(limit)
                assert [(step.message.id, step.row.key) for step in steps] == expected
                revisions = dict(self.revisions)
                done = []
                for step in steps:
                    revisions[step.row.key] = revisions.get(step.row.key, 0) + 1
                    done.append(
                        Handled(seq=step.row.seq, revision=revisions[step.row.key], at=self.now)
                    )
                    unit.save([rows.state(revisions[step.row.key], key=step.row.key)])
                unit.finish(done)
                die_if(dies)
        except Died:
            return
        self.revisions = revisions
        for each in expected:
            self.waiting.remove(each)
            self.handled[each[1]].append(each[0])

    @rule(key=keys)
    def park(self, key: Key) -> None:
        """A key is parked."""
        with self.store.write() as unit:
            unit.park(MAIN, SUBSCRIBER, key, "it broke", self.now)
        self.parked.add(key)

    @rule(key=keys)
    def release(self, key: Key) -> None:
        """A key is released."""
        with self.store.write() as unit:
            assert unit.release(MAIN, SUBSCRIBER, key) == (key in self.parked)
        self.parked.discard(key)

    @rule(key=keys, behind=st.integers(0, 3), ahead=st.integers(2, 3))
    def save_stale(self, key: Key, behind: int, ahead: int) -> None:
        """A worker that was overtaken saves nothing, and takes nothing else with it."""
        revision = self.revisions.get(key, 0)
        for wrong in {max(revision - behind, 0), revision + ahead}:
            try:
                with self.store.write() as unit:
                    unit.bump(MAIN, {"stale": 1})
                    unit.save([replace(rows.state(wrong, key=key), state=b'"stale"')])
            except Stale:
                continue
            raise AssertionError((key, wrong, revision))

    @rule(identity=st.sampled_from(("e1", "e2", "e3")), content=st.sampled_from((b"\x01", b"\x02")))
    def hear(self, identity: str, content: bytes) -> None:
        """An identity is new once, then a duplicate or a conflict, for ever."""
        first = self.identities.setdefault(identity, content)
        with self.store.write() as unit:
            known = unit.seen(MAIN, "erp", identity) is not None
            (verdict,) = unit.remember([rows.seen(identity, hash=content)])
        told = Seen.DUPLICATE if first == content else Seen.CONFLICT
        assert verdict == (told if known else Seen.NEW)

    @invariant()
    def nothing_is_lost_or_reordered(self) -> None:
        """What waits and what was handled is what arrived, in order for each key."""
        with self.store.read() as reader:
            assert reader.pending(MAIN) == len(self.waiting)
            assert reader.parked(MAIN) == sorted((SUBSCRIBER, key) for key in self.parked)
            assert reader.counters(MAIN).get("stale", 0) == 0
            for key in KEYS:
                steps = reader.handled(MAIN, SUBSCRIBER, key)
                left = reader.unhandled(MAIN, SUBSCRIBER, key)
                assert [each.step.message.id for each in steps] == self.handled[key]
                assert [each.message.id for each in left] == [
                    message for message, whose in self.waiting if whose == key
                ]

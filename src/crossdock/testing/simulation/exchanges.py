"""What was exchanged in X12, as it lay on the wire: the witness of answers and control numbers.

Interchanges are read here by splitting them, not by the reader of the house.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from hashlib import sha256

from msgspec import Struct

from crossdock.flow.reading import Arrival
from crossdock.ports import Call, Exchange, Stage
from crossdock.simulators.ledger import Telling

REFUSED_MIN = 300
ACKNOWLEDGEMENTS = "FA"
TRACKING = "tracking/"  # what a carrier's ledger puts before the name of a report

Name = tuple[str, str]


class Envelope(Struct, frozen=True, kw_only=True):
    """An interchange: its number, its groups by functional id and number, and whether it is whole.

    `verdicts` is what it says of groups it acknowledges: their functional id, number and letter.
    """

    control: str
    groups: tuple[tuple[str, str], ...]
    verdicts: tuple[tuple[str, str, str], ...]
    whole: bool

    @property
    def owed(self) -> tuple[tuple[str, str], ...]:
        """Name the groups that its receiver must acknowledge."""
        return tuple(each for each in self.groups if each[0] != ACKNOWLEDGEMENTS)


def segments_of(content: bytes) -> list[list[str]]:
    """Split an interchange into its segments and their elements, as all partners here write."""
    return [each.strip().split("*") for each in content.decode().split("~") if each.strip()]


def envelope_of(content: bytes) -> Envelope:
    """Read an interchange as far as its envelope and its acknowledgements go."""
    control, groups, verdicts = "", [], []
    about, tag = ("", ""), ""
    for tag, *elements in segments_of(content):
        match tag, elements:
            case "ISA", [*_] if len(elements) > 12:  # noqa: PLR2004 - ISA13
                control = elements[12]
            case "GS", [functional_id, _, _, _, _, number, *_]:
                groups.append((functional_id, number))
            case "AK1", [functional_id, number, *_]:
                about = (functional_id, number)
            case "AK9", [letter, *_]:
                verdicts.append((*about, letter))
            case _:
                pass
    return Envelope(
        control=control, groups=tuple(groups), verdicts=tuple(verdicts), whole=tag == "IEA"
    )


class Exchanges:
    """Every interchange that the house took, and every one that reached a partner.

    `taken` is by partner and SHA-256 in hex, `sent` by partner and number: the bytes that came
    under it, in the order of their coming. `verdicts` is what partners said, and the house took, of
    our groups, by partner and number.
    """

    def __init__(self, done: Callable[[str], None]) -> None:
        """Begin with nothing exchanged; `done` hears of the key of each interchange taken."""
        self._done = done
        self.taken: dict[Name, Envelope] = {}
        self.sent: dict[tuple[str, int], list[bytes]] = defaultdict(list)
        self.highest: dict[str, int] = {}
        self.verdicts: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._names: dict[Name, tuple[Name, ...]] = {}
        self._spelled: dict[Name, set[str]] = defaultdict(set)

    def told(self, partner: str, telling: Telling, content: bytes) -> None:
        """Note in which bytes a partner tells something."""
        digest = sha256(content).hexdigest()
        names = [(partner, each.content_key.removeprefix(TRACKING)) for each in telling.tells]
        self._names[partner, digest] = tuple(names)
        for name in names:
            self._spelled[name].add(digest)

    def received(self, arrival: Arrival) -> Iterator[Name]:
        """Note an interchange that the house has taken; name what it tells."""
        name = (arrival.partner, sha256(arrival.content).hexdigest())
        envelope = envelope_of(arrival.content)
        self.taken[name] = envelope
        if envelope.whole:
            for functional_id, number, letter in envelope.verdicts:
                if functional_id != ACKNOWLEDGEMENTS:
                    self.verdicts[arrival.partner, int(number)].add(letter)
        return iter(self._names.get(name, ()))

    def is_taken(self, partner: str, content_key: str) -> bool:
        """Tell whether the house has taken something that a partner told."""
        name = (partner, content_key.removeprefix(TRACKING))
        return any((partner, each) in self.taken for each in self._spelled[name])

    def arrived(self, partner: str, call: Call, exchange: Exchange) -> None:
        """Note an interchange that reached a partner, whatever it made of it."""
        number = int(envelope_of(call.body).control)
        self.sent[partner, number].append(call.body)
        self.highest[partner] = max(number, self.highest.get(partner, 0))
        if exchange.stage is Stage.ANSWERED and exchange.status < REFUSED_MIN:
            self._done(call.headers["Idempotency-Key"])

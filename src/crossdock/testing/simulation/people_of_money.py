"""People who decide about money: they look at a load, think it over, and say what they want.

Where two persons are needed the first proposes; the second agrees, wants something else, or is the
first one again, which must count for nothing. While somebody thinks, the carrier may correct its
bill: what is said then is about something that is not there any more.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from crossdock.apis.problems import Declined
from crossdock.apis.process.v1.charges import KIND, picture_of
from crossdock.apis.process.v1.freight_decisions import FreightDeciding, Matter, judge
from crossdock.canonical.money import Money, decimal_text
from crossdock.flow.decisions import Undecidable
from crossdock.flow.operator_word import Heard
from crossdock.messages.freight_settlement import (
    FreightLine,
    FreightPicture,
    FreightVerdict,
    LineState,
    Proposal,
)
from crossdock.simulators.chance import between, choose, share
from crossdock.testing.simulation.faults import Dice
from crossdock.testing.simulation.house import House
from crossdock.testing.simulation.timeline import Timeline
from crossdock.testing.simulation.witness import Said, Witness

TENANT = "main"
PERSONS = ("Anna Berg", "Ben Okoro", "Carla Duarte")
THINKS_MINUTES = (1.0, 120.0)
OPEN = (LineState.UNDER_REVIEW, LineState.DISPUTED)
AGREED = (LineState.CONFIRMED, LineState.WAIVED, LineState.ACCRUED)
PRICED = frozenset({FreightVerdict.SHORT_PAY, FreightVerdict.SETTLE})
AGREES_SHARE, INSISTS_SHARE = 0.6, 0.2  # of the second words; the rest wants something else
ALL_SHARE = 0.2  # of the first words: about every open charge at once
OVERTURN_SHARE, RELEASE_SHARE = 0.25, 0.15  # of the shifts in which faults strike
STUBBORN_SHIFTS = 6  # of the calm: after so many everybody agrees with what is proposed

# What somebody wants at first, by how far a charge is.
WANTED: dict[LineState, tuple[FreightVerdict, ...]] = {
    LineState.UNDER_REVIEW: (
        FreightVerdict.APPROVE,
        FreightVerdict.APPROVE,
        FreightVerdict.SHORT_PAY,
        FreightVerdict.DISPUTE,
        FreightVerdict.REJECT,
    ),
    LineState.DISPUTED: (FreightVerdict.SETTLE, FreightVerdict.APPROVE, FreightVerdict.REJECT),
    LineState.CONFIRMED: (FreightVerdict.SHORT_PAY, FreightVerdict.DISPUTE, FreightVerdict.REJECT),
    LineState.WAIVED: (FreightVerdict.SHORT_PAY, FreightVerdict.DISPUTE, FreightVerdict.REJECT),
    LineState.ACCRUED: (FreightVerdict.SHORT_PAY, FreightVerdict.DISPUTE, FreightVerdict.REJECT),
}


class Wish(Struct, frozen=True, kw_only=True):
    """What a person wants of a load, and what was billed for its charges when they looked."""

    by: str
    load_id: str
    asked: FreightDeciding
    seen: dict[str, Money]


class Finance:
    """The people of finance; they see what the house shows, and know nothing else."""

    def __init__(self, house: House, timeline: Timeline, dice: Dice, witness: Witness) -> None:
        """Begin with nothing said."""
        self._house = house
        self._timeline = timeline
        self._dice = dice
        self._witness = witness
        self._shifts = 0
        self._calm_shifts = 0

    def decide_one(self) -> str | None:
        """Decide about one charge of one load, or overturn what is agreed, as the dice fall."""
        self._shifts += 1
        pictures = list(self._pictures())
        if not pictures:
            return None
        picture = choose(pictures, self._dice.seed, "load", self._shifts)
        words = (picture.load_id, self._shifts)
        if share(self._dice.seed, "releases", *words) < RELEASE_SHARE:
            return self._think(self._wish(picture, FreightVerdict.RELEASE, None))
        overturns = share(self._dice.seed, "overturns", *words) < OVERTURN_SHARE
        states = AGREED if overturns else OPEN
        lines = [each for each in picture.lines if each.state in states]
        if not lines:
            return None
        line = choose(lines, self._dice.seed, "charge", *words)
        return self._think(self._about(picture, line, stubborn=True))

    def work_through(self) -> str | None:
        """Decide about everything that is open, as diligent people do once all is well again."""
        self._shifts += 1
        self._calm_shifts += 1
        stubborn = self._calm_shifts < STUBBORN_SHIFTS
        said: list[str] = []
        for picture in self._pictures():
            if picture.proposal is not None:
                said.append(self._think(self._wish(picture, FreightVerdict.RELEASE, None)))
            said.extend(
                self._think(self._about(picture, line, stubborn=stubborn))
                for line in picture.lines
                if line.state in OPEN or line.proposal is not None
            )
        return "; ".join(said) or None

    def _pictures(self) -> Iterator[FreightPicture]:
        if self._house.worker is None:
            return
        with self._house.store.read() as reader:
            rows = reader.find(TENANT, KIND, {})
        yield from map(picture_of, rows)

    def _about(self, picture: FreightPicture, line: FreightLine, *, stubborn: bool) -> Wish:
        """Choose what to say of a charge: a first word, or a second one where one is proposed."""
        words = (picture.load_id, line.charge, self._shifts)
        seed, proposal = self._dice.seed, line.proposal
        if proposal is None:
            verdict = choose(WANTED[line.state], seed, "verdict", *words)
            whole = stubborn and verdict not in PRICED and line.state in OPEN
            if whole and share(seed, "all of it", *words) < ALL_SHARE:
                return self._wish(picture, verdict, None)
            return self._wish(picture, verdict, line)
        drawn = share(seed, "second", *words) if stubborn else 0.0
        if drawn < AGREES_SHARE:
            return self._wish(picture, proposal.verdict, line, seconds=proposal)
        if drawn < AGREES_SHARE + INSISTS_SHARE:
            return replace(
                self._wish(picture, proposal.verdict, line, seconds=proposal), by=proposal.by
            )
        state = line.state if line.state in WANTED else LineState.ACCRUED
        others = [each for each in WANTED[state] if each is not proposal.verdict]
        return self._wish(picture, choose(others, seed, "refuses", *words), line, seconds=proposal)

    def _wish(
        self,
        picture: FreightPicture,
        verdict: FreightVerdict,
        line: FreightLine | None,
        *,
        seconds: Proposal | None = None,
    ) -> Wish:
        """Put a wish into words; without a line it is about all that is open, or all orders."""
        others = [each for each in PERSONS if seconds is None or each != seconds.by]
        words = (picture.load_id, line.charge if line else "", self._shifts)
        amount = ""
        if verdict in PRICED and line is not None:
            amount = decimal_text(self._price(line, seconds, verdict))
        billed = line.invoiced if line else None
        return Wish(
            by=choose(others, self._dice.seed, "person", *words),
            load_id=picture.load_id,
            asked=FreightDeciding(
                verdict=verdict,
                reason="as the dice fell",
                charge=line.charge if line else "",
                amount=amount,
                seen=decimal_text(billed) if billed else "",
            ),
            seen={each.charge: each.invoiced for each in picture.lines if each.invoiced},
        )

    def _price(self, line: FreightLine, seconds: Proposal | None, verdict: FreightVerdict) -> Money:
        """Name an amount: the proposed one, what was expected, or half of what is billed."""
        if seconds is not None and seconds.verdict is verdict and seconds.amount is not None:
            return seconds.amount
        billed = line.invoiced or Money(minor=0, currency="EUR")
        expected = line.expected
        if expected is not None and 0 <= expected.minor <= billed.minor:
            return expected
        return replace(billed, minor=billed.minor // 2)

    def _think(self, wish: Wish) -> str:
        """Hold a wish against what is shown now, and say it some time later."""
        what = f"{wish.asked.verdict} {wish.asked.charge or 'all'} of {wish.load_id}"
        try:
            with self._house.store.read() as reader:
                matter = judge(reader, TENANT, wish.load_id, wish.asked, wish.by)
        except Declined as declined:
            return f"{wish.by} may not {what}: {declined.detail}"
        minutes = between(*THINKS_MINUTES, self._dice.seed, "thinks", wish.by, what, self._shifts)
        self._timeline.after(
            minutes * 60, "finance", f"{wish.by} says {what}", lambda: self._say(wish, matter)
        )
        return f"{wish.by} thinks of {what}"

    def _say(self, wish: Wish, matter: Matter) -> str:
        """Say it to the process; the same word upon the same picture is one word."""
        worker, commits = self._house.worker, self._house.store.commits
        if worker is None:
            return "nobody is there to hear it"

        def say() -> Heard | None:
            try:
                return worker.machine.say(matter.word, self._house.now)
            except Undecidable:
                return None

        heard = self._house.act(say)
        if self._house.store.commits > commits and (heard is None or heard.is_new):
            decided = matter.decided
            said = Said(
                at=self._house.now,
                by=wish.by,
                verdict=decided.verdict,
                load_id=wish.load_id,
                charge=decided.charge,
                amount=decided.amount,
                seen=wish.seen,
            )
            self._witness.words.append(said)
            self._witness.reached[f"finance {decided.verdict}"] += 1
        self._house.stir()
        return "said" if heard is not None else "not said"

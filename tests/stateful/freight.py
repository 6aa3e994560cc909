"""The money of a load against a ledger that is told, answers late, refuses, and is told again."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from crossdock.canonical.freight import ChargeKind
from crossdock.canonical.money import Money
from crossdock.messages.envelope import Body, Command
from crossdock.messages.flow import AnswerKind
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    ChargeConfirmed,
    FreightVerdict,
    PostFreightInvoice,
)
from crossdock.policies.freight import FreightPolicy, UnexpectedRow
from crossdock.policies.rules import Rules
from crossdock.ports import DropEffect, Emission
from crossdock.processes.freight_settlement_state import Settlement, travelling
from crossdock.testing.story import Story
from tests.processes.freight_settlement_world import (
    OFFERED,
    answer,
    begin,
    billed,
    cancelled,
    charge,
    corrected,
    delivered,
    planned,
    shipment,
    told,
    usd,
    withdrawn,
    word,
)
from tests.stateful.counted import Counting

RULES = Rules(
    freight=FreightPolicy(
        unexpected=(UnexpectedRow(rule_id="freight.as-charged", take="accept_as_charged"),),
        billing="held",
        allocation_otherwise="even",
        two_persons_above="100.00",
    )
)
FUEL, STOP = ChargeKind.FUEL, ChargeKind.STOP_OFF
ELSEWHERE = shipment(load_id="LO-2")
SECOND = shipment("SH-2", charges=())  # of another company
FACTS: tuple[Body, ...] = (
    planned(),
    planned(carried=shipment(charges=())),
    planned(revision=2, carried=ELSEWHERE, left_load="LO-1"),
    planned(revision=3),
    planned("SO-2", weight_kg=None),
    planned("SO-3", carried=SECOND, company_code="2000"),
    withdrawn(),
    withdrawn("SO-2", revision=1),
    withdrawn("SO-3", name="SH-2"),
    delivered(),
    delivered(revision=2, really=False),
    delivered(revision=3),
    delivered("SO-2"),
    delivered("SO-3", name="SH-2"),
    billed(),
    billed(charge("501.00"), charge("57.21", FUEL)),
    billed(charge("777.77"), charge("57.21", FUEL)),
    billed(number="I-2"),
    billed(charge("33.33", STOP), charge("33.34", STOP), number="I-3"),
    billed(charge("9.99", ChargeKind.UNCLASSIFIED), number="I-4"),
    billed(charge("450.00", currency="EUR"), number="I-5"),
    corrected(charge("499.00"), charge("57.21", FUEL)),
    corrected(charge("57.21", FUEL), at=11),
    cancelled(),
    cancelled(number="I-3"),
    told(*OFFERED),
    told(charge("480.00"), revision=2),
    told(revision=3),
    told(charge("12.00"), notice="N-2"),
)
facts = st.sampled_from(FACTS)
NAMES = ("", "LINEHAUL", "LINEHAUL/2", "FUEL", "STOP_OFF", "UNCLASSIFIED")


class Freight(Counting):
    """Plans, deliveries, bills and persons in any order; the ERP answers when it likes."""

    def __init__(self) -> None:
        """Begin before anything was said, with empty books."""
        super().__init__()
        self.story: Story[Settlement, Rules] = begin(RULES)
        self.heard: dict[bytes, tuple[Body, datetime]] = {}
        self.by_persons = False
        self.out: list[Command] = []
        self.books: dict[str, int] = {}
        self.invoices: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.revisions: dict[str, int] = {}
        self.agreed: dict[str, int] = {}

    @rule(body=facts)
    def hear(self, body: Body) -> None:
        """A partner or a process says something."""
        name = msgspec.json.encode(body)
        self.heard.setdefault(name, (body, self.story.at))
        self.note(self.story.tell(body))

    @rule(body=facts)
    def hear_again(self, body: Body) -> None:
        """Something is said again, later: nothing follows from it."""
        if msgspec.json.encode(body) in self.heard:
            assert self.story.tell(body) == []

    @rule(
        verdict=st.sampled_from(FreightVerdict),
        by=st.sampled_from(["ann", "ben"]),
        charge_name=st.sampled_from(NAMES),
        amount=st.sampled_from([None, usd("1.00"), usd("57.00")]),
    )
    def decide(
        self, verdict: FreightVerdict, by: str, charge_name: str, amount: Money | None
    ) -> None:
        """A person decides, sensibly or not."""
        self.by_persons = True
        self.note(self.story.tell(word(verdict, by, charge_name, amount=amount)))

    @rule(hours=st.sampled_from([1, 30, 300]))
    def wait(self, hours: int) -> None:
        """Time passes, with what it brings."""
        self.note(self.story.wait_until(self.story.at + timedelta(hours=hours)))

    @precondition(lambda self: self.out)
    @rule(choice=st.integers(0, 9), kind=st.sampled_from([*AnswerKind, AnswerKind.APPLIED]))
    def reply(self, choice: int, kind: AnswerKind) -> None:
        """The ERP answers one of what is on its way."""
        self.end(self.out[choice % len(self.out)], kind)

    def end(self, command: Command, kind: AnswerKind) -> None:
        """Let the books follow an answer; what is refused or unknown may still be applied."""
        if kind in {AnswerKind.APPLIED, AnswerKind.WAIVED}:
            self.out.remove(command)
            if isinstance(command, AccrueFreight):
                self.books[command.charge] = command.amount.minor
            if isinstance(command, PostFreightInvoice):
                self.invoices[command.business_key()] = (command.payable.minor, command.charges)
        self.note(self.story.tell(answer(command, kind)))

    def note(self, said: list[Emission]) -> None:
        """Hold what was said against the books."""
        for each in said:
            match each:
                case DropEffect():
                    gone = [one for one in self.out if _names(one) == _dropped(each)]
                    assert len(gone) == 1
                    self.out.remove(gone[0])
                case AccrueFreight():
                    self.accrue(each)
                case PostFreightInvoice():
                    self.post(each)
                case Command():
                    self.out.append(each)
                case ChargeConfirmed():
                    self.agreed[each.charge] = each.amount.minor
                case _:  # the rest moves no money
                    pass

    def accrue(self, asked: AccrueFreight) -> None:
        """INV-31, INV-32, INV-37: once, with proof, and split to the cent."""
        assert not [each for each in self.out if _names(each)[:2] == _names(asked)[:2]]
        assert asked.before.minor == self.books.get(asked.charge, 0)
        assert sum(each.amount.minor for each in asked.shares) == asked.amount.minor
        if asked.amount.minor:
            conditions = [each.condition for each in asked.proofs]
            split = ["split_known"] if len(asked.shares) > 1 else []
            assert conditions[:2] == ["milestone_validated", "charge_confirmed"]
            assert conditions[2:] in (split, ["split_known"])  # of a company's part too
            whole, _, part = asked.charge.partition("@")
            agreed = self.agreed[whole]
            assert asked.amount.minor == agreed or (part and abs(asked.amount.minor) < abs(agreed))
        self.count(asked, asked.charge)
        self.out.append(asked)

    def post(self, asked: PostFreightInvoice) -> None:
        """INV-34: an invoice waits until all it charges stands as it says."""
        assert not [each for each in self.out if _names(each)[:2] == _names(asked)[:2]]
        assert asked.payable.minor == sum(self.books[each] for each in asked.charges)
        assert not [
            each
            for each in self.out
            if isinstance(each, AccrueFreight) and each.charge in asked.charges
        ]
        self.count(asked, asked.business_key())
        self.out.append(asked)

    def count(self, asked: AccrueFreight | PostFreightInvoice, name: str) -> None:
        """Every posting has a revision of its own, one higher than the last."""
        assert asked.revision == self.revisions.get(f"{asked.verb}/{name}", 0) + 1
        self.revisions[f"{asked.verb}/{name}"] = asked.revision

    def teardown(self) -> None:
        """INV-33: when all is answered, the books hold what is agreed, in any order of arrival."""
        while self.out:
            self.end(self.out[0], AnswerKind.APPLIED)
        assert standing(self.books) == owed(self.story, self.agreed)
        if not self.by_persons:
            assert standing(self.books) == calm(self.heard)
        super().teardown()


def _names(command: Command) -> tuple[str, str, str]:
    return command.verb, command.business_key(), command.version()


def _dropped(effect: DropEffect) -> tuple[str, str, str]:
    return effect.verb, effect.business_key, effect.version


def standing(books: dict[str, int]) -> dict[str, int]:
    """Give what stands in the books, the companies' parts of a charge together."""
    whole: dict[str, int] = {}
    for name, minor in books.items():
        charge_name = name.partition("@")[0]
        whole[charge_name] = whole.get(charge_name, 0) + minor
    return {name: minor for name, minor in whole.items() if minor}


def owed(story: Story[Settlement, Rules], agreed: dict[str, int]) -> dict[str, int]:
    """Give what is agreed of a load that is delivered; of another nothing is owed yet."""
    orders = travelling(story.state)
    is_there = bool(orders) and all(each.delivered for each in orders)
    return standing(agreed) if is_there else {}


def calm(heard: dict[bytes, tuple[Body, datetime]]) -> dict[str, int]:
    """Give the books of a load that hears the same sorted, once, from an ERP that obeys."""
    story: Story[Settlement, Rules] = begin(RULES)
    books: dict[str, int] = {}
    for _, (body, at) in sorted(heard.items()):
        story.at = at
        waiting = story.tell(body)
        while waiting:
            each = waiting.pop(0)
            if isinstance(each, AccrueFreight):
                books[each.charge] = each.amount.minor
            if isinstance(each, Command):
                waiting += story.tell(answer(each))
    return standing(books)

"""Customers who look at their pages, and operators who work through the exceptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from crossdock.apis.experience.v1.shipments import PAGE_MAX, Shipments
from crossdock.apis.experience.v1.views import ShipmentView
from crossdock.apis.problems import Declined
from crossdock.apis.process.v1.counter_offers import Countering, judge
from crossdock.flow.decisions import EDIT, RETRY, WAIVE, Decision, Undecidable
from crossdock.flow.exceptions import ENDPOINT_CODES, ID_REUSED, REFUSED, UNRESOLVED
from crossdock.flow.machine import Machine
from crossdock.flow.operator_word import Heard, Word
from crossdock.governance.entitlements import Customer
from crossdock.messages.freight_settlement import AccrueFreight, PostFreightInvoice, ReleaseBilling
from crossdock.ports.store import ExceptionRow, Store
from crossdock.processes.acknowledgement import OVERDUE as ACK_OVERDUE
from crossdock.processes.freight_settlement_troubles import NOT_POSTED
from crossdock.processes.load_acceptance import OFFERED
from crossdock.simulators.chance import choose, share
from crossdock.testing.simulation.faults import Dice
from crossdock.testing.simulation.house import House, Worker
from crossdock.testing.simulation.offers import COUNTER
from crossdock.testing.simulation.wire import Wire
from crossdock.testing.simulation.witness import Witness

TENANT = "main"
WAIVE_SHARE, MENDS_SHARE, LETS_GO_SHARE, COUNTERS_SHARE = 0.25, 0.7, 0.4, 0.5
BY, WHY = "simulated", "as the dice fell"
# On which other terms a person would carry what a customer offers, in the currency of a 990 to it.
TERMS = (
    Countering(by=BY, reason=WHY, price="612.50 USD"),
    Countering(by=BY, reason=WHY, pickup="2026-04-01", delivery="2026-04-02T10:00"),
    Countering(by=BY, reason=WHY, pickup="2026-03-29T02:30", price="480 USD"),
)
# What a person writes into a command that a partner has not taken, by its verb (RFC 7386).
MENDED = {
    "tms.plan": b'{"order": {"customer_reference": "PO-MENDED"}}',
    "tms.cancel": b'{"reason": "mended"}',
    "erp.write_reference": b'{"load_id": "LD-MENDED"}',
    "erp.withdraw_reference": b'{"because": "mended"}',
    "erp.post_milestone": b'{"load_id": "LD-MENDED"}',
    "erp.reverse_inventory": b'{"because": "mended"}',
}
TRIES_MAX = 3
PATIENT_SHIFTS = 14
# The money that people let go for good where it was refused, and the question about it afterwards.
MONEY = (AccrueFreight.verb, PostFreightInvoice.verb, ReleaseBilling.verb)
# What an operator closes with knowledge of the world: waiting for a retry would not help.
KNOWN_FOR_GOOD = {ID_REUSED}


def pages(store: Store, customer: str, tenant: str = TENANT) -> list[ShipmentView]:
    """Give a customer's shipments as the experience API shows them."""
    who = Customer(id=customer, name=customer, api_key_sha256="")
    found = Shipments(store.read, tenant).page(who, {}, limit=PAGE_MAX)
    return [each.view for each in found.shipments]


class Operators:
    """People at the console: they look, decide and give reasons."""

    def __init__(self, house: House, wire: Wire, dice: Dice, witness: Witness) -> None:
        """Begin with nothing decided."""
        self._house = house
        self._wire = wire
        self._dice = dice
        self._witness = witness
        self._shifts = 0
        self._tries: Counter[str] = Counter()

    def decide_one(self) -> str | None:
        """Take one exception and decide about it, as the dice fall."""
        self._shifts += 1
        rows = self._open()
        if not rows or self._house.worker is None:
            return None
        row = choose(rows, self._dice.seed, "exception", self._shifts)
        waives = share(self._dice.seed, "waives", self._shifts) < WAIVE_SHARE
        return self._decide(row, WAIVE if waives and row.kind != "step" else RETRY)

    def work_through(self) -> str | None:
        """Decide about every open exception, as diligent people do once all is well again."""
        if self._house.worker is None:
            return None
        said = [self._decide(row, verb) for row in self._open() if (verb := self._patience(row))]
        return "; ".join(said) if said else None

    def _patience(self, row: ExceptionRow) -> str:
        """Put documents away, try again a few times, and leave what does not help.

        An acknowledgement that is late may still come: nobody asks again for days. Of the money
        that a partner has refused some is let go.
        """
        if row.kind == "document" or self._lets_go(row):
            return WAIVE
        self._tries[row.id] += 1
        tries = self._tries[row.id] - (PATIENT_SHIFTS if row.code == ACK_OVERDUE else 0)
        return RETRY if 0 < tries <= TRIES_MAX else ""

    def _lets_go(self, row: ExceptionRow) -> bool:
        refused = row.code == REFUSED and row.seen.get("verb") in MONEY
        if not (refused or row.code == NOT_POSTED):
            return False
        return share(self._dice.seed, "lets go", row.id) < LETS_GO_SHARE

    def _open(self) -> list[ExceptionRow]:
        with self._house.store.read() as reader:
            return reader.exceptions(TENANT)

    def _decide(self, row: ExceptionRow, verb: str) -> str:
        worker = self._house.worker
        if worker is None:
            return "nobody to tell"
        if row.code == OFFERED and (said := self._counter(worker, row)):
            return said
        if self._mends(row) and (said := self._carry(worker, row, EDIT, MENDED[row.seen["verb"]])):
            return said
        if row.code in KNOWN_FOR_GOOD or (row.code == UNRESOLVED and self._is_done(row)):
            verb = WAIVE
        elif row.code == UNRESOLVED:
            verb = RETRY
        if row.code in ENDPOINT_CODES:
            self._wire.renew(row.subject)
        said = self._carry(worker, row, verb)
        return said or f"{verb} {row.code} of {row.subject}: undecidable"

    def _mends(self, row: ExceptionRow) -> bool:
        """Tell whether a person would rather send something else than the same again.

        In a hurry they want that also of what may have been done, which the house must not do.
        """
        mendable = row.kind == "effect" and row.seen.get("verb") in MENDED
        return mendable and share(self._dice.seed, "mends", row.id, row.count) < MENDS_SHARE

    def _counter(self, worker: Worker, row: ExceptionRow) -> str:
        """Carry the load on other terms; empty where the person would not, or may not say it."""
        words = ("counters", row.id, row.count, self._shifts)
        if share(self._dice.seed, *words) >= COUNTERS_SHARE:
            return ""
        try:
            with self._house.store.read() as reader:
                word = judge(
                    reader, TENANT, row.id, choose(TERMS, self._dice.seed, *words, "terms")
                )
        except Declined:
            return ""
        commits = self._house.store.commits
        heard = self._house.act(self._say(worker.machine, word))
        committed = self._house.store.commits > commits
        if committed and (heard is None or heard.is_new):
            self._note(row, COUNTER)
        self._house.stir()
        return f"{COUNTER} {row.subject}: {word.detail}{'' if heard else ', not heard'}"

    def _say(self, machine: Machine, word: Word) -> Callable[[], Heard]:
        return lambda: machine.say(word, self._house.now)

    def _note(self, row: ExceptionRow, verb: str) -> None:
        self._witness.decisions.append((verb, row.id, row.code))
        self._witness.reached[f"operator {verb} {row.kind}"] += 1
        self._witness.overruled(row, verb)

    def _carry(self, worker: Worker, row: ExceptionRow, verb: str, content: bytes = b"") -> str:
        """Tell the house a decision; empty where it may not be carried out."""
        decision = Decision(
            verb=verb,
            exception_id=row.id,
            by=BY,
            reason=WHY,
            content=content,
        )
        commits = self._house.store.commits
        said = self._house.act(self._carry_out(worker.machine, decision))
        committed = self._house.store.commits > commits
        if said is None and not committed:
            return f"{verb} {row.code}: not done"
        if committed:
            self._note(row, verb)
        self._house.stir()
        return f"{verb} {row.code} of {row.subject}: {said}" if committed else ""

    def _is_done(self, row: ExceptionRow) -> bool:
        """Look at the partner whether it was done, as the exception asks."""
        key = row.seen["idempotency_key"]
        return self._witness.is_done(key)

    def _carry_out(self, machine: Machine, decision: Decision) -> Callable[[], str]:
        def decide() -> str:
            try:
                return machine.decide(decision, self._house.now).said
            except Undecidable:
                return ""

        return decide

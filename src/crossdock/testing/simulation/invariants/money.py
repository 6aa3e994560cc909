"""Money: accrued once and with proof, in the order of the books, split exactly, and conserved."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from crossdock.messages.freight_reconciliation import FreightReconciled
from crossdock.simulators import money_audit, statements
from crossdock.simulators.ledger import Entry
from crossdock.simulators.mischief import Mischief
from crossdock.testing.simulation.faults import JUMP_MINUTES
from crossdock.testing.simulation.invariants.agreed import Agreed, kind_of
from crossdock.testing.simulation.invariants.base import Invariant, Scene
from crossdock.testing.simulation.rosters import FREIGHT, ZONE
from crossdock.testing.simulation.statements import TELLERS, Drawn, drawn_by
from crossdock.testing.simulation.witness import ERPS

DAYS = "freight_reconciliation"  # the read model of business dates
UNSURE = (
    "SELECT endpoint, verb, business_key FROM outbox WHERE tenant = 'main'"
    " AND status NOT IN ('applied', 'superseded')"
    " AND (verb LIKE '%.accrue' OR verb LIKE '%_freight_invoice')"
)
# The postings of which a person was told, also where something else took their place since.
TOLD_REFUSED = (
    "SELECT number FROM exception_about AS about JOIN exception ON exception_id = id"
    " AND about.tenant = exception.tenant WHERE code = 'EFFECT_REFUSED' AND number LIKE '%/%'"
)
ON_ITS_WAY = f"{UNSURE} AND status NOT IN ('refused', 'waived')"
ACCRUE, INVOICE, RELEASE = "erp.accrue", "erp.post_freight_invoice", "erp.release_billing"
CENT = Decimal("0.01")
CENTS = re.compile(r"-?[0-9]+\.[0-9]{2}")
WAITS = timedelta(hours=FREIGHT.billing_after_hours)
PERSONS = 2


class Posted(Invariant):
    """What watches postings: `judge` is given each that an ERP has taken."""

    wakes = frozenset({"posted"})
    verbs = frozenset({ACCRUE, INVOICE})

    def after(self) -> Iterator[str]:
        """Judge what the ERPs have just been told of money."""
        for done in self.witness.news.posted:
            if done.entry.verb in self.verbs:
                yield from self.judge(done.partner, done.entry)

    def judge(self, partner: str, entry: Entry) -> Iterator[str]:
        """Say what is wrong with a posting."""
        raise NotImplementedError


class Told(Posted):
    """What judges postings by all that was planned, billed, delivered and said by then."""

    wakes = frozenset({"done"})

    def __init__(self, scene: Scene) -> None:
        """Begin with nothing told."""
        super().__init__(scene)
        self.agreed = Agreed(scene.witness)

    def after(self) -> Iterator[str]:
        """Hear what partners told, then judge."""
        for done in self.witness.news.done:
            self.agreed.hear(done.entry)
        yield from super().after()


class AccruedOnce(Posted):
    """INV-31."""

    number = "INV-31"
    says = "each accrual of a charge has a revision of its own and moves from what stands"

    def __init__(self, scene: Scene) -> None:
        """Begin with empty books."""
        super().__init__(scene)
        self._stands: dict[tuple[str, str, str], Any] = {}
        self._revisions: dict[tuple[str, str, str], int] = {}

    def judge(self, partner: str, entry: Entry) -> Iterator[str]:
        """Follow what stands for each charge."""
        if entry.verb != ACCRUE:
            return
        told = entry.content
        name = (partner, told["load_id"], told["charge"])
        stands, shares = self._stands.get(name, (Decimal(), []))
        if _amount(told, "before") != stands:
            yield f"{entry.content_key}: it says that {told['before']} stood, and {stands} did"
        if (_amount(told, "amount"), told["shares"]) == (stands, shares):
            yield f"{entry.content_key}: it changes nothing of what stands"
        if int(told["revision"]) <= self._revisions.get(name, 0):
            yield f"{entry.content_key}: its revision is not higher than the last"
        self._stands[name] = (_amount(told, "amount"), told["shares"])
        self._revisions[name] = int(told["revision"])


class AccruedWithProof(Posted):
    """INV-32."""

    number = "INV-32"
    says = "nothing is accrued before its goods are delivered and somebody has charged them"

    def judge(self, partner: str, entry: Entry) -> Iterator[str]:
        """Hold an accrual against what carriers and the TMS told by then."""
        if entry.verb == ACCRUE:
            carriers = [tuple(self.witness.done[name]) for name in self.scene.carriers()]
            tms = tuple(self.witness.done["tms"])
            yield from money_audit.accrual_without_proof(((entry,),), tms, carriers)
        if entry.verb == ACCRUE and _amount(entry.content, "amount") and partner == "erp":
            told = {each["condition"] for each in entry.content["proofs"]}
            if told - {"split_known"} != {"milestone_validated", "charge_confirmed"}:
                yield f"{entry.content_key}: its proofs are {sorted(told)}"


class AgreedByEnough(Told):
    """INV-32, of what is paid beyond the tolerance."""

    number = "INV-32"
    says = "what stands is as planned within the tolerance, or two persons who saw it agreed to it"

    def __init__(self, scene: Scene) -> None:
        """Begin with empty books."""
        super().__init__(scene)
        self._stands: dict[tuple[str, str], dict[str, Decimal]] = {}

    def judge(self, partner: str, entry: Entry) -> Iterator[str]:
        """Hold what stands of a kind of charge against plans and persons."""
        del partner
        told = entry.content
        if entry.verb != ACCRUE:
            return
        load_id, kind = told["load_id"], kind_of(told["charge"])
        amount = _amount(told, "amount")
        stands = self._stands.setdefault((load_id, kind), {})
        stands[told["charge"]] = amount
        if self.agreed.is_shared(load_id):
            return  # this is a company's part; the whole is judged when all of them have theirs
        if not amount or self.agreed.is_said(load_id, kind, amount):
            return
        if not self.agreed.is_billed(load_id, kind, amount):
            yield f"{entry.content_key}: nobody asked {amount}, and nobody named it"
        if self.agreed.disagrees(told["carrier_scac"], told.get("invoice_id", "")):
            yield f"{entry.content_key}: its invoice does not come to its total, unasked"
        if not self.agreed.is_near(load_id, kind, amount, self.scene.book_of(load_id)):
            yield f"{entry.content_key}: {amount} stands, and too few agreed to it"

    def _wholes(self, stands: Mapping[str, Decimal]) -> list[Decimal]:
        """Put the companies' parts of each charge together."""
        wholes: dict[str, Decimal] = defaultdict(Decimal)
        for charge, amount in stands.items():
            wholes[charge.partition("@")[0]] += amount
        return list(wholes.values())

    def _unsure(self) -> frozenset[str]:
        """Name the loads of which a company's part is not posted."""
        rows = self.scene.rows(UNSURE)
        return frozenset(key.partition("/")[0] for _, verb, key in rows if verb == ACCRUE)

    def at_end(self) -> Iterator[str]:
        """Hold the sum of what stands of each kind against plans; what persons said is let be.

        In between, a charge may stand under its new name and its old one.
        """
        asked = self.scene.asked_about() | self._unsure()
        for (load_id, kind), stands in self._stands.items():
            wholes = self._wholes(stands)
            for each in wholes if self.agreed.is_shared(load_id) and load_id not in asked else ():
                said = self.agreed.is_said(load_id, kind, each)
                if each and not said and not self.agreed.is_billed(load_id, kind, each):
                    yield f"{load_id}: nobody asked {each} for {kind}, and nobody named it"
            alone = [
                each for each in wholes if each and not self.agreed.is_said(load_id, kind, each)
            ]
            total = sum(alone, Decimal())
            if not alone or load_id in asked:
                continue
            if not self.agreed.is_near(load_id, kind, total, self.scene.book_of(load_id)):
                yield f"{total} of {kind} stands for {load_id}, and too few agreed to it"


class InOrder(Posted):
    """INV-34."""

    number = "INV-34"
    says = "an invoice is posted when all it charges stands accrued as it is paid"

    def __init__(self, scene: Scene) -> None:
        """Begin with empty books."""
        super().__init__(scene)
        self._stands: dict[tuple[str, str], Decimal] = {}

    def judge(self, partner: str, entry: Entry) -> Iterator[str]:
        """Hold an invoice against the accruals before it."""
        del partner
        told = entry.content
        if entry.verb == ACCRUE:
            self._stands[told["load_id"], told["charge"]] = _amount(told, "amount")
            return
        stands = [self._stands.get((told["load_id"], each)) for each in told["charges"]]
        if None in stands or sum(filter(None, stands), Decimal()) != _amount(told, "payable"):
            yield f"{entry.content_key}: {told['payable']} is paid, and {stands} stands accrued"


class Dated(Told):
    """INV-36."""

    number = "INV-36"
    says = "a posting is dated once, by its delivery, and by an open month; retries are the same"
    wakes = frozenset({"done", "sent"})

    def __init__(self, scene: Scene) -> None:
        """Begin with nothing asked."""
        super().__init__(scene)
        self._asked: dict[str, tuple[bytes, datetime]] = {}
        self._made: dict[tuple[str, ...], datetime] = {}
        self._dates: dict[tuple[str, str], date] = {}

    def after(self) -> Iterator[str]:
        """Hold each call against the first of its key; note when it was decided."""
        for sent in self.witness.news.sent:
            row = sent.work.row
            if row.verb not in self.verbs:
                continue
            bytes_, made = self._asked.setdefault(
                row.idempotency_key, (sent.work.request.body, row.created_at)
            )
            self._made[row.verb, row.business_key, row.version] = made
            if bytes_ != sent.work.request.body:
                yield f"{row.verb} {row.business_key}: it was sent again as something else"
        yield from super().after()

    def judge(self, partner: str, entry: Entry) -> Iterator[str]:
        """Hold the date of a posting against its last one, its delivery and its month."""
        del partner
        told = entry.content
        day = date.fromisoformat(told["business_date"])
        accrues = entry.verb == ACCRUE
        words = ("load_id", "charge") if accrues else ("carrier_scac", "invoice_id")
        name = "/".join(told[each] for each in words)
        name += f"@{told['part']}" if told.get("part") else ""
        made = self._made[entry.verb, name, str(told["revision"])]
        today = _day(made)
        opened = first_open(today)
        if not opened <= day <= today:
            yield f"{entry.content_key}: it is dated {day}, decided {today}"
        if not accrues:
            return
        before = self._dates.get((told["load_id"], told["charge"]))
        self._dates[told["load_id"], told["charge"]] = day
        delivered = {_day(at) for _, at in self.agreed.deliveries(told["load_id"])}
        days = {before} if before is not None else delivered
        if day not in {max(each, opened) for each in days}:
            yield f"{entry.content_key}: it is dated {day}, and belongs to {sorted(days)}"


class Exact(Posted):
    """INV-35."""

    number = "INV-35"
    says = "amounts are decimal texts in their currency, converted once at a rate that is kept"

    def __init__(self, scene: Scene) -> None:
        """Begin with no rates."""
        super().__init__(scene)
        self._rates: dict[tuple[str, str, str], tuple[str, str]] = {}

    def judge(self, partner: str, entry: Entry) -> Iterator[str]:
        """Read every amount as it was on the wire, and convert again what was converted."""
        told = entry.content
        for amount in _amounts(told):
            if not (isinstance(amount["amount"], str) and CENTS.fullmatch(amount["amount"])):
                yield f"{entry.content_key}: {amount} is no exact amount"
        into = self.scene.options.ledger_currency
        if entry.verb != ACCRUE or not into:
            return
        if "rate" not in told:
            yield f"{entry.content_key}: it is not converted into {into}"
            return
        kept = (told["rate"], told["rate_date"])
        name = (partner, told["load_id"], told["charge"])
        if self._rates.setdefault(name, kept) != kept:
            yield f"{entry.content_key}: it was at {self._rates[name]}, and is at {kept}"
        exact = (_amount(told, "amount") * Decimal(told["rate"])).quantize(CENT, ROUND_HALF_EVEN)
        if told["ledger_amount"] != {"amount": str(exact), "currency": into}:
            yield f"{entry.content_key}: it is {exact} {into}, not {told['ledger_amount']}"


class BilledWhenCertain(Told):
    """S22: an order is billed with certain freight, or with a flag."""

    number = "S22"
    says = "an order is billed with what stands accrued for it, or flagged by persons or its time"
    verbs = frozenset({ACCRUE, RELEASE})

    def __init__(self, scene: Scene) -> None:
        """Begin with nothing accrued."""
        super().__init__(scene)
        self._shares: dict[tuple[str, str], dict[str, Decimal]] = {}

    def judge(self, partner: str, entry: Entry) -> Iterator[str]:
        """Hold a release against the shares that stand for its order."""
        del partner
        told = entry.content
        load_id = told["load_id"]
        if entry.verb == ACCRUE:
            self._shares[load_id, told["charge"]] = {
                each["order_id"]: _amount(each, "amount") for each in told["shares"]
            }
            return
        order_id = told["order_id"]
        stands = [
            shares[order_id]
            for (load, _), shares in self._shares.items()
            if load == load_id and order_id in shares
        ]
        freight, flag = _amount(told, "freight"), told["flagged"]
        if told.get("reversed"):
            return
        if told.get("accrued"):
            yield from self._judge_let_go(entry, sum(stands, Decimal()))
            if self.scene.book_of(load_id).freight.billing_waived == "flagged":
                return
        known = stands or load_id in self.witness.unpaid()
        if not flag and (not known or sum(stands, Decimal()) != freight):
            yield f"{entry.content_key}: {freight} is certain, and {stands} stand accrued"
        first = min((at for at, _ in self.agreed.deliveries(load_id)), default=entry.at)
        waited = entry.at - first >= WAITS - self._clock_may_be_off()
        if flag and not waited and len(self.agreed.releases(load_id)) < PERSONS:
            yield f"{entry.content_key}: it is flagged {flag!r}, and nothing of that was seen"

    def _judge_let_go(self, entry: Entry, stands: Decimal) -> Iterator[str]:
        """Hold a release that tells what stands accrued of its freight against what does."""
        told = entry.content
        freight, accrued = _amount(told, "freight"), _amount(told, "accrued")
        if accrued != stands:
            yield f"{entry.content_key}: it says that {accrued} stands accrued, and {stands} does"
        if accrued == freight:
            yield f"{entry.content_key}: not all stands accrued, it says, and all {freight} does"
        if not told["flagged"]:
            yield f"{entry.content_key}: {accrued} of {freight} stands accrued, and it is unflagged"
        if told["load_id"] not in self.witness.let_go:
            yield f"{entry.content_key}: {accrued} of {freight} stands accrued, and none let it go"

    def _clock_may_be_off(self) -> timedelta:
        """Tell how much sooner the house may ring, by a clock that was set from side to side."""
        jumps = "clock_jump" in self.scene.options.levels
        return timedelta(minutes=2 * JUMP_MINUTES) if jumps else timedelta()


class SplitExactly(Posted):
    """INV-37."""

    number = "INV-37"
    says = "the orders' parts of a posting come to its amount"

    def judge(self, partner: str, entry: Entry) -> Iterator[str]:
        """Add up the shares."""
        del partner
        name = "amount" if entry.verb == ACCRUE else "payable"
        whole = _amount(entry.content, name)
        parts = sum((_amount(each, "amount") for each in entry.content["shares"]), Decimal())
        if parts != whole:
            yield f"{entry.content_key}: the shares come to {parts}, and {whole} is posted"


class MoneyConserved(Invariant):
    """INV-33, at the end."""

    number = "INV-33"
    says = "what stands is what moved it, what is paid is accrued and asked, or asks somebody"

    def at_end(self) -> Iterator[str]:
        """Hold all books against each other."""
        erps = [self.scene.ledger(name) for name in ERPS]
        carriers = [self.scene.ledger(name) for name in self.scene.carriers()]
        told = {number for (number,) in self.scene.rows(TOLD_REFUSED)}
        excepted = self.scene.asked_about() | told
        yield from money_audit.money_not_conserved(erps, carriers, excepted)
        yield from money_audit.doubled_postings(erps)


class Cleared(Invariant):
    """INV-33, of what stands accrued, at the end."""

    number = "INV-33"
    says = "what stands accrued is cleared by its invoice, told without one, or asks somebody"

    def at_end(self) -> Iterator[str]:
        """Look for the invoice of all that stands."""
        tms = self.scene.ledger("tms")
        asked = self._asked_of(tms)
        told = {
            entry.content["load_id"]: entry.content["event"]["charges"]
            for entry in tms
            if entry.kind == "sent" and entry.verb == "charges"
        }
        for erp in ERPS:
            stands: dict[tuple[str, str], Entry] = {}
            paid: dict[tuple[str, str], tuple[str, list[str]]] = {}
            for entry in self.scene.ledger(erp):
                content = entry.content
                if entry.kind == "received" and entry.verb == ACCRUE:
                    stands[content["load_id"], content["charge"]] = entry
                elif entry.kind == "received" and entry.verb == INVOICE:
                    paid[content["carrier_scac"], content["invoice_id"]] = (
                        content["load_id"],
                        content["charges"],
                    )
            for (load_id, charge), entry in stands.items():
                cleared = any(
                    load == load_id and charge in charges for load, charges in paid.values()
                )
                alone = not entry.content.get("invoice_id") and told.get(load_id)
                stood = _amount(entry.content, "amount")
                if stood and not (cleared or alone) and load_id not in asked:
                    yield f"{entry.content_key} stands, and no invoice clears it"

    def _asked_of(self, tms: Iterable[Entry]) -> frozenset[str]:
        """Name the loads of which somebody is asked, by their own number or that of their goods."""
        numbers = self.scene.asked_about()
        words = ("load_id", "shipment_id", "order_id")
        of_goods = {
            entry.content["load_id"]
            for entry in tms
            if entry.kind == "planned" and {entry.content[each] for each in words} & numbers
        }
        return numbers | of_goods


class Reconciled(Invariant):
    """INV-38, at the end."""

    number = "INV-38"
    says = "every difference that clerks planted in a ledger's statement is told, and no other"

    def at_end(self) -> Iterator[str]:
        """Hold what was told against what was planted, but for what changed since it was drawn."""
        told = set(self._told())
        drawn = {each: drawn_by(iter(self.witness.done[each])) for each in TELLERS}
        planted = {
            (ledger, name, kind)
            for ledger, days in drawn.items()
            for each in days.values()
            for name, kind in each.planted
        }
        unsure = self._changed_since(drawn) | set(self._unsure())
        for ledger, name, kind in sorted(told ^ planted):
            if (ledger, name) not in unsure:
                what = "planted and not told" if (ledger, name, kind) in planted else "not planted"
                yield f"{ledger}: {name} {kind} is {what}"

    def _told(self) -> Iterator[tuple[str, str, str]]:
        for (body,) in self.scene.rows("SELECT body FROM projection WHERE kind = ?", DAYS):
            for each in msgspec.json.decode(body, type=FreightReconciled).differences:
                yield each.ledger, each.line.removeprefix(f"{each.ledger}/"), each.kind.value

    def _changed_since(self, drawn: Mapping[str, Mapping[date, Drawn]]) -> set[tuple[str, str]]:
        """Name the postings a ledger took after its statement was drawn."""
        last = {
            ledger: max(each.at for each in days.values()) for ledger, days in drawn.items() if days
        }
        return {
            (ledger, held.name)
            for ledger, at in last.items()
            for entry in self.witness.done[ledger]
            if entry.at > at
            for held in statements.held((entry,), Mischief(seed=0))
        }

    def _unsure(self) -> Iterator[tuple[str, str]]:
        """Name the postings of which only a person can say whether they stand.

        What was refused does not, waived or not, and what was waived as done does.
        """
        for ledger, verb, business_key in self.scene.rows(ON_ITS_WAY):
            kind = "accrual" if verb == ACCRUE else "invoice"
            yield ledger, f"{kind}/{business_key}"


def first_open(today: date) -> date:
    """Tell from which day on the books are open: the last month is on the first of the next."""
    month = today.replace(day=1)
    return (month - timedelta(days=1)).replace(day=1) if today == month else month


def _day(at: datetime) -> date:
    return at.astimezone(ZoneInfo(ZONE)).date()


def _amounts(told: Any) -> Iterator[dict[str, Any]]:
    """Find every amount in what was told."""
    if isinstance(told, dict):
        if "currency" in told:
            yield told
        for each in told.values():
            yield from _amounts(each)
    elif isinstance(told, list):
        for each in told:
            yield from _amounts(each)


def _amount(told: dict[str, Any], name: str) -> Decimal:
    return Decimal(told[name]["amount"])

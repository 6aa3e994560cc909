"""What came of a day, in numbers: the same as one JSON object and as a page of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from crossdock.apis.process.v1.reconciliation import days
from crossdock.messages.acknowledgement import AckStatus
from crossdock.ports.store import OutboxStatus, Reader
from crossdock.simulators.auditor import Evidence, Violations
from crossdock.simulators.books_audit import Differing, planted
from crossdock.simulators.ledger import Entry

TENANT = "main"
DONE = "delivered"
CALLED_OFF = "cancelled"
# Partner names whose ledgers hold the effects crossdock asks for.
LEDGERS = ("erp", "legacy", "tms")
ANSWER = "tender."  # begins the verb of what a carrier says to an offer
OFFERED = "offered"
PAGE = 500
# Where an order stands at the end, for somebody who has not read the glossary.
STANDS = {
    DONE: "delivered and posted",
    CALLED_OFF: "called off by the ERP",
    "tendering": "offered, and no carrier has taken them",
    "plan_rejected": "refused by the TMS",
    "incomplete": "without a place of delivery",
}


class Orders(Struct, frozen=True, kw_only=True):
    """The day's orders: released by the ERPs, and where they stand at the end.

    `completed` are delivered and posted; `cancelled` were called off by the ERP. Of all of them,
    wherever they stand, `in_exception` are what a person is asked about, `completed_in_exception`
    of those are delivered and posted all the same.
    """

    released: int
    completed: int
    cancelled: int
    in_exception: int
    completed_in_exception: int
    stages: Mapping[str, int]


class Freight(Struct, frozen=True, kw_only=True):
    """The day's freight money: what carriers sent, and how far the loads are at the end.

    `invoices` and `notices` count what was said and taken, corrections and cancellations included;
    `accrued` and `paid` are the sums that stand in the ERPs' own books, by currency.
    """

    invoices: int
    notices: int
    loads: Mapping[str, int]
    accrued: Mapping[str, str]
    paid: Mapping[str, str]


class Reconciliation(Struct, frozen=True, kw_only=True):
    """The ledgers held against what was posted to them.

    `dates` have statements, `postings` were compared; `planted` are the differences that the
    partners' clerks made, `reported` those finance was told, both by kind.
    """

    dates: int
    postings: int
    planted: Mapping[str, int]
    reported: Mapping[str, int]


HELD_MIN = 1.0
HELD = (
    "  For {:.0f} of them the day's clock stood, so that this machine could keep up with the work"
)
CUT_SHORT = "  cut short: this machine was too busy, and what was still to do counts as lost"


class Effects(Struct, frozen=True, kw_only=True):
    """What one partner was asked for: applied as crossdock knows it, and as its ledger has it."""

    asked: int
    applied: int
    in_ledger: int


class Summary(Struct, frozen=True, kw_only=True):
    """A day in numbers. `violations` and `naive` count the failure patterns.

    `tenders` counts what carriers were offered and answered, by their own ledgers;
    `acknowledgements` where partners' promises to acknowledge stand; `exceptions` what is open,
    by team and code. For `held_seconds` the day's clock waited for the machine. `cut_short`: it was
    too slow for the whole day, so that what was still to be done counts as lost.
    """

    seed: int
    orders: Orders
    messages: int
    milestones: int
    tenders: Mapping[str, int]
    acknowledgements: Mapping[str, int]
    exceptions: Mapping[str, Mapping[str, int]]
    freight: Freight
    reconciliation: Reconciliation
    effects: Mapping[str, Effects]
    violations: Mapping[str, int]
    naive: Mapping[str, int]
    page_looks: int
    seconds: float
    held_seconds: float = 0.0
    cut_short: bool = False
    details: Mapping[str, Sequence[str]] = {}


def released_orders(ledgers: Iterable[Iterable[Entry]]) -> set[str]:
    """Name the orders whose release the ERPs' own ledgers show as taken."""
    return {
        entry.content["order"]["order_id"]
        for ledger in ledgers
        for entry in ledger
        if entry.kind == "acknowledged" and entry.verb in {"order.released", "order.changed"}
    }


def freight_of(reader: Reader, evidence: Evidence) -> Freight:
    """Hold the loads' stages beside what carriers sent and what stands in the ERPs' books."""
    told = Counter(
        entry.verb
        for ledger in (evidence.tms, *evidence.carriers)
        for entry in ledger
        if entry.kind == "acknowledged" and entry.verb in {"invoice", "charges"}
    )
    accrued = sums(evidence.erps, "erp.accrue", "amount", ("load_id", "charge"))
    paid = sums(
        evidence.erps, "erp.post_freight_invoice", "payable", ("carrier_scac", "invoice_id")
    )
    stages = {
        each.stage: each.count
        for each in reader.stages(TENANT)
        if each.subscriber == "freight_settlement"
    }
    return Freight(
        invoices=told["invoice"],
        notices=told["charges"],
        loads=dict(sorted(stages.items())),
        accrued=accrued,
        paid=paid,
    )


def reconciliation_of(reader: Reader, evidence: Evidence) -> Reconciliation:
    """Hold what finance is told of the ledgers beside what their clerks did."""
    told = days(reader, TENANT).days
    return Reconciliation(
        dates=len(told),
        postings=sum(each.our_count for day in told for each in day.totals),
        planted=_by_kind(planted((*evidence.erps, evidence.tms)).elements()),
        reported=_by_kind(evidence.differing or ()),
    )


def _by_kind(differing: Iterable[Differing]) -> dict[str, int]:
    return dict(sorted(Counter(each.kind for each in differing).items()))


def sums(
    ledgers: Iterable[Iterable[Entry]], verb: str, amount: str, names: tuple[str, ...]
) -> dict[str, str]:
    """Add up what was posted last of each thing, by currency."""
    last = {
        tuple(entry.content[name] for name in names): entry.content[amount]
        for ledger in ledgers
        for entry in ledger
        if entry.kind == "received" and entry.verb == verb
    }
    found: dict[str, Decimal] = {}
    for each in last.values():
        currency = each["currency"]
        found[currency] = found.get(currency, Decimal()) + Decimal(each["amount"])
    return {currency: str(total) for currency, total in sorted(found.items())}


def orders_of(reader: Reader, evidence: Evidence) -> Orders:
    """Hold crossdock's stages beside what the ERPs released."""
    released = released_orders(evidence.erps)
    asked_about = released & evidence.exceptions
    stages = {
        each.stage: each.count
        for each in reader.stages(TENANT)
        if each.subscriber == "order_release"
    }
    return Orders(
        released=len(released),
        completed=stages.get(DONE, 0),
        cancelled=stages.get(CALLED_OFF, 0),
        in_exception=len(asked_about),
        completed_in_exception=len(asked_about & completed_orders(reader)),
        stages=dict(sorted(stages.items())),
    )


def completed_orders(reader: Reader) -> set[str]:
    """Name the orders that are delivered and posted."""
    found: set[str] = set()
    after = ""
    while page := reader.list_processes(TENANT, "order_release", DONE, after, PAGE):
        found |= {each.key.id for each in page}
        after = page[-1].key.id
    return found


def effects_of(reader: Reader, evidence: Evidence) -> dict[str, Effects]:
    """Hold what crossdock has asked of each partner beside the partner's ledger."""
    asked: Counter[str] = Counter()
    applied: Counter[str] = Counter()
    for (endpoint, _verb, status), count in reader.outbox_counts(TENANT).items():
        if status is not OutboxStatus.SUPERSEDED:
            asked[endpoint] += count
        if status is OutboxStatus.APPLIED:
            applied[endpoint] += count
    ledgers = dict(zip(LEDGERS, (*evidence.erps, evidence.tms), strict=True))
    return {
        name: Effects(
            asked=asked[name],
            applied=applied[name],
            in_ledger=sum(1 for entry in ledger if entry.kind == "received"),
        )
        for name, ledger in ledgers.items()
    }


def tenders_of(evidence: Evidence) -> dict[str, int]:
    """Count offers and answers in the carriers' own ledgers."""
    counts: Counter[str] = Counter()
    for entry in (each for ledger in evidence.carriers for each in ledger):
        if (entry.kind, entry.verb) == ("received", "carrier.tender"):
            counts[OFFERED] += 1
        elif entry.kind == "acknowledged" and entry.verb.startswith(ANSWER):
            counts[entry.verb.removeprefix(ANSWER)] += 1
    return dict(sorted(counts.items()))


def acknowledgements_of(reader: Reader) -> dict[str, int]:
    """Count where the promises of acknowledgements stand."""
    return {
        each.stage: each.count
        for each in reader.stages(TENANT)
        if each.subscriber == "acknowledgement"
    }


def teams_of(reader: Reader) -> dict[str, dict[str, int]]:
    """Count what waits for each team, by code."""
    teams: dict[str, dict[str, int]] = {}
    for (team, code), count in sorted(reader.exception_counts(TENANT).items()):
        teams.setdefault(team, {})[code] = count
    return teams


def details_of(found: Violations) -> dict[str, tuple[str, ...]]:
    """Give the sentences behind each count that is not nothing."""
    return {name: sentences for name, sentences in found.sentences().items() if sentences}


def as_text(summary: Summary) -> str:
    """Write the summary as a page for a terminal."""
    freight = summary.freight
    open_count = sum(count for codes in summary.exceptions.values() for count in codes.values())
    lines = [
        "",
        f"A distributor's day, seed {summary.seed}, in {summary.seconds:.0f} seconds",
        *([HELD.format(summary.held_seconds)] if summary.held_seconds >= HELD_MIN else []),
        *([CUT_SHORT] if summary.cut_short else []),
        "",
        *order_lines(summary.orders),
        f"  messages    {summary.messages} kept, {summary.milestones} milestones confirmed",
        f"  tenders     {_offered(summary.tenders)}",
        f"  X12         of what carriers were sent: {_acknowledged(summary.acknowledgements)}",
        (
            f"  freight     {freight.invoices} invoices, {freight.notices} notices of charges; "
            f"{_amounts(freight.accrued)} accrued, {_amounts(freight.paid)} of it paid"
        ),
        *(f"              {count:>5}  loads {stage}" for stage, count in freight.loads.items()),
        *ledger_lines(summary.reconciliation),
        f"  questions   {open_count} are open, each in the queue of the team that can answer it",
        *(
            f"              {count:>5}  {_words(team)}: {_words(code)}"
            for team, codes in summary.exceptions.items()
            for code, count in codes.items()
        ),
        "",
        "  effects     asked  applied  in the partner's own ledger",
        *(
            f"    {name:<9} {each.asked:>6} {each.applied:>8} {each.in_ledger:>8}"
            for name, each in summary.effects.items()
        ),
        "",
        "  what goes wrong between systems    crossdock   point to point",
        *(
            f"    {name.replace('_', ' '):<32} {count:>9} {summary.naive.get(name, '-'):>16}"
            for name, count in summary.violations.items()
        ),
        "",
        f"  Counted from the partners' ledgers and {summary.page_looks} looks at customers' pages.",
    ]
    for name, sentences in summary.details.items():
        lines += ["", f"  {name.replace('_', ' ')}:", *(f"    {each}" for each in sentences[:10])]
    return "\n".join(lines) + "\n"


def order_lines(orders: Orders) -> list[str]:
    """Write where the orders stand, which adds up to those released, and which are asked about."""
    others = orders.in_exception - orders.completed_in_exception
    return [
        f"  orders      {orders.released} released",
        *(
            f"              {count:>5}  {STANDS.get(stage, _words(stage))}"
            for stage, count in sorted(orders.stages.items(), key=lambda each: -each[1])
        ),
        (
            f"              a person is asked about {orders.in_exception} of them: "
            f"{orders.completed_in_exception} that are delivered and posted, {others} others"
        ),
    ]


def ledger_lines(found: Reconciliation) -> list[str]:
    """Write what was compared, and the differences finance is told of, by kind."""
    head = (
        f"  ledgers     {found.postings} postings of {found.dates} business dates compared; "
        f"clerks made {sum(found.planted.values())} differ, finance is told of "
        f"{sum(found.reported.values())}"
    )
    return [
        head,
        *(
            f"              {found.reported.get(kind, 0):>5}  {kind.replace('_', ' ')}"
            for kind in sorted({*found.planted, *found.reported})
        ),
    ]


def _amounts(amounts: Mapping[str, str]) -> str:
    return " and ".join(f"{amount} {currency}" for currency, amount in amounts.items()) or "nothing"


def _offered(tenders: Mapping[str, int]) -> str:
    """List what carriers answered to what they were offered."""
    answers = {name: count for name, count in tenders.items() if name != OFFERED}
    return f"{tenders.get(OFFERED, 0)} offered to carriers: {_listed(answers) or 'no answer'}"


def _acknowledged(promises: Mapping[str, int]) -> str:
    """List where acknowledgements stand that somebody waits for."""
    awaited = {name: count for name, count in promises.items() if name != AckStatus.NOT_AWAITED}
    return _listed(awaited) or "nothing was to be acknowledged"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {_words(name)}" for name, count in counts.items())


def _words(name: str) -> str:
    return name.lower().replace("_", " ")

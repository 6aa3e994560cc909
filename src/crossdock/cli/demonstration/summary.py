"""What came of a day, in numbers: the same as one JSON object and as a page of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from crossdock.apis.process.v1.reconciliation import days
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


class Orders(Struct, frozen=True, kw_only=True):
    """The day's orders: released by the ERPs, and where they stand at the end.

    `completed` are delivered and posted; `cancelled` were called off by the ERP; `in_exception`
    have something that waits for a person, wherever they stand.
    """

    released: int
    completed: int
    cancelled: int
    in_exception: int
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


CUT_SHORT = "  cut short: this machine was too busy, and what was still to do counts as lost"


class Effects(Struct, frozen=True, kw_only=True):
    """What one partner was asked for: applied as crossdock knows it, and as its ledger has it."""

    asked: int
    applied: int
    in_ledger: int


class Summary(Struct, frozen=True, kw_only=True):
    """A day in numbers. `violations` and `naive` count the failure patterns.

    `tenders` counts what carriers were offered and answered, by their own ledgers;
    `acknowledgements` where partners' promises to acknowledge stand. `cut_short`: the machine was
    too slow for the whole day, so that what was still to be done counts as lost.
    """

    seed: int
    orders: Orders
    messages: int
    milestones: int
    tenders: Mapping[str, int]
    acknowledgements: Mapping[str, int]
    exceptions: Mapping[str, int]
    freight: Freight
    reconciliation: Reconciliation
    effects: Mapping[str, Effects]
    violations: Mapping[str, int]
    naive: Mapping[str, int]
    page_looks: int
    seconds: float
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
    stages = {
        each.stage: each.count
        for each in reader.stages(TENANT)
        if each.subscriber == "order_release"
    }
    return Orders(
        released=len(released),
        completed=stages.get(DONE, 0),
        cancelled=stages.get(CALLED_OFF, 0),
        in_exception=len(released & evidence.exceptions),
        stages=dict(sorted(stages.items())),
    )


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
            counts["offered"] += 1
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


def teams_of(reader: Reader) -> dict[str, int]:
    """Count what waits for each team."""
    teams: Counter[str] = Counter()
    for (team, _code), count in reader.exception_counts(TENANT).items():
        teams[team] += count
    return dict(sorted(teams.items()))


def details_of(found: Violations) -> dict[str, tuple[str, ...]]:
    """Give the sentences behind each count that is not nothing."""
    return {name: sentences for name, sentences in found.sentences().items() if sentences}


def as_text(summary: Summary) -> str:
    """Write the summary as a page for a terminal."""
    orders, freight = summary.orders, summary.freight
    lines = [
        "",
        f"A distributor's day, seed {summary.seed}, in {summary.seconds:.0f} seconds",
        *([CUT_SHORT] if summary.cut_short else []),
        "",
        (
            f"  orders      {orders.released} released, {orders.completed} delivered and posted, "
            f"{orders.cancelled} called off, {orders.in_exception} waiting for somebody"
        ),
        *(f"              {count:>5}  {stage}" for stage, count in orders.stages.items()),
        f"  messages    {summary.messages} kept, {summary.milestones} milestones confirmed",
        f"  tenders     {_listed(summary.tenders) or 'none'}",
        f"  X12         {_listed(summary.acknowledgements) or 'nothing'} (acknowledgements)",
        f"  exceptions  {_listed(summary.exceptions) or 'none'}",
        (
            f"  freight     {freight.invoices} invoices, {freight.notices} notices of charges; "
            f"{_amounts(freight.accrued)} accrued, {_amounts(freight.paid)} of it paid"
        ),
        *(f"              {count:>5}  loads {stage}" for stage, count in freight.loads.items()),
        *ledger_lines(summary.reconciliation),
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


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name.lower().replace('_', ' ')}" for name, count in counts.items())

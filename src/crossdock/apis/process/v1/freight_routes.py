"""The routes about money of the process API, version 1."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

import msgspec

from crossdock.apis import problems
from crossdock.apis.access import Access
from crossdock.apis.http import Answering, Ask, Reply, Route, as_json, aside, reply_to
from crossdock.apis.problems import Declined
from crossdock.apis.process.v1 import evidence, freight, freight_decisions, freight_load
from crossdock.apis.process.v1.charges import Amount, Charge
from crossdock.apis.process.v1.evidence import Evidence
from crossdock.apis.process.v1.evidence_pdf import on_paper
from crossdock.apis.process.v1.freight import REVIEW, Charges, Postings
from crossdock.apis.process.v1.freight_decisions import (
    FreightDeciding,
    FreightOutcome,
    Matter,
)
from crossdock.apis.process.v1.freight_load import Load
from crossdock.apis.process.v1.operations import Snapshot
from crossdock.apis.process.v1.reconciliation import Days, days
from crossdock.apis.process.v1.routes import BASE, tagged
from crossdock.apis.process.v1.story import Stuck
from crossdock.apis.process.v1.verbs import Operator

COLUMNS = (
    "load,charge,kind,state,carrier,orders,invoice,expected,invoiced,confirmed,posted,variance,"
    "currency,since,dispute_until,missing,rule,because,decided_by,documents"
).split(",")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for one


class Money:
    """Everything finance may ask and decide, over one store."""

    def __init__(self, read: Snapshot, tenant: str, operator: Operator) -> None:
        """Take the store's way to a snapshot, whose house it is, and who carries words."""
        self._read = read
        self._tenant = tenant
        self._operator = operator

    def charges(self, view: str, *, carrier: str = "", after: str = "") -> Charges:
        """List the charges of a view."""
        with self._read() as reader:
            return freight.charges(reader, self._tenant, view, carrier=carrier, after=after)

    def all_charges(self, view: str, *, carrier: str = "") -> Iterable[Charge]:
        """List the charges of a view, page after page."""
        after = ""
        while True:
            page = self.charges(view, carrier=carrier, after=after)
            yield from page.charges
            if not page.after:
                return
            after = page.after

    def load(self, load_id: str) -> Load:
        """Tell all there is of one load's money."""
        with self._read() as reader:
            return freight_load.load(reader, self._tenant, load_id)

    def evidence(self, load_id: str) -> Evidence:
        """Gather the evidence pack of one load."""
        with self._read() as reader:
            return evidence.evidence(reader, self._tenant, load_id)

    def unposted(self) -> Postings:
        """List what ERPs were asked to post and have not."""
        with self._read() as reader:
            return freight.unposted(reader, self._tenant)

    def days(self, asked: str) -> Days:
        """Hold one business date, or the newest, against the ledgers."""
        with self._read() as reader:
            return days(reader, self._tenant, asked)

    def waiting(self) -> tuple[Stuck, ...]:
        """List what else waits for finance."""
        with self._read() as reader:
            return freight.waiting(reader, self._tenant)

    async def decide(self, load_id: str, asked: FreightDeciding, by: str) -> FreightOutcome:
        """Carry a decision about money out. Raises Declined where it cannot be."""
        matter = await aside(self._judge, load_id, asked, by)
        return await freight_decisions.decide(self._read, self._tenant, self._operator, matter)

    def _judge(self, load_id: str, asked: FreightDeciding, by: str) -> Matter:
        with self._read() as reader:
            return freight_decisions.judge(reader, self._tenant, load_id, asked, by)


class FreightApi:
    """The routes about money."""

    def __init__(self, money: Money, access: Access) -> None:
        """Take what is asked and decided, and the door."""
        self._money = money
        self._access = access

    def routes(self) -> tuple[Route, ...]:
        """Give the routes."""
        reading: Mapping[str, Answering] = {
            "/freight": self.charges,
            "/freight.csv": self.table,
            "/freight/{load}": self.load,
            "/freight/{load}/evidence": self.evidence,
            "/freight/{load}/evidence.pdf": self.paper,
            "/unposted": self.unposted,
            "/reconciliations": self.reconciliations,
        }
        return (
            *(
                Route(method="GET", path=BASE + path, answer=self._guarded(answer))
                for path, answer in reading.items()
            ),
            Route(method="POST", path=f"{BASE}/freight/{{load}}/decisions", answer=self.decide),
        )

    def charges(self, ask: Ask) -> Reply:
        """List the charges of a view."""
        return tagged(ask, listed(self._money, ask.query))

    def table(self, ask: Ask) -> Reply:
        """List the charges of a view as a table for spreadsheets."""
        return as_table(self._money, ask.query)

    def unposted(self, ask: Ask) -> Reply:
        """List what ERPs have not posted."""
        return tagged(ask, self._money.unposted())

    def reconciliations(self, ask: Ask) -> Reply:
        """Hold one business date, or the newest, against the ledgers."""
        return tagged(ask, self._money.days(ask.query.get("date", "")))

    def load(self, ask: Ask) -> Reply:
        """Tell all there is of one load's money."""
        return tagged(ask, self._money.load(ask.path["load"]))

    def evidence(self, ask: Ask) -> Reply:
        """Give the evidence pack of one load."""
        return tagged(ask, self._money.evidence(ask.path["load"]))

    def paper(self, ask: Ask) -> Reply:
        """Give the evidence pack of one load as PDF, made now."""
        pack = self._money.evidence(ask.path["load"])
        body = on_paper(pack)
        name = f'attachment; filename="evidence-{pack.digest[:12]}.pdf"'
        headers = (("Content-Disposition", name), ("X-Content-Type-Options", "nosniff"))
        return Reply(body=body, content_type="application/pdf", headers=headers)

    async def decide(self, ask: Ask) -> Reply:
        """Carry a decision about money out, in the name of whoever the caller is known to be."""
        self._access.admit_change(ask)
        by = self._access.decider(ask)
        try:
            asked = msgspec.json.decode(ask.body, type=FreightDeciding)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Declined(problems.BAD_REQUEST, _mended(str(error))) from error
        return as_json(await self._money.decide(ask.path["load"], asked, by))

    def _guarded(self, answer: Answering) -> Answering:
        async def answering(ask: Ask) -> Reply:
            self._access.admit(ask)
            return await reply_to(ask, answer)

        return answering


def _mended(why: str) -> str:
    """Say to who writes `by` into the body why that is not taken."""
    if "`by`" in why:
        return "Leave `by` out: who decides is known by the token of the request"
    return why


def listed(money: Money, query: Mapping[str, str]) -> Charges:
    """List the charges that a request asks for. Raises Declined for no such view."""
    view, carrier = query.get("view", REVIEW), query.get("carrier", "")
    return money.charges(view, carrier=carrier, after=query.get("after", ""))


def as_table(money: Money, query: Mapping[str, str]) -> Reply:
    """Answer with the charges of a view as CSV, every page of them."""
    view = query.get("view", REVIEW)
    found = money.all_charges(view, carrier=query.get("carrier", ""))
    file = f'attachment; filename="freight-{view}.csv"'
    return Reply(
        body=table(found).encode(),
        content_type="text/csv",
        headers=(("Content-Disposition", file), ("X-Content-Type-Options", "nosniff")),
    )


def table(found: Iterable[Charge]) -> str:
    """Write charges as CSV (RFC 4180); nothing in it is a formula to a spreadsheet."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    lines.writerows(_cells(each) for each in found)
    return text.getvalue()


def _cells(charge: Charge) -> list[str]:
    money = (
        charge.expected,
        charge.invoiced,
        charge.confirmed,
        charge.posted,
        charge.variance,
    )
    currency = next((each.currency for each in money if each is not None), "")
    said = (
        charge.load_id,
        charge.charge,
        charge.kind,
        charge.state.value,
        charge.carrier_scac,
        " ".join(charge.order_ids),
        charge.invoice_id,
    )
    more = (
        currency,
        charge.since.isoformat() if charge.since else "",
        charge.dispute_until.isoformat() if charge.dispute_until else "",
        " ".join(charge.missing),
        charge.rule,
        charge.because,
        charge.by,
        " ".join(charge.documents),
    )
    return [*map(_plain, said), *map(_exact, money), *map(_plain, more)]


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _exact(amount: Amount | None) -> str:
    return "" if amount is None else amount.amount

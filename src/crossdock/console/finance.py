"""The pages of finance: charges that wait, one load with its proofs, what ERPs have not posted.

A decision is a form that carries a token of this browser and needs a reason; who decides is known
by the session, never by what is typed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

import msgspec

from crossdock.apis import problems
from crossdock.apis.access import SESSION, Access
from crossdock.apis.http import Answering, Ask, Reply, Route, aside, go_to
from crossdock.apis.problems import Declined
from crossdock.apis.process.v1.freight import REVIEW, VIEWS
from crossdock.apis.process.v1.freight_decisions import OPEN_TO, WITH_AMOUNT, FreightDeciding
from crossdock.apis.process.v1.freight_load import Load
from crossdock.apis.process.v1.freight_routes import Money, as_table, listed
from crossdock.apis.process.v1.routes import tagged
from crossdock.console.frame import Frame
from crossdock.messages.freight_reconciliation import DifferenceKind
from crossdock.messages.freight_settlement import FreightVerdict

VERDICTS = {
    FreightVerdict.APPROVE: ("Approve", "Pay it as billed."),
    FreightVerdict.SHORT_PAY: ("Pay less", "Pay this amount and no more."),
    FreightVerdict.DISPUTE: ("Dispute", "Ask the carrier; the clock runs."),
    FreightVerdict.SETTLE: ("Settle the dispute", "End it at this amount."),
    FreightVerdict.REJECT: ("Reject", "Pay nothing of it."),
    FreightVerdict.RELEASE: (
        "Release the billing",
        "Let the orders be billed to their customers without certain freight.",
    ),
}

DIFFERENCES = {
    DifferenceKind.MISSING: "posted and confirmed, and not in the ledger",
    DifferenceKind.DOUBLED: "in the ledger more than once",
    DifferenceKind.OTHER_AMOUNT: "in the ledger with another amount",
    DifferenceKind.OTHER_DATE: "in the ledger under another date",
    DifferenceKind.UNKNOWN_TO_US: "in the ledger, and not as it was asked for from here",
    DifferenceKind.ON_ITS_WAY: "in the ledger as asked for; its confirmation is not here yet",
}


class Finance(Frame):
    """The pages over what finance may ask and decide."""

    def __init__(self, money: Money, access: Access, now: Callable[[], datetime]) -> None:
        """Take what is asked and decided, the door, and the business clock."""
        super().__init__(access, now)
        self._money = money

    def routes(self) -> tuple[Route, ...]:
        """Give the routes of the pages."""
        pages: dict[str, Answering] = {
            "/console/finance": self.queue,
            "/console/finance.json": self.queue_json,
            "/console/finance.csv": self.queue_csv,
            "/console/finance/load": self.load,
            "/console/finance/load.json": self.load_json,
            "/console/finance/unposted": self.unposted,
            "/console/finance/unposted.json": self.unposted_json,
            "/console/finance/reconciliation": self.reconciliation,
            "/console/finance/reconciliation.json": self.reconciliation_json,
        }
        return (
            *(
                Route(method="GET", path=path, answer=self._guarded(answer))
                for path, answer in pages.items()
            ),
            Route(method="POST", path="/console/finance/load", answer=self._told(self.decide)),
        )

    def queue(self, ask: Ask) -> Reply:
        """List the charges of a view, and what else waits for finance."""
        found = listed(self._money, ask.query)
        carrier = ask.query.get("carrier", "")
        waiting = self._money.waiting() if found.view == REVIEW else ()
        return self._page(
            "finance.html", found=found, views=list(VIEWS), carrier=carrier, waiting=waiting
        )

    def queue_json(self, ask: Ask) -> Reply:
        """List the charges of a view as JSON."""
        return tagged(ask, listed(self._money, ask.query))

    def queue_csv(self, ask: Ask) -> Reply:
        """List the charges of a view for a spreadsheet."""
        return as_table(self._money, ask.query)

    def load(self, ask: Ask) -> Reply:
        """Show one load's money, and what may be decided about it."""
        said = self._access.vouched(ask.query.get("said", ""), ask.query.get("mark", ""))
        return self._shown(ask, self._money.load(_named(ask)), said=said)

    def load_json(self, ask: Ask) -> Reply:
        """Show one load's money as JSON."""
        return tagged(ask, self._money.load(_named(ask)))

    def unposted(self, ask: Ask) -> Reply:
        """List what ERPs have not posted, with their own words."""
        del ask
        return self._page("unposted.html", found=self._money.unposted())

    def unposted_json(self, ask: Ask) -> Reply:
        """List what ERPs have not posted as JSON."""
        return tagged(ask, self._money.unposted())

    def reconciliation(self, ask: Ask) -> Reply:
        """Hold one business date, or the newest, against the ledgers."""
        asked = ask.query.get("date", "")
        found = self._money.days(asked)
        return self._page(
            "reconciliation.html",
            found=found,
            asked=asked,
            differing=[each.business_date for each in found.days if each.state == "differs"],
            kinds=DIFFERENCES,
        )

    def reconciliation_json(self, ask: Ask) -> Reply:
        """Hold business dates against the ledgers, as JSON."""
        return tagged(ask, self._money.days(ask.query.get("date", "")))

    async def decide(self, ask: Ask) -> Reply:
        """Carry a decision about money out, and show what became of it."""
        fields = self._access.form(ask)
        load_id = _named(ask)
        try:
            by = self._access.decider(ask)
            outcome = await self._money.decide(load_id, _asked(fields), by)
        except Declined as declined:
            if declined.kind is problems.NOT_FOUND:
                raise
            shown = await aside(self._money.load, load_id)
            status = declined.kind.status
            return self._shown(ask, shown, wrong=declined.detail, status=status)
        note = urlencode(
            {"id": load_id, "said": outcome.said, "mark": self._access.vouch(outcome.said)}
        )
        return go_to(f"/console/finance/load?{note}")

    def _shown(
        self, ask: Ask, load: Load, *, said: str = "", wrong: str = "", status: int = 200
    ) -> Reply:
        session = ask.cookie(SESSION) or self._access.session()
        return self._page(
            "freight_load.html",
            status=status,
            headers=(self._session_cookie(session),),
            load=load,
            said=said,
            wrong=wrong,
            person=self._access.person(ask),
            by_name=self._access.by_name,
            choices=_choices(load),
            with_amount=WITH_AMOUNT,
            form_token=self._access.form_token(ask, session),
        )


def _choices(load: Load) -> dict[str, list[tuple[FreightVerdict, str, str]]]:
    """Tell for each charge which verdicts it is open to, with their words."""
    return {
        charge.charge: [
            (verdict, *VERDICTS[verdict])
            for verdict, states in OPEN_TO.items()
            if charge.state in states and charge.invoiced is not None
        ]
        for charge in load.charges
    }


def _named(ask: Ask) -> str:
    if not ask.query.get("id"):
        raise Declined(problems.BAD_REQUEST, "Say which load (`id`)")
    return ask.query["id"]


def _asked(fields: dict[str, str]) -> FreightDeciding:
    """Read the form. Raises Declined for a verdict there is not."""
    names = ("verdict", "charge", "amount", "seen")
    wanted = {name: fields.get(name, "").strip() for name in names}
    try:
        return msgspec.convert({**wanted, "reason": fields.get("reason", "")}, FreightDeciding)
    except msgspec.ValidationError as error:
        raise Declined(problems.BAD_REQUEST, str(error)) from error

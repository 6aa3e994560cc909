"""The contract of the process API, version 1: written here, served, and frozen in contracts/."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from msgspec import structs

from crossdock.apis import problems
from crossdock.apis.access import Access
from crossdock.apis.contract import Json, Operation, Parameter, openapi
from crossdock.apis.http import Ask, Reply, Route, as_json
from crossdock.apis.process.v1.counter_offers import Countering, CounterOutcome
from crossdock.apis.process.v1.evidence import Evidence
from crossdock.apis.process.v1.freight import VIEWS, Charges, Postings
from crossdock.apis.process.v1.freight_decisions import FreightDeciding, FreightOutcome
from crossdock.apis.process.v1.freight_load import Load
from crossdock.apis.process.v1.operations import Board, Cases, Queue
from crossdock.apis.process.v1.promises import STATUSES, Promises
from crossdock.apis.process.v1.reconciliation import Days
from crossdock.apis.process.v1.routes import BASE, Deciding, Outcome, Recovering, Replaying
from crossdock.apis.process.v1.story import Stuck, Trace
from crossdock.flow.decisions import VERBS
from crossdock.flow.receiver import Receipt
from crossdock.flow.recovery import VERBS as VERBS_AFTER_A_RESTORE
from crossdock.flow.recovery import Recovery
from crossdock.messages.teams import Team
from crossdock.ports.store import ExceptionStatus

TEXT: Mapping[str, Any] = MappingProxyType({"type": "string"})
STRANGERS = (problems.UNAUTHENTICATED, problems.FORBIDDEN)
DECLINES = (problems.BAD_REQUEST, *STRANGERS)
JUDGED = (*DECLINES, problems.NOT_FOUND, problems.CONFLICT, problems.UNPROCESSABLE)


def _one_of(*words: str) -> Mapping[str, Any]:
    return {"type": "string", "enum": list(words)}


def _query(name: str, says: str, schema: Mapping[str, Any] = TEXT) -> Parameter:
    return Parameter(name=name, within="query", says=says, schema=schema)


def _place(name: str, says: str, schema: Mapping[str, Any] = TEXT) -> Parameter:
    return Parameter(name=name, within="path", says=says, schema=schema)


AFTER = _query("after", "The cursor of a page, as `after` of the page before carries it.")
LOAD = _place("load", "The load's number.")
VIEW = _query("view", "Which charges; without it those under review.", _one_of(*VIEWS))
CARRIER = _query("carrier", "Charges of the loads of this carrier (SCAC).")
EXCEPTION = _place("id", "The exception's id.")

_read = partial(Operation, method="GET")
_change = partial(Operation, method="POST", tagged=False)

OPERATIONS = (
    _read(
        path="/board",
        name="read_board",
        says="Show the whole house at a glance.",
        answer=Board,
        problems=STRANGERS,
    ),
    _read(
        path="/cases",
        name="list_cases",
        says="List the cases of a process.",
        answer=Cases,
        parameters=(
            Parameter(name="process", within="query", says="The process's name.", required=True),
            _query("stage", "Cases at this stage."),
            AFTER,
        ),
        problems=DECLINES,
    ),
    _read(
        path="/recovery",
        name="read_recovery",
        says="Tell where the house stands after a restore.",
        answer=Recovery,
        problems=(*STRANGERS, problems.NOT_FOUND),
    ),
    _read(
        path="/exceptions",
        name="list_exceptions",
        says="List what waits for a person.",
        answer=Queue,
        parameters=(
            _query("team", "Those of this team.", _one_of(*Team)),
            _query("about", "Those that name this number."),
            _query("status", "Those that stand so.", _one_of("all", *ExceptionStatus)),
            AFTER,
        ),
        problems=DECLINES,
    ),
    _read(
        path="/exceptions/{id}",
        name="read_exception",
        says="Show one exception.",
        answer=Stuck,
        parameters=(EXCEPTION,),
        problems=(*STRANGERS, problems.NOT_FOUND),
    ),
    _read(
        path="/trace/{number}",
        name="trace",
        says="Tell the whole story of a number: order, shipment, load, invoice or any other.",
        answer=Trace,
        parameters=(_place("number", "Any number, or `TYPE:ISSUER:NUMBER`."),),
        problems=(*STRANGERS, problems.NOT_FOUND),
    ),
    _read(
        path="/documents/{id}",
        name="read_document",
        says="Give a raw document's bytes; who looked is noted.",
        answer="application/octet-stream",
        tagged=False,
        parameters=(_place("id", "The document's id."),),
        problems=(*STRANGERS, problems.NOT_FOUND),
    ),
    _read(
        path="/acknowledgements",
        name="list_acknowledgements",
        says="List what partners owe for what we sent.",
        answer=Promises,
        parameters=(
            _query("status", "Those that stand so.", _one_of(*STATUSES)),
            _query("partner", "Those of this partner."),
        ),
        problems=DECLINES,
    ),
    _read(
        path="/freight",
        name="list_charges",
        says="List the charges of a view of finance.",
        answer=Charges,
        parameters=(VIEW, CARRIER, AFTER),
        problems=DECLINES,
    ),
    _read(
        path="/freight.csv",
        name="export_charges",
        says="Give the charges of a view, all of them, for a spreadsheet (RFC 4180).",
        answer="text/csv",
        tagged=False,
        parameters=(VIEW, CARRIER),
        problems=DECLINES,
    ),
    _read(
        path="/freight/{load}",
        name="read_load",
        says="Tell all there is of one load's money.",
        answer=Load,
        parameters=(LOAD,),
        problems=(*STRANGERS, problems.NOT_FOUND),
    ),
    _read(
        path="/freight/{load}/evidence",
        name="read_evidence",
        says="Give the evidence pack of one load.",
        answer=Evidence,
        parameters=(LOAD,),
        problems=(*STRANGERS, problems.NOT_FOUND),
    ),
    _read(
        path="/freight/{load}/evidence.pdf",
        name="print_evidence",
        says="Give the evidence pack of one load as PDF.",
        answer="application/pdf",
        tagged=False,
        parameters=(LOAD,),
        problems=(*STRANGERS, problems.NOT_FOUND),
    ),
    _read(
        path="/unposted",
        name="list_unposted",
        says="List what ERPs were asked to post and have not.",
        answer=Postings,
        problems=STRANGERS,
    ),
    _read(
        path="/reconciliations",
        name="list_reconciliations",
        says="Hold one business date, or the newest, against the ledgers.",
        answer=Days,
        parameters=(_query("date", "The business date, `2026-03-29`."),),
        problems=DECLINES,
    ),
    _change(
        path="/exceptions/{id}/{verb}",
        name="decide_exception",
        says="Decide about an exception.",
        answer=Outcome,
        body=Deciding,
        parameters=(EXCEPTION, _place("verb", "The decision.", _one_of(*VERBS))),
        problems=JUDGED,
    ),
    _change(
        path="/offers/{id}/counter",
        name="counter_offer",
        says="Counter a load that a customer offers; unconfirmed it only tells what would be said.",
        answer=CounterOutcome,
        body=Countering,
        parameters=(EXCEPTION,),
        problems=JUDGED,
    ),
    _change(
        path="/recovery/{verb}",
        name="decide_recovery",
        says="Release what a restore holds, or finish it.",
        answer=Outcome,
        body=Recovering,
        parameters=(_place("verb", "The decision.", _one_of(*VERBS_AFTER_A_RESTORE)),),
        problems=JUDGED,
    ),
    _change(
        path="/replays",
        name="replay",
        says="Send the chosen effects of a replay.",
        answer=Outcome,
        body=Replaying,
        problems=(*DECLINES, problems.CONFLICT, problems.UNPROCESSABLE),
    ),
    _change(
        path="/partners/{partner}/{document}",
        name="hand_in",
        says="Take a partner's document that an operator brings, of any content type.",
        answer=Receipt,
        status=202,
        body="application/octet-stream",
        parameters=(
            _place("partner", "The partner's name."),
            _place("document", "The kind of document."),
            Parameter(name="X-Crossdock-By", within="header", says="Who brings it.", required=True),
        ),
        problems=(*DECLINES, problems.NOT_FOUND, problems.UNPROCESSABLE),
    ),
    _change(
        path="/freight/{load}/decisions",
        name="decide_freight",
        says="Decide about a load's money, in the name of whoever the token is of.",
        answer=FreightOutcome,
        body=FreightDeciding,
        parameters=(LOAD,),
        problems=JUDGED,
    ),
)


def contract() -> Json:
    """Write the contract."""
    return openapi(
        title="crossdock process API",
        version="1",
        says=(
            "What operations and finance see and decide. Enumerations of answers are open: expect "
            "values you do not know."
        ),
        operations=[structs.replace(each, path=BASE + each.path) for each in OPERATIONS],
        security={"bearer": {"type": "http", "scheme": "bearer"}},
    )


def published(access: Access) -> Route:
    """Serve the contract to who may operate."""

    async def answer(ask: Ask) -> Reply:
        access.admit(ask)
        return as_json(contract(), headers=(("Cache-Control", "private, max-age=3600"),))

    return Route(method="GET", path=f"{BASE}/openapi.json", answer=answer)

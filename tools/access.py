"""Who may ask what: each route of the house with whom it admits, and the page that tells it.

The table is written by hand, so that a route is opened to somebody on purpose;
`tests/apis/test_access_matrix.py` asks each route as each caller and holds the answers against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tools.reference import HEAD, rows

PROCESS, EXPERIENCE = "/process/v1", "/experience/v1"
DELIVERY = ("POST", "/system/v1/partners/{partner}/{document}")


class Admits(StrEnum):
    """Whom a route admits."""

    ANYBODY = "anybody"
    CUSTOMER = "a customer, to what is its own"
    OPERATOR = "an operator"
    PERSON = "an operator with a token of her own"
    FORM = "an operator, from the console's own page"
    PARTNER = "a partner, by its signature"


class Caller(StrEnum):
    """Who asks."""

    NOBODY = "nobody"
    WRONG = "a wrong token"
    EXPIRED = "a session of yesterday"
    CUSTOMER = "a customer's key"
    SHARED = "the operators' token"
    PERSON = "a person's own token"
    SESSION = "a person's session"


SERVED = 0  # with what the route answers
_STRANGERS = (Caller.NOBODY, Caller.WRONG, Caller.EXPIRED)
_ALL_BY = (Caller.SHARED, Caller.PERSON, Caller.SESSION)

# What each caller hears where operators have tokens: a refusal's status, or SERVED.
ANSWERS: Mapping[Admits, Mapping[Caller, int]] = {
    Admits.ANYBODY: dict.fromkeys(Caller, SERVED),
    Admits.CUSTOMER: {**dict.fromkeys(Caller, 401), Caller.CUSTOMER: SERVED},
    Admits.OPERATOR: {
        **dict.fromkeys((*_STRANGERS, Caller.CUSTOMER), 401),
        **dict.fromkeys(_ALL_BY, SERVED),
    },
    Admits.PERSON: {
        **dict.fromkeys((*_STRANGERS, Caller.CUSTOMER, Caller.SHARED), 401),
        **dict.fromkeys((Caller.PERSON, Caller.SESSION), SERVED),
    },
    # A token alone is no form of ours: another page could have it sent.
    Admits.FORM: {
        **dict.fromkeys((*_STRANGERS, Caller.CUSTOMER), 401),
        **dict.fromkeys((Caller.SHARED, Caller.PERSON), 403),
        Caller.SESSION: SERVED,
    },
    Admits.PARTNER: dict.fromkeys(Caller, 401),
}

_OPERATORS_READ = (
    *("/openapi.json", "/board", "/cases", "/recovery", "/exceptions", "/exceptions/{id}"),
    *("/trace/{number...}", "/documents/{id}", "/acknowledgements", "/freight", "/freight.csv"),
    *("/freight/{load}", "/freight/{load}/evidence", "/freight/{load}/evidence.pdf"),
    *("/unposted", "/reconciliations"),
)
_OPERATORS_DECIDE = (
    *("/exceptions/{id}/{verb}", "/offers/{id}/counter", "/recovery/{verb}", "/replays"),
    "/partners/{partner}/{document}",
)
_PAGES = (
    *("/console/", "/console/board.json", "/console/cases", "/console/cases.json"),
    *("/console/trace", "/console/trace.json", "/console/acknowledgements"),
    *("/console/acknowledgements.json", "/console/exceptions", "/console/exceptions.json"),
    *("/console/exceptions/{id}", "/console/finance", "/console/finance.json"),
    *("/console/finance.csv", "/console/finance/load", "/console/finance/load.json"),
    *("/console/finance/unposted", "/console/finance/unposted.json"),
    *("/console/finance/reconciliation", "/console/finance/reconciliation.json"),
)
_OPEN = (
    *("/", "/livez", "/readyz", "/version", "/metrics", "/problems/{name}"),
    *("/console/login", "/console/static/console.css"),
    *("/portal/", "/portal/static/portal.css", f"{EXPERIENCE}/openapi.json"),
)

ROUTES: Mapping[tuple[str, str], Admits] = {
    DELIVERY: Admits.PARTNER,
    ("GET", f"{EXPERIENCE}/shipments"): Admits.CUSTOMER,
    ("GET", f"{EXPERIENCE}/shipments/{{shipment_id}}"): Admits.CUSTOMER,
    ("GET", "/portal/shipments"): Admits.CUSTOMER,
    ("GET", "/portal/shipments/{shipment_id}"): Admits.CUSTOMER,
    **{("GET", f"{PROCESS}{path}"): Admits.OPERATOR for path in _OPERATORS_READ},
    **{("POST", f"{PROCESS}{path}"): Admits.OPERATOR for path in _OPERATORS_DECIDE},
    ("POST", f"{PROCESS}/freight/{{load}}/decisions"): Admits.PERSON,
    **{("GET", path): Admits.OPERATOR for path in _PAGES},
    ("POST", "/console/exceptions/{id}/{verb}"): Admits.FORM,
    ("POST", "/console/offers/{id}/counter"): Admits.FORM,
    ("POST", "/console/finance/load"): Admits.FORM,
    **{("GET", path): Admits.ANYBODY for path in _OPEN},
    ("POST", "/console/login"): Admits.ANYBODY,
    ("POST", "/portal/login"): Admits.ANYBODY,
    ("POST", "/portal/logout"): Admits.ANYBODY,
}


def page() -> str:
    """Write the page."""
    told = [(f"`{method}`", f"`{path}`", str(admits)) for (method, path), admits in ROUTES.items()]
    answers = [
        (str(admits), *(str(heard[each] or "served") for each in Caller))
        for admits, heard in ANSWERS.items()
    ]
    return "\n".join(
        [
            "# Who may ask what\n",
            HEAD,
            "Every route of the house, and whom it admits.",
            "A test asks each of them as each caller, so this is what happens.\n",
            rows(("method", "address", "admits"), told),
            "## What each caller hears\n",
            "Where operators have tokens; a number is the status of the refusal.\n",
            rows(("the route admits", *Caller), answers),
            "What is not a customer's own, or is another tenant's, is answered 404.",
            "Where no operator has a token, this machine itself operates, and others hear 403.\n",
        ]
    )

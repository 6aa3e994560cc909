"""A person counters a load that a customer offers: read first, told once it is confirmed."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

from crossdock.apis.http import json_text
from crossdock.apis.problems import Declined
from crossdock.apis.process.v1.counter_offers import Countering, judge
from crossdock.apis.server import App
from crossdock.canonical.moments import ZoneSource
from crossdock.flow.operator_word import Word
from crossdock.messages.load_acceptance import OfferCountered
from crossdock.policies.rules import Rules
from crossdock.testing.in_process import InProcess
from tests.apis.asgi import Heard, call
from tests.journeys.test_a_load_offered_to_us import (
    ANSWER,
    carried,
    hear,
    offered,
    questions,
    sent,
    stage,
    town,
)
from tests.pages.house import Clerk, house
from tests.pages.test_console import opened

LATER = Countering(by="ann", reason="no lorry before", pickup="2026-04-01T10:00")
CHANGE = {"Content-Type": "application/json"}


def asked(to: str = "WI*53214*US") -> InProcess:
    """A house that a load is offered to, and whose people are asked about it."""
    made = town(Rules())
    hear(made, "acme", offered(to=to))
    return made


def question(made: InProcess) -> str:
    with made.machine.store.read() as reader:
        (row,) = reader.exceptions("main", status=None)
    return row.id


def judged(made: InProcess, asked_for: Countering) -> Word:
    with made.machine.store.read() as reader:
        return judge(reader, "main", question(made), asked_for)


def test_a_customer_hears_other_dates_and_another_price() -> None:
    made = asked()
    terms = replace(LATER, delivery="2026-04-03", price="612.50")

    word = judged(made, terms)
    made.machine.say(word, made.at)
    made.settle()

    assert word.detail == (
        "acme is told: pickup 2026-04-01T10:00 (America/New_York), 2026-04-01 14:00 UTC; "
        "delivery 2026-04-03; price 612.50 USD; no lorry before"
    )
    assert sent(made, "acme", ANSWER) == [
        (
            "B1*XDCK*4711*20260330*C N9*CN*acme.4711 G62*69*20260401*U*1400*UT G62*70*20260403 "
            "L9*400*612.50 K1*no lorry before"
        )
    ]
    assert (stage(made), carried(made), questions(made)) == ("countered", [], [])


def test_what_a_person_said_is_in_the_audit_log_once() -> None:
    made = asked()
    word = judged(made, LATER)

    made.machine.say(word, made.at)
    made.machine.say(word, made.at)

    with made.machine.store.read() as reader:
        rows = [(row.actor, row.action, row.reason) for row in reader.audit("main")]
    assert rows == [("ann", "load.counter", "no lorry before")]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"by": " "}, "Say who"),
        ({"reason": ""}, "Say why"),
        ({"pickup": ""}, "on which other terms"),
        ({"pickup": "tomorrow"}, "`pickup` is no time"),
        ({"pickup": "2026-02-30"}, "`pickup` is no time"),
        ({"pickup": "2026-11-01T01:30"}, "The clocks change just then"),
        ({"delivery": "2026-03-31T10:00+02:00"}, "before the pickup"),
        ({"price": "612,50 USD"}, "`price` is an amount"),
        ({"price": "612.505 USD"}, "decimals"),
        ({"price": "612.50 EUR"}, "An answer to acme can name a `price` in USD only"),
    ],
)
def test_what_cannot_be_meant_is_declined_with_what_to_do(
    changed: dict[str, str], said: str
) -> None:
    made = asked()

    with pytest.raises(Declined) as declined:
        judged(made, replace(LATER, **changed))

    assert said in declined.value.detail


def test_a_time_at_a_stop_whose_zone_nobody_knows_needs_its_offset() -> None:
    made = asked(to="**")

    with pytest.raises(Declined, match="Nobody knows the zone"):
        judged(made, replace(LATER, delivery="2026-04-03T10:00"))
    word = judged(made, replace(LATER, delivery="2026-04-03T10:00+02:00"))

    assert "delivery 2026-04-03T10:00+02:00 (+02:00), 2026-04-03 08:00 UTC" in word.detail


def test_nobody_says_that_a_place_told_the_zone_of_a_day_where_none_is_known() -> None:
    made = asked(to="**")

    word = judged(made, replace(LATER, delivery="2026-04-03"))

    assert isinstance(word.body, OfferCountered)
    days = [word.body.counter.pickup, word.body.counter.delivery]
    assert [(day.zone, day.zone_source) for day in days if day] == [
        ("America/New_York", ZoneSource.PLACE),
        ("UTC", ZoneSource.ASSUMED),
    ]


def test_a_question_that_is_answered_takes_no_counter() -> None:
    made = asked()
    made.machine.say(judged(made, LATER), made.at)
    made.settle()

    with pytest.raises(Declined, match="already"):
        judged(made, LATER)


def told(made: InProcess, clerk: Clerk, body: Countering) -> tuple[Any, list[str]]:
    url = f"/process/v1/offers/{question(made)}/counter"
    app = house(made.machine.store, clerk)
    heard = call(app, "POST", url, body=json_text(body).encode(), headers=CHANGE)
    return heard.json, [each.detail for each in clerk.said]


def test_by_the_api_nothing_is_said_before_it_is_confirmed() -> None:
    made, clerk = asked(), Clerk()

    read, before = told(made, clerk, LATER)
    confirmed, after = told(made, clerk, replace(LATER, confirmed=True))

    said = judged(made, LATER).detail
    assert (read, before) == ({"told": False, "said": said}, [])
    assert (confirmed, after) == ({"told": True, "said": said}, [said])


def test_on_the_page_a_person_reads_what_is_told_and_then_has_it_told() -> None:
    made, clerk = asked(), Clerk()
    app, id_ = house(made.machine.store, clerk), question(made)
    headers, token = opened(app, id_)
    typed = {"by": "ann", "reason": "no lorry before", "pickup": "2026-04-01T10:00"}

    wrong = counter(app, id_, headers, token, typed | {"pickup": "tomorrow"})
    read = counter(app, id_, headers, token, typed)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form_of(read.text)))
    before = list(clerk.said)
    done = counter(app, id_, headers, token, hidden)

    said = judged(made, LATER).detail
    assert ("`pickup` is no time" in wrong.text, 'value="tomorrow"' in wrong.text) == (True, True)
    assert (wrong.status, read.status, done.status, before) == (422, 200, 303, [])
    assert f'<p role="status">{said}</p>' in read.text
    assert [each.detail for each in clerk.said] == [said]
    assert said in call(app, "GET", done.headers["location"]).text


def counter(
    app: App, id_: str, headers: dict[str, str], token: str, fields: dict[str, str]
) -> Heard:
    body = urlencode(fields | {"form_token": token}).encode()
    return call(app, "POST", f"/console/offers/{id_}/counter", body=body, headers=headers)


def form_of(text: str) -> str:
    """The form by which an offer is countered."""
    return text.partition("/counter")[2].partition("</form>")[0]

"""What programs of finance are told by the process API, and how money is decided there."""

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crossdock.canonical.money import Money
from crossdock.messages.freight_settlement import FreightDecided, FreightVerdict, LineState
from crossdock.messages.teams import Team
from crossdock.ports.store import AttemptRow, ExceptionRow, OutboxRow, OutboxStatus, Store
from crossdock.store.sqlite import open_sqlite
from tests.apis.asgi import Heard, call
from tests.apis.freight_rows import LINEHAUL, LOAD, PICTURE, changed, paint, proposed, usd
from tests.apis.history import EFFECT, ORDER
from tests.apis.rows import NIGHT
from tests.pages.house import Clerk, house

PERSONS = {sha256(name.encode()).hexdigest(): name for name in ("ann", "ben")}
NOT_TAKEN = ExceptionRow(
    tenant="main",
    id="x-9",
    kind="process",
    subject="freight_settlement/load/L-1",
    code="FREIGHT_DECISION_REFUSED",
    team=Team.FINANCE,
    cause="A decision about load L-1 was not taken: ann wanted to approve LINEHAUL, but it is gone",
    action="Look at the load again",
    opened_at=NIGHT,
)
APPROVE = {"verdict": "approve", "charge": "LINEHAUL", "reason": "agreed by telephone"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store that knows the money of one load."""
    made = open_sqlite(tmp_path / "store.db")
    paint(made, PICTURE)
    yield made
    made.close()


def decide(store: Store, clerk: Clerk, token: str, load: str = "L-1", **body: str) -> Heard:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return call(
        house(store, clerk, persons=PERSONS),
        "POST",
        f"/process/v1/freight/{load}/decisions",
        body=msgspec.json.encode(body),
        headers=headers,
    )


def get(store: Store, path: str) -> Heard:
    return call(house(store), "GET", f"/process/v1/{path}")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["LINEHAUL"]),
        ("?view=accruals", ["FUEL"]),
        ("?view=all", ["LINEHAUL", "FUEL"]),
        ("?view=all&carrier=RAIL", []),
        ("?view=disputes", []),
    ],
)
def test_a_view_lists_the_charges_that_stand_so(
    store: Store, query: str, expected: list[str]
) -> None:
    heard = get(store, f"freight{query}")

    assert [each["charge"] for each in heard.json["charges"]] == expected


def test_the_queue_sums_what_is_out_of_line_exactly_and_by_currency(store: Store) -> None:
    other = msgspec.structs.replace(LINEHAUL, variance=Money(minor=5, currency="JPY"), since=NIGHT)
    paint(store, msgspec.structs.replace(PICTURE, load_id="L-2", lines=(other,)))

    heard = get(store, "freight").json

    assert [each["load_id"] for each in heard["charges"]] == ["L-2", "L-1"]
    assert heard["totals"] == [
        {"amount": "5", "currency": "JPY"},
        {"amount": "102.19", "currency": "USD"},
    ]


def test_a_queue_of_many_loads_is_listed_page_after_page_and_exported_whole(store: Store) -> None:
    many = [f"M-{number:03}" for number in range(450)]
    paint(store, *(msgspec.structs.replace(PICTURE, load_id=each) for each in many))

    first = get(store, "freight").json
    second = get(store, f"freight?after={first['after']}").json
    table = get(store, "freight.csv").text.splitlines()

    assert [len(first["charges"]), len(second["charges"])] == [200, 200]
    assert sorted(line.split(",")[0] for line in table[1:]) == ["L-1", *many]


def test_the_table_is_exact_and_no_formula_to_a_spreadsheet(store: Store) -> None:
    paint(store, changed(LINEHAUL, because="=HYPERLINK(1)", variance=usd(-10_219)))

    table = get(store, "freight.csv")

    assert table.headers["content-disposition"] == 'attachment; filename="freight-review.csv"'
    assert table.text.splitlines()[1] == (
        "L-1,LINEHAUL,LINEHAUL,under_review,ROAD,SO-1 SO-2,INV-7,557.21,659.40,,,-102.19,USD,"
        "2026-03-29T01:30:00+00:00,,milestone_validated charge_confirmed,freight.tolerance,"
        "'=HYPERLINK(1),,"
    )


def test_a_load_is_told_with_amounts_as_people_write_them(store: Store) -> None:
    told = get(store, "freight/L-1").json

    linehaul, fuel = told["charges"]
    assert [linehaul[each] for each in ("expected", "invoiced", "variance", "posted")] == [
        {"amount": "557.21", "currency": "USD"},
        {"amount": "659.40", "currency": "USD"},
        {"amount": "102.19", "currency": "USD"},
        None,
    ]
    assert (fuel["documents"], fuel["posted"]) == (
        ["ACC-1"],
        {"amount": "40.00", "currency": "USD"},
    )
    assert told["shares"] == [
        {"order_id": "SO-1", "amount": {"amount": "23.34", "currency": "USD"}},
        {"order_id": "SO-2", "amount": {"amount": "16.66", "currency": "USD"}},
    ]


@pytest.mark.parametrize("path", ["freight/L-9", "freight/L-9/evidence"])
def test_a_load_nobody_knows_is_said_with_what_would_make_it_known(store: Store, path: str) -> None:
    heard = get(store, path)

    assert heard.status == 404
    assert heard.json["detail"].startswith("Nothing is known of the freight of load L-9; ")


def test_a_view_there_is_not_is_said(store: Store) -> None:
    heard = get(store, "freight?view=lost")

    assert (heard.status, heard.json["detail"]) == (
        400,
        "There is no view lost; there are review, disputes, accruals, expected, settled, all",
    )


def test_a_decision_carries_the_name_of_the_callers_token(store: Store) -> None:
    clerk = Clerk()

    heard = decide(store, clerk, "ann", **APPROVE)

    (word,) = clerk.said
    assert heard.status == 200
    assert (word.subscriber, word.key, word.by, word.action) == (
        "freight_settlement",
        LOAD,
        "ann",
        "freight.approve",
    )
    assert word.body == FreightDecided(
        verdict=FreightVerdict.APPROVE,
        by="ann",
        reason="agreed by telephone",
        charge="LINEHAUL",
        seen=usd(65_940),
    )


def test_a_decision_about_all_that_is_open_carries_what_is_billed_for_it(store: Store) -> None:
    clerk = Clerk()

    decide(store, clerk, "ann", **APPROVE | {"charge": ""})

    (word,) = clerk.said
    assert word.body == FreightDecided(
        verdict=FreightVerdict.APPROVE, by="ann", reason="agreed by telephone", seen=usd(65_940)
    )


def test_nobody_decides_in_another_ones_name(store: Store) -> None:
    clerk = Clerk()

    heard = decide(store, clerk, "ann", **APPROVE, by="ben")

    assert (heard.status, clerk.said) == (400, [])
    assert heard.json["detail"] == (
        "Leave `by` out: who decides is known by the token of the request"
    )


def test_without_a_name_nobody_decides_about_money(store: Store) -> None:
    clerk = Clerk()

    heard = decide(store, clerk, "nobodys", **APPROVE)

    assert (heard.status, clerk.said) == (401, [])


def test_where_operators_have_no_names_whoever_sits_here_decides(store: Store) -> None:
    clerk = Clerk()

    call(
        house(store, clerk),
        "POST",
        "/process/v1/freight/L-1/decisions",
        body=msgspec.json.encode(APPROVE),
        headers={"Content-Type": "application/json"},
    )

    assert [each.by for each in clerk.said] == ["operator"]


def test_the_first_of_two_persons_hears_that_a_second_is_needed(store: Store) -> None:
    clerk = Clerk(after=lambda: paint(store, changed(LINEHAUL, proposal=proposed("ann"))))

    heard = decide(store, clerk, "ann", **APPROVE)

    assert heard.json == {
        "status": "proposed",
        "said": "Proposed for LINEHAUL; a second person must say the same",
    }


def test_what_one_has_proposed_already_is_not_said_again(store: Store) -> None:
    paint(store, changed(LINEHAUL, proposal=proposed("ann")))
    clerk = Clerk()

    heard = decide(store, clerk, "ann", **APPROVE)

    assert (heard.json["status"], clerk.said) == ("already", [])
    assert heard.json["said"] == "You have proposed this already; a second person must say the same"


def test_the_second_person_carries_it_out(store: Store) -> None:
    paint(store, changed(LINEHAUL, proposal=proposed("ann")))
    settled = changed(LINEHAUL, state=LineState.CONFIRMED, by="ann, ben")
    clerk = Clerk(after=lambda: paint(store, settled))

    heard = decide(store, clerk, "ben", **APPROVE)

    assert [each.by for each in clerk.said] == ["ben"]
    assert heard.json == {"status": "decided", "said": "Decided: LINEHAUL is confirmed"}


def test_what_is_decided_already_is_not_said_again(store: Store) -> None:
    paint(store, changed(LINEHAUL, state=LineState.ACCRUED, by="ann, ben"))
    clerk = Clerk()

    heard = decide(store, clerk, "ben", **APPROVE)

    assert (heard.json, clerk.said) == (
        {"status": "already", "said": "It is decided so already: LINEHAUL is accrued"},
        [],
    )


def test_what_the_process_does_not_take_is_said_with_its_reason(store: Store) -> None:
    def refuse() -> None:
        with store.write() as unit:
            unit.open_exceptions([NOT_TAKEN])

    heard = decide(store, Clerk(after=refuse), "ann", **APPROVE)

    assert (heard.status, heard.json["detail"]) == (409, NOT_TAKEN.cause)


def test_an_amount_is_read_exactly_in_the_currency_of_the_invoice(store: Store) -> None:
    clerk = Clerk()

    decide(store, clerk, "ann", **APPROVE | {"verdict": "short_pay", "amount": "557.21"})

    assert [each.body.amount for each in clerk.said if isinstance(each.body, FreightDecided)] == [
        usd(55_721)
    ]


def test_a_release_is_about_the_whole_load(store: Store) -> None:
    clerk = Clerk()

    heard = decide(store, clerk, "ann", verdict="release", reason="month's end")

    assert [each.action for each in clerk.said] == ["freight.release"]
    assert heard.json["said"] == "Decided: load L-1 is under review"


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"reason": " "}, 422, "Say why (`reason`)"),
        ({"charge": "TOLL"}, 422, "Load L-1 has no charge TOLL; it has LINEHAUL, FUEL"),
        (
            {"charge": "FUEL"},
            409,
            "Nothing of load L-1 is open to `approve`: FUEL is accrued",
        ),
        (
            {"verdict": "settle", "amount": "1.00"},
            409,
            "Nothing of load L-1 is open to `settle`: LINEHAUL is under review",
        ),
        ({"amount": "1.00"}, 422, "`approve` takes no amount"),
        ({"verdict": "short_pay"}, 422, "`short_pay` needs an `amount`"),
        ({"verdict": "short_pay", "amount": "1.001"}, 422, "An amount has more decimals"),
        ({"verdict": "short_pay", "amount": "659.41"}, 422, "The amount must lie between nothing"),
        ({"verdict": "short_pay", "amount": "-1.00"}, 422, "The amount must lie between nothing"),
        ({"verdict": "short_pay", "amount": "1", "charge": ""}, 422, "Say which charge"),
        ({"verdict": "release", "charge": "SO-9"}, 422, "Order SO-9 does not travel on load L-1"),
        (
            {"seen": "600.00"},
            409,
            "659.40 USD is billed for LINEHAUL by now, and it was 600.00 USD; look again",
        ),
        (
            {"charge": "", "seen": "600.00"},
            409,
            "659.40 USD is billed for all that is open by now, and it was 600.00 USD; look again",
        ),
        ({"seen": "much"}, 422, "An amount must be a plain decimal number"),
        ({"verdict": "forgive"}, 400, "Invalid enum value 'forgive'"),
    ],
)
def test_what_cannot_be_decided_is_said_and_nothing_goes_to_the_process(
    store: Store, change: dict[str, str], status: int, said: str
) -> None:
    clerk = Clerk()

    heard = decide(store, clerk, "ann", **APPROVE | change)

    assert (heard.status, clerk.said) == (status, [])
    assert heard.json["detail"].startswith(said)


def effect(id_: str, verb: str, status: OutboxStatus, **more: Any) -> OutboxRow:
    return msgspec.structs.replace(
        EFFECT, id=id_, verb=verb, status=status, idempotency_key=id_, **more
    )


def test_unposted_lists_what_the_erp_has_not_done_with_its_own_words(store: Store) -> None:
    late = NIGHT + timedelta(hours=1)
    said = AttemptRow(
        tenant="main",
        outbox_id="e-2",
        number=1,
        fence=1,
        purpose="send",
        started_at=late,
        said="period 03 is closed",
    )
    with store.write() as unit:
        unit.ask(
            [
                effect("e-1", "erp.accrue", OutboxStatus.WAITING, created_at=late, key=LOAD),
                effect("e-2", "erp.post_milestone", OutboxStatus.REFUSED, created_at=NIGHT),
                effect("e-3", "erp.accrue", OutboxStatus.APPLIED),
                effect("e-4", "tms.plan", OutboxStatus.WAITING),
            ]
        )
        unit.note_attempts([said])

    told = get(store, "unposted").json["postings"]

    assert [(each["id"], each["about"], each["status"], each["said"]) for each in told] == [
        ("e-2", ORDER.id, "refused", "period 03 is closed"),
        ("e-1", "L-1", "waiting", ""),
    ]

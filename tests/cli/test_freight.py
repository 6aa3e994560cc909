"""What finance sees at a terminal."""

import csv
import json
from hashlib import sha256

import msgspec
import pytest

from crossdock.messages.freight_settlement import LineState
from crossdock.ports.store import Store
from crossdock.store.sqlite import open_sqlite
from tests.apis.freight_rows import FUEL, LINEHAUL, PICTURE, changed, paint, proposed, usd
from tests.cli.conftest import Terminal

OPERATORS = "".join(
    f'[[operators]]\nname = "{name}"\ntoken_sha256 = "{sha256(name.encode()).hexdigest()}"\n'
    for name in ("ann", "ben")
)


@pytest.fixture
def painted(terminal: Terminal, store: Store) -> Terminal:
    """A terminal at a house that knows the money of one load."""
    paint(store, PICTURE)
    return terminal


@pytest.fixture
def deciding(terminal: Terminal) -> Terminal:
    """A terminal where nothing runs; ann has proposed to approve the line haul."""
    store = open_sqlite(terminal.folder / "crossdock.db")
    paint(store, changed(LINEHAUL, proposal=proposed("ann")))
    store.close()
    return terminal


def test_the_queue_shows_what_is_out_of_line(painted: Terminal) -> None:
    told = painted.run("freight", "ls")

    head, row = told.answer.splitlines()
    assert (
        head.split() == "LOAD CHARGE CARRIER EXPECTED INVOICED DIFFERENCE STATE FOR BECAUSE".split()
    )
    assert row.startswith(
        "L-1   LINEHAUL  ROAD     557.21 USD  659.40 USD  102.19 USD  under review"
    )


def test_a_view_is_given_as_json_and_as_a_table(painted: Terminal) -> None:
    as_json = json.loads(painted.run("freight", "ls", "--view", "accruals", "--json").answer)
    as_csv = list(csv.DictReader(painted.run("freight", "ls", "--csv").answer.splitlines()))

    assert [each["charge"] for each in as_json["charges"]] == ["FUEL"]
    assert [(each["load"], each["variance"]) for each in as_csv] == [("L-1", "102.19")]


def test_a_load_is_explained_charge_by_charge(painted: Terminal) -> None:
    told = painted.run("freight", "show", "L-1")

    assert told.answer.splitlines() == [
        "L-1: under review, ROAD, for SO-1, SO-2",
        "decided by rule book abc123",
        "LINEHAUL: under review",
        "  expected 557.21 USD, invoiced 659.40 USD, posted -",
        "  102.19 USD above what was offered; 5.00 are tolerated (rule freight.tolerance)",
        "  waits for milestone_validated, charge_confirmed",
        "FUEL: accrued",
        "  expected 40.00 USD, invoiced 40.00 USD, posted 40.00 USD",
        "  as offered (rule freight.match)",
        "  proof milestone_validated: delivered, told by ROAD",
        "invoice INV-7: 699.40 USD, under review",
        "share of SO-1: 23.34 USD",
        "share of SO-2: 16.66 USD",
    ]


def test_a_load_tells_what_the_ledger_has_otherwise_than_agreed(
    painted: Terminal, store: Store
) -> None:
    note = "FUEL is accrued with 0.00 USD, not 40.00 USD: the ERP refused it"
    waived = changed(FUEL, state=LineState.WAIVED, posted=usd(0), proofs=())
    paint(store, msgspec.structs.replace(waived, notes=(note,)))

    lines = painted.run("freight", "show", "L-1").answer.splitlines()

    assert lines[2] == note
    assert lines[7:9] == [
        "FUEL: waived",
        "  expected 40.00 USD, invoiced 40.00 USD, posted 0.00 USD",
    ]


def test_a_dispute_shows_what_waits_for_a_second_person(painted: Terminal, store: Store) -> None:
    paint(store, changed(LINEHAUL, proposal=proposed("ann")))

    told = painted.run("freight", "show", "L-1")

    assert "  approve proposed by ann; a second person must say the same" in told.answer


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "L-9"), 4, "Nothing is known of the freight of load L-9"),
        (("evidence", "L-9"), 4, "Nothing is known of the freight of load L-9"),
        (("ls", "--view", "lost"), 2, "There is no view lost"),
        (("decide", "L-1", "settle", "--reason", "x", "--charge", "FUEL"), 5, "Nothing of load"),
        (("decide", "L-1", "approve", "--reason", " "), 2, "Say why"),
        (
            ("decide", "L-1", "approve", "--reason", "x", "--token-file", "nowhere"),
            4,
            "nowhere cannot be read",
        ),
    ],
)
def test_what_cannot_be_is_said_with_its_exit_code(
    deciding: Terminal, words: tuple[str, ...], code: int, said: str
) -> None:
    told = deciding.run("freight", *words)

    assert (told.code, told.said.startswith(said)) == (code, True)


def test_where_operators_have_names_a_decision_needs_a_token(deciding: Terminal) -> None:
    deciding.config.write_text(deciding.config.read_text("utf-8") + OPERATORS, "utf-8")

    told = deciding.run("freight", "decide", "L-1", "approve", "--reason", "agreed")

    assert (told.code, told.said) == (
        6,
        "Money is decided by a person: give your own token with --token-file.\n",
    )


def test_what_was_proposed_by_the_same_person_is_said_to_be_so(
    deciding: Terminal,
) -> None:
    deciding.config.write_text(deciding.config.read_text("utf-8") + OPERATORS, "utf-8")
    token = deciding.folder / "ann.token"
    token.write_text("ann\n", "utf-8")

    told = deciding.run(
        *("freight", "decide", "L-1", "approve", "--charge", "LINEHAUL"),
        *("--reason", "agreed", "--token-file", str(token)),
    )

    assert (told.code, told.answer) == (
        0,
        "You have proposed this already; a second person must say the same\n",
    )


def test_evidence_is_given_as_json_and_on_paper(painted: Terminal) -> None:
    paper = painted.folder / "pack.pdf"

    pack = json.loads(painted.run("freight", "evidence", "L-1").answer)
    printed = painted.run("freight", "evidence", "L-1", "--pdf", str(paper))

    assert printed.said == f"{paper}: SHA-256 of the pack {pack['digest']}\n"
    assert paper.read_bytes().startswith(b"%PDF-1.7")


def test_what_is_not_posted_is_listed(painted: Terminal) -> None:
    told = painted.run("freight", "unposted")

    assert told.answer.splitlines()[1].split()[3:7] == [
        "erp.write_reference",
        "SO-1/SH-1",
        "waiting",
        "1",
    ]

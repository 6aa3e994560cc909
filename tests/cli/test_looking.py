"""What one sees from the terminal, also while the house is running (its store is open)."""

import json

import pytest
from msgspec.structs import replace

from crossdock.flow import audit_chain
from crossdock.ports.store import Store
from crossdock.testing.store_conformance import rows
from tests.cli.conftest import Terminal

pytestmark = pytest.mark.usefixtures("store")


def test_a_trace_reads_as_a_story(terminal: Terminal) -> None:
    told = terminal.run("trace", "4711")

    lines = told.answer.splitlines()
    assert (told.code, lines[0], told.said) == (0, "4711", "")
    assert lines[1].startswith("  Nobody has spoken of shipment SH-1 since 02:00.")
    assert lines[3:9] == [
        "order release SO-1: referencing",
        "  erp erp.write_reference SO-1/SH-1: waiting",
        "shipment visibility SH-1: in transit",
        "  timer silence at Tue 31 Mar 2026 02:30 UTC",
        "  ! Nobody has spoken of shipment SH-1 since 02:00 (x-1)",
        "",
    ]
    assert lines[9:12] == [
        "Sun 29 Mar 2026 (UTC)",
        "  00:30 → partner:erp: Order SO-1 version 1, 0 line(s)",
        "  00:32 → partner:tms: Planned as SH-1 (order version 1, plan 1)",
    ]
    assert lines[-3].endswith(
        " ! carrier relations: Nobody has spoken of shipment SH-1 since 02:00"
    )
    assert lines[-1] == "open: http://127.0.0.1:8080/console/trace?q=4711"


def test_a_trace_for_programs_is_what_the_api_answers(terminal: Terminal) -> None:
    told = terminal.run("trace", "SO-1", "--json")

    found = json.loads(told.answer)
    assert (told.code, found["number"]) == (0, "SO-1")
    assert [each["process"] for each in found["chapters"]] == [
        "order_release",
        "shipment_visibility",
    ]


def test_a_number_nobody_knows_ends_with_four(terminal: Terminal) -> None:
    told = terminal.run("trace", "SO-404")

    assert (told.code, told.answer, told.said) == (4, "", "Nothing is known under SO-404.\n")


def test_the_status_counts_cases_partners_and_people(terminal: Terminal) -> None:
    told = terminal.run("status")

    lines = [line.split() for line in told.answer.splitlines()]
    assert told.code == 0
    assert ["order", "release", "referencing", "1"] in [line[:4] for line in lines]
    assert ["erp", "answers", "1"] in [line[:3] for line in lines]
    assert ["carrier", "relations", "SHIPMENT_SILENT", "1"] in lines


def test_the_status_says_stages_in_words(terminal: Terminal, store: Store) -> None:
    with store.write() as unit:
        (order,) = unit.list_processes("main", "order_release", None, "", 10)
        unit.save([replace(order, stage="plan_rejected", revision=2)])

    status = terminal.run("status").answer
    told = terminal.run("trace", "SO-1").answer

    assert ["order", "release", "plan", "rejected"] in [
        line.split()[:4] for line in status.splitlines()
    ]
    assert "order release SO-1: plan rejected" in told.splitlines()


def test_the_status_for_programs_is_the_board(terminal: Terminal) -> None:
    told = terminal.run("status", "--json")

    assert sorted(json.loads(told.answer)) == [
        "exceptions",
        "parked",
        "partners",
        "pending_steps",
        "recovery",
        "stages",
    ]


def test_exceptions_are_listed_by_team_and_number(terminal: Terminal) -> None:
    everyone = terminal.run("exceptions", "ls")
    ours = terminal.run("exceptions", "ls", "--team", "carrier-relations", "--json")
    others = terminal.run("exceptions", "ls", "--team", "finance")
    about = terminal.run("exceptions", "ls", "--about", "SO-1", "--json")

    assert "Nobody has spoken of shipment SH-1" in everyone.answer
    assert [each["id"] for each in json.loads(ours.answer)["exceptions"]] == ["x-1"]
    assert (others.code, others.answer, others.said) == (0, "", "Nothing waits for people.\n")
    assert [each["id"] for each in json.loads(about.answer)["exceptions"]] == ["x-1"]


def test_one_exception_says_what_would_help_and_how_to_decide(terminal: Terminal) -> None:
    told = terminal.run("exceptions", "show", "x-")

    lines = told.answer.splitlines()
    assert lines[0] == "Nobody has spoken of shipment SH-1 since 02:00"
    assert lines[1] == "  what would help  Ask the carrier where the goods are"
    assert lines[-1] == "decide: crossdock exceptions retry x-1 --reason '...'"


def test_an_exception_there_is_not_ends_with_four(terminal: Terminal) -> None:
    told = terminal.run("exceptions", "show", "y")

    assert (told.code, told.said) == (
        4,
        "There is no exception y, or more than one begins so.\n",
    )


def test_the_audit_log_is_whole_until_somebody_cuts_it_off(
    terminal: Terminal, store: Store
) -> None:
    with store.write() as unit:
        unit.log([rows.line("SO-1"), rows.line("SO-2")])
        head = audit_chain.seal(unit, "main")

    whole = terminal.run("audit", "--head", head)
    foreign = terminal.run("audit", "--head", "7:beef")

    chain = f"2 row(s); the chain is {{}}; its head is {head}\n"
    assert (whole.code, whole.answer, whole.said) == (0, chain.format("whole"), "")
    assert (foreign.code, foreign.answer, foreign.said) == (
        8,
        chain.format("broken"),
        "the head 7:beef is not in the log: rows were cut off, or a backup put back\n",
    )

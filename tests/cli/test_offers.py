"""`crossdock offers counter`: a load is carried on other terms, once that is confirmed."""

from crossdock.ports.store import ExceptionRow
from crossdock.store.sqlite import open_sqlite
from tests.cli.conftest import Terminal
from tests.journeys.test_a_load_offered_to_us import offered

ACME = """
[[partners]]
name = "acme"
connector = "x12_carrier"
[partners.settings]
partner = "acme"
own_id = "CROSSDOCK"
partner_id = "ACME"
own_scac = "XDCK"
base_url = "http://127.0.0.1:9"
"""
TERMS = ("--pickup", "2026-04-01T10:00", "--price", "612.50", "--reason", "no lorry", "--by", "ann")
SAID = (
    "acme is told: pickup 2026-04-01T10:00 (America/New_York), 2026-04-01 14:00 UTC; "
    "price 612.50 USD; no lorry\n"
)


def questions(terminal: Terminal) -> list[ExceptionRow]:
    store = open_sqlite(terminal.folder / "crossdock.db")
    with store.read() as reader:
        rows = reader.exceptions("main")
    store.close()
    return [row for row in rows if row.code == "LOAD_OFFERED"]


def test_a_load_is_countered_once_what_is_told_was_read(terminal: Terminal) -> None:
    terminal.config.write_text(ACME, "utf-8")
    file = terminal.folder / "offer.edi"
    file.write_bytes(offered(respond_by="20991231*1*1200"))
    terminal.run("receive", str(file), "--partner", "acme", "--document", "interchange")
    (asked,) = questions(terminal)

    read = terminal.run("offers", "counter", asked.id[:10], *TERMS)
    still = questions(terminal)
    told = terminal.run("offers", "counter", asked.id[:10], *TERMS, "--confirm")
    again = terminal.run("offers", "counter", asked.id, *TERMS, "--confirm")

    assert (read.code, read.answer, read.said) == (
        0,
        SAID,
        "nothing is told yet; say it again with --confirm\n",
    )
    assert ([each.id for each in still], questions(terminal)) == ([asked.id], [])
    assert (told.code, told.answer) == (0, SAID)
    assert (again.code, "already" in again.said) == (5, True)

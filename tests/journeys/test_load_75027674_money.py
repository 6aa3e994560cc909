"""The money of the same load: what was offered for it, what its carrier bills, and what is posted.

The real bill is for other goods than the load's 204 offers a price for; the twin's is for the same.
"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from crossdock.canonical.money import Money, decimal_text
from crossdock.flow.reading import Arrival
from crossdock.messages.freight_settlement import FreightPicture
from tests.journeys.test_load_75027674 import (
    LOAD,
    REAL,
    SAMPLES,
    TWIN,
    documents,
    lived,
    twin,
)

REAL_BILL = "x12-210/210-mercurygate-75027674.edi"
ACCRUALS, INVOICES = f"/loads/{LOAD}/accruals", "/freight-invoices"
COPIES = f"/loads/{LOAD}/freight-invoices"


class Books(Struct, frozen=True, kw_only=True):
    """Where the money of the load ends, for finance and in the books of ERP and TMS.

    `lines` tell charge, state, what was expected, billed and posted, and the variance.
    """

    state: str
    lines: tuple[tuple[str, ...], ...]
    posted: tuple[tuple[str, str, int], ...]
    exceptions: tuple[str, ...]
    findings: tuple[str, ...]


def books_of(told: list[Arrival]) -> Books:
    """Tell where the money ends when the documents come in this order."""
    house, partner = lived(told)
    with house.machine.store.read() as reader:
        (row,) = reader.find("main", "freight_picture", {})
        picture = msgspec.json.decode(row.body, type=FreightPicture)
        exceptions = sorted(each.code for each in reader.exceptions("main"))
        findings = [one.code for each in reader.documents("main") for one in each.findings]
    return Books(
        state=picture.state,
        lines=tuple(
            (
                line.charge,
                line.state.value,
                *map(_text, (line.expected, line.invoiced, line.posted, line.variance)),
            )
            for line in picture.lines
        ),
        posted=tuple(
            sorted(
                (path, _amount(body), times)
                for (path, body), times in partner.applied.items()
                if path in {ACCRUALS, INVOICES, COPIES}
            )
        ),
        exceptions=tuple(each for each in exceptions if each.startswith("FREIGHT")),
        findings=tuple(sorted(set(findings))),
    )


def _text(amount: Money | None) -> str:
    return decimal_text(amount) if amount else ""


def _amount(body: bytes) -> str:
    told = msgspec.json.decode(body)
    return str((told.get("amount") or told["payable"])["amount"])


def billed_twin() -> list[Arrival]:
    """The coherent load, with its bill."""
    return [*twin(), *documents(TWIN, ("210.edi",))]


@pytest.fixture(scope="module")
def real() -> list[Arrival]:
    """The real load's documents, with its bill."""
    if not SAMPLES.is_dir():
        pytest.skip("the shared samples are not beside this repository")
    return documents(SAMPLES, (*REAL, REAL_BILL))


SETTLED = Books(
    state="settled",
    lines=(
        ("FUEL", "invoiced", "", "37.37", "37.37", ""),
        ("LINEHAUL", "invoiced", "557.21", "519.84", "519.84", "0.00"),
    ),
    posted=(
        (INVOICES, "557.21", 1),
        (ACCRUALS, "37.37", 1),
        (ACCRUALS, "519.84", 1),
        (COPIES, "557.21", 1),
    ),
    exceptions=(),
    findings=(),
)


def test_the_twin_ends_accrued_matched_and_posted_once() -> None:
    assert books_of(billed_twin()) == SETTLED


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_the_twin_ends_so_in_any_order_and_any_number(data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(billed_twin()), max_size=3))
    told = data.draw(st.permutations([*billed_twin(), *again]))

    assert books_of(told) == SETTLED


def test_the_real_bill_is_102_19_too_high_and_accrues_nothing(real: list[Arrival]) -> None:
    assert books_of(real) == Books(
        state="under review",
        lines=(
            ("DISCOUNT", "under_review", "", "-3017.91", "", ""),
            ("FUEL", "under_review", "", "26.27", "", ""),
            ("LINEHAUL", "under_review", "557.21", "3636.04", "", "102.19"),
            ("UNCLASSIFIED", "under_review", "", "15.00", "", ""),
        ),
        posted=(),
        exceptions=("FREIGHT_UNDER_REVIEW",),
        findings=(
            "CURRENCY_FROM_PROFILE",
            "SE_COUNT",
            "UNKNOWN_CHARGE_CODE",
            "WEIGHT_UNIT_FROM_PROFILE",
        ),
    )

"""Policies read from files, and what is said when a file cannot be meant so."""

from pathlib import Path

import pytest

from crossdock.canonical.tracking import Milestone
from crossdock.faults import Misconfigured
from crossdock.governance.load import load_rules
from crossdock.policies.rules import LatenessPolicy, PostingPolicy, PostingRow, RoutingRow, Rules


def said(folder: Path, name: str, text: str) -> str:
    """What loading says to one file, with the folder's name left out."""
    (folder / name).write_text(text, "utf-8")
    with pytest.raises(Misconfigured) as caught:
        load_rules(folder)
    return caught.value.said.replace(f"{folder}/", "")


def test_no_folder_gives_the_default_rules(tmp_path: Path) -> None:
    assert load_rules(tmp_path / "nowhere") == Rules()


def test_each_file_replaces_its_own_policy(tmp_path: Path) -> None:
    (tmp_path / "lateness.toml").write_text("grace_minutes = 30\n", "utf-8")
    (tmp_path / "posting.toml").write_text(
        'settle_minutes = 0\nrows = [{ milestone = "DELIVERED", posting = "delivered" }]\n', "utf-8"
    )

    rules = load_rules(tmp_path)

    posting = PostingPolicy(
        rows=(PostingRow(milestone=Milestone.DELIVERED, posting="delivered"),), settle_minutes=0
    )
    assert rules == Rules(lateness=LatenessPolicy(grace_minutes=30), posting=posting)


def test_the_routing_table_is_read_row_by_row(tmp_path: Path) -> None:
    (tmp_path / "routing.toml").write_text(
        '[[routing]]\nrule_id = "de"\nto_country = "DE"\nmode = "ROAD"\n'
        'service_level = "FAST"\ncarriers = ["NORD"]\nsla_hours = 24\n',
        "utf-8",
    )

    rules = load_rules(tmp_path)

    assert rules.routing == (
        RoutingRow(
            rule_id="de",
            mode="ROAD",
            service_level="FAST",
            carriers=("NORD",),
            sla_hours=24,
            to_country="DE",
        ),
    )


ROW = 'mode = "ROAD"\nservice_level = "S"\ncarriers = []\nsla_hours = 9\n'
FIRST = f'[[routing]]\nrule_id = "first"\n{ROW}'


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "lateness.toml",
            "# patience\n\ngrace_minuts = 3\n",
            "lateness.toml:3: unknown setting `grace_minuts`; did you mean `grace_minutes`?",
        ),
        (
            "telling.toml",
            (
                '[[rows]]\ncustomer_id = "C-1"\npartner = "acme"\nmilestones = ["DELIVERED"]\n\n'
                '[[rows]]\ncustomer_id = "C-2"\npartner = "acme"\n\n'
                '[[rows]]\ncustomer_id = "C-1"\npartner = "acme"\nmilestones = ["PICKED_UP"]\n'
            ),
            (
                "telling.toml:12: rows 1 and 3 both say what partner `acme` is told of customer "
                "`C-1`; keep one of them, with all `milestones` it wants (none: all)"
            ),
        ),
        (
            "lateness.toml",
            'grace_minutes = "three"\n',
            "lateness.toml:1: this must be a whole number, not a text in quotes in `grace_minutes`",
        ),
        (
            "posting.toml",
            'rows = [\n  { milestone = "DELIVERD", posting = "x" },\n]\n',
            (
                "posting.toml:2: `DELIVERD` is not a value that is known in `rows[1].milestone`; "
                "did you mean `DELIVERED`?"
            ),
        ),
        (
            "routing.toml",
            '[[routing]]\nrule_id = "x"\nmode = "ROAD"\ncarriers = []\nsla_hours = 9\n',
            "routing.toml:1: the setting `service_level` is missing in `routing[1]`",
        ),
        (
            "routing.toml",
            FIRST + FIRST,
            "routing.toml:8: several rows are named `first`; name all but one of them otherwise",
        ),
        (
            "routing.toml",
            f'{FIRST}[[routing]]\nrule_id = "second"\nto_country = "DE"\n{ROW}',
            (
                "routing.toml:8: the row `second` never hits, because `first` above it takes every "
                "order it could take; move it up"
            ),
        ),
        (
            "routing.toml",
            FIRST + 'max_weight_kg = "heavy"\n',
            (
                "routing.toml:7: A routing row's weight limit is no decimal number: `heavy`; "
                'write one such as "30.5"'
            ),
        ),
        (
            "routing.toml",
            "[[route]]\n",
            "routing.toml:1: unknown setting `route`; did you mean `routing`?",
        ),
        (
            "latenes.toml",
            "",
            "latenes.toml:1: no policy is named `latenes`; did you mean `lateness`?",
        ),
        (
            "lateness.toml",
            "grace_minutes = \n",
            "lateness.toml:1: this is not TOML: Invalid value",
        ),
    ],
)
def test_what_cannot_be_meant_is_named_with_file_and_line(
    tmp_path: Path, name: str, text: str, expected: str
) -> None:
    assert said(tmp_path, name, text) == expected


def test_tolerances_that_overlap_are_refused_with_the_line_and_what_to_do(tmp_path: Path) -> None:
    text = (
        '[[tolerances]]\nrule_id = "road"\nmode = "ROAD"\nover_amount = "9.00"\n\n'
        '[[tolerances]]\nrule_id = "fuel"\nkinds = ["FUEL"]\n'
    )

    assert said(tmp_path, "tolerances.toml", text) == (
        "tolerances.toml:7: `road` and `fuel` both speak of charges of FUEL on ROAD, and differ; "
        "put a row for just these above both"
    )


def test_a_company_has_one_row_of_the_inventory_policy(tmp_path: Path) -> None:
    text = '[[rows]]\ncompany_code = "1000"\n\n[[rows]]\ncompany_code = "1000"\n'

    assert said(tmp_path, "inventory.toml", text) == (
        "inventory.toml:5: company code `1000` has a row already; keep one of them"
    )


def test_a_posting_stands_for_one_milestone(tmp_path: Path) -> None:
    row = '[[rows]]\nmilestone = "{}"\nposting = "delivered"\n\n'

    assert said(tmp_path, "posting.toml", row.format("DELIVERED") + row.format("UNLOADED")) == (
        "posting.toml:7: posting `delivered` has a row already; keep one of them"
    )

"""What is written from the code is what the code says today."""

from tools import generate


def test_contracts_and_reference_are_fresh() -> None:
    wanted = generate.files()

    assert len(wanted) > 50
    assert generate.stale(wanted) == [], "run `make contracts`, and review what changes"

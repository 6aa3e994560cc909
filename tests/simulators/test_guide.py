"""The guide tells of every fault and every argument, in the words of the code."""

from pathlib import Path

from crossdock.simulators.mischief import FAULTS
from crossdock.simulators.run import KINDS, parser

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "simulate-a-partner.md"


def test_every_fault_is_in_the_guide() -> None:
    text = GUIDE.read_text("utf-8")

    assert [name for name, told in FAULTS.items() if f"| `{name}` | {told} |" not in text] == []


def test_every_kind_and_argument_is_in_the_guide() -> None:
    text = GUIDE.read_text("utf-8")
    known = [name for action in parser()._actions for name in action.option_strings]  # noqa: SLF001

    untold = [each for each in (*known, *KINDS) if f"`{each}" not in text]
    assert untold == ["-h", "--help"]

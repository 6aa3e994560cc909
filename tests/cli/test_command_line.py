"""How the command line answers what cannot be meant so, and what it needs for an answer."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

import crossdock
from tests.cli.conftest import Terminal


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trce"], "There is no command `trce`; did you mean `trace`?"),
        (
            ["exceptions", "retri"],
            "There is no command `exceptions retri`; did you mean `retry`?",
        ),
        (["trace", "SO-1", "--jsn"], "Unknown option: --jsn"),
        (["exceptions", "ls", "--team", "marketing"], 'Invalid value "marketing" for --team.'),
        (["trace"], "requires an argument."),
    ],
)
def test_what_cannot_be_meant_is_told_with_a_suggestion(
    terminal: Terminal, words: list[str], said: str
) -> None:
    told = terminal.run(*words, config=False)

    assert (told.code, told.answer) == (2, "")
    assert said in told.said


def test_a_broken_configuration_ends_with_three_and_names_the_line(terminal: Terminal) -> None:
    terminal.config.write_text("[store]\npaht = 1\n", "utf-8")

    told = terminal.run("status")

    assert (told.code, told.said) == (
        3,
        f"{terminal.config}:2: unknown setting `paht` in `store`; did you mean `path`?\n",
    )


def test_without_a_store_one_is_told_how_to_get_one(terminal: Terminal) -> None:
    told = terminal.run("trace", "SO-1")

    assert (told.code, "Start `crossdock up`" in told.said) == (4, True)


def test_init_writes_files_that_the_doctor_finds_well(terminal: Terminal) -> None:
    folder = terminal.folder / "house"

    begun = terminal.run("init", str(folder), config=False)
    checked = terminal.run("doctor", "--config", str(folder / "crossdock.toml"), config=False)

    assert begun.code == 0
    assert begun.answer.splitlines()[0] == str(folder / "crossdock.toml")
    assert (checked.code, "✗" in checked.answer) == (0, False)
    assert "✓ configuration: " in checked.answer


def test_init_writes_over_nothing(terminal: Terminal) -> None:
    told = terminal.run("init", str(terminal.folder), config=False)

    assert (told.code, told.said) == (
        3,
        f"{terminal.config} is there already; nothing was changed.\n",
    )


def test_the_doctor_ends_with_eight_where_something_is_wrong(terminal: Terminal) -> None:
    terminal.config.write_text("tenant = 1\n", "utf-8")

    told = terminal.run("doctor")

    lines = told.answer.splitlines()
    assert told.code == 8
    assert lines[-2].startswith("✗ configuration: ")
    assert lines[-1] == "    Mend the line, or write a first one with `crossdock init`."


def cpu_seconds(*command: str) -> float:
    """The least CPU time of three runs; a busy machine makes a run longer, never shorter."""
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


def test_the_version_costs_hardly_more_than_python_itself() -> None:
    crossdock_itself = str(Path(sys.executable).parent / "crossdock")

    told = subprocess.run(
        [crossdock_itself, "--version"], capture_output=True, text=True, check=True
    )
    extra = cpu_seconds(crossdock_itself, "--version") - cpu_seconds(sys.executable, "-c", "pass")

    assert told.stdout == f"crossdock {crossdock.__version__}\n"
    assert extra < 0.05


def test_simulated_partners_have_their_own_help(terminal: Terminal) -> None:
    wrong = terminal.run("simulate-partner", "nobody", config=False)
    helped = terminal.run("simulate-partner", "erp", "--help", config=False)

    assert (wrong.code, "invalid choice: 'nobody'" in wrong.said) == (2, True)
    assert (helped.code, "--ledger" in helped.answer) == (0, True)

"""A server of one's own, where its programs can be reached."""

from pathlib import Path

import pytest

from crossdock.testing.postgres import NotInstalled, check_reach


def test_programs_in_a_folder_of_one_users_own_are_told_with_what_to_do(tmp_path: Path) -> None:
    home = tmp_path / "home"
    programs = home / "pginstall" / "bin"
    programs.mkdir(parents=True)
    tmp_path.chmod(0o755)
    home.chmod(0o700)

    with pytest.raises(NotInstalled, match=r"apt-get install postgresql"):
        check_reach(programs)


def test_programs_that_anybody_can_reach_are_used() -> None:
    check_reach(Path("/usr/bin"))

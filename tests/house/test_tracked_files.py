"""What we publish names no machine and no index: it must work from anywhere."""

import re
import subprocess
from pathlib import Path

import pytest

from tools import floorplan

# Spelt in pieces, so that this file does not find itself.
ADDRESSES = re.compile(
    "|".join(
        [
            r"pypi\.(?:org|io)",
            r"python" + "hosted",
            r"(?<![\w.{}/])/(?:root|work|Users|opt)/\w",
            r"(?<![\w.{}/])/home/\w",
            r"--(?:extra-)?index-" + "url",
            r"--find-" + "links",
        ]
    )
)
LOCKS = ("run", "dev", "uv")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=floorplan.ROOT, capture_output=True, check=True, text=True
    )
    paths = [floorplan.ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and path != Path(__file__)]


def test_no_file_names_a_machine_or_an_index() -> None:
    paths = tracked()

    told = [
        f"{path.relative_to(floorplan.ROOT)}: {found[0]}"
        for path in paths
        if (found := ADDRESSES.search(path.read_text("utf-8", errors="replace")))
    ]

    assert len(paths) > 20
    assert told == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_versions_and_hashes_and_no_address(lock: str) -> None:
    text = (floorplan.ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")

    pinned = re.findall(r"^[a-z][\w.-]*==", text, re.MULTILINE)
    first_hashes = re.findall(r"^[a-z][\w.-]*==.*\\\n +--hash=sha256:", text, re.MULTILINE)

    assert pinned
    assert len(pinned) == len(first_hashes)
    assert "://" not in text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see /root" + "/thing", True),
        ("https://pypi" + ".org/simple", True),
        ("/homepage", False),
        ("./" + "work" + "/orders", False),
    ],
)
def test_an_address_is_noticed(text: str, *, found: bool) -> None:
    assert bool(ADDRESSES.search(text)) == found

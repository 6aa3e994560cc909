"""Files are taken when they are whole, once, and come again only if they were not stored."""

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crossdock.channels.file_drop import DroppedFile, FileDrop, Poll, write_file
from crossdock.faults import Misconfigured


def names(poll: Poll) -> list[tuple[str, bytes]]:
    return [(each.name, each.content) for each in poll.files]


def taken(drop: FileDrop) -> DroppedFile:
    """Poll until there is one file."""
    drop.poll()
    (file,) = drop.poll().files
    return file


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_a_file_is_taken_when_two_looks_found_it_the_same(tmp_path: Path) -> None:
    drop = FileDrop(tmp_path)
    (tmp_path / "orders-1.csv").write_bytes(b"whole")

    looks = [names(drop.poll()) for _ in range(3)]

    assert looks == [[], [("orders-1.csv", b"whole")], []]
    assert listed(tmp_path) == []


def test_a_file_that_grows_is_left_alone(tmp_path: Path) -> None:
    drop = FileDrop(tmp_path)
    file = tmp_path / "orders-1.csv"
    looks = []

    for part in (b"half", b"half and", b"half and half"):
        file.write_bytes(part)
        looks.append(names(drop.poll()))
    looks.append(names(drop.poll()))

    assert looks == [[], [], [], [("orders-1.csv", b"half and half")]]


@pytest.mark.parametrize(
    "name", [".orders.csv", "orders.csv.tmp", "orders.csv.PART", "~orders.csv", "orders.filepart"]
)
def test_a_file_that_calls_itself_unfinished_is_left_alone(tmp_path: Path, name: str) -> None:
    drop = FileDrop(tmp_path)
    (tmp_path / name).write_bytes(b"half")

    assert [names(drop.poll()) for _ in range(3)] == [[], [], []]
    assert listed(tmp_path) == [name]


def test_a_stored_file_is_archived_under_its_name_and_digest(tmp_path: Path) -> None:
    drop = FileDrop(tmp_path)
    (tmp_path / "orders-1.csv").write_bytes(b"whole")

    kept = drop.archive(taken(drop))

    # printf whole | sha256sum | cut -c1-12
    assert kept.name == "orders-1.5d5766cf2d78.csv"
    assert kept.read_bytes() == b"whole"
    assert listed(drop.processing) == []
    assert drop.poll() == Poll()


def test_a_file_not_archived_comes_again_after_a_crash(tmp_path: Path) -> None:
    before = FileDrop(tmp_path)
    (tmp_path / "orders-1.csv").write_bytes(b"whole")
    file = taken(before)

    assert FileDrop(tmp_path).poll() == Poll(files=(file,))


def test_a_file_given_back_comes_again(tmp_path: Path) -> None:
    drop = FileDrop(tmp_path)
    (tmp_path / "orders-1.csv").write_bytes(b"whole")
    file = taken(drop)

    drop.give_back(file)

    assert drop.poll() == Poll(files=(file,))


def test_the_same_name_dropped_again_while_the_first_waits_loses_nothing(tmp_path: Path) -> None:
    drop = FileDrop(tmp_path)
    (tmp_path / "orders.csv").write_bytes(b"first")
    first = taken(drop)
    (tmp_path / "orders.csv").write_bytes(b"second")
    second = taken(drop)

    kept = [drop.archive(each).read_bytes() for each in (first, second)]

    assert kept == [b"first", b"second"]


def test_the_same_file_dropped_again_has_the_same_identity(tmp_path: Path) -> None:
    drop = FileDrop(tmp_path)
    found = []
    for content in (b"same", b"same", b"other"):
        (tmp_path / "orders.csv").write_bytes(content)
        file = taken(drop)
        found.append(file.identity)
        drop.archive(file)

    assert found[0] == found[1] != found[2]
    assert len(listed(drop.archived)) == 2


def test_a_file_written_to_after_it_was_claimed_waits_until_it_rests(tmp_path: Path) -> None:
    drop = FileDrop(tmp_path)
    with (tmp_path / "orders.csv").open("wb", buffering=0) as file:
        file.write(b"half")
        drop.poll()
        (claimed,) = drop.poll().files
        drop.give_back(claimed)
        file.write(b" and half")

    assert [names(drop.poll()) for _ in range(2)] == [[], [("orders.csv", b"half and half")]]


def test_a_file_too_large_is_not_read_and_comes_again_until_it_is_refused(tmp_path: Path) -> None:
    drop = FileDrop(tmp_path, bytes_max=3)
    (tmp_path / "orders.csv").write_bytes(b"four")
    (tmp_path / "fits.csv").write_bytes(b"fit")
    drop.poll()

    found, again = drop.poll(), FileDrop(tmp_path, bytes_max=3).poll()
    drop.refuse(found.unread[0])

    told = [(each.name, each.why) for each in (*found.unread, *again.unread)]
    assert names(found) == [("fits.csv", b"fit")]
    assert told == 2 * [("orders.csv", "it has 4 bytes, and 3 are read at most")]
    assert [path.read_bytes() for path in drop.refused.iterdir()] == [b"four"]
    assert drop.poll() == Poll()


def test_a_file_that_nobody_can_read_keeps_no_other_back(tmp_path: Path) -> None:
    drop = FileDrop(tmp_path)
    (drop.processing / "0-loop.csv").symlink_to("0-loop.csv")
    (tmp_path / "orders.csv").write_bytes(b"whole")
    drop.poll()

    found = drop.poll()

    assert names(found) == [("orders.csv", b"whole")]
    assert [(each.name, each.why) for each in found.unread] == [
        ("loop.csv", os.strerror(errno.ELOOP))
    ]


def test_a_file_that_another_process_took_meanwhile_keeps_no_other_back(tmp_path: Path) -> None:
    drop = FileDrop(tmp_path)
    (drop.processing / "0-gone.csv").symlink_to("away.csv")  # is listed, and is not there
    (tmp_path / "orders.csv").write_bytes(b"whole")
    drop.poll()

    assert drop.poll().unread == ()
    assert listed(drop.processing) != []


@pytest.mark.parametrize("name", [251 * "x" + ".csv", "orders-" + 122 * "ä" + ".csv"])
def test_a_name_as_long_as_a_name_can_be_is_taken_and_archived(tmp_path: Path, name: str) -> None:
    drop = FileDrop(tmp_path)
    (tmp_path / name).write_bytes(b"whole")

    kept = drop.archive(taken(drop))

    assert (kept.name[:7], kept.suffix, kept.read_bytes()) == (name[:7], ".csv", b"whole")


def test_what_is_too_much_at_once_comes_with_the_next_look(tmp_path: Path) -> None:
    drop = FileDrop(tmp_path, poll_bytes_max=9)
    for number in range(4):
        (tmp_path / f"{number}.csv").write_bytes(b"five!" if number else b"more than nine")
    drop.poll()

    looks = [len(drop.poll().files) for _ in range(5)]

    assert looks == [1, 1, 1, 1, 0]


def test_links_folders_and_other_files_are_none_of_ours(tmp_path: Path) -> None:
    drop = FileDrop(tmp_path / "drop", suffix=".csv")
    secret = tmp_path / "secret.csv"
    secret.write_bytes(b"secret")
    (drop.folder / "link.csv").symlink_to(secret)
    (drop.folder / "folder.csv").mkdir()
    (drop.folder / "notes.txt").write_bytes(b"x")

    assert [drop.poll() for _ in range(3)] == [Poll(), Poll(), Poll()]


def test_a_file_is_written_whole_and_again(tmp_path: Path) -> None:
    write_file(tmp_path, "reference-1.csv", b"one")

    written = write_file(tmp_path, "reference-1.csv", b"one again")

    assert written.read_bytes() == b"one again"
    assert listed(tmp_path) == ["reference-1.csv"]


@pytest.mark.parametrize("name", ["../evil.csv", "a/b.csv", ".hidden", "", "..", "a\0b"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Misconfigured):
        write_file(tmp_path, name, b"x")

    assert listed(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_misconfigured(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")

    with pytest.raises(Misconfigured) as caught:
        FileDrop(tmp_path / "file")

    assert caught.value.seen["folder"] == str(tmp_path / "file")


def test_what_was_put_away_is_read_again_when_asked(tmp_path: Path) -> None:
    drop = FileDrop(tmp_path)
    (tmp_path / "orders.csv").write_bytes(b"a;b\n")
    file = taken(drop)
    archived = drop.archive(file)

    counts = [drop.read_again(datetime.now(UTC) + timedelta(hours=1)), drop.read_again(None)]
    again = taken(drop)

    assert (counts, again.content) == ([0, 1], b"a;b\n")
    assert drop.archive(again) == archived

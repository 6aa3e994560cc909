"""Two threads read their first struct of a type at the same moment, in a process of their own."""

from __future__ import annotations

import signal
import subprocess
import sys

# The number's annotation is looked up slowly, in the middle of what is found out about Outer.
TWO_THREADS = """
import threading

import msgspec

from crossdock.app.shapes import learn_shapes

found, seen = threading.Event(), threading.Event()


def slow():
    if threading.current_thread() is first:
        found.set()
        seen.wait(60)
    return int


class Inner(msgspec.Struct):
    number: "slow()"


class Outer(msgspec.Struct):
    inner: Inner


def read():
    return msgspec.json.decode(b'{"inner": {"number": 1}}', type=Outer)


first = threading.Thread(target=read)
LEARN
first.start()
found.wait(60) if WAITS else first.join()
print(read().inner.number)
seen.set()
first.join()
"""


def read_by_two(*, learnt: bool) -> subprocess.CompletedProcess[str]:
    learn = "learn_shapes()" if learnt else ""
    program = TWO_THREADS.replace("LEARN", learn).replace("WAITS", str(not learnt))
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_a_struct_that_two_threads_read_first_ends_nobody() -> None:
    done = read_by_two(learnt=True)

    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


def test_without_it_the_process_ends_at_once() -> None:
    assert read_by_two(learnt=False).returncode == -signal.SIGSEGV

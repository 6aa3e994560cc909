"""Every key of a TOML file is found on its line, however the file is written."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from crossdock.governance.toml_lines import line_at, lines_of

WRITTEN = '''# head
a = 1
b.c = "x # [y]"
[t."q.r"]
z = """
[no]
k = 1
"""
[[p]]
name = 'a'
[p.s]
u = [ 1,
  { x = 1, y = [2,
   3] },
]
[[p]]
name = "b"  # hi
'''

EXPECTED = {
    ("a",): 2,
    ("b",): 3,
    ("b", "c"): 3,
    ("t", "q.r"): 4,
    ("t", "q.r", "z"): 5,
    ("p",): 9,
    ("p", 0): 9,
    ("p", 0, "name"): 10,
    ("p", 0, "s"): 11,
    ("p", 0, "s", "u"): 12,
    ("p", 0, "s", "u", 0): 12,
    ("p", 0, "s", "u", 1): 13,
    ("p", 0, "s", "u", 1, "x"): 13,
    ("p", 0, "s", "u", 1, "y"): 13,
    ("p", 0, "s", "u", 1, "y", 0): 13,
    ("p", 0, "s", "u", 1, "y", 1): 14,
    ("p", 1): 16,
    ("p", 1, "name"): 17,
}


def test_strings_comments_and_nested_lists_do_not_confuse_the_lines() -> None:
    assert lines_of(WRITTEN) == EXPECTED


def test_what_was_never_written_is_looked_for_around_it() -> None:
    lines = lines_of(WRITTEN)

    assert [line_at(lines, ("p", 1, "rate")), line_at(lines, ("q",))] == [16, 1]


@given(st.dictionaries(st.sampled_from(["a", "b-c", "d e", "ü"]), st.text(max_size=8), min_size=1))
def test_each_key_stands_on_its_own_line(pairs: dict[str, str]) -> None:
    keys = list(pairs)
    quoted = [f'"{key}" = """\n{pairs[key].encode().hex()}"""\n' for key in keys]
    text = "".join(quoted)

    found = lines_of(text)

    assert list(tomllib.loads(text)) == keys
    assert found == {(key,): 1 + 2 * number for number, key in enumerate(keys)}

"""JSON Merge Patch, by the examples of RFC 7386, appendix A."""

import msgspec
import pytest

from crossdock.flow.decisions import Undecidable
from crossdock.flow.merge_patch import edited, merged, strangers
from crossdock.messages.registry import decode
from tests.apis.history import CONFIRMED

EXAMPLES = [
    ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
    ('{"a":"b"}', '{"a":null}', "{}"),
    ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
    ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
    ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
    ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
    ('["a","b"]', '["c","d"]', '["c","d"]'),
    ('{"a":"b"}', '["c"]', '["c"]'),
    ('{"a":"foo"}', "null", "null"),
    ('{"a":"foo"}', '"bar"', '"bar"'),
    ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
    ("[1,2]", '{"a":"b","c":null}', '{"a":"b"}'),
    ("{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'),
]


@pytest.mark.parametrize(("original", "change", "result"), EXAMPLES)
def test_a_patch_merges_as_the_standard_says(original: str, change: str, result: str) -> None:
    value, wanted = msgspec.json.decode(original), msgspec.json.decode(change)

    assert merged(value, wanted) == msgspec.json.decode(result)


@pytest.mark.parametrize(
    "change", [b'{"a\x9a": 1}', b"{", b"[]", b'{"a":' * 100_000, b'{"a": "\\ud800"}']
)
def test_an_edit_that_is_no_json_is_refused(change: bytes) -> None:
    with pytest.raises(Undecidable):
        edited(CONFIRMED, change)


@pytest.mark.parametrize(
    ("change", "unknown"),
    [
        ({"revision": 2, "reason": None}, ["reason"]),
        ({"revison": 2}, ["revison"]),
        ({"shipments": [{"mode": "ROAD", "stopps": []}]}, ["shipments.0.stopps"]),
        (
            {"shipments": [{"references": [{"type": "PRO", "valu": "1"}]}]},
            ["shipments.0.references.0.valu"],
        ),
        ({"shipments": [{"stops": [{"sequence": 1}]}]}, []),
    ],
)
def test_a_name_the_message_does_not_have_is_found_at_any_depth(
    change: dict[str, object], unknown: list[str]
) -> None:
    body = decode(CONFIRMED.type, CONFIRMED.schema, CONFIRMED.body)

    assert list(strangers(type(body), change)) == unknown

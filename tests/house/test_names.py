"""Names are words of the trade; words that say nothing are banned, with what to write instead."""

import re
from collections.abc import Iterator

import pytest

from tools import floorplan

INSTEAD = {
    "manager": "the role: dispatcher, deliverer, timekeeper, process",
    "service": "what it does, or the room it belongs to",
    "helper": "the verb it performs",
    "helpers": "the verbs, or the thing they are about",
    "util": "the thing it is about",
    "utils": "the thing it is about",
    "handle": "the decision: confirm, refuse, judge_lateness",
    "data": "what it is: order, body, document, row",
    "info": "what it tells: status, facts, finding",
    "do": "the verb itself",
}

# Words of the trade that hold a banned one, and names the standard library gives (HTMLParser,
# asyncio.Protocol).
TRADE = (
    "master_data",
    "service_level",
    "customer_service",
    "handle_starttag",
    "handle_data",
    "data_received",
)


def words_of(name: str) -> list[str]:
    """Split a name of any spelling: `judge_lateness`, `MilestoneOverdue`, `EDIWriter`."""
    spread = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    for phrase in TRADE:
        spread = spread.replace(phrase, "")
    return spread.split("_")


def names() -> Iterator[tuple[str, str]]:
    for module in floorplan.house():
        path = module.path.relative_to(floorplan.HOUSE).with_suffix("")
        yield from ((module.place, part) for part in path.parts)
        for node in (*module.functions(), *module.classes()):
            yield f"{module.place}:{node.lineno}", node.name


def test_names_say_something() -> None:
    found = sorted(set(names()))

    empty = [
        f"{place}: `{name}`, use instead of `{word}`: {INSTEAD[word]}"
        for place, name in found
        for word in words_of(name)
        if word in INSTEAD
    ]

    assert len(found) > 50
    assert empty == []


@pytest.mark.parametrize(
    ("name", "banned"),
    [
        ("OrderManager", True),
        ("process_data", True),
        ("do_it", True),
        ("handle", True),
        ("HTTPService", True),
        ("domain", False),
        ("service_level", False),
        ("master_data", False),
        ("document", False),
        ("update", False),
    ],
)
def test_only_whole_words_are_banned(name: str, *, banned: bool) -> None:
    assert any(word in INSTEAD for word in words_of(name)) == banned

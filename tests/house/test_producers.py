"""Who says it? Each message has one answer: one module decides it, or partners report it."""

from collections import defaultdict

from tools import floorplan

# The kit for tests builds whatever a story needs; messages/ lifts old bodies to new ones.
ELSEWHERE = ("testing", "messages")


def producers() -> dict[str, set[str]]:
    found = defaultdict(set)
    for module in floorplan.house():
        if module.room not in ELSEWHERE:
            for name, _ in floorplan.constructions(module):
                found[name].add(module.place)
    return found


def of_kind(*kinds: str) -> list[str]:
    return [each.name for each in floorplan.message_types().values() if each.kind in kinds]


def test_what_is_decided_is_decided_in_one_place() -> None:
    found = producers()

    answers = {name: sorted(found[name]) for name in of_kind("Event", "Command")}

    assert len(answers) > 10
    assert {name: places for name, places in answers.items() if len(places) != 1} == {}


def test_what_is_decided_is_decided_by_a_process_or_a_projection() -> None:
    found = producers()

    strangers = {
        name: place
        for name in of_kind("Event", "Command")
        for place in found[name]
        if not place.startswith(("src/crossdock/processes/", "src/crossdock/projections/"))
    }

    assert strangers == {}


def is_inbound(place: str) -> bool:
    path = place.split("/")
    return path[2] == "connectors" and (path[-1] == "inbound.py" or "inbound" in path)


def test_what_is_reported_is_built_only_where_partners_are_read() -> None:
    found = producers()
    reported = of_kind("Report")

    strangers = {name: place for name in reported for place in found[name] if not is_inbound(place)}

    assert len(reported) > 5
    assert strangers == {}


def test_every_report_has_a_partner_that_makes_it() -> None:
    found = producers()

    assert [name for name in of_kind("Report") if not found[name]] == []

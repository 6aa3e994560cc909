"""A code nobody knows: kept, shown with what it may mean, and replayed wherever it waits."""

from __future__ import annotations

import msgspec

from crossdock.canonical.tracking import Milestone
from crossdock.connectors.x12_carrier.settings import CodeMeaning
from crossdock.flow.decisions import Decision
from crossdock.messages.envelope import Key
from crossdock.store.memory import MemoryStore
from crossdock.testing.in_process import InProcess, arrival
from crossdock.testing.plain_partner import PlainPartner
from tests.journeys.test_any_order import Named
from tests.journeys.test_load_75027674 import BEGIN, LOAD, town, twin

TAUGHT = CodeMeaning(
    table="status",
    code="Z9",
    milestone=Milestone.OUT_FOR_DELIVERY,
    owner="carrier-relations",
    why="the carrier's own code for the van",
)


def unknown(number: int, minute: int) -> bytes:
    """A 214 with a code on no list, in an interchange of its own."""
    text = next(each.content for each in twin() if b"ST*214" in each.content).decode()
    lines = [each for each in text.split("~") if "AT7*D1" not in each]
    changed = "~".join(lines).replace(
        "AT7*AF*NS***20160726*1830", f"AT7*Z9*NS***20160728*08{minute}"
    )
    return changed.replace("000002357", f"{number:09}").replace("*268*", f"*{number}*").encode()


def codes(house: InProcess) -> list[tuple[str, str]]:
    """Tell the open exceptions: code, and what the unknown one may mean."""
    with house.machine.store.read() as reader:
        return [(row.code, row.seen.get("sent", "")) for row in reader.exceptions("main")]


def happened(house: InProcess) -> list[str]:
    """Tell the milestones that the shipment's evidence claims."""
    name = ("main", "shipment_visibility", Key("shipment", LOAD))
    with house.machine.store.read() as reader:
        state = msgspec.json.decode(reader.processes([name])[name].state)
    return sorted(
        each["event"]["milestone"] for line in state["evidence"].values() for each in line
    )


def test_teaching_a_code_replays_everything_that_waited_for_it() -> None:
    store = MemoryStore()
    house = town(PlainPartner(), ids := Named(), store)
    waiting = [arrival("mill", "interchange", unknown(n, n)) for n in (31, 32, 33)]
    for each in [*twin()[:2], *waiting]:
        ids.tell(each.content)
        house.receive(each)
        house.settle()
    before = codes(house), happened(house)
    house.machine.stop()

    taught = town(PlainPartner(), Named(), store, (TAUGHT,))
    with store.read() as reader:
        stuck = [row.id for row in reader.exceptions("main") if row.code == "UNKNOWN_STATUS_CODE"]
    for each_id in stuck:
        decision = Decision(verb="retry", exception_id=each_id, by="ann", reason="taught")
        taught.machine.decide(decision, BEGIN)
    taught.settle()

    assert before == ([("UNKNOWN_STATUS_CODE", "Z9")] * 3, ["NOTE"] * 3)
    assert codes(taught) == []
    assert happened(taught) == ["OUT_FOR_DELIVERY"] * 3

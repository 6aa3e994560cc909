"""A day that is told as it happens and one that is told in the evening's files end the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from benchmarks import flows
from crossdock.canonical.tracking import Milestone
from crossdock.messages.shipment_visibility import PictureChanged
from crossdock.store.memory import MemoryStore
from crossdock.testing.in_process import InProcess, arrival
from crossdock.testing.plain_partner import PlainPartner
from tests.store import grown

ORDERS = 6
EVENING = flows.BEGIN + timedelta(hours=16)


class Ended(Struct, frozen=True):
    """What partners have done, what customers see, and where the cases stand.

    Left out of it is when it was heard, which is what telling at once is for.
    """

    done: Counter[tuple[str, bytes]]
    seen: list[PictureChanged]
    stages: list[tuple[str, str, int]]


def whenever_heard(body: bytes) -> bytes:
    """Give a request without the times at which its proofs came in."""
    said = msgspec.json.decode(body)
    for each in said.get("proofs", ()):
        del each["at"]
    return msgspec.json.encode(said)


def whenever_shown(told: PictureChanged) -> PictureChanged:
    """Give a page without the times at which what it shows came in."""
    seen = tuple(replace(each, received_at=flows.BEGIN) for each in told.picture.milestones)
    return replace(
        told,
        gate=replace(told.gate, evidence=(), since=None),
        picture=replace(told.picture, milestones=seen),
    )


def reports() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give all that carriers tell of the day, with the code of each."""
    for code in flows.CODES:
        yield from ((code, each) for each in flows.tracking(ORDERS, code))


def streamed(town: InProcess) -> None:
    """Tell each thing by itself and at once, and let it be worked on before the next."""
    for partner, document, told in (
        ("erp", "orders", flows.orders(ORDERS)),
        ("tms", "plans", flows.plans(ORDERS)),
    ):
        for each in told:
            town.receive(arrival(partner, document, msgspec.json.encode(each)))
            town.settle()
    for code, each in reports():
        town.jump_to(flows.told_at(code))
        town.receive(arrival("road", "tracking", msgspec.json.encode(each)))
        town.settle()
    for each in flows.charges(ORDERS):
        town.receive(arrival("road", "charges", msgspec.json.encode(each)))
        town.settle()


def in_files(town: InProcess) -> None:
    """Tell all of it in the evening, in one file a kind, and the carriers' before the others."""
    town.jump_to(EVENING)
    files = (
        ("road", "charges", list(flows.charges(ORDERS))),
        ("road", "tracking", [each for _, each in reports()]),
        ("tms", "plans", list(flows.plans(ORDERS))),
        ("erp", "orders", list(flows.orders(ORDERS))),
    )
    for partner, document, told in files:
        town.receive(arrival(partner, document, msgspec.json.encode(told)))


def lived(tell: Callable[[InProcess], None]) -> Ended:
    """Live a day that is told so, to its end."""
    store, partner = MemoryStore(), PlainPartner()
    town = grown.town(store, partner, 1, "erp", "tms")
    town.receive(arrival("erp", "master_data", flows.master_data()))
    tell(town)
    town.jump_to(grown.END)
    town.close()
    done: Counter[tuple[str, bytes]] = Counter()
    for (path, body), times in partner.applied.items():
        done[path, whenever_heard(body)] += times
    with store.read() as reader:
        rows = reader.find("main", "shipment_view", {}, limit=100)
        pictures = [msgspec.json.decode(each.body, type=PictureChanged) for each in rows]
        stages = [(each.subscriber, each.stage, each.count) for each in reader.stages("main")]
    return Ended(done, [whenever_shown(each) for each in pictures], stages)


def test_files_of_the_evening_come_to_the_same_as_a_day_told_as_it_happens() -> None:
    at_once, in_the_evening = lived(streamed), lived(in_files)

    assert in_the_evening == at_once
    assert set(at_once.done.values()) == {1}
    kinds = Counter(path.rsplit("/", 1)[-1] for path, _ in at_once.done)
    assert kinds == {
        "shipment-requests": ORDERS,
        "transport-references": ORDERS,
        "postings": 3 * ORDERS,
        "accruals": ORDERS,
    }
    assert [each.picture.status for each in at_once.seen] == [Milestone.POD_AVAILABLE] * ORDERS

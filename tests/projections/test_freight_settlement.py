"""A load's money is found by everything finance may know of it."""

from crossdock.messages.envelope import Message
from crossdock.messages.freight_settlement import FreightPictureChanged
from crossdock.projections.freight_settlement import PROJECTION
from tests.processes.freight_settlement_world import (
    START,
    begin,
    billed,
    delivered,
    obey,
    picture,
    planned,
)


def test_a_load_is_found_by_state_line_numbers_and_documents() -> None:
    story = begin()
    story.tell(planned(), billed())
    seen = picture(obey(story, story.tell(delivered())))
    said = Message(
        id="m1",
        tenant="main",
        correlation_id="c1",
        causation_id="",
        received_at=START,
        origin="process:freight_settlement",
        body=FreightPictureChanged(picture=seen),
    )

    (put,) = PROJECTION.project(said)

    assert (put.kind, put.key, put.body) == ("freight_picture", "LO-1", seen)
    assert put.index == (
        ("state", "settled"),
        ("carrier", "ROAD"),
        ("line", "invoiced"),
        ("order", "SO-1"),
        ("shipment", "SH-1"),
        ("invoice", "I-1"),
        ("document", "D-LO-1/FUEL-1"),
        ("document", "D-LO-1/LINEHAUL-1"),
        ("document", "D-ROAD/I-1-1"),
    )

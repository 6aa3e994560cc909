"""Segments and their envelope put together, once they have their control numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec.structs import replace

from crossdock.connectors.x12_carrier.settings import Settings
from crossdock.connectors.x12_carrier.wire import Unsealed
from crossdock.faults import Misconfigured
from crossdock.formats.x12.delimiters import Delimiters
from crossdock.formats.x12.writer import Envelope, render, render_interchange
from crossdock.messages.acknowledgement import Environment, Level
from crossdock.ports import Request

CONTENT_TYPE = "application/edi-x12"
SEPARATORS = 4
FIRST_WITH_REPETITION = "004020"
SET_DIGITS = 9


def unsealed(
    operation: str, settings: Settings, written: Unsealed, *, awaits: tuple[Level, ...] = ()
) -> Request:
    """Make a request of segments that wait for their numbers."""
    grouped = (Level.GROUP, Level.TRANSACTION) if written.functional_id else ()
    return Request(
        operation=operation,
        method="POST",
        path=settings.path,
        body=msgspec.json.encode(written),
        content_type=CONTENT_TYPE,
        numbers=(Level.INTERCHANGE, *grouped),
        awaits=awaits,
        environment=Environment(settings.environment),
    )


def seal(
    request: Request, control: Mapping[Level, int], at: datetime, settings: Settings
) -> Request:
    """Write ISA to IEA around the segments. Raises Refused for a text X12 cannot write."""
    written = msgspec.json.decode(request.body, type=Unsealed)
    envelope = Envelope(
        sender_qualifier=settings.own_qualifier,
        sender=settings.own_id,
        receiver_qualifier=settings.partner_qualifier,
        receiver=settings.partner_id,
        group_sender=settings.own_id,
        group_receiver=settings.partner_id,
        functional_id=written.functional_id,
        release=written.release,
        usage="T" if settings.environment == "test" else "P",
        interchange_control=control[Level.INTERCHANGE],
        group_control=control.get(Level.GROUP, 0),
        written_at=at,
        delimiters=delimiters(settings, written.release),
        ack_requested=Level.INTERCHANGE in request.awaits,
    )
    if written.functional_id:
        number = f"{control[Level.TRANSACTION]:0{SET_DIGITS}d}"
        body = render(envelope, [(number, written.segments)])
    else:
        body = render_interchange(envelope, written.segments, groups=0)
    return replace(request, body=body)


def delimiters(settings: Settings, release: str) -> Delimiters:
    """Give the separators to write with. Raises Misconfigured where they are not four signs."""
    marks = settings.separators
    if len(set(marks)) != SEPARATORS or any(mark.isalnum() or mark == " " for mark in marks):
        raise Misconfigured(
            "Separators are four different signs: element, component, repetition, terminator",
            separators=marks,
        )
    element, component, repetition, segment = tuple(marks)
    return Delimiters(
        element=element,
        component=component,
        repetition=repetition if release >= FIRST_WITH_REPETITION else "",
        segment=segment,
    )

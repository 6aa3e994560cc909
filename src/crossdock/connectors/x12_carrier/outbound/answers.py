"""What we say of what the partner sent: 997 or 999 for a group, TA1 for an interchange."""

from __future__ import annotations

from crossdock.connectors.x12_carrier.codes.envelopes import FUNCTIONAL_IDS, VERDICTS
from crossdock.connectors.x12_carrier.outbound.sealing import delimiters, unsealed
from crossdock.connectors.x12_carrier.settings import Settings
from crossdock.connectors.x12_carrier.wire import Unsealed
from crossdock.formats.x12.acknowledgement import (
    IMPLEMENTATION_999,
    REJECTED,
    GroupVerdict,
    write_997,
    write_999,
    write_ta1,
)
from crossdock.formats.x12.envelope import Group, Interchange
from crossdock.messages.acknowledgement import Level
from crossdock.ports import Owed, Request

VERB = "partner.answer"
RELEASE_DIGITS = 6
REFUSED_NOTE = "020"  # invalid test indicator value: the house is for the other side


def group_answer(settings: Settings, group: Group, verdict: GroupVerdict, digest: str) -> Owed:
    """Write the answer to a group, and the one that refuses it whole."""
    interchange = group.interchange
    numbers = f"{group.functional_id}/{interchange.control}/{group.control}"
    usage = interchange.usage or "P"
    return Owed(
        identity=f"group {interchange.sender}/{interchange.receiver}/{usage}/{numbers}",
        digest=digest,
        level=Level.GROUP,
        verdict=VERDICTS[verdict.verdict],
        request=_group_request(settings, verdict),
        refusal=_group_request(settings, verdict, refused=True),
    )


def _group_request(settings: Settings, verdict: GroupVerdict, *, refused: bool = False) -> Request:
    if settings.acknowledges_with == "999":
        release = IMPLEMENTATION_999
        segments = write_999(verdict, delimiters(settings, release), refused=refused)
    else:
        release = verdict.version[:RELEASE_DIGITS]
        release = release if len(release) == RELEASE_DIGITS else settings.release
        segments = write_997(verdict, delimiters(settings, release), refused=refused)
    set_id = settings.acknowledges_with
    written = Unsealed(functional_id=FUNCTIONAL_IDS[set_id], release=release, segments=segments)
    return unsealed(VERB, settings, written)


def interchange_answer(
    settings: Settings, found: Interchange, verdict: str, note: str, digest: str
) -> Owed:
    """Write the answer to an interchange, and the one that refuses it."""
    usage = found.usage or "P"
    return Owed(
        identity=f"interchange {found.sender}/{found.receiver}/{usage}/{found.control}",
        digest=digest,
        level=Level.INTERCHANGE,
        verdict=VERDICTS[verdict],
        request=_interchange_request(settings, write_ta1(found, verdict, note)),
        refusal=_interchange_request(settings, write_ta1(found, REJECTED, REFUSED_NOTE)),
    )


def _interchange_request(settings: Settings, ta1: list[str]) -> Request:
    written = Unsealed(functional_id="", release=settings.release, segments=[ta1])
    return unsealed(VERB, settings, written)

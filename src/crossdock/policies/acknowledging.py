"""Until when a partner has time to acknowledge."""

from __future__ import annotations

from datetime import datetime

from crossdock.messages.acknowledgement import Level
from crossdock.policies.calendars import calendar_named, working_minutes_later
from crossdock.policies.rules import Rules


def acknowledged_by(rules: Rules, partner: str, level: Level, since: datetime) -> datetime:
    """Tell when an acknowledgement is due: technical for an interchange, functional for a group.

    Raises Misconfigured for a calendar nobody has given.
    """
    policy = rules.acknowledgement
    row = next((each for each in policy.partners if each.partner == partner), None)
    technical = level is Level.INTERCHANGE
    usual = policy.technical_within_minutes if technical else policy.functional_within_minutes
    own = (
        (row.technical_within_minutes if technical else row.functional_within_minutes) if row else 0
    )
    name = (row.calendar if row else "") or policy.calendar
    return working_minutes_later(calendar_named(rules.calendars, name), since, own or usual)

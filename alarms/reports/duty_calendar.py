"""Who has the duty, as a calendar that calendars of people read (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from icalendar import Calendar, Event

from alarms.model.alert import digest
from alarms.model.duty import TeamDuty

PRODUCT = "-//Mirante//Duty//EN"


def duty_calendar(teams: Iterable[TeamDuty], title: str, now: datetime, person: str | None = None) -> bytes:
    """The shifts of these teams, or only those of ``person``; when nobody in particular has it is left out.

    A shift keeps its UID from one export to the next, whoever has it: a calendar that reads it again moves no
    entry and makes none twice.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", title)
    for team in teams:
        for span in team.spans:
            if span.person is None or person not in (None, span.person):
                continue
            event = Event()
            event.add("uid", f"{digest('duty', team.team, span.starts_at.isoformat())}@mirante")
            event.add("dtstamp", now)
            event.add("dtstart", span.starts_at)
            event.add("dtend", span.ends_at)
            event.add("summary", f"{team.team}: {team.name_of(span.person)}")
            event.add("transp", "TRANSPARENT")
            calendar.add_component(event)
    return bytes(calendar.to_ical())

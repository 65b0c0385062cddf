"""Who has the duty, as a calendar that calendars of people read (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from icalendar import Calendar, Event

from alarms.model.alert import digest
from alarms.model.duty import TeamDuty

PRODUCT = "-//Mirante//Duty//EN"


def duty_calendar(teams: Iterable[TeamDuty], title: str, now: datetime, person: str | None = None) -> bytes:
    """The shifts of these teams, or only those of ``person``; when nobody in particular has it is left out.

    A shift keeps its UID from one export to the next, whoever has it, as long as its beginning is among what
    is given: a calendar that reads it again makes no entry twice. What ended before ``now`` is left out.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", title)
    for team in teams:
        for span in team.spans:
            if span.person is None or person not in (None, span.person) or span.ends_at <= now:
                continue
            begins, ends = span.starts_at.astimezone(UTC), span.ends_at.astimezone(UTC)
            event = Event()
            event.add("uid", f"{digest('duty', team.team, begins.isoformat())}@mirante")
            event.add("dtstamp", now.astimezone(UTC))
            event.add("dtstart", begins)
            event.add("dtend", ends)
            event.add("summary", f"{team.team}: {team.name_of(span.person)}")
            event.add("transp", "TRANSPARENT")
            calendar.add_component(event)
    return bytes(calendar.to_ical())

"""Reads the ``business_hours`` of a policy file."""

from __future__ import annotations

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from alarms.policy.policy import BusinessHours
from foundation.located import Place

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_hours(place: Place) -> BusinessHours:
    fields = place.fields(["time_zone", "days", "start", "end"], ["holidays", "extra_holidays"])
    zone = fields["time_zone"].text()
    if zone and zone not in available_timezones():
        fields["time_zone"].wrong(f"{zone!r} is not a time zone", "Use an IANA name: America/Sao_Paulo")
        zone = "UTC"
    country, _, subdivision = (fields["holidays"].text() if "holidays" in fields else "").partition("-")
    if country and not _has_holidays(country, subdivision):
        fields["holidays"].wrong(
            "is not a known holiday calendar", "Use a country or country-state: BR, BR-SP"
        )
        country = ""
    return BusinessHours(
        time_zone=ZoneInfo(zone or "UTC").key,
        days=tuple(
            sorted(DAYS.index(item.choice(DAYS)) + 1 for item in fields["days"].items() if _is_day(item))
        ),
        start=time_of_day(fields["start"], time(0)),
        end=time_of_day(fields["end"], time(23, 59)),
        country=country or None,
        subdivision=subdivision or None,
        extra_holidays=_dates(fields.get("extra_holidays")),
    )


def _is_day(place: Place) -> bool:
    return place.choice(DAYS) in DAYS


def _has_holidays(country: str, subdivision: str) -> bool:
    import holidays  # here, for it takes longer to load than most commands to answer

    supported = holidays.list_supported_countries()
    return country in supported and (not subdivision or subdivision in supported[country])


def time_of_day(place: Place, otherwise: time) -> time:
    try:
        return time.fromisoformat(place.text() or otherwise.isoformat())
    except ValueError:
        place.wrong(f"{place.text()!r} is not a time of day", 'Write "09:00", in quotes')
        return otherwise


def _dates(place: Place | None) -> tuple[date, ...]:
    result = []
    for item in [] if place is None else place.items():
        try:
            result.append(date.fromisoformat(item.text()))
        except ValueError:
            item.wrong(f"{item.text()!r} is not a date", "Write 2026-12-24")
    return tuple(result)


def working_day(hours: BusinessHours) -> timedelta:
    minutes = (hours.end.hour - hours.start.hour) * 60 + hours.end.minute - hours.start.minute
    return timedelta(minutes=max(1, minutes))

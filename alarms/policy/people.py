"""Who can be on duty, what they are called, and how each of them is reached (``alarms/people.yaml``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import available_timezones

from alarms.policy.channel import ADDRESSING, Channels, LambdaChannel
from alarms.policy.channel_file import read_address
from alarms.policy.defaults import DEFAULTS, PEOPLE
from foundation.files import read_document
from foundation.located import Place, suggestion

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
LANGUAGES = ("en", "pt")
AT_ONCE = timedelta(0)
LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ContactStep:
    """``after`` is counted from the page; ``address`` is the person's own ("": the team's there)."""

    channel: str
    address: str = ""
    after: timedelta = AT_ONCE


@dataclass(frozen=True, slots=True)
class Person:
    """``steps`` in the order of time; none: the team's channels reach this person, and nothing else does."""

    id: str
    name: str
    steps: tuple[ContactStep, ...] = ()
    time_zone: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class People:
    by_id: Mapping[str, Person] = field(default_factory=dict)

    def name_of(self, person: str) -> str:
        """What this person is called; somebody who is not on file goes by the id."""
        found = self.by_id.get(person)
        return person if found is None else found.name

    def steps_of(self, person: str) -> tuple[ContactStep, ...]:
        found = self.by_id.get(person)
        return () if found is None else found.steps


def load_people(path: Path = DEFAULTS / PEOPLE, channels: Channels | None = None) -> People:
    """The people of ``path``, or nobody. They may be reached by these ``channels`` only, if given.

    Raises:
        foundation.errors.DefinitionErrors: everything wrong with them, each with file, line, field and fix.
    """
    top = read_document(path)
    fields = top.fields(["version", "people"])
    fields["version"].choice(["1"])
    people = {name: _person(name, place, channels) for name, place in fields["people"].entries()}
    top.source.problems.raise_if_any()
    return People(people)


def _person(name: str, place: Place, channels: Channels | None) -> Person:
    if not ID.fullmatch(name):
        place.wrong(
            f"{name!r} cannot be an id", "Use letters, digits, dots and dashes, for example ana.souza"
        )
    fields = place.fields(["name"], ["time_zone", "language", "contacts", "steps"])
    own = dict(fields["contacts"].entries()) if "contacts" in fields else {}
    for channel, contact in own.items():
        _known(channel, contact, channels)
    addresses = {channel: _address(channel, contact, channels or {}) for channel, contact in own.items()}
    zone = fields["time_zone"].text() if "time_zone" in fields else ""
    if zone and zone not in available_timezones():
        fields["time_zone"].wrong(f"{zone!r} is not a time zone", "Use an IANA name: America/Sao_Paulo")
    return Person(
        id=name,
        name=fields["name"].text(),
        steps=_steps(fields.get("steps"), addresses, channels),
        time_zone=zone,
        language=fields["language"].choice(LANGUAGES) if "language" in fields else "",
    )


def _steps(
    place: Place | None, addresses: Mapping[str, str], channels: Channels | None
) -> tuple[ContactStep, ...]:
    """As written; without any, every contact at once."""
    if place is None:
        return tuple(ContactStep(channel, address) for channel, address in addresses.items())
    steps: list[ContactStep] = []
    for item in place.items(least=1):
        fields = item.fields(["channel"], ["after"])
        channel = fields["channel"].text()
        _known(channel, fields["channel"], channels)
        after = fields["after"].duration() if "after" in fields else AT_ONCE
        if after > LONGEST_WAIT:
            fields["after"].wrong("is longer than a day", "Give at most 1d; the escalation goes on meanwhile")
        if steps and after < steps[-1].after:
            item.wrong("comes before the step above it", "Sort the steps by after, counted from the page")
        if channel not in addresses:
            _shared(channel, fields["channel"], channels or {})
        steps.append(ContactStep(channel, addresses.get(channel, ""), after))
    if steps and steps[0].after > AT_ONCE:
        place.items()[0].wrong("nothing is sent at once", "Let the first step have no after")
    return tuple(steps)


def _address(channel: str, place: Place, channels: Channels) -> str:
    return read_address(channels[channel], place) if channel in channels else place.text()


def _shared(channel: str, place: Place, channels: Channels) -> None:
    """A step that uses the channel's own recipients, whatever the team."""
    found = channels.get(channel)
    if isinstance(found, ADDRESSING) and "*" not in found.recipients:
        place.wrong(f"{channel!r} does not know this person", f"Add {channel} to this person's contacts")


def _known(channel: str, place: Place, channels: Channels | None) -> None:
    if channels is None or not channel:
        return
    if channel not in channels:
        known = f"Write one of {', '.join(sorted(channels))}, or add it to channels.yaml"
        place.wrong(f"{channel!r} is not a channel", suggestion(channel, list(channels), known))
    elif isinstance(channels[channel], LambdaChannel):
        place.wrong(f"{channel!r} calls machines and cannot notify people", "Name another channel")

"""Reads ``alarms/policy.yaml`` and ``alarms/raci.yaml`` into a checked ``RoutingPolicy``."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from alarms.policy.channel import Channels
from alarms.policy.defaults import POLICY
from alarms.policy.policy import (
    BurnWindow,
    BusinessHours,
    ClockKind,
    FlapDamping,
    Raise,
    Remediation,
    Repeat,
    Route,
    RoutingPolicy,
    SeverityLevel,
    SeverityRule,
    StormGuard,
    Team,
)
from alarms.policy.policy_hours import read_hours, working_day
from alarms.policy.policy_lint import lint, lint_channels
from alarms.policy.raci import ALERTS_AND_INCIDENTS, Raci, load_raci
from foundation.files import read_document
from foundation.located import Place
from foundation.workspace import SHIPPED

MORE_AFTER = timedelta(minutes=5)
FIRST_WAIT = timedelta(seconds=20)
MATCHER = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*"([^"]*)"\s*')


def load_policy(
    path: Path = SHIPPED.alarms / POLICY, raci: Raci | None = None, channels: Channels | None = None
) -> RoutingPolicy:
    """The policy of ``path``. It may name these ``channels`` only, if given.

    ``raci`` says who answers for alerts (None: the matrix that ships); where it is empty, that is the owner
    of the last route, which takes what no other does.

    Raises:
        foundation.errors.DefinitionErrors: everything wrong with it, each with file, line, field and fix.
    """
    top = read_document(path)
    fields = top.fields(
        ["version", "levels", "business_hours", "teams", "severity", "routes", "noise", "remediation"]
    )
    hours = read_hours(fields["business_hours"])
    top.source.working_day = working_day(hours)
    fields["version"].choice(["1"])
    policy = _assemble(fields, hours, load_raci() if raci is None else raci, str(path))
    lint(policy, top.source.problems, fields)
    if channels is not None:
        lint_channels(policy, top.source.problems, fields, channels)
    top.source.problems.raise_if_any()
    return policy


def _assemble(fields: dict[str, Place], hours: BusinessHours, raci: Raci, file: str) -> RoutingPolicy:
    routes = tuple(_route(place) for place in fields["routes"].items())
    severity = fields["severity"].fields(
        ["burn_windows", "raise", "rules", "tier_caps", "words", "default", "lower_after"]
    )
    noise = fields["noise"].fields(
        ["reopen_within", "release_after", "flapping", "storm", "ignored_labels"],
        ["tell_more_after", "first_wait"],
    )
    return RoutingPolicy(
        levels=tuple(_level(Severity(name), place) for name, place in _named_levels(fields["levels"])),
        teams=tuple(_team(name, place) for name, place in fields["teams"].entries()),
        routes=routes,
        hours=hours,
        burn_windows=tuple(_burn_window(place) for place in severity["burn_windows"].items()),
        raises=tuple(_raise(place) for place in severity["raise"].items()),
        rules=tuple(_rule(place) for place in severity["rules"].items()),
        tier_caps={tier: place.member(Severity) for tier, place in severity["tier_caps"].entries()},
        severity_words={word: place.member(Severity) for word, place in severity["words"].entries()},
        default_severity=severity["default"].member(Severity),
        lower_after=severity["lower_after"].duration(),
        reopen_within=noise["reopen_within"].duration(),
        release_after=noise["release_after"].duration(),
        flapping=_flapping(noise["flapping"]),
        storm=_storm(noise["storm"]),
        ignored_labels=noise["ignored_labels"].texts(),
        remediation=tuple(_remediation(place) for place in fields["remediation"].items()),
        accountable=raci.answers_for(ALERTS_AND_INCIDENTS) or (routes[-1].owner if routes else ""),
        tell_more_after=noise["tell_more_after"].duration() if "tell_more_after" in noise else MORE_AFTER,
        first_wait=noise["first_wait"].duration() if "first_wait" in noise else FIRST_WAIT,
        source_file=file,
    )


def _named_levels(levels: Place) -> list[tuple[str, Place]]:
    return list(levels.fields([severity.value for severity in Severity]).items())


def _level(severity: Severity, place: Place) -> SeverityLevel:
    fields = place.fields(
        ["name", "meaning", "criticality", "clock", "first", "acknowledge_within", "escalate_after"],
        ["backup", "act_within", "repeat"],
    )
    return SeverityLevel(
        severity=severity,
        name=fields["name"].bilingual(),
        meaning=fields["meaning"].bilingual(),
        criticality=fields["criticality"].bilingual(),
        clock=fields["clock"].member(ClockKind),
        first=fields["first"].text(),
        backup=fields["backup"].text() if "backup" in fields else None,
        acknowledge_within=fields["acknowledge_within"].duration(),
        escalate_after=fields["escalate_after"].duration(),
        act_within=fields["act_within"].duration() if "act_within" in fields else None,
        repeat=_repeat(fields["repeat"]) if "repeat" in fields else None,
    )


def _repeat(place: Place) -> Repeat:
    fields = place.fields(["every", "at_most"])
    return Repeat(fields["every"].duration(), fields["at_most"].integer(1))


def _team(name: str, place: Place) -> Team:
    fields = place.fields(["name"], ["channels"])
    channels = fields["channels"].texts() if "channels" in fields else ("default",)
    return Team(name, fields["name"].bilingual(), channels)


def _route(place: Place) -> Route:
    fields = place.fields(["name", "owner"], ["match", "group_by", "inform"])
    return Route(
        name=fields["name"].text(),
        owner=fields["owner"].text(),
        matchers=read_matchers(fields.get("match")),
        group_by=fields["group_by"].texts() if "group_by" in fields else (),
        inform=fields["inform"].texts() if "inform" in fields else (),
    )


def read_matchers(place: Place | None) -> tuple[Matcher, ...]:
    found = [] if place is None else [_matcher(item) for item in place.items()]
    return tuple(matcher for matcher in found if matcher is not None)


def _matcher(place: Place) -> Matcher | None:
    try:
        return parse_matcher(place.text())
    except ValueError as error:
        place.wrong(str(error), 'Write label="value", with =, !=, =~ or !~')
        return None


def parse_matcher(text: str) -> Matcher:
    """``component=~"database.*"`` as a matcher. Raises ``ValueError`` that says what is wrong with it."""
    match = MATCHER.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a matcher")
    matcher = Matcher(match[1], match[2], match[3])
    if (problem := matcher.problem()) is not None:
        raise ValueError(problem)
    return matcher


def _burn_window(place: Place) -> BurnWindow:
    fields = place.fields(["long", "severity"])
    return BurnWindow(fields["long"].duration(), fields["severity"].member(Severity))


def _raise(place: Place) -> Raise:
    fields = place.fields(["by"], ["exhaustion_within", "customers_affected"])
    if ("exhaustion_within" in fields) is ("customers_affected" in fields):
        place.wrong("needs exactly one reason", "Give either exhaustion_within or customers_affected")
    return Raise(
        by=fields["by"].integer(1),
        within=fields["exhaustion_within"].duration() if "exhaustion_within" in fields else None,
        customers=fields["customers_affected"].integer(1) if "customers_affected" in fields else None,
    )


def _rule(place: Place) -> SeverityRule:
    fields = place.fields(["name", "match", "severity"])
    return SeverityRule(
        fields["name"].text(), read_matchers(fields["match"]), fields["severity"].member(Severity)
    )


def _remediation(place: Place) -> Remediation:
    fields = place.fields(["name", "match", "severities", "channel", "at_most", "within"])
    return Remediation(
        name=fields["name"].text(),
        matchers=read_matchers(fields["match"]),
        severities=tuple(item.member(Severity) for item in fields["severities"].items()),
        channel=fields["channel"].text(),
        at_most=fields["at_most"].integer(1),
        within=fields["within"].duration(),
    )


def _flapping(place: Place) -> FlapDamping:
    fields = place.fields(["changes", "within", "stable_for"])
    return FlapDamping(
        fields["changes"].integer(1), fields["within"].duration(), fields["stable_for"].duration()
    )


def _storm(place: Place) -> StormGuard:
    fields = place.fields(["incidents", "overall", "within"])
    return StormGuard(
        fields["incidents"].integer(2), fields["overall"].integer(2), fields["within"].duration()
    )

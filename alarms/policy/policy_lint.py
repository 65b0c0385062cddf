"""What a well-formed policy can still get wrong: gaps, unreachable routes, clocks that make no sense."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise

from alarms.policy.channel import Channels, LambdaChannel, tells
from alarms.policy.policy import ASSIGNED, Route, RoutingPolicy, SeverityLevel
from foundation.errors import Problems
from foundation.located import Place
from foundation.quantities import duration_text

LONGEST_FIRST_WAIT = timedelta(minutes=5)


def lint(policy: RoutingPolicy, problems: Problems, places: Mapping[str, Place]) -> None:
    """Adds to ``problems``. With no problem found, every alert reaches exactly one route and one team."""
    if problems.errors:
        return
    teams = [team.id for team in policy.teams]
    _levels(policy, dict(places["levels"].entries()), teams)
    _routes(policy.routes, places["routes"].items(), teams)
    _hours(policy, places["business_hours"])
    _burn_windows(policy, places["severity"])
    _first_wait(policy, places["noise"])
    for remediation, item in zip(policy.remediation, places["remediation"].items(), strict=True):
        if not remediation.matchers or not remediation.severities:
            item.wrong("would act on every alert", "Give both match and severities at least one entry")
    if policy.accountable not in teams:
        places["teams"].wrong(
            f"lacks {policy.accountable!r}, which the RACI matrix makes accountable for alerts",
            "Add the team, or change alarms/raci.yaml",
        )


def lint_channels(
    policy: RoutingPolicy, problems: Problems, places: Mapping[str, Place], channels: Channels
) -> None:
    """Every channel that is named exists, and can carry what it is named for."""
    if problems.errors:
        return
    teams = dict(places["teams"].entries())
    for team in policy.teams:
        if not team.channels:
            teams[team.id].wrong(
                "has no channel, so the team would never be notified", "Add at least one to channels"
            )
        for name in team.channels:
            _carries(channels, name, team.id, dict(teams[team.id].entries()).get("channels", teams[team.id]))
    for remediation, item in zip(policy.remediation, places["remediation"].items(), strict=True):
        place = dict(item.entries())["channel"]
        channel = channels.get(remediation.channel)
        if isinstance(channel, LambdaChannel) and remediation.name not in channel.functions:
            place.wrong(
                f"{remediation.channel!r} has no function for {remediation.name!r}",
                f"Add functions: {remediation.name}: NAME to it in channels.yaml",
            )
        elif channel is None:
            _unknown(channels, remediation.channel, place)


def _carries(channels: Channels, name: str, team: str, place: Place) -> None:
    match channels.get(name):
        case None:
            _unknown(channels, name, place)
        case LambdaChannel():
            place.wrong(f"{name!r} calls machines and cannot notify people", "Name another channel")
        case channel if not tells(channel, team):
            place.wrong(
                f"{name!r} has no recipient for {team!r}", 'Add the team, or "*", to it in channels.yaml'
            )


def _unknown(channels: Channels, name: str, place: Place) -> None:
    place.wrong(
        f"{name!r} is not a channel",
        f"Write one of {', '.join(sorted(channels))}, or add it to channels.yaml",
    )


def _levels(policy: RoutingPolicy, places: Mapping[str, Place], teams: list[str]) -> None:
    for level in policy.levels:
        place = places[level.severity.value]
        if level.first not in (*teams, ASSIGNED):
            place.wrong(
                f"first: {level.first!r} is not a team", f"Write {ASSIGNED} or one of {', '.join(teams)}"
            )
        if level.backup is not None and level.backup not in teams:
            place.wrong(f"backup: {level.backup!r} is not a team", f"Write one of {', '.join(teams)}")
        if level.backup is not None and level.backup == level.first:
            place.wrong("backup is the same team as first", "Name another team, or remove backup")
        _clocks(level, place)
    _order(policy, places)


def _clocks(level: SeverityLevel, place: Place) -> None:
    if level.acknowledge_within <= timedelta(0):
        place.wrong("acknowledge_within is zero", "Give people time to answer, for example 15m")
    if level.escalate_after < level.acknowledge_within:
        place.wrong(
            "escalate_after is shorter than acknowledge_within",
            "Make it at least as long as acknowledge_within",
        )


def _first_wait(policy: RoutingPolicy, noise: Place) -> None:
    waiting = [level for level in policy.levels if policy.first_wait_of(level.severity)]
    shortest = min((level.acknowledge_within for level in waiting), default=LONGEST_FIRST_WAIT)
    longest = min(LONGEST_FIRST_WAIT, shortest / 2)
    if policy.first_wait > longest:
        dict(noise.entries()).get("first_wait", noise).wrong(
            f"the first page would wait {duration_text(policy.first_wait)}: too long for its deadlines",
            f"Write first_wait: {duration_text(longest)} at most; 0 pages at once",
        )


def _order(policy: RoutingPolicy, places: Mapping[str, Place]) -> None:
    for worse, milder in pairwise(policy.levels):
        if milder.acknowledge_within < worse.acknowledge_within:
            places[milder.severity.value].wrong(
                f"is acknowledged sooner than {worse.severity}",
                "A milder level must wait at least as long",
            )


def _routes(routes: tuple[Route, ...], places: list[Place], teams: list[str]) -> None:
    if not routes:
        return
    if routes[-1].matchers:
        places[-1].wrong("some alerts match no route", "Add a last route without match")
    seen: dict[str, Route] = {}
    for index, (route, place) in enumerate(zip(routes, places, strict=True)):
        if route.name in seen:
            place.wrong(f"there is another route {route.name!r}", "Give each route its own name")
        for team in (route.owner, *route.inform):
            if team not in teams:
                place.wrong(f"{team!r} is not a team", f"Write one of {', '.join(teams)}")
        earlier = next(
            (other for other in routes[:index] if set(other.matchers) <= set(route.matchers)), None
        )
        if earlier is not None:
            place.wrong(
                f"is never reached: {earlier.name!r} already matches everything that this route matches",
                "Move it up, or remove it",
            )
        seen[route.name] = route


def _hours(policy: RoutingPolicy, place: Place) -> None:
    if policy.hours.start >= policy.hours.end:
        place.wrong("start is not before end", "Write the opening time first; hours cannot span midnight")
    if not policy.hours.days:
        place.wrong("has no open day, so business-hours clocks would never run", "Name at least one day")


def _burn_windows(policy: RoutingPolicy, place: Place) -> None:
    windows = policy.burn_windows
    if not windows:
        place.wrong("burn_windows is empty", "Give at least one window")
    for shorter, longer in pairwise(windows):
        if longer.long <= shorter.long or longer.severity.worse_than(shorter.severity):
            place.wrong(
                "burn_windows are not sorted from short and severe to long and mild",
                "Sort them by long, then by severity",
            )
            return

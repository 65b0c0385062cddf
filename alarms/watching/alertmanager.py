"""Alertmanager, asked what is active: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml

What it keeps to itself is not missing here: what its own silences and inhibitions suppress, and what it sends
to receivers that are not us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from alarms.intake.normalise import IntakeRules
from alarms.watching.server import ODD, Parts, Server, configuration, duration, up_for
from alarms.watching.source_answer import SourceAnswer
from alarms.watching.webhook_form import taken, webhook_form

HOOKS = "/hooks/"
HEARTBEAT_RECEIVER = "mirante-heartbeat"  # of the generated file: a dead man's switch elsewhere
DEFAULT_WAITS = {"group_wait": timedelta(seconds=30), "group_interval": timedelta(minutes=5)}


class AlertmanagerAsker:
    """``receivers`` are ours, by name; with none named, those that send to a hook of ours, as far as its
    configuration tells, and otherwise all that send anywhere."""

    def __init__(
        self,
        url: str,
        client: httpx.Client,
        rules: Callable[[], IntakeRules],
        wall: Callable[[], datetime],
        receivers: tuple[str, ...] = (),
    ) -> None:
        self._server = Server(url, client)
        self._rules, self._wall, self._receivers = rules, wall, receivers
        self.name = f"alertmanager {self._server.shown}"

    def ask(self) -> SourceAnswer:
        status, listed = "/api/v2/status", "/api/v2/alerts"
        about = self._server.ask(status)
        try:
            up = up_for(about["uptime"], self._wall())
            settings = configuration(about["config"]["original"])
        except ODD as error:
            raise self._server.odd(status, error) from error
        found = self._server.ask(listed)
        parts = Parts()
        try:
            items = parts.read(found, lambda item: (item, _state(item), _receivers_of(item)))
            parts.refuse_none_of(items)
        except ODD as error:
            raise self._server.odd(listed, error) from error
        rules, now = self._rules(), self._wall()
        alerts = taken([webhook_form(item, item.get("startsAt")) for item, _, _ in items], rules, now)
        ours = _ours(self._receivers, settings)
        told, aside = {}, set()
        for alert, (_, state, receivers) in zip(alerts, items, strict=True):
            if state == "suppressed" or not any(ours(name) for name in receivers):
                aside.add(alert.member)
            elif state == "active":
                told[alert.member] = alert
        return SourceAnswer(
            firing=told,
            listed=frozenset(alert.member for alert in alerts),
            aside=frozenset(aside - told.keys()),
            up_for=up,
            waits=_longest_wait(settings),
            remark=parts.remark(),
            odd=parts.odd,
        )


def _state(item: Mapping[str, Any]) -> str:
    return str(item["status"]["state"])


def _receivers_of(item: Mapping[str, Any]) -> list[str]:
    return [str(receiver["name"]) for receiver in item["receivers"]]


def _ours(named: tuple[str, ...], settings: Mapping[str, Any]) -> Callable[[str], bool]:
    if named:
        return lambda name: name in named
    listed = settings.get("receivers")
    receivers = {one.get("name"): one for one in listed or () if isinstance(one, dict)}
    hooked = {name for name, one in receivers.items() if any(HOOKS in url for url in _addresses(one))}
    if hooked:
        return lambda name: name in hooked
    mute = {name for name, one in receivers.items() if not any(key.endswith("_configs") for key in one)}
    return lambda name: name not in mute and name != HEARTBEAT_RECEIVER


def _addresses(receiver: Mapping[str, Any]) -> Iterator[str]:
    """Of its webhooks; newer servers hide them."""
    listed = receiver.get("webhook_configs")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict):
            yield str(one.get("url"))


def _longest_wait(settings: Mapping[str, Any]) -> timedelta:
    """With an alert of a new group or of an old one, in whichever route is the slowest."""
    return sum((max(_of_routes(settings.get("route"), name)) for name in DEFAULT_WAITS), timedelta())


def _of_routes(route: object, name: str) -> Iterator[timedelta]:
    """Of a route and all below it; what is not said is inherited, and in the end the default."""
    yield DEFAULT_WAITS[name] if not isinstance(route, dict) else timedelta()
    waiting = [(route, DEFAULT_WAITS[name])]
    while waiting:
        one, inherited = waiting.pop()
        if isinstance(one, dict):
            own = duration(one[name]) if name in one else inherited
            yield own
            below = one.get("routes")
            waiting += [(each, own) for each in (below if isinstance(below, list) else ())]

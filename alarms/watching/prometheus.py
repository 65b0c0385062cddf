"""Prometheus, asked which of its rules fire: https://prometheus.io/docs/prometheus/latest/querying/api/#rules

It lists an alert with the labels of its rule and series, and sends it on with its external labels and after
``alert_relabel_configs``; so does this, for what it lists is to be known as the same alert.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx

from alarms.intake.normalise import IntakeRules
from alarms.watching.server import ODD, Parts, Server, configuration, up_for
from alarms.watching.source_answer import SourceAnswer
from alarms.watching.webhook_form import taken, webhook_form
from foundation.patterns import PatternError, fullmatch

DROPS, KEEPS = "labeldrop", "labelkeep"
NOT_FOLLOWED = (
    "its alert_relabel_configs do more than drop labels: its rules are looked at, its alerts are not"
)
LIVENESS = ("Watchdog",)  # fire always, so that somebody else misses them
CATEGORY = ("category", "heartbeat")
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class _Listed:
    fields: Mapping[str, Any]
    state: str


class PrometheusAsker:
    def __init__(
        self,
        url: str,
        client: httpx.Client,
        rules: Callable[[], IntakeRules],
        wall: Callable[[], datetime],
    ) -> None:
        self._server = Server(url, client)
        self._rules, self._wall = rules, wall
        self.name = f"prometheus {self._server.shown}"

    def ask(self) -> SourceAnswer:
        up = self._of("status/runtimeinfo", lambda data: up_for(data["startTime"], self._wall()))
        settings = self._of("status/config", lambda data: _map(configuration(data["yaml"])))
        return self._of("rules?type=alert", lambda data: self._answer(data["groups"], settings, up))

    def _of(self, what: str, read: Callable[[Any], Read]) -> Read:
        """What ``read`` makes of the data of an answer."""
        path = f"/api/v1/{what}"
        body = self._server.ask(path)
        try:
            return read(body["data"])
        except ODD as error:
            raise self._server.odd(path, error) from error

    def _answer(self, groups: object, settings: Mapping[str, Any], up: timedelta) -> SourceAnswer:
        sends, parts = _Sending.of(settings), Parts()
        rules = _alerting(parts, groups)
        parts.refuse_none_of(rules)
        found = parts.read(rules, lambda rule: parts.read(rule.get("alerts") or [], _with_state))
        listed = [
            _Listed(sends.form(item), state)
            for alerts in found
            for item, state in alerts
            if state in ("pending", "firing")
        ]
        slowest = max(parts.read(rules, _for), default=timedelta())
        alerts = taken([one.fields for one in listed], self._rules(), self._wall())
        firing = {
            alert.member: alert
            for alert, one in zip(alerts, listed, strict=True)
            if one.state == "firing" and not _is_liveness(one.fields["labels"])
        }
        return SourceAnswer(
            firing=firing if sends.is_followed else {},
            listed=frozenset(alert.member for alert in alerts),
            judged=frozenset(str(rule["name"]) for rule in rules if _is_evaluated(rule)),
            up_for=up,
            longest_for=slowest,
            remark=parts.remark() or ("" if sends.is_followed else NOT_FOLLOWED),
            odd=parts.odd,
        )


@dataclass(frozen=True, slots=True)
class _Sending:
    """What it does with labels before it sends an alert."""

    external: Mapping[str, str]
    steps: tuple[tuple[str, str], ...]  # action and pattern
    is_followed: bool

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> _Sending:
        external = _map(settings.get("global")).get("external_labels")
        relabel = _map(settings.get("alerting")).get("alert_relabel_configs")
        steps = [_map(one) for one in relabel] if isinstance(relabel, list) else []
        known = all(step.get("action") in (DROPS, KEEPS) for step in steps)
        return cls(
            {str(name): str(value) for name, value in _map(external).items()},
            tuple((str(step.get("action")), str(step.get("regex", "(.*)"))) for step in steps if known),
            known,
        )

    def form(self, item: Mapping[str, Any]) -> dict[str, Any]:
        return webhook_form({**item, "labels": self._labels(item["labels"])}, item.get("activeAt"))

    def _labels(self, own: Mapping[str, str]) -> dict[str, str]:
        found = {**self.external, **own}
        for action, pattern in self.steps:
            found = {name: v for name, v in found.items() if _matches(pattern, name) is (action == KEEPS)}
        return found


def _matches(pattern: str, name: str) -> bool:
    try:
        return fullmatch(pattern, name)
    except PatternError as error:
        raise ValueError(str(error)) from error


def _alerting(parts: Parts, groups: object) -> list[Mapping[str, Any]]:
    listed = parts.read(groups, lambda group: parts.read(group["rules"], _with_type))
    return [rule for rules in listed for rule, kind in rules if kind == "alerting"]


def _with_type(rule: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    kind, _ = str(rule["type"]), rule["name"]
    return rule, kind


def _with_state(item: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    if not isinstance(item["labels"], dict):
        raise TypeError(f"{type(item['labels']).__name__} in place of labels")
    return item, str(item["state"])


def _is_evaluated(rule: Mapping[str, Any]) -> bool:
    """It has looked since it began, and could."""
    return rule.get("health") == "ok" and not str(rule.get("lastEvaluation", "0001")).startswith("0001")


def _for(rule: Mapping[str, Any]) -> timedelta:
    return timedelta(seconds=float(rule.get("duration") or 0) + float(rule.get("keepFiringFor") or 0))


def _is_liveness(labels: Mapping[str, str]) -> bool:
    return labels.get("alertname") in LIVENESS or labels.get(CATEGORY[0]) == CATEGORY[1]


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}

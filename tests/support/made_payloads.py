"""Payloads of every kind that the router reads, by a seed: as their senders make them, changed, and damaged.

``MAKERS`` has one for each parser; a kind without one is a fault of the tests that use it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Any

import jmespath
import msgspec

from alarms.intake.json_alerts import PREFIX
from alarms.intake.mapping import JsonMapping
from alarms.intake.parsers import HEARTBEAT, OVERSIZED
from alarms.model.receipt import RECORDED
from tests.support.alerts import MONDAY_10, burn_alert, foreign_alert
from tests.support.fuzzed import NASTY, inside, places
from tests.support.hooks import (
    alert,
    alertmanager,
    cloudwatch_alarm,
    eventbridge_event,
    grafana,
    grafana_alert,
    pagerduty,
)

Maker = Callable[[Random], Any]
SHOP = f"{PREFIX}shop"
MAPPINGS = {
    "shop": JsonMapping(
        name=jmespath.compile("title"),
        alerts=jmespath.compile("events"),
        state=jmespath.compile("state"),
        severity=jmespath.compile("priority"),
        starts_at=jmespath.compile("date"),
        key=jmespath.compile("cycle"),
        labels={"host": jmespath.compile("host"), "component": jmespath.compile("component")},
    )
}
NAMES = [f"Rule{number}" for number in range(40)]
SEVERITIES = ("P1", "P2", "P3", "P4", "critical", "warning", "disaster", "page", "nonsense", "")
COMPONENTS = ("aurora", "redis", "decision-api", "elsewhere", "")
HOSTS = [f"host-{number}" for number in range(30)]
SHARE_CHANGED, SHARE_DAMAGED = 0.3, 0.1


def some_alert(random: Random) -> dict[str, Any]:
    begins = MONDAY_10 - timedelta(seconds=random.randrange(3600))
    over = random.random() < 0.35
    return alert(
        random.choice(NAMES),
        "resolved" if over else "firing",
        begins,
        begins + timedelta(seconds=random.randrange(3600)) if over else None,
        severity=random.choice(SEVERITIES),
        component=random.choice(COMPONENTS),
        instance=random.choice(HOSTS),
        namespace=random.choice(("shop", "bank")),
    )


def some_of_alertmanager(random: Random) -> dict[str, Any]:
    listed = [some_alert(random) for _ in range(random.choice((0, 1, 1, 1, 2, 5)))]
    return alertmanager(
        *listed, truncatedAlerts=random.choice((0, 0, 0, 3)), groupKey=random.choice(("a", "b"))
    )


def some_of_grafana(random: Random) -> dict[str, Any]:
    def one() -> dict[str, Any]:
        labels = {"severity": random.choice(SEVERITIES), "host": random.choice(HOSTS)}
        status = random.choice(("firing", "firing", "resolved"))
        return grafana_alert(random.choice(NAMES), status, labels=labels)

    return grafana(*[one() for _ in range(random.choice((1, 1, 3)))])


def some_of_pagerduty(random: Random) -> dict[str, Any]:
    return pagerduty(
        random.choice(("trigger", "trigger", "acknowledge", "resolve", "change")),
        random.choice([None, *HOSTS]),
        payload={"severity": random.choice(("critical", "error", "warning", "info", "?"))},
    )


def some_of_cloudwatch(random: Random) -> dict[str, Any]:
    at = MONDAY_10 + timedelta(seconds=random.randrange(3600))
    return cloudwatch_alarm(random.choice(NAMES), random.choice(("ALARM", "OK", "INSUFFICIENT_DATA")), at)


def some_of_eventbridge(random: Random) -> dict[str, Any]:
    at = MONDAY_10 + timedelta(seconds=random.randrange(3600))
    return eventbridge_event(random.choice(NAMES), random.choice(("ALARM", "OK", "INSUFFICIENT_DATA")), at)


def some_of_ours(random: Random) -> Any:
    made = (
        burn_alert(random.choice(("page-fast", "page-slow", "ticket-slow")))
        if random.random() < 0.3
        else foreign_alert(random.choice(NAMES), None, component=random.choice(COMPONENTS) or None)
    )
    return msgspec.to_builtins(made)


def some_recorded(random: Random) -> list[Any]:
    return [some_of_ours(random) for _ in range(random.choice((0, 1, 2)))]


def some_of_the_shop(random: Random) -> dict[str, Any]:
    def one() -> dict[str, Any]:
        return {
            "title": random.choice(NAMES),
            "state": random.choice(("open", "open", "resolved")),
            "priority": random.choice(SEVERITIES),
            "date": 1772456400000 + random.randrange(10**6),
            "cycle": random.choice((*HOSTS, "")),
            "host": random.choice(HOSTS),
            "component": random.choice(COMPONENTS),
        }

    return {"events": [one() for _ in range(random.choice((1, 2)))]}


def some_sign_of_life(random: Random) -> bytes:
    return random.choice((b"backup", b"grafana", b"no name"))


MAKERS: Mapping[str, Maker] = {
    "alert": some_of_ours,
    RECORDED: some_recorded,
    HEARTBEAT: some_sign_of_life,
    OVERSIZED: some_of_alertmanager,
    "alertmanager": some_of_alertmanager,
    "grafana": some_of_grafana,
    "pagerduty": some_of_pagerduty,
    "cloudwatch": some_of_cloudwatch,
    "eventbridge": some_of_eventbridge,
    SHOP: some_of_the_shop,
}


def payload(kind: str, random: Random) -> bytes:
    """Mostly as its sender would make it; sometimes with other values in it, sometimes cut or overwritten."""
    document = MAKERS[kind](random)
    if isinstance(document, bytes):
        return document
    dice = random.random()
    if dice < SHARE_CHANGED:
        changed(document, random)
    content = json.dumps(document).encode()
    return damaged(content, random) if dice > 1 - SHARE_DAMAGED else content


def changed(document: Any, random: Random) -> None:
    """Up to three values are others, gone, renamed or there twice."""
    for _ in range(random.randint(1, 3)):
        found = list(places(document))
        if not found:
            return
        *way, last = random.choice(found)
        holder = inside(document, way)
        match random.choice(("replace", "replace", "remove", "rename", "repeat")):
            case "replace":
                holder[last] = random.choice((*NASTY, [], {}, [NASTY[0]], {"a": 1}))
            case "remove":
                del holder[last]
            case "rename" if isinstance(holder, dict):
                holder[f"other{random.randrange(9)}"] = holder.pop(last)
            case "repeat" if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[last]))


def damaged(content: bytes, random: Random) -> bytes:
    broken = bytearray(content[: random.randrange(len(content) + 1)])
    for _ in range(random.randrange(4)):
        if broken:
            broken[random.randrange(len(broken))] = random.randrange(256)
    return bytes(broken)

"""Alertmanager's configuration: every alert goes to the severity router, which decides who is told.

Alertmanager groups so that one incident is one message, waits by severity, and holds back symptoms while
their cause fires. It never holds back an SLO's page: users are hit whatever the cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from alarms.generate.indicator_rules import HEARTBEAT_ALERT, LABEL_COMPONENT, LABEL_SYMPTOM
from alarms.generate.router_address import RouterAddress
from alarms.model.severity import Severity
from alarms.policy.policy import RoutingPolicy
from alarms.router.topology import Topology
from foundation.quantities import duration_text
from slo.model import conventions
from slo.model.entities import Component

ROUTER = "mirante-router"
HEARTBEAT = "mirante-heartbeat"
HOOK_PATH = "/hooks/alertmanager"
GROUP_INTERVAL = timedelta(minutes=1)
SHORTEST_REPEAT = timedelta(minutes=15)
FOREIGN_GROUP = ("alertname", LABEL_COMPONENT)
_WAIT = {
    Severity.P1: timedelta(0),
    Severity.P2: timedelta(seconds=15),
    Severity.P3: timedelta(seconds=60),
    Severity.P4: timedelta(minutes=5),
}

Document = dict[str, object]


def config(
    policy: RoutingPolicy, components: Iterable[Component], router: RouterAddress | None = None
) -> Document:
    """The whole file as plain data; ``amtool check-config`` accepts it."""
    address = router or RouterAddress()
    routes = [_route(policy, severity) for severity in Severity]
    receivers: list[Document] = [{"name": ROUTER, "webhook_configs": [_webhook(address)]}]
    if address.heartbeat_url is not None:
        routes.insert(0, _heartbeat_route())
        receivers.append({"name": HEARTBEAT, "webhook_configs": [{"url": address.heartbeat_url}]})
    return {
        "global": {"resolve_timeout": "5m"},
        "route": {
            "receiver": ROUTER,
            "group_by": list(FOREIGN_GROUP),
            "group_wait": duration_text(_WAIT[policy.default_severity]),
            "group_interval": duration_text(GROUP_INTERVAL),
            "repeat_interval": duration_text(_repeat(policy, policy.default_severity)),
            "routes": routes,
        },
        "inhibit_rules": [*_tiers(), *_dependencies(components)],
        "receivers": receivers,
    }


def _webhook(address: RouterAddress) -> Document:
    authorization = {"type": "Bearer", "credentials_file": address.token_file}
    return {
        "url": address.url + HOOK_PATH,
        "send_resolved": True,
        "max_alerts": 0,
        "http_config": {"authorization": authorization},
    }


def _route(policy: RoutingPolicy, severity: Severity) -> Document:
    """Our alerts group by identity, so that the tiers of one burn are one message; foreign ones by name."""
    ours = {"matchers": [f'{conventions.LABEL_ALERT_KEY}!=""'], "group_by": [conventions.LABEL_ALERT_KEY]}
    return {
        "matchers": [f'{conventions.LABEL_SEVERITY}="{severity}"'],
        "receiver": ROUTER,
        "group_wait": duration_text(_WAIT[severity]),
        "repeat_interval": duration_text(_repeat(policy, severity)),
        "routes": [ours],
    }


def _repeat(policy: RoutingPolicy, severity: Severity) -> timedelta:
    """The router reminds people; this only repairs a message lost on the way, well before anybody is late."""
    return max(SHORTEST_REPEAT, policy.level(severity).acknowledge_within)


def _heartbeat_route() -> Document:
    return {
        "matchers": [f'alertname="{HEARTBEAT_ALERT}"'],
        "receiver": HEARTBEAT,
        "group_wait": "0s",
        "group_interval": duration_text(GROUP_INTERVAL),
        "repeat_interval": duration_text(GROUP_INTERVAL),
    }


def _tiers() -> list[Document]:
    """A burning objective speaks with its most severe tier only. Both sides must *have* an objective:
    two absent labels are equal to Alertmanager."""
    own = f'{conventions.LABEL_SLO}!=""'
    ranks = list(Severity)
    return [
        {
            "source_matchers": [f'{conventions.LABEL_SEVERITY}="{severity}"', own],
            "target_matchers": [f'{conventions.LABEL_SEVERITY}=~"{"|".join(ranks[index:])}"', own],
            "equal": [conventions.LABEL_ENVIRONMENT, conventions.LABEL_SLO, conventions.LABEL_OBJECTIVE],
        }
        for index, severity in enumerate(ranks[:-1], start=1)
    ]


def _dependencies(components: Iterable[Component]) -> list[Document]:
    """Symptoms of a component wait while anything it leans on fires a page."""
    known = tuple(components)
    topology = Topology(known)
    causes = {component.id: sorted(topology.below(component.id)) for component in known}
    return [_inhibition(name, below) for name, below in sorted(causes.items()) if below]


def _inhibition(component: str, causes: Sequence[str]) -> Document:
    return {
        "source_matchers": [
            f'{LABEL_COMPONENT}=~"{"|".join(causes)}"',
            f'{conventions.LABEL_SEVERITY}=~"P1|P2"',
        ],
        "target_matchers": [f'{LABEL_COMPONENT}="{component}"', f'{LABEL_SYMPTOM}="true"'],
        "equal": [conventions.LABEL_ENVIRONMENT],
    }

"""Composite alarms that keep quiet about symptoms of a known cause (§3.5.3, aggregation).

The dependency graph of the catalogue says what may cause what. A symptom speaks through a composite whose
actions wait while anything its component leans on fires a page. SLO alarms are never held back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from alarms.generate.cloudwatch import names
from alarms.generate.cloudwatch.indicator_alarms import Placed
from alarms.model.severity import Severity
from alarms.router.topology import Topology
from slo.cloudwatch.alarms import Alarm, Topics, telling
from slo.cloudwatch.limits import LONGEST_RULE, MOST_CHILDREN
from slo.model.conventions import tags
from slo.model.entities import Component

WAIT_SECONDS = 120
EXTENSION_SECONDS = 180
PAGING = (Severity.P1, Severity.P2)


def composite_alarms(
    placed: Sequence[Placed], components: Iterable[Component], environment: str, topics: Topics
) -> list[Alarm]:
    """Causes first, since the alarms that wait for them refer to them by name."""
    known = tuple(components)
    topology = Topology(known)
    below = {component.id: tuple(sorted(topology.below(component.id))) for component in known}
    causes = [_causes(name, below[name], placed, environment) for name in sorted(below)]
    found = {str(alarm["AlarmName"]): alarm for alarm in causes if alarm is not None}
    speakers = [_speaker(one, found, environment, topics) for one in placed]
    return [*found.values(), *speakers]


def _causes(component: str, below: Sequence[str], placed: Sequence[Placed], environment: str) -> Alarm | None:
    """Fires while a paging alarm of anything below fires; none when nothing below can page."""
    paging = [one.name for one in placed if one.component in below and one.severity in PAGING]
    if not paging:
        return None
    rule = " OR ".join(f'ALARM("{name}")' for name in paging[:MOST_CHILDREN])
    return {
        "AlarmName": names.causes(environment, component),
        "AlarmDescription": (
            f"The cause of a problem in {component} is known. A causa de um problema em {component} é "
            "conhecida."
        ),
        "AlarmRule": _bounded(rule),
        "ActionsEnabled": False,
        "Tags": tags({"category": "cause", "component": component, "environment": environment}),
    }


def _speaker(one: Placed, causes: Mapping[str, Alarm], environment: str, topics: Topics) -> Alarm:
    """Same words as the alarm it speaks for, so that the router reads the same identity."""
    arguments = one.arguments
    alarm: Alarm = {
        "AlarmName": names.unless_caused(one.name),
        "AlarmDescription": arguments["AlarmDescription"],
        "AlarmRule": f'ALARM("{one.name}")',
        "ActionsEnabled": True,
        **telling(topics, one.severity),
        "Tags": arguments["Tags"],
    }
    suppressor = names.causes(environment, one.component)
    if one.symptom and suppressor in causes:
        alarm |= {
            "ActionsSuppressor": suppressor,
            "ActionsSuppressorWaitPeriod": WAIT_SECONDS,
            "ActionsSuppressorExtensionPeriod": EXTENSION_SECONDS,
        }
    return alarm


def _bounded(rule: str) -> str:
    if len(rule) > LONGEST_RULE:
        raise ValueError(f"an alarm rule of {len(rule)} characters exceeds CloudWatch's {LONGEST_RULE}")
    return rule

"""How severe an alert is: each rule that may lower it, with the sentence that says so."""

from __future__ import annotations

from dataclasses import replace

from alarms.model.alert import Alert
from alarms.model.severity import Severity
from alarms.router.classify import classify
from alarms.router.context import AlertContext
from alarms.router.topology import Topology
from slo.model.entities import Component
from tests.support.alerts import MONDAY_10, burn_alert, foreign_alert
from tests.support.router import SHIPPED_POLICY, Scene

REPORTS = Component("reports", "Reports", "Relatórios", "api", 3, "business", (), ("business/reports",))
CAPPED = replace(SHIPPED_POLICY, tier_caps={"3": Severity.P3})


def classified(alert: Alert) -> tuple[Severity, str]:
    """Its severity, and the last reason for it."""
    scene = Scene(policy=CAPPED, topology=Topology([REPORTS]))
    with scene.store.transaction() as tx:
        context = AlertContext(scene.router.routing, tx, alert, MONDAY_10)
        classify(context)
    scene.close()
    return context.severity, context.reasons[-1][1]


def test_a_component_that_matters_less_is_never_more_severe_than_its_cap() -> None:
    assert classified(foreign_alert("Down", Severity.P1, component="reports")) == (
        Severity.P3,
        "a tier 3 component is at most P3: P1 lowered to P3",
    )


def test_a_cap_raises_nothing_and_is_for_its_tier_only() -> None:
    assert classified(foreign_alert("Slow", Severity.P4, component="reports"))[0] is Severity.P4
    assert classified(foreign_alert("Down", Severity.P1, component="aurora"))[0] is Severity.P1
    assert classified(foreign_alert("Down", Severity.P1))[0] is Severity.P1


def test_an_slo_says_itself_how_severe_its_burn_is_whatever_its_component() -> None:
    severity, reason = classified(burn_alert(slo_id="business/reports"))
    assert severity is Severity.P1
    assert reason == "burn 400 over 1h and 400 over 5m, both above 14.4: P1"


def test_a_word_that_is_not_listed_is_said_with_the_alert_and_told_once() -> None:
    scene = Scene(policy=SHIPPED_POLICY)
    for host in ("db1", "db2"):
        alert = foreign_alert("Down", None, instance=host)
        scene.router.receive(replace(alert, labels={**alert.labels, "severity": "kritisch"}))
    told = [one for one in scene.router.open_incidents() if one.name == "UnknownSeverity"]
    reasons = [entry.reason for entry in scene.router.explain(_down(scene)).decisions]
    scene.close()
    assert [(one.severity, "severity.words" in one.summary) for one in told] == [(Severity.P4, True)]
    assert any("severity.words does not list 'kritisch': P3" in reason for reason in reasons)


def _down(scene: Scene) -> str:
    return next(one.id for one in scene.router.open_incidents() if one.name == "Down")

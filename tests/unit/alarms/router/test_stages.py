"""The pipeline stage by stage: each by its name, in its place, and with what it alone does to an alert."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from alarms.intake.normalise import IntakeRules
from alarms.intake.worker import IntakeWorker
from alarms.model.alert import Alert
from alarms.model.decision import Stage
from alarms.model.incident import HoldKind, Incident, TimerKind, TransitionKind
from alarms.model.receipt import Receipt
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from alarms.policy.policy import Remediation
from alarms.router.context import AlertContext
from alarms.router.pipeline import STAGES
from tests.support.alerts import MONDAY_10, burn_alert, ended, foreign_alert
from tests.support.router import SHIPPED_POLICY, Scene

MINUTE = timedelta(minutes=1)
RESTART = Remediation(
    "restart", (Matcher("component", "=", "aurora"),), (Severity.P1,), "lambda", 1, timedelta(hours=1)
)
AURORA = foreign_alert("AuroraDown", Severity.P1, component="aurora")


@contextmanager
def before(stage: str, scene: Scene, alert: Alert) -> Iterator[AlertContext]:
    """The alert as it comes to ``stage``, in an open transaction."""
    with scene.store.transaction() as tx:
        context = AlertContext(scene.router.routing, tx, alert, scene.clock.now())
        for earlier in STAGES:
            if earlier.__name__ == stage:
                break
            earlier(context)
        yield context


def incident_of(context: AlertContext) -> Incident:
    assert context.update is not None
    return context.update.incident


def decided(context: AlertContext, stage: Stage) -> list[str]:
    """The outcomes that the stage left with the incident."""
    kept = context.tx.decisions(incident_of(context).id)
    return [decision.outcome for decision in kept if decision.stage is stage]


def timers(context: AlertContext) -> list[TimerKind]:
    return [timer.kind for timer in context.tx.timers(incident_of(context).id)]


def classify(scene: Scene, run: Callable[[AlertContext], None]) -> None:
    with before("classify", scene, burn_alert("page-slow", exhaustion=timedelta(hours=5))) as context:
        run(context)
        assert context.severity is Severity.P1
        assert [rule for rule, _ in context.reasons] == ["burn_windows", "raise[0]"]


def route(scene: Scene, run: Callable[[AlertContext], None]) -> None:
    with before("route", scene, burn_alert()) as context:
        assert context.route.name == SHIPPED_POLICY.routes[-1].name
        run(context)
        assert context.route == SHIPPED_POLICY.route(context.labels)
        assert context.route.name != SHIPPED_POLICY.routes[-1].name


def deduplicate(scene: Scene, run: Callable[[AlertContext], None]) -> None:
    first = scene.receive(burn_alert())
    with before("deduplicate", scene, burn_alert("page-slow")) as context:
        run(context)
        assert (context.incident_id, context.event) == (first.id, TransitionKind.ALERT_JOINED)
        assert decided(context, Stage.DEDUPLICATE) == ["new", "joined"]


def reassess(scene: Scene, run: Callable[[AlertContext], None]) -> None:
    scene.receive(burn_alert("page-slow"))
    with before("reassess", scene, burn_alert("page-fast")) as context:
        assert incident_of(context).severity is Severity.P2
        run(context)
        assert incident_of(context).severity is Severity.P1
        assert context.event is TransitionKind.SEVERITY_RAISED


def gather(scene: Scene, run: Callable[[AlertContext], None]) -> None:
    scene.receive(foreign_alert("HostDown", Severity.P1))
    joins = replace(foreign_alert("HostDown", Severity.P1), tier="b", labels={"instance": "b"})
    with before("gather", scene, joins) as context:
        run(context)
        assert incident_of(context).untold == ("instance=b",)
        assert TimerKind.MORE in timers(context)


def damp(scene: Scene, run: Callable[[AlertContext], None]) -> None:
    for _ in range(3):
        scene.receive(burn_alert(at=scene.clock.now()))
        scene.receive(ended(burn_alert(at=scene.clock.now()), scene.clock.now()))
        scene.pass_time(MINUTE)
    with before("damp", scene, burn_alert(at=scene.clock.now())) as context:
        run(context)
        assert context.hold is not None
        assert context.hold.kind is HoldKind.FLAPPING
        assert decided(context, Stage.FLAP_DAMP) == ["flapping"]


def correlate(scene: Scene, run: Callable[[AlertContext], None]) -> None:
    cause = scene.receive(AURORA)
    with before("correlate", scene, burn_alert()) as context:
        run(context)
        assert incident_of(context).cause_id == cause.id
        assert decided(context, Stage.CORRELATE) == ["symptom"]


def inhibit(scene: Scene, run: Callable[[AlertContext], None]) -> None:
    cause = scene.receive(AURORA)
    with before("inhibit", scene, burn_alert()) as context:
        assert context.hold is None
        run(context)
        assert context.hold is not None
        assert (context.hold.kind, context.hold.by) == (HoldKind.CAUSE, cause.id)


def silence(scene: Scene, run: Callable[[AlertContext], None]) -> None:
    everything = [Matcher("environment", "=", "test")]
    asked = scene.router.silence(everything, MONDAY_10, MONDAY_10 + MINUTE, "ana", "deploy")
    with before("silence", scene, burn_alert()) as context:
        assert context.hold is None
        run(context)
        assert context.hold is not None
        assert (context.hold.kind, context.hold.by) == (HoldKind.SILENCE, asked.id)


def wait(scene: Scene, run: Callable[[AlertContext], None]) -> None:
    scene.router.change_policy(SHIPPED_POLICY)
    with before("wait", scene, burn_alert("page-slow")) as context:
        assert context.hold is None
        run(context)
        assert context.hold is not None
        assert context.hold.kind is HoldKind.FIRST_WAIT


def notify(scene: Scene, run: Callable[[AlertContext], None]) -> None:
    with before("notify", scene, burn_alert()) as context:
        assert context.tx.deliveries() == []
        run(context)
        (page,) = context.tx.deliveries()
        assert (page.notification.target, page.notification.step.value) == ("operations", "first")
        assert incident_of(context).paged_at == MONDAY_10


def escalate(scene: Scene, run: Callable[[AlertContext], None]) -> None:
    with before("escalate", scene, burn_alert()) as context:
        assert timers(context) == []
        run(context)
        assert timers(context) == [TimerKind.ACKNOWLEDGE, TimerKind.UNRESOLVED]


def remediate(scene: Scene, run: Callable[[AlertContext], None]) -> None:
    scene.router.change_policy(replace(SHIPPED_POLICY, remediation=(RESTART,)))
    with before("remediate", scene, AURORA) as context:
        run(context)
        assert context.tx.deliveries()[-1].notification.target == "remediation:restart"


CHECKS = (
    classify,
    route,
    deduplicate,
    reassess,
    gather,
    damp,
    correlate,
    inhibit,
    silence,
    wait,
    notify,
    escalate,
    remediate,
)


def test_the_stages_are_these_in_this_order() -> None:
    assert [stage.__name__ for stage in STAGES] == [check.__name__ for check in CHECKS]


@pytest.mark.parametrize(
    ("stage", "check"), list(zip(STAGES, CHECKS, strict=True)), ids=lambda one: one.__name__
)
def test_a_stage_can_be_called_alone_and_does_its_part(
    stage: Callable[[AlertContext], None], check: Callable[[Scene, Callable[[AlertContext], None]], None]
) -> None:
    scene = Scene()
    check(scene, stage)
    scene.close()


@pytest.mark.parametrize("stage", STAGES[3:], ids=lambda stage: stage.__name__)
def test_a_stage_passes_by_what_does_not_concern_it(stage: Callable[[AlertContext], None]) -> None:
    scene = Scene()
    scene.receive(burn_alert())
    for nothing_new in (burn_alert(), ended(foreign_alert("NeverSeen"), MONDAY_10)):
        with before("reassess", scene, nothing_new) as context:
            known = context.tx.incidents(), context.tx.deliveries()
            stage(context)
            assert (context.tx.incidents(), context.tx.deliveries()) == known
    scene.close()


def test_every_alert_takes_the_same_way_whoever_brings_it() -> None:
    """Handed over (evaluator, simulation), or taken by the worker from what hooks and queues kept."""
    alerts = [burn_alert(), AURORA, burn_alert("page-slow"), ended(AURORA, MONDAY_10)]
    handed, kept = Scene(), Scene()
    handed.router.receive_all(alerts)
    payloads = [msgspec.json.encode(alert) for alert in alerts]
    kept.store.append_receipts([Receipt(f"r-{n}", "alert", MONDAY_10, p) for n, p in enumerate(payloads)])
    assert IntakeWorker(kept.store, kept.router, IntakeRules("test"), kept.clock).drain() == len(alerts)
    for incident in handed.router.incidents():
        assert handed.router.explain(incident.id) == kept.router.explain(incident.id)
    handed.close()
    kept.close()

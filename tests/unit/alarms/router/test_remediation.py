"""Remediation: off by default, asked for once it is declared, kept in the history, and bounded."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alarms.model.errors import PermanentFailure, TemporaryFailure
from alarms.model.incident import TransitionKind
from alarms.model.notification import NotifyStep
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from alarms.notify.dispatcher import Dispatcher
from alarms.notify.lambda_action import LambdaNotifier
from alarms.policy.policy import Remediation
from alarms.policy.policy_file import load_policy
from tests.support.alerts import burn_alert, ended
from tests.support.aws_refusal import aws_refusal
from tests.support.router import SHIPPED_POLICY, Pager, Scene
from tests.support.router_store_contract import notification

RESTART = Remediation(
    "restart-api",
    (Matcher("component", "=", "decision-api"),),
    (Severity.P1,),
    "lambda",
    2,
    timedelta(hours=1),
)


def acting() -> tuple[Scene, Pager]:
    scene = Scene(policy=replace(SHIPPED_POLICY, remediation=(RESTART,)))
    machine = Pager()
    scene.dispatcher.close()
    scene.dispatcher = Dispatcher(
        scene.store, {"default": scene.pager, "lambda": machine}, scene.clock, "worker"
    )
    return scene, machine


def test_nothing_is_declared_in_what_ships() -> None:
    assert load_policy().remediation == ()


def test_a_declared_action_is_asked_for_with_the_page_and_stands_in_the_history() -> None:
    scene, machine = acting()
    incident = scene.receive(burn_alert())
    assert machine.told() == [("remediation:restart-api", "remediation")]
    assert scene.pager.told() == [("operations", "first")]
    kinds = [entry.kind for entry in scene.router.timeline(incident.id)]
    assert kinds == [TransitionKind.OPENED, TransitionKind.REMEDIATION_ASKED]
    scene.pass_time(timedelta(minutes=15))
    assert "remediation requested: restart-api" in scene.pager.sent[-1].message.body
    scene.receive(ended(burn_alert(), scene.clock.now()))
    assert len(machine.sent) == 1
    scene.close()


def test_a_milder_or_another_problem_asks_for_nothing() -> None:
    scene, machine = acting()
    scene.receive(burn_alert("page-slow"))
    scene.receive(burn_alert(slo_id="credit/elsewhere"))
    assert machine.sent == []
    scene.close()


def test_it_is_asked_for_only_so_often_and_says_so() -> None:
    scene, machine = acting()
    for _ in range(3):
        incident = scene.receive(burn_alert(at=scene.clock.now()))
        scene.pass_time(timedelta(minutes=1))
        scene.receive(ended(burn_alert(at=scene.clock.now()), scene.clock.now()))
        scene.pass_time(timedelta(minutes=15))
    assert len(machine.sent) == 2
    reasons = [decision.reason for decision in scene.router.explain(incident.id).decisions]
    assert "asked for 2 times within 1:00:00 already: a person has to look" in reasons
    scene.close()


class Lambda:
    def __init__(self, code: str | None = None) -> None:
        self.code = code
        self.calls: list[dict[str, Any]] = []

    def invoke(self, **kwargs: Any) -> dict[str, Any]:
        if self.code is not None:
            raise aws_refusal(self.code)
        self.calls.append(kwargs)
        return {"ResponseMetadata": {"RequestId": "request"}}


def test_a_function_is_invoked_with_the_incident_and_the_dedup_id() -> None:
    client = Lambda()
    asked = replace(notification(target="remediation:restart-api"), step=NotifyStep.REMEDIATION)
    notifier = LambdaNotifier(client, {"remediation:restart-api": "restart"})
    assert notifier.send(asked) == "request"
    (call,) = client.calls
    assert (call["FunctionName"], call["InvocationType"]) == ("restart", "Event")
    event = json.loads(call["Payload"])
    assert (event["incident_id"], event["dedup_id"]) == (asked.incident_id, asked.dedup_id)


@pytest.mark.parametrize(
    ("code", "failure"),
    [("TooManyRequestsException", TemporaryFailure), ("ResourceNotFoundException", PermanentFailure)],
)
def test_a_function_that_cannot_be_invoked_says_if_trying_again_helps(
    code: str, failure: type[Exception]
) -> None:
    notifier = LambdaNotifier(Lambda(code), {"operations": "restart"})
    with pytest.raises(failure):
        notifier.send(notification())
    with pytest.raises(PermanentFailure, match="no function"):
        LambdaNotifier(Lambda(), {}).send(notification())

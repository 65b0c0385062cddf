"""The real Prometheus, Alertmanager and (an emulator of) CloudWatch, asked what fires: the answers are of the
same alerts that their messages bring."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from alarms.intake import alertmanager
from alarms.intake.normalise import IntakeRules
from alarms.model.alert import Alert
from alarms.model.errors import SourceSilent
from alarms.model.severity import Severity
from alarms.watching.alertmanager import AlertmanagerAsker
from alarms.watching.cloudwatch import CloudWatchAsker
from alarms.watching.prometheus import PrometheusAsker
from alarms.watching.source_answer import Asker
from tests.support.alerting_chain import METRIC, AlertingChain
from tests.support.alertmanager_server import needs_alertmanager
from tests.support.aws_emulator import aws_client, needs_emulator, shared_emulator
from tests.support.hostile_server import HEAD, deep, endless, hostile, whole
from tests.support.http_catcher import HttpCatcher, Reply
from tests.support.patience import wait_until
from tests.support.prometheus_server import needs_prometheus

TOPIC = "arn:aws:sns:sa-east-1:000000000000:alarms"
RULES = IntakeRules("test", severity_words={"critical": Severity.P1}, ignored_labels=("instance",))
CHAIN_RULES: list[dict[str, Any]] = [
    {
        "alert": "Proof",
        "expr": f"{METRIC} == 1",
        "labels": {"severity": "critical", "scratch": "x"},
        "annotations": {"summary": "proof {{ $labels.n }}"},
    },
    {"alert": "Slow", "expr": f'{METRIC}{{n="slow"}} == 1', "for": "1h"},
    {"alert": "Watchdog", "expr": "vector(1)", "labels": {"n": "watchdog"}},
    {"alert": "Broken", "expr": f"{METRIC} * on() {METRIC}"},
]
ROUTES = [{"matchers": ['n="watchdog"'], "receiver": "nobody"}]


def now() -> datetime:
    return datetime.now(UTC)


def rules() -> IntakeRules:
    return RULES


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=10.0) as made:
        yield made


@needs_prometheus
@needs_alertmanager
def test_what_they_list_are_the_alerts_that_the_hook_brings(tmp_path: Path, client: httpx.Client) -> None:
    with HttpCatcher() as hook:
        port = int(hook.url.rpartition(":")[2])
        with AlertingChain(tmp_path / "chain", port, "t", rules=CHAIN_RULES, routes=ROUTES) as chain:
            chain.page.values = {"1": 1, "cause": 1, "symptom": 1, "quiet": 0, "slow": 1}
            manager = AlertmanagerAsker(chain.manager_url, client, rules, now)
            prometheus = PrometheusAsker(chain.prometheus_url, client, rules, now)

            def everything() -> bool:
                there, names = manager.ask(), {alert.labels["n"] for alert in sent()}
                return len(there.firing) == 3 and len(there.aside) == 2 and names >= {"1", "cause", "slow"}

            def sent() -> list[Alert]:
                bodies = [one.body for one in hook.at("/hooks/alertmanager")]
                return [alert for body in bodies for alert in alertmanager.parse(body, RULES, now()).alerts]

            wait_until(everything, 60, "all of them have fired and were sent")
            told, behind = manager.ask(), prometheus.ask()
        by_hook = {alert.member: alert for alert in sent()}
        for member, alert in told.firing.items():
            assert alert == by_hook[member]  # severity, summary, links: as if it had been sent
        symptom = {member for member in told.aside if member in behind.firing}
        assert len(symptom) == 1  # the other is the watchdog, which fires to be missed
        assert behind.firing.keys() == told.firing.keys() | symptom
        assert len(behind.listed - behind.firing.keys()) == 2  # the watchdog, and what is pending for an hour
        assert behind.judged == frozenset({"Proof", "Slow", "Watchdog"})  # and not what cannot be evaluated
        assert behind.longest_for == timedelta(hours=1)
        assert timedelta() < behind.up_for < timedelta(minutes=10)
        assert timedelta() < told.up_for < timedelta(minutes=10)
        assert (told.waits, told.judged) == (timedelta(seconds=3), None)


@needs_emulator
def test_cloudwatch_lists_the_alarms_that_its_messages_are_about() -> None:
    cloudwatch = aws_client("cloudwatch", shared_emulator())
    common = {
        "MetricName": "CPU",
        "Namespace": "Watched",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "Dimensions": [{"Name": "component", "Value": "aurora"}],
    }
    for name, actions in (("watched-P1", [TOPIC]), ("unwatched", []), ("fine-P1", [TOPIC])):
        cloudwatch.put_metric_alarm(AlarmName=name, AlarmActions=actions, **common)
    for name, state in (("watched-P1", "ALARM"), ("unwatched", "ALARM"), ("fine-P1", "OK")):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="because")
    try:
        answer = CloudWatchAsker(cloudwatch, rules, now, (TOPIC,)).ask()
        (alert,) = (one for one in answer.firing.values() if one.name in {"watched-P1", "fine-P1"})
        assert (alert.name, alert.source, alert.severity) == ("watched-P1", "cloudwatch", Severity.P1)
        assert alert.component == "aurora"
        assert alert.labels["alarm_arn"].endswith("alarm:watched-P1")
        assert answer.judged is not None
        assert alert.member in answer.listed & answer.judged
        assert len(answer.aside) >= 1
        assert CloudWatchAsker(cloudwatch, rules, now, ("another",)).ask().firing == {}
    finally:
        cloudwatch.delete_alarms(AlarmNames=["watched-P1", "unwatched", "fine-P1"])


def _manager(url: str, client: httpx.Client) -> Asker:
    return AlertmanagerAsker(url, client, rules, now)


def _prometheus(url: str, client: httpx.Client) -> Asker:
    return PrometheusAsker(url, client, rules, now)


UPTIME = b'{"uptime": "2026-01-01T00:00:00Z", "config": {"original": ""}}'
ODD = {
    "not JSON": b"<html>",
    "a list": b"[]",
    "a text": b'"no"',
    "null": b"null",
    "other keys": b'{"status": "success", "data": {"groups": [{"rules": [{}]}], "startTime": 5}}',
    "alerts that are none": b"[5]",
    "an alert without a state": b'[{"labels": {}}]',
    "no timestamp": b'{"uptime": "yesterday", "config": {"original": ""}}',
}


@pytest.mark.parametrize("asked", [_manager, _prometheus])
@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_an_odd_answer_is_no_answer(
    asked: Callable[[str, httpx.Client], Asker], body: bytes, client: httpx.Client
) -> None:
    with hostile(partial(whole, "200 OK", body)) as server, pytest.raises(SourceSilent):
        asked(server.url, client).ask()


ACTIVE = {"status": {"state": "active"}, "receivers": [{"name": "on-call"}]}
FIRES = {"state": "firing"}
GOOD = [{"labels": {"alertname": name, "severity": "critical"}} for name in ("Good1", "Good2")]


def _mixed(fields: dict[str, Any]) -> list[Any]:
    return [GOOD[0] | fields, 5, None, {"labels": None}, GOOD[1] | fields]


def _rule(name: str, alerts: object, **fields: object) -> dict[str, Any]:
    evaluated = {"health": "ok", "lastEvaluation": "2026-01-01T00:00:00Z"}
    return {"type": "alerting", "name": name, "alerts": alerts, **evaluated, **fields}


@contextmanager
def _answering(answers: dict[str, Any]) -> Iterator[str]:
    """A server with one JSON document for each path; its address."""
    with HttpCatcher(lambda caught: Reply(200, json.dumps(answers[caught.path]).encode())) as server:
        yield server.url


def test_one_odd_alert_of_alertmanager_hides_no_other(client: httpx.Client) -> None:
    answers = {"/api/v2/status": json.loads(UPTIME), "/api/v2/alerts": _mixed(ACTIVE)}
    with _answering(answers) as url:
        answer = _manager(url, client).ask()
    assert {alert.name for alert in answer.firing.values()} == {"Good1", "Good2"}
    assert answer.odd == 3
    assert "3 of 5 parts of its answer cannot be read" in answer.remark


def test_one_odd_group_rule_or_alert_of_prometheus_hides_no_other(client: httpx.Client) -> None:
    rules = [_rule("Good", _mixed(FIRES)), 7, {}, _rule("Slow", [], duration="x"), _rule("None", "no")]
    groups = [{"rules": rules}, None, {"rules": 3}]
    data = {
        "status/runtimeinfo": {"startTime": "2026-01-01T00:00:00Z"},
        "status/config": {"yaml": ""},
        "rules?type=alert": {"groups": groups},
    }
    with _answering({f"/api/v1/{what}": {"data": found} for what, found in data.items()}) as url:
        answer = _prometheus(url, client).ask()
    assert {alert.name for alert in answer.firing.values()} == {"Good1", "Good2"}
    assert answer.judged == frozenset({"Good", "Slow", "None"})
    assert answer.odd == 9


class _Alarms:
    def describe_alarms(self, **_: Any) -> dict[str, Any]:
        fires = {"StateValue": "ALARM", "AlarmActions": [TOPIC], "ActionsEnabled": True}
        good = [{"AlarmName": name, "AlarmArn": name, **fires} for name in ("Good1", "Good2")]
        return {"MetricAlarms": [good[0], 5, {"StateValue": "ALARM"}, good[1]]}


def test_one_odd_alarm_of_cloudwatch_hides_no_other() -> None:
    answer = CloudWatchAsker(_Alarms(), rules, now).ask()
    assert {alert.name for alert in answer.firing.values()} == {"Good1", "Good2"}
    assert answer.odd == 2


@pytest.mark.parametrize("asked", [_manager, _prometheus])
@pytest.mark.parametrize("parts", [endless, deep, partial(whole, "503 Busy", b"{}")])
def test_neither_is_an_endless_or_a_deep_one(
    asked: Callable[[str, httpx.Client], Asker],
    parts: Callable[[], Iterator[bytes]],
    client: httpx.Client,
) -> None:
    with hostile(parts) as server, pytest.raises(SourceSilent):
        asked(server.url, client).ask()


def test_a_configuration_that_cannot_be_read_hides_nothing(client: httpx.Client) -> None:
    """Two questions, one answer: what is a status is a list of no alerts, which is odd."""
    with hostile(partial(whole, "200 OK", UPTIME)) as server, pytest.raises(SourceSilent, match="alerts"):
        _manager(server.url, client).ask()


@pytest.mark.parametrize("asked", [_manager, _prometheus])
def test_one_that_is_not_there_is_silent(
    asked: Callable[[str, httpx.Client], Asker], client: httpx.Client
) -> None:
    with pytest.raises(SourceSilent, match="cannot be reached"):
        asked("http://user:secret@127.0.0.1:9", client).ask()


def test_a_dripping_one_is_left_in_time(monkeypatch: pytest.MonkeyPatch, client: httpx.Client) -> None:
    monkeypatch.setattr("alarms.watching.server.ANSWER_SECONDS", 0.5)

    def drips() -> Iterator[bytes]:
        return (bytes([byte]) for byte in HEAD + b" " * 10_000)

    with hostile(drips, pause=0.1) as server, pytest.raises(SourceSilent, match="did not finish"):
        _manager(server.url, client).ask()


def test_no_password_is_shown(client: httpx.Client) -> None:
    asker = _prometheus("http://user:secret@127.0.0.1:9", client)
    with pytest.raises(SourceSilent) as told:
        asker.ask()
    assert "secret" not in f"{asker.name} {told.value}"

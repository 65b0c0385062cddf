"""Whatever is thrown at the router's ways in: never an error of ours, and what was accepted is there.

Each payload meets a router of its own, over SQLite: an accepted one ends as alerts of an incident, as a
receipt in quarantine, or as the end of something that never began.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import jmespath
import msgspec
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from alarms.http.auth import HOOKS, READ, WRITE, BearerTokens, Principal
from alarms.http.desk_api import DeskApi
from alarms.http.hooks import Hooks
from alarms.intake.inbox import Inbox
from alarms.intake.mapping import JsonMapping
from alarms.intake.normalise import clean, intake_rules
from alarms.intake.sns_message import SnsVerifier
from alarms.intake.sqs import SqsConsumer
from alarms.intake.worker import IntakeWorker
from alarms.model.alert import AlertState
from alarms.model.receipt import ReceiptState
from alarms.stores.sqlite import SqliteRouterStore
from tests.support.alerts import burn_alert, foreign_alert
from tests.support.fuzzed import bodies
from tests.support.hooks import (
    TOPIC,
    MadeSns,
    alert,
    alertmanager,
    cloudwatch_alarm,
    eventbridge_event,
    grafana,
    grafana_alert,
    pagerduty,
)
from tests.support.router import SHIPPED_POLICY, Scene, numbered_ids
from tests.support.router_application import create_application

FULL = os.environ.get("MIRANTE_PROOF") == "full"
SHARE = 1 if FULL else 40  # 18,000 payloads in full, one in forty of them otherwise
TOKEN = {"authorization": "Bearer token"}
SHOP = JsonMapping(
    name=jmespath.compile("title"),
    alerts=jmespath.compile("events"),
    state=jmespath.compile("state"),
    severity=jmespath.compile("level"),
    starts_at=jmespath.compile("at"),
    key=jmespath.compile("id"),
    tags=jmespath.compile("tags"),
)
RULES = intake_rules("test", [], SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels, {"shop": SHOP})
SNS = MadeSns()

pytestmark = pytest.mark.proof

WEBHOOKS = st.builds(
    alertmanager,
    st.builds(
        alert,
        st.sampled_from(("DiskFull", "WriterDown", "Latency")),
        st.sampled_from(("firing", "firing", "resolved")),
        severity=st.sampled_from(("P1", "P3", "critical", "page", "")),
        component=st.sampled_from(("aurora", "redis", "decision-api", "elsewhere")),
    ),
    st.builds(alert, st.just("Second"), instance=st.sampled_from(("a", "b"))),
    truncatedAlerts=st.sampled_from((0, 0, 7)),
)
GRAFANA = st.builds(
    grafana,
    st.builds(
        grafana_alert,
        st.sampled_from(("QueueLong", "DatasourceError", "DatasourceNoData")),
        st.sampled_from(("firing", "firing", "resolved")),
        labels=st.sampled_from(({}, {"severity": "critical"}, {"rulename": "Queue", "instance": "a"})),
    ),
    st.builds(grafana_alert, st.just("Second"), values=st.sampled_from((None, {}, {"A": 1.5}))),
)
PAGERDUTY = st.builds(
    pagerduty,
    st.sampled_from(("trigger", "trigger", "acknowledge", "resolve")),
    st.sampled_from((None, "db1/disk")),
    payload=st.sampled_from(({}, {"severity": "info"}, {"custom_details": "text"}, {"timestamp": None})),
)
EVENTS_OF_A_SHOP: st.SearchStrategy[Any] = st.builds(
    dict,
    events=st.lists(
        st.fixed_dictionaries(
            {
                "title": st.sampled_from(("Till down", "Queue long")),
                "state": st.sampled_from(("open", "open", "OK", 1)),
                "level": st.sampled_from(("urgent", "low", 7)),
                "at": st.sampled_from((1772456400, "2026-03-02T13:00:00Z")),
                "id": st.sampled_from((1, "two", None)),
                "tags": st.sampled_from(("a:b,c:d", ["a:b"], {"a": "b"}, [{"tag": "a", "value": "b"}])),
            }
        ),
        min_size=1,
        max_size=3,
    ),
)
STATES = st.sampled_from(("ALARM", "ALARM", "OK", "INSUFFICIENT_DATA"))
ALARMS = st.builds(cloudwatch_alarm, st.sampled_from(("cpu-high", "disk-full")), STATES)
EVENTS = st.builds(eventbridge_event, st.sampled_from(("cpu-high", "disk-full")), STATES)
OWN = st.sampled_from((burn_alert(), foreign_alert("Own", component="aurora"))).map(
    lambda made: msgspec.to_builtins(asdict(made))
)
ENVELOPES = st.sampled_from(("Notification", "SubscriptionConfirmation")).map(
    lambda kind: json.loads(SNS.message(kind=kind))
)
ANYTHING = st.one_of(ALARMS, EVENTS, WEBHOOKS, OWN)


class Queue:
    """An SQS queue in this process: what was not deleted is handed out again."""

    def __init__(self, bodies: list[str]) -> None:
        self.left = {str(number): body for number, body in enumerate(bodies)}

    def receive_message(self, **_: Any) -> Mapping[str, Any]:
        return {"Messages": [{"Body": body, "ReceiptHandle": handle} for handle, body in self.left.items()]}

    def delete_message_batch(self, **kwargs: Any) -> Mapping[str, Any]:
        for entry in kwargs["Entries"]:
            del self.left[entry["ReceiptHandle"]]
        return {}


class Site:
    """A router with all its ways in. An error that nobody foresaw comes out of ``ask`` as itself."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self.store = SqliteRouterStore(folder / "router.sqlite")
        self.scene = Scene(store=self.store)
        self._runner = runner
        who = BearerTokens.of({"token": Principal("test", frozenset({HOOKS, READ, WRITE}))})
        inbox = Inbox(self.store, self.scene.clock, numbered_ids("receipt-"))
        verifier = SnsVerifier(frozenset({TOPIC}), SNS)
        hooks = Hooks(inbox, who, self.scene.clock, sns=verifier)
        self.worker = IntakeWorker(self.store, self.scene.router, RULES, self.scene.clock)
        application = create_application(hooks, DeskApi(self.scene.router, who))
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://router")

    def ask(self, method: str, path: str, body: bytes = b"") -> httpx.Response:
        return self._runner.run(self._client.request(method, path, content=body, headers=TOKEN))

    def work_off(self) -> None:
        """As the running router does it, pages included."""
        self.worker.drain()
        self.scene.router.tick()
        self.scene.dispatcher.drain()

    def states(self) -> dict[ReceiptState, int]:
        return {state: self.store.count_receipts(state) for state in ReceiptState}

    def firing(self) -> set[str]:
        """Names of the alerts that fire, of all incidents that are open."""
        records = [r for i in self.scene.router.open_incidents() for r in self.store.alerts(i.id)]
        return {record.name for record in records if record.state is AlertState.FIRING}

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self.scene.close()


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@contextmanager
def fresh_site(folders: pytest.TempPathFactory, runner: asyncio.Runner) -> Iterator[Site]:
    site = Site(folders.mktemp("fuzz"), runner)
    try:
        yield site
    finally:
        site.close()


def payloads(number: int) -> settings:
    return settings(
        max_examples=max(25, number // SHARE),
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
        ],
    )


def nothing_is_lost(site: Site, payload: bytes, expected: Collection[str] | None = None) -> None:
    """Its one receipt, worked off: what fires in it is in an incident, what cannot be read in quarantine, and
    somebody is told of that."""
    site.work_off()
    states = site.states()
    assert states[ReceiptState.PENDING] == 0
    assert states[ReceiptState.DONE] + states[ReceiptState.QUARANTINED] >= 1
    event("worked off" if states[ReceiptState.DONE] else "in quarantine")
    if states[ReceiptState.DONE]:
        wanted = expected_to_fire(payload) if expected is None else set(expected)
        assert wanted <= site.firing()
    assert bool(states[ReceiptState.QUARANTINED]) is ("Quarantined" in site.firing())
    for listed in site.ask("GET", "/v1/alerts/quarantine").json()["quarantined"]:
        assert listed["problem"]
        assert "Error" not in listed["problem"]  # a fault of ours that was put aside
    assert "RouterPartFails" not in site.firing()
    for incident in site.ask("GET", "/v1/alerts?state=all").json()["alerts"]:
        for view in ("", "/explain", "/postmortem"):
            assert site.ask("GET", f"/v1/alerts/{incident['id']}{view}").status_code == 200


def expected_to_fire(payload: bytes) -> set[str]:
    """Read without any of the router's own parsers: the names that only fire in it. A byte that is not UTF-8,
    or a line break in a text, spoils only its own place."""
    document = json.loads(payload.decode("utf-8", "replace"), strict=False)
    if "alerts" in document and "AlarmName" not in document and "detail-type" not in document:
        states: dict[str, set[str]] = {}
        for item in document["alerts"]:
            if isinstance(item, dict):
                over = item.get("status") == "resolved"
                states.setdefault(name_of(item), set()).add("resolved" if over else "firing")
        return {name for name, seen in states.items() if seen == {"firing"}}
    if "detail-type" in document:
        detail = document["detail"]
        return {clean(detail["alarmName"])} if detail["state"]["value"] == "ALARM" else set()
    if "alert_key" in document:
        return {document["name"]} if document["state"] == "firing" else set()
    return {clean(document["AlarmName"])} if document["NewStateValue"] == "ALARM" else set()


def events_to_fire(payload: bytes) -> set[str]:
    """The same of an event for PagerDuty; one that nobody can read fires nothing."""
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError):
        return set()
    told = event.get("payload") if isinstance(event, dict) else None
    summary = told.get("summary") if isinstance(told, dict) else None
    if not isinstance(summary, str) or event.get("event_action") != "trigger" or len(summary) > 250:
        return set()
    return {clean(summary.strip()).strip() or "Unnamed alert"}


def shop_to_fire(payload: bytes) -> set[str]:
    """Of a body of one event that is open and has a title."""
    try:
        match json.loads(payload):
            case {"events": [{"title": str(title), "state": "open"}]} if len(title) <= 250:
                return {clean(title.strip()).strip() or "Unnamed alert"}
    except (ValueError, RecursionError):
        pass
    return set()


def name_of(item: dict[str, Any]) -> str:
    labels = item.get("labels")
    name = labels.get("alertname") if isinstance(labels, dict) else None
    text = name if isinstance(name, str) else "" if name is None else msgspec.json.encode(name).decode()
    return clean(text).strip() or "Unnamed alert"


@payloads(3_500)
@given(payload=bodies(WEBHOOKS))
def test_alertmanagers_hook(
    payload: bytes, tmp_path_factory: pytest.TempPathFactory, runner: asyncio.Runner
) -> None:
    with fresh_site(tmp_path_factory, runner) as site:
        assert site.ask("POST", "/hooks/alertmanager", payload).status_code == 200
        nothing_is_lost(site, payload)


@payloads(2_500)
@given(payload=bodies(GRAFANA))
def test_grafanas_hook(
    payload: bytes, tmp_path_factory: pytest.TempPathFactory, runner: asyncio.Runner
) -> None:
    with fresh_site(tmp_path_factory, runner) as site:
        assert site.ask("POST", "/hooks/grafana", payload).status_code == 200
        nothing_is_lost(site, payload)


@payloads(2_500)
@given(payload=bodies(PAGERDUTY))
def test_the_hook_of_pagerdutys_senders(
    payload: bytes, tmp_path_factory: pytest.TempPathFactory, runner: asyncio.Runner
) -> None:
    with fresh_site(tmp_path_factory, runner) as site:
        answer = site.ask("POST", "/v2/enqueue", payload)
        assert (answer.status_code, answer.json()["status"]) == (202, "success")
        nothing_is_lost(site, payload, expected=events_to_fire(payload))


@payloads(2_500)
@given(payload=bodies(EVENTS_OF_A_SHOP))
def test_a_hook_with_a_mapping(
    payload: bytes, tmp_path_factory: pytest.TempPathFactory, runner: asyncio.Runner
) -> None:
    with fresh_site(tmp_path_factory, runner) as site:
        assert site.ask("POST", "/hooks/json/shop", payload).status_code == 200
        nothing_is_lost(site, payload, expected=shop_to_fire(payload))


@payloads(2_000)
@given(payload=bodies(EVENTS))
def test_eventbridges_hook(
    payload: bytes, tmp_path_factory: pytest.TempPathFactory, runner: asyncio.Runner
) -> None:
    with fresh_site(tmp_path_factory, runner) as site:
        assert site.ask("POST", "/hooks/eventbridge", payload).status_code == 200
        nothing_is_lost(site, payload)


@payloads(1_500)
@given(payload=bodies(ANYTHING))
def test_messages_that_sns_signed(
    payload: bytes, tmp_path_factory: pytest.TempPathFactory, runner: asyncio.Runner
) -> None:
    text = payload.decode("utf-8", "replace")
    with fresh_site(tmp_path_factory, runner) as site:
        assert site.ask("POST", "/hooks/sns", SNS.message(text)).status_code == 200
        nothing_is_lost(site, text.encode())


@payloads(1_000)
@given(envelope=bodies(ENVELOPES))
def test_envelopes_that_claim_to_be_of_sns(
    envelope: bytes, tmp_path_factory: pytest.TempPathFactory, runner: asyncio.Runner
) -> None:
    with fresh_site(tmp_path_factory, runner) as site:
        status = site.ask("POST", "/hooks/sns", envelope).status_code
        assert status in (200, 401)
        kept = sum(site.states().values())
        assert kept == (status == 200 and json.loads(envelope)["Type"] == "Notification")


@payloads(1_500)
@given(payload=bodies(ANYTHING), enveloped=st.booleans())
def test_bodies_of_a_queue(
    payload: bytes, enveloped: bool, tmp_path_factory: pytest.TempPathFactory, runner: asyncio.Runner
) -> None:
    text = payload.decode("utf-8", "replace")
    body = json.dumps({"Type": "Notification", "TopicArn": TOPIC, "Message": text}) if enveloped else text
    with fresh_site(tmp_path_factory, runner) as site:
        queue = Queue([body])
        clock = site.scene.clock
        SqsConsumer(queue, "http://queue", site.store, clock, numbered_ids("sqs-"), wait_seconds=0).run_once()
        assert queue.left == {}
        nothing_is_lost(site, text.encode())


ACTIONS = ("acknowledge", "resolve", "reassign", "snooze", "notes", "explain", "postmortem", "")
ORDERS = st.sampled_from(
    (
        {},
        {"note": "on it"},
        {"to": "development:bia", "note": ""},
        {"until": "2026-03-02T15:00:00Z"},
        {"text": "seen"},
    )
)


@payloads(1_000)
@given(
    method=st.sampled_from(("POST", "POST", "POST", "GET", "PUT", "DELETE")),
    action=st.sampled_from(ACTIONS),
    whose=st.sampled_from(("its", "its", "its", "nobody's", "%00", "..", "ã", "A" * 3000)),
    body=bodies(ORDERS),
)
def test_what_people_ask(
    method: str,
    action: str,
    whose: str,
    body: bytes,
    tmp_path_factory: pytest.TempPathFactory,
    runner: asyncio.Runner,
) -> None:
    with fresh_site(tmp_path_factory, runner) as site:
        incident = site.scene.receive(burn_alert())
        identity = incident.id if whose == "its" else whose
        status = site.ask(method, f"/v1/alerts/{identity}/{action}".rstrip("/"), body).status_code
        assert status in (200, 400, 404, 405, 409)
        numbers = [entry.number for entry in site.scene.router.timeline(incident.id)]
        assert numbers == list(range(1, site.scene.router.incident(incident.id).number + 1))
        site.work_off()

"""Metrics, alert quality, post-mortem and simulation: what people learn from what happened."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from alarms.intake.normalise import intake_rules
from alarms.model.severity import Severity
from alarms.policy.schedule import Schedules
from alarms.reports.metrics import AlertsReceived, RouterMetrics
from alarms.reports.postmortem import postmortem
from alarms.reports.simulate import read_replay, simulate, starting_at
from alarms.router.quality import alert_quality
from foundation.errors import DefinitionErrors
from tests.support.alerts import MONDAY_10, burn_alert, ended, foreign_alert
from tests.support.hooks import alert, alertmanager
from tests.support.router import PLATFORM, SHIPPED_POLICY, Scene

MINUTE = timedelta(minutes=1)
RULES = intake_rules("test", [], SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels)


def test_quality_tells_noise_from_work() -> None:
    scene = Scene()
    for number in range(4):
        noisy = foreign_alert("Noisy", Severity.P1, at=scene.clock.now(), component=f"c{number}")
        scene.receive(noisy)
        scene.pass_time(20 * MINUTE)
        scene.receive(ended(noisy, scene.clock.now()))
    useful = scene.receive(foreign_alert("Useful", Severity.P2, at=scene.clock.now()))
    scene.pass_time(5 * MINUTE)
    scene.router.acknowledge(useful.id, "ana")
    scene.pass_time(5 * MINUTE)
    scene.router.resolve(useful.id, "ana")
    noisy_row, useful_row = alert_quality(scene.store, MONDAY_10)
    assert (noisy_row.rule, noisy_row.incidents, noisy_row.noise_ratio, noisy_row.pages) == (
        "Noisy",
        4,
        1.0,
        8,
    )
    assert (noisy_row.time_to_acknowledge, noisy_row.time_to_resolve) == (None, 20 * MINUTE)
    assert (useful_row.actioned_ratio, useful_row.noise_ratio) == (1.0, 0.0)
    assert (useful_row.time_to_acknowledge, useful_row.time_to_resolve) == (5 * MINUTE, 10 * MINUTE)
    assert useful_row.pages_out_of_hours == 0
    scene.close()


def test_out_of_hours_pages_are_counted() -> None:
    scene = Scene(MONDAY_10 - timedelta(hours=8))
    scene.receive(foreign_alert("Night", Severity.P1))
    (row,) = alert_quality(scene.store, MONDAY_10 - timedelta(days=1))
    assert (row.pages, row.pages_out_of_hours) == (1, 1)
    scene.close()


def test_the_router_is_measured() -> None:
    scene = Scene()
    metrics = RouterMetrics(scene.store, scene.clock)
    incident = scene.receive(burn_alert())
    received = AlertsReceived()
    received.count("evaluator")
    for delivery in scene.store.deliveries():
        metrics.delivered(delivery)
    scene.clock.advance(3 * MINUTE)
    scene.router.acknowledge(incident.id, "ana")
    registry = CollectorRegistry()
    registry.register(metrics)
    registry.register(received)
    text = generate_latest(registry).decode()
    for line in (
        'mirante_alerts_received_total{source="evaluator"} 1.0',
        'mirante_notifications_total{result="sent",severity="P1"} 1.0',
        'mirante_incidents_open{severity="P1"} 1.0',
        "mirante_oldest_undelivered_notification_seconds 0.0",
        'mirante_alert_receipts{state="quarantined"} 0.0',
        'mirante_time_to_acknowledge_seconds{rule="Burnpage-fast"} 180.0',
        'mirante_alert_noise_ratio{rule="Burnpage-fast"} 0.0',
    ):
        assert line in text, line
    scene.close()


def test_a_post_mortem_holds_what_is_known_and_asks_for_the_rest() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    scene.pass_time(16 * MINUTE)
    scene.router.acknowledge(incident.id, "ana", "rolling | back <script>")
    scene.pass_time(4 * MINUTE)
    scene.receive(ended(burn_alert(), scene.clock.now()))
    text = postmortem(scene.router.explain(incident.id))
    assert "| acknowledged after | 0:16:00 |" in text
    assert "| lasted | 0:20:00 |" in text
    assert "200 bad of 1000 in 1h (burn 400.00)" in text
    assert "| 2026-03-02 13:15:00 (due 2026-03-02 13:15:00) | acknowledgement-missed | router |" in text
    assert "| 2026-03-02 13:15:00 | data-engineering | backup | sent |" in text
    assert "<script>" not in text
    assert "Root cause:" in text
    scene.close()


def test_a_simulation_says_who_would_have_been_told_when() -> None:
    from alarms.reports.simulate import RecordedAlerts

    recorded = [
        RecordedAlerts(MONDAY_10, (burn_alert("page-slow"),)),
        RecordedAlerts(MONDAY_10 + 10 * MINUTE, (burn_alert("page-fast"),)),
        RecordedAlerts(MONDAY_10 + 60 * MINUTE, (ended(burn_alert("page-slow"), MONDAY_10 + 60 * MINUTE),)),
        RecordedAlerts(MONDAY_10 + 60 * MINUTE, (ended(burn_alert("page-fast"), MONDAY_10 + 60 * MINUTE),)),
    ]
    told = simulate(recorded, SHIPPED_POLICY, Schedules(), PLATFORM)
    assert [
        ((t.at - MONDAY_10) // MINUTE, t.notification.target, t.notification.step.value) for t in told
    ] == [
        (0, "operations", "first"),
        (10, "operations", "first"),
        (25, "data-engineering", "backup"),
        (40, "data-engineering", "escalation"),
        (60, "data-engineering", "resolved"),
        (60, "operations", "resolved"),
    ]


def test_the_simulation_and_the_real_router_tell_the_same() -> None:
    from alarms.reports.simulate import RecordedAlerts

    scene = Scene()
    scene.receive(burn_alert())
    scene.pass_time(3 * 60 * MINUTE)
    recorded = [RecordedAlerts(MONDAY_10, (burn_alert(),))]
    told = simulate(recorded, SHIPPED_POLICY, Schedules(), PLATFORM, timedelta(hours=3))
    assert [(t.notification.target, t.notification.step.value) for t in told] == scene.pager.told()
    scene.close()


def test_a_recording_is_read_and_moved_to_another_time(tmp_path: Path) -> None:
    file = tmp_path / "alerts.jsonl"
    line = {
        "at": MONDAY_10.isoformat(),
        "kind": "alertmanager",
        "payload": alertmanager(alert(severity="P2")),
    }
    file.write_text(json.dumps(line) + "\n\n", encoding="utf-8")
    saturday = MONDAY_10 + timedelta(days=5)
    moved = starting_at(read_replay(file, RULES), saturday)
    told = simulate(moved, SHIPPED_POLICY, Schedules(), PLATFORM, timedelta(days=3))
    assert told[0].at == saturday + SHIPPED_POLICY.first_wait
    assert told[0].notification.attributes["out_of_hours"] == "true"
    assert told[1].at == MONDAY_10 + timedelta(days=7) - timedelta(minutes=30)  # Monday 09:30
    assert starting_at([], saturday) == []
    assert simulate([], SHIPPED_POLICY, Schedules(), PLATFORM) == []


def replayed(at: str = "2026-03-02T10:00:00Z", kind: str = "alertmanager", payload: str = "{}") -> bytes:
    return f'{{"at": "{at}", "kind": "{kind}", "payload": {payload}}}'.encode()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{", "the line: Input data was truncated"),
        (b"[]", "the line: Expected `object`, got `array`"),
        (b'{"kind": "\xff"}', "the line: is not readable JSON"),
        (b"[" * 5_000, "the line: "),
        (replayed(at="2026-03-02T10:00:00"), "at: has no time zone"),
        (replayed(kind="pigeon"), "kind: 'pigeon' is not one of alert, "),
        (replayed(), "payload: alerts: expected a list"),
        (
            replayed(kind="alert", payload='{"name": "X"}').replace(b"X", b"\xff"),
            "payload: body: is not readable JSON",
        ),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: bytes, told: str) -> None:
    file = tmp_path / "alerts.jsonl"
    file.write_bytes(b"\n" + line + b"\n{\n")
    with pytest.raises(DefinitionErrors) as raised:
        read_replay(file, RULES)
    first, last = raised.value.errors
    assert str(first).startswith(f"{file}:2: {told}")
    assert str(last).startswith(f"{file}:3: the line: ")
    assert 'Write the line as {"at": ' in str(first)


def test_an_alert_of_our_own_shape_survives_json() -> None:
    import msgspec

    from alarms.intake.parsers import parse_alert

    sent = replace(burn_alert(), customers_affected=3)
    assert parse_alert(msgspec.json.encode(sent), RULES, MONDAY_10).alerts == (sent,)

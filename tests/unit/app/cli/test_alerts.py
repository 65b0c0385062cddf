"""``mirante alerts``: what a person types at three in the morning, over the store of a router."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alarms.model.notification import DeliveryState
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from alarms.model.source import AskedState, SourceReport
from alarms.stores.sqlite import SqliteRouterStore
from app.bootstrap.paths import DataPaths
from app.bootstrap.router import open_router
from app.cli import context
from app.settings import Settings
from foundation.clock import SystemClock
from slo.loaders.catalogue_files import load_catalogue
from tests.support.alerts import burn_alert, foreign_alert
from tests.support.command_line import Ran, mirante


@pytest.fixture
def incident(tmp_path: Path) -> str:
    """Its id; another one is open beside it, and both were not acknowledged in time."""
    parts = open_router(Settings(data_dir=tmp_path), load_catalogue())
    now = SystemClock().now()
    made = parts.router.receive(burn_alert(at=now, environment="local"))
    parts.router.receive(foreign_alert("ElastiCacheEvictionsGrowing", at=now, component="redis"))
    parts.router.tick(now + timedelta(minutes=16))
    parts.store.close()
    assert made is not None
    return made


def alerts(folder: Path, *arguments: object) -> Ran:
    ran = mirante("--data-dir", folder, "alerts", *arguments)
    assert (ran.status, ran.err) == (0, ""), ran
    return ran


def test_the_worst_is_listed_first_by_an_id_that_every_command_takes(tmp_path: Path, incident: str) -> None:
    lines = alerts(tmp_path, "list").out.splitlines()
    assert lines[1].split()[:3] == [incident[-8:], "P1", "open"]
    assert incident in alerts(tmp_path, "show", incident[-8:]).out


def test_an_incident_is_shown_with_its_arithmetic_timeline_and_messages(
    tmp_path: Path, incident: str
) -> None:
    shown = alerts(tmp_path, "show", incident).out
    for part in (
        "burn 400.00 over 1h (200 bad of 1000)",
        "budget left 75.0%",
        "runbook: credit-decision-availability",
        "acknowledgement missed",
        "backup  data-engineering",
        "by channel",
    ):
        assert part in shown, part
    document = json.loads(alerts(tmp_path, "show", incident, "--json").out)
    assert document["incident"]["id"] == incident
    assert len(document["notifications"]) == 2


def test_every_decision_is_explained_and_what_comes_next(tmp_path: Path, incident: str) -> None:
    explained = alerts(tmp_path, "explain", incident).out
    assert "P1  [burn_windows]" in explained
    assert "burn 400 over 1h and 400 over 5m, both above 14.4: P1" in explained
    assert "if not resolved, data-engineering:data-duty-" in explained
    assert json.loads(alerts(tmp_path, "explain", incident, "--json").out)["future"]


def test_people_acknowledge_note_hand_over_snooze_and_resolve(tmp_path: Path, incident: str) -> None:
    by = ("--by", "ana")
    for arguments in (
        ("ack", incident, *by, "--note", "mine"),
        ("note", incident, "restarted the writer", *by),
        ("reassign", incident, "security", *by),
        ("snooze", incident, "--minutes", 60, *by),
        ("resolve", incident, *by),
    ):
        alerts(tmp_path, *arguments)
    shown = alerts(tmp_path, "show", incident).out
    for kind in ("acknowledged", "noted", "reassigned", "snoozed", "resolved"):
        assert kind in shown, kind
    assert "restarted the writer" in shown
    report = alerts(tmp_path, "postmortem", incident).out
    assert "restarted the writer" in report
    late = mirante("--data-dir", tmp_path, "alerts", "ack", incident)
    assert late.status == 2
    assert "it was resolved at" in late.err


def test_silences_are_listed_and_ended(tmp_path: Path, incident: str) -> None:
    made = alerts(tmp_path, "silence", 'component="redis"', "--minutes", 30, "--comment", "failover").out
    name = made.split()[1]
    assert name in alerts(tmp_path, "silences").out
    alerts(tmp_path, "unsilence", name)
    assert alerts(tmp_path, "silences").out.startswith("There are no active or planned silences")
    again = mirante("--data-dir", tmp_path, "alerts", "unsilence", name)
    assert again.status == 2
    assert "there is no such active silence" in again.err


def test_rules_are_reported_and_an_empty_quarantine_says_so(tmp_path: Path, incident: str) -> None:
    assert "Burnpage-fast" in alerts(tmp_path, "report").out
    rows = json.loads(alerts(tmp_path, "report", "--json").out)
    assert {row["rule"] for row in rows} == {"Burnpage-fast", "ElastiCacheEvictionsGrowing"}
    assert alerts(tmp_path, "quarantine").out == "Nothing is in quarantine.\n"


def test_what_is_in_quarantine_is_listed_shown_and_requeued(tmp_path: Path, incident: str) -> None:
    store = SqliteRouterStore(DataPaths(tmp_path).router)
    store.append_receipts([Receipt("r-1", "alertmanager", datetime.now(UTC), b"{torn")])
    with store.transaction() as tx:
        tx.settle_receipt("r-1", ReceiptState.QUARANTINED, "is not JSON")
    for listing in (("quarantine",), ("quarantine", "list")):
        assert "r-1" in alerts(tmp_path, *listing).out
    shown = mirante("--data-dir", tmp_path, "alerts", "quarantine", "show", "r-1")
    assert (shown.out, "is not JSON" in shown.err) == ("{torn\n", True)
    corrected = tmp_path / "corrected.json"
    corrected.write_text("{bad", encoding="utf-8")
    for given in ((), ("--file", corrected)):
        refused = mirante("--data-dir", tmp_path, "alerts", "quarantine", "requeue", "r-1", *given)
        assert refused.status == 1
        assert "is not JSON" in refused.err
    assert store.receipts(ReceiptState.PENDING) == []
    corrected.write_text('{"version": "4", "alerts": []}', encoding="utf-8")
    alerts(tmp_path, "quarantine", "requeue", "r-1", "--file", str(corrected))
    (again,) = store.receipts(ReceiptState.PENDING)
    assert (again.payload, again.corrects) == (corrected.read_bytes(), "r-1")
    kept = store.receipt("r-1")
    assert kept is not None
    assert kept.payload == b"{torn"
    store.close()
    missing = mirante("--data-dir", tmp_path, "alerts", "quarantine", "show", "r-9")
    assert missing.status == 2
    assert "nothing in quarantine is called" in missing.err


def test_no_control_byte_of_a_sender_reaches_the_terminal(tmp_path: Path, incident: str) -> None:
    payload, problem = b'{"a": "\x1b]0;owned\x07\x1b[2J"', "\x1b[31mred\x9b2J"
    store = SqliteRouterStore(DataPaths(tmp_path).router)
    store.append_receipts([Receipt("r-1", "alertmanager", datetime.now(UTC), payload)])
    with store.transaction() as tx:
        tx.settle_receipt("r-1", ReceiptState.QUARANTINED, problem)
    store.close()
    listed = alerts(tmp_path, "quarantine").out
    assert "\\x1b]0;owned" in listed
    shown = mirante("--data-dir", tmp_path, "alerts", "quarantine", "show", "r-1")
    for text in (listed, shown.err):
        assert not any(mark in text for mark in "\x1b\x07\x9b")
    assert shown.out == f"{payload.decode()}\n", "a pipe gets it as it came"


FAR = "99999999999999"


@pytest.mark.parametrize(
    "command",
    [
        ("snooze", "INCIDENT", "--minutes", FAR),
        ("silence", 'a="b"', "--minutes", FAR, "--comment", "x"),
        ("silence", 'a="b"', "--minutes", 60, "--comment", "x", "--from", "9999-12-31T23:59Z"),
        ("silence", 'a="b"', "--minutes", 60, "--comment", "x", "--from", "0001-01-01T00:00+14:00"),
        ("silence", 'alertname=~".+"', "--minutes", 60, "--comment", "x"),
        ("note", "INCIDENT", "  "),
        ("list", "--limit", FAR),
        ("report", "--days", FAR),
        ("replay", "--policy", "alarms/policy.yaml", "--since", f"{FAR}d"),
        ("duty", "--days", FAR),
        ("duty", "--at", "9999-12-31T23:59"),
        ("duty", "--at", "0001-01-01T00:00"),
        ("duty", "override", "on-call", "ana", "--until", "9999-12-31T23:59-14:00"),
    ],
)
def test_a_number_or_a_date_far_away_is_refused_in_words(
    tmp_path: Path, incident: str, command: tuple[object, ...]
) -> None:
    given = [incident if part == "INCIDENT" else part for part in command]
    ran = mirante("--data-dir", tmp_path, "alerts", *given)
    assert ran.status == 2
    assert "bug" not in ran.err


def test_what_is_acknowledged_already_says_by_whom_and_is_not_again(tmp_path: Path, incident: str) -> None:
    alerts(tmp_path, "ack", incident, "--by", "ana")
    before = json.loads(alerts(tmp_path, "show", incident, "--json").out)["timeline"]
    again = alerts(tmp_path, "ack", incident, "--by", "bia").out
    assert "was acknowledged already, by ana at 20" in again
    assert json.loads(alerts(tmp_path, "show", incident, "--json").out)["timeline"] == before


def test_a_remote_router_wants_a_token_that_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRANTE_ROUTER_URL", "http://127.0.0.1:1")
    ran = mirante("--data-dir", tmp_path, "alerts", "list")
    assert ran.status == 3
    assert "requires a token" in ran.err
    monkeypatch.setenv("MIRANTE_HOOK_TOKEN", "t")
    ran = mirante("--data-dir", tmp_path, "alerts", "list")
    assert ran.status == 3
    assert "Check router_url" in ran.err


def test_nothing_is_cut_off_in_eighty_columns(
    tmp_path: Path, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context.stdout.console, "width", 80)
    for command in (("list",), ("show", incident), ("explain", incident), ("report",), ("channels",)):
        shown = alerts(tmp_path, *command).out
        assert "…" not in shown, command
        tables = [line for line in shown.splitlines() if line.endswith(" ")]
        assert all(len(line) <= 80 for line in tables), command


def test_the_sources_are_shown_with_what_is_missing(tmp_path: Path, incident: str) -> None:
    assert alerts(tmp_path, "sources").out.startswith("No source has been asked yet.")
    parts = open_router(Settings(data_dir=tmp_path), load_catalogue())
    now = SystemClock().now()
    with parts.store.transaction() as tx:
        tx.save_source_report(
            SourceReport("prometheus http://p", now, AskedState.SILENT, now, None, 7, 5, 2, remark="refused")
        )
    parts.store.close()
    line = alerts(tmp_path, "sources").out.splitlines()[1].split()
    assert line[:3] == ["prometheus", "http://p", "does-not-answer"]
    assert line[-5:] == ["7", "5", "2", "0", "refused"]
    (document,) = json.loads(alerts(tmp_path, "sources", "--json").out)
    assert (document["state"], document["missing"]) == ("does-not-answer", 2)


def test_hostile_names_take_one_line_and_a_held_incident_says_so(tmp_path: Path, incident: str) -> None:
    parts = open_router(Settings(data_dir=tmp_path), load_catalogue())
    now = SystemClock().now()
    named = replace(foreign_alert("Odd", Severity.P1, at=now), title="Line1\n[/b]X" + "B" * 5_000)
    assert parts.router.receive(named) is not None
    until = now + timedelta(hours=1)
    parts.router.silence([Matcher("alertname", "=", "Odd")], now, until, "ana", "x\ny")
    parts.store.close()
    lines = [one for one in alerts(tmp_path, "list").out.splitlines() if "Line1" in one]
    assert len(lines) == 1
    assert "Line1 [/b]XB" in lines[0]
    assert "open, silenced" in lines[0]
    assert "B" * 200 not in alerts(tmp_path, "list").out
    assert "x y" in alerts(tmp_path, "silences").out


def test_a_silence_says_how_much_it_covers_and_what_may_be_misspelt(tmp_path: Path, incident: str) -> None:
    rest = ("--minutes", 30, "--comment", "x")
    made = alerts(tmp_path, "silence", 'alertname=~"Elasti.*"', *rest)
    assert "covers now: 1 alert of 1 incident." in made.out
    ran = mirante("--data-dir", tmp_path, "alerts", "silence", 'alertnmae="DiskFull"', *rest)
    assert ran.status == 0
    assert "no recent alert has a label alertnmae; did you mean alertname?" in ran.err


def test_a_message_that_is_lost_names_its_channel_and_why(tmp_path: Path, incident: str) -> None:
    parts = open_router(Settings(data_dir=tmp_path), load_catalogue())
    first = parts.store.deliveries(incident)[0]
    with parts.store.transaction() as tx:
        tx.enqueue(replace(first.notification, dedup_id="other", channel="mail"))
    now = SystemClock().now() + timedelta(days=1)
    for claimed in parts.store.claim("w", now, now + timedelta(minutes=1), 50):
        lost = replace(claimed, state=DeliveryState.DEAD, attempts=1, lease_until=None)
        if claimed.notification.channel == "mail":
            parts.store.settle(replace(lost, last_error="smtp: no TLS"))
    parts.store.close()
    (line,) = [one for one in alerts(tmp_path, "show", incident).out.splitlines() if one.startswith("dead")]
    assert line.split()[3:] == ["mail", "not", "delivered:", "smtp:", "no", "TLS"]


def test_a_time_that_no_calendar_has_is_a_usage_error(tmp_path: Path, incident: str) -> None:
    forever = ("--minutes", 99_999_999_999_999)
    for asked in (("snooze", incident, *forever), ("silence", 'a="b"', *forever, "--comment", "x")):
        ran = mirante("--data-dir", tmp_path, "alerts", *asked)
        assert ran.status == 2
        assert "--minutes" in ran.err

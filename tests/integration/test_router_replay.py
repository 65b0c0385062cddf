"""What a router recorded, replayed beside it: from MySQL, and from the store of a running role."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from alarms.model.errors import StoreBusy
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from alarms.policy.policy import SeverityRule
from alarms.stores.mysql import open_mysql_record
from tests.support.command_line import mirante
from tests.support.hooks import alert, alertmanager
from tests.support.local_servers import fresh_mysql, needs_mariadb
from tests.support.patience import wait_until
from tests.support.processes import Role
from tests.support.recorded import MINUTE, Past
from tests.support.router import SHIPPED_POLICY
from tests.support.running_router import HEADERS, TOKEN, Desk, alarm_policy

SOON = 60.0  # real seconds


@needs_mariadb
def test_a_record_in_mysql_is_replayed_and_cannot_be_written_through() -> None:
    address = fresh_mysql()
    past = Past(address)
    past.fire("Api", job="a")
    past.pass_time(20 * MINUTE)
    past.router.acknowledge(past.incident.id, "ana")
    past.silence("alertname=Quiet", timedelta(hours=1))
    past.fire("Quiet", job="b")
    past.pass_time(90 * MINUTE)
    same = past.replay()
    assert (same.changes, same.left_out) == ([], [])
    assert same.reproduction.reproduced == same.reproduction.real >= 3
    rule = SeverityRule("less", (Matcher("alertname", "=", "Api"),), Severity.P4)
    changed = past.replay(replace(SHIPPED_POLICY, rules=(rule,)))
    assert {one.reason.kind for one in changed.changes} == {"severity"}
    record = open_mysql_record(address)
    with pytest.raises(StoreBusy, match="READ ONLY"):
        record._reading.rows("DELETE FROM receipts")
    record.close()
    past.close()


@pytest.fixture
def role(tmp_path: Path) -> Iterator[Role]:
    policy = alarm_policy(tmp_path / "policy", {}, {})
    settings = {"MIRANTE_ALARM_POLICY": str(policy), "MIRANTE_HOOK_TOKEN": TOKEN}
    with Role("router", tmp_path / "data", settings) as running:
        yield running


def test_the_store_of_a_running_role_is_replayed_while_it_runs(role: Role, tmp_path: Path) -> None:
    desk = Desk(role)
    payload = alertmanager(alert("ApiDown", severity="critical", job="api"))
    sent = httpx.post(f"{role.url}/hooks/alertmanager", headers=HEADERS, json=payload, timeout=30)
    assert sent.status_code < 300
    wait_until(lambda: desk.incident("ApiDown") is not None, SOON, "the incident is open")
    incident = desk.incident("ApiDown")
    assert incident is not None
    assert desk.post(f"/v1/alerts/{incident['id']}/acknowledge").status_code < 300
    changed = tmp_path / "changed.yaml"
    rule = "  rules:\n    - {name: apis-can-wait, match: ['job=\"api\"'], severity: P4}\n"
    text = (tmp_path / "policy" / "policy.yaml").read_text(encoding="utf-8")
    changed.write_text(text.replace("  rules:\n", rule), encoding="utf-8")
    before = os.stat(tmp_path / "data").st_mtime_ns
    told = ["--alarm-policy", tmp_path / "policy", "--data-dir", tmp_path / "data", "alerts", "replay"]
    same = mirante(*told, "--policy", tmp_path / "policy", "--since", "1h", "--json")
    found = json.loads(same.out)
    assert (same.status, found["reproduction"]["others"], found["left_out"]) == (0, [], [])
    assert found["reproduction"]["reproduced"] == found["reproduction"]["real"] == 1
    assert (found["added"], found["removed"], found["moved"]) == ([], [], [])
    other = json.loads(mirante(*told, "--policy", changed, "--json").out)
    (moved,) = other["moved"]
    assert moved["reason"]["text"] == 'P4 instead of P1: job="api" is P4 [apis-can-wait]'
    assert os.stat(tmp_path / "data").st_mtime_ns == before
    assert len(desk.get(f"/v1/alerts/{incident['id']}")["notifications"]) == 1

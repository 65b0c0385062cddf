"""``mirante serve router``: a token for each sender, every way in that needs no AWS, a source gone quiet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.command_line import mirante
from tests.support.hooks import alert, alertmanager, eventbridge_event, grafana, grafana_alert, pagerduty
from tests.support.patience import patience, wait_until
from tests.support.processes import Role
from tests.support.running_router import TOKEN, Desk, alarm_policy

SOON = 120.0  # real seconds
MINUTES_A_SECOND = "scaled:60@2026-03-02T13:00:00+00:00"
INTAKES = """
version: 1
json:
  shop:
    name: title
    state: status
    severity: level
    key: id
heartbeats:
  backup: {every: 10m, grace: 5m, severity: P1}
  boards: {every: 100h, sender: grafana}
"""


@dataclass
class World:
    role: Role
    desk: Desk
    folder: Path

    def mirante(self, *arguments: str) -> str:
        ran = mirante("--data-dir", self.folder, "--alarm-policy", self.folder.parent / "policy", *arguments)
        assert ran.status == 0, ran
        return ran.out

    def token(self, name: str, *options: str) -> str:
        return self.mirante("alerts", "token", "create", name, *options).strip()

    def post(self, path: str, document: Any, token: str = TOKEN) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        url = f"{self.role.url}{path}"
        return httpx.post(url, json=document, headers=headers, timeout=patience(30))

    def wait_for(self, title: str, state: str = "open") -> dict[str, Any]:
        found: dict[str, Any] = {}

        def there() -> bool:
            found.update(self.desk.incident(title) or {})
            return bool(found) and found["state"] == state

        wait_until(there, SOON, f"{title} is {state}")
        return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("ways")
    policy = alarm_policy(folder / "policy", {}, {})
    (policy / "intakes.yaml").write_text(INTAKES, encoding="utf-8")
    settings = {
        "MIRANTE_ALARM_POLICY": str(policy),
        "MIRANTE_HOOK_TOKEN": TOKEN,
        "MIRANTE_CLOCK": MINUTES_A_SECOND,
    }
    with Role("router", folder / "data", settings) as role:
        yield World(role, Desk(role), folder / "data")


def test_every_sender_is_taken_in_by_a_token_that_was_made_while_the_router_ran(world: World) -> None:
    boards = world.token("grafana", "--hooks", "grafana")
    pager, shop, prometheus = (world.token(name) for name in ("pager", "shop", "prometheus"))
    sent = {
        "/hooks/grafana": (grafana(grafana_alert("QueueLong")), boards, 200),
        "/v2/enqueue": (pagerduty(routing_key=pager), "", 202),
        "/hooks/json/shop": ({"title": "Till down", "level": "urgent", "id": 7}, shop, 200),
        "/hooks/alertmanager": (alertmanager(alert("DiskFull")), prometheus, 200),
        "/hooks/eventbridge": (eventbridge_event("cpu-high"), TOKEN, 200),
    }
    for path, (document, token, status) in sent.items():
        assert world.post(path, document, token).status_code == status, path
    found = [
        world.wait_for(title)
        for title in ("QueueLong", "Disk of db1 is 97 % full", "Till down", "DiskFull", "cpu-high")
    ]
    assert found[0]["links"]["panel"] == "https://grafana.example/d/pay?orgId=1&viewPanel=4"
    assert (found[1]["severity"], found[2]["severity"]) == ("P1", "P1")
    end = {"routing_key": pager, "event_action": "resolve", "dedup_key": "db1/disk"}
    assert world.post("/v2/enqueue", end, "").json()["dedup_key"] == "db1/disk"
    over = {"title": "Till up again", "id": 7, "status": "OK"}
    assert world.post("/hooks/json/shop", over, shop).status_code == 200
    world.wait_for("Disk of db1 is 97 % full", "resolved")
    world.wait_for("Till down", "resolved")


def test_a_sender_may_only_send_and_a_revoked_one_not_even_that(world: World) -> None:
    token = world.token("till", "--hooks", "json/shop")
    asked = httpx.get(
        f"{world.role.url}/v1/alerts", headers={"authorization": f"Bearer {token}"}, timeout=patience(30)
    )
    assert asked.status_code == 403
    assert world.post("/hooks/grafana", grafana(grafana_alert()), token).status_code == 403
    assert world.post("/hooks/json/shop", {"title": "Seen"}, token).status_code == 200
    world.mirante("alerts", "token", "revoke", "till")
    assert world.post("/hooks/json/shop", {"title": "Unseen"}, token).status_code == 401


def test_what_goes_astray_is_taken_or_told_by_its_senders_name(world: World) -> None:
    sender = world.token("lost")
    assert world.post("/hooks/alertmanager", grafana(grafana_alert("Astray")), sender).status_code == 200
    assert world.post("/hooks/alertmanager", {"nothing": "known"}, sender).status_code == 200
    world.wait_for("Astray")
    world.wait_for("WrongHook: lost: grafana sent as alertmanager")
    world.wait_for("Quarantined: lost: alertmanager payload: alerts: expected a list")
    assert "lost" in world.mirante("alerts", "quarantine", "list")


def test_a_mapping_that_is_added_while_it_runs_is_read(world: World) -> None:
    intakes = world.folder.parent / "policy" / "intakes.yaml"
    broken = INTAKES.replace("name: title", "name: 'a['")
    intakes.write_text(broken, encoding="utf-8")
    refused = world.post("/v1/alerts/reload", None)
    assert refused.status_code == 409
    assert "is not a JMESPath expression" in refused.json()["detail"]
    added = INTAKES.replace("json:", "json:\n  desk: {name: subject}").replace(
        "heartbeats:", "heartbeats:\n  desk: {every: 100h}"
    )
    intakes.write_text(added, encoding="utf-8")
    assert world.post("/v1/alerts/reload", None).status_code == 200
    assert world.post("/hooks/json/desk", {"subject": "Printer on fire"}).status_code == 200
    assert world.post("/hooks/heartbeat/desk", None).status_code == 200
    world.wait_for("Printer on fire")


def test_a_source_that_goes_quiet_pages_until_it_is_heard_from_again(world: World) -> None:
    token = world.token("backup", "--hooks", "heartbeat/backup")
    assert world.post("/hooks/heartbeat/backup", None, token).status_code == 200
    assert world.post("/hooks/heartbeat/other", None, token).status_code == 403
    assert world.post("/hooks/heartbeat/other", None).status_code == 404
    quiet = world.wait_for("No sign of life from backup")
    assert quiet["severity"] == "P1"
    assert "quiet" in world.mirante("alerts", "heartbeats")
    assert world.post("/hooks/heartbeat/backup", None, token).status_code == 200
    world.wait_for("No sign of life from backup", "resolved")

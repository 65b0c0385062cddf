"""``mirante alerts heartbeats`` lists what must not go quiet, from the store or from a running router."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from alarms.http.auth import READ, BearerTokens, Principal
from alarms.http.desk_api import DeskApi
from alarms.http.desk_client import HttpDesk
from alarms.http.heartbeat_api import HeartbeatApi
from alarms.intake.heartbeats import Heartbeats
from alarms.model.expected_beat import ExpectedBeat
from alarms.stores.sqlite import SqliteRouterStore
from foundation.clock import SystemClock
from tests.contract.test_desk_contract import transport_to
from tests.support.command_line import mirante
from tests.support.router import Scene
from tests.support.router_application import create_application

INTAKES = "version: 1\nheartbeats:\n  backup: {every: 5m}\n  nightly: {every: 24h, severity: P1}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIRANTE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MIRANTE_ALARM_POLICY", str(tmp_path / "policy"))
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "intakes.yaml").write_text(INTAKES, encoding="utf-8")
    (tmp_path / "control").mkdir()
    return tmp_path


def test_each_is_listed_with_when_it_was_heard_from_and_is_due(folder: Path) -> None:
    store = SqliteRouterStore(folder / "control" / "router.sqlite")
    with store.transaction() as tx:
        tx.hear("backup", SystemClock().now())
    store.close()
    lines = mirante("alerts", "heartbeats").out.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["backup", "alive"], ["nightly", "awaited"]]
    assert "never" in lines[2]
    told = json.loads(mirante("alerts", "heartbeats", "--json").out)
    assert [(one["name"], one["every_seconds"]) for one in told] == [("backup", 300.0), ("nightly", 86400.0)]


def test_a_workspace_that_expects_none_says_where_to_name_them(folder: Path) -> None:
    SqliteRouterStore(folder / "control" / "router.sqlite").close()
    (folder / "policy" / "intakes.yaml").write_text("version: 1\n", encoding="utf-8")
    assert "alarms/intakes.yaml names them" in mirante("alerts", "heartbeats").out


def test_a_running_router_tells_the_same() -> None:
    scene = Scene()
    known = BearerTokens.of({"token": Principal("reader", frozenset({READ}))})
    expected = {"backup": ExpectedBeat("backup", timedelta(minutes=5))}
    heartbeats = Heartbeats(scene.store, scene.router, scene.clock, expected)
    routes = HeartbeatApi(heartbeats, known).routes()
    application = create_application(None, DeskApi(scene.router, known), before=routes)
    transport: httpx.BaseTransport = transport_to(application)
    assert list(HttpDesk("http://router", "token", transport).heartbeats()) == list(heartbeats.statuses())
    scene.close()

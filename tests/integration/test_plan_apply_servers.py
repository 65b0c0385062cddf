"""``plan`` and ``apply`` on a real Prometheus and Alertmanager, and on Grafana's documented API."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.command_line import Ran, mirante
from tests.support.grafana_stand_in import TOKEN, grafana_stand_in
from tests.support.patience import patience, wait_until
from tests.support.prometheus_server import free_port, needs_prometheus

ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
needs_alertmanager = pytest.mark.skipif(ALERTMANAGER is None, reason="alertmanager is not installed")


def changes(*targets: str) -> list[dict[str, Any]]:
    found = mirante("plan", *targets, "--json")
    assert found.status in (0, 1), found.err
    listed: list[dict[str, Any]] = json.loads(found.out)["changes"]
    return listed


def applied(*arguments: str) -> Ran:
    done = mirante("apply", *arguments)
    assert done.status == 0, done.err
    return done


@contextmanager
def server(command: list[str], ready: Callable[[], bool]) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: process.poll() is not None or ready(), 60, "the server answers")
        assert process.poll() is None, "the server ended"
        yield
    finally:
        process.terminate()
        process.wait(patience(30))


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@needs_prometheus
def test_prometheus_loads_the_rules_and_a_hand_made_change_is_named_and_fixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules, port = tmp_path / "rules", free_port()
    rules.mkdir()
    foreign = rules / "of-another-team.rules.yaml"
    foreign.write_text("groups: []\n", encoding="utf-8")
    config = tmp_path / "prometheus.yml"
    config.write_text(f"rule_files: ['{rules}/*.rules.yaml']\n", encoding="utf-8")
    url = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("MIRANTE_PROMETHEUS", url)
    monkeypatch.setenv("MIRANTE_PROMETHEUS_DIR", str(rules))
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--web.enable-lifecycle", "--log.level=error"]
    with server(command, lambda: answers(f"{url}/-/ready")):
        assert len(changes()) == 5  # without a target: every one whose address is set
        applied()
        assert changes() == []
        loaded = httpx.get(f"{url}/api/v1/rules", trust_env=False).json()["data"]["groups"]
        assert len({group["file"] for group in loaded}) == 5

        file = rules / "credit-decision-latency.rules.yaml"
        file.write_text(file.read_text(encoding="utf-8").replace("14.4", "99"), encoding="utf-8")
        (drift,) = changes()
        assert drift["name"] == file.name
        assert any(words.endswith("wanted") and "99" in words for words in drift["differences"])
        applied()
        assert changes() == []
    assert foreign.read_text(encoding="utf-8") == "groups: []\n"

    file.unlink()
    away = mirante("apply")
    assert away.status == 3
    assert "cannot be reached" in away.err
    (waiting,) = changes()  # the file is there now; that nobody loaded it is not forgotten
    assert waiting["differences"] == ["loaded by the server: false deployed, true wanted"]


@needs_alertmanager
def test_alertmanager_takes_its_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, port = tmp_path / "alertmanager", free_port()
    url = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("MIRANTE_ALERTMANAGER_DIR", str(folder))
    applied("alertmanager")
    monkeypatch.setenv("MIRANTE_ALERTMANAGER", url)
    assert ALERTMANAGER is not None
    command = [ALERTMANAGER, f"--config.file={folder / 'alertmanager.yml'}", "--cluster.listen-address="]
    command += [
        f"--web.listen-address=127.0.0.1:{port}",
        f"--storage.path={tmp_path / 'data'}",
        "--log.level=error",
    ]
    with server(command, lambda: answers(f"{url}/-/ready")):
        status = httpx.get(f"{url}/api/v2/status", trust_env=False).json()
        assert "mirante-router" in status["config"]["original"]
        (folder / "alertmanager.yml").write_text("route: {receiver: nobody}\n", encoding="utf-8")
        assert changes("alertmanager")
        applied("alertmanager")
        assert changes("alertmanager") == []


def test_grafana_gets_every_board_keeps_what_is_not_ours_and_a_second_apply_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with grafana_stand_in() as (url, grafana):
        monkeypatch.setenv("MIRANTE_GRAFANA", url)
        refused = mirante("plan", "grafana")
        assert refused.status == 3
        assert "Check grafana_token and its permissions" in refused.err
        monkeypatch.setenv("MIRANTE_GRAFANA_TOKEN", TOKEN)

        theirs = {
            "dashboard": {"uid": "mirante-security", "title": "Theirs", "tags": [], "version": 3},
            "meta": {},
        }
        grafana.boards["mirante-security"] = theirs
        blocked = mirante("apply", "grafana")
        assert blocked.status == 1
        assert "! Grafana dashboard mirante-security" in blocked.out
        assert grafana.boards.pop("mirante-security") == theirs

        applied("grafana")
        assert changes("grafana") == []
        assert len(grafana.boards) > 30
        before = grafana.writes
        applied("grafana")
        assert grafana.writes == before

        grafana.boards["mirante-executive"]["dashboard"]["panels"][1]["title"] = "Changed by hand"
        grafana.boards["old"] = {"dashboard": {"uid": "old", "title": "Old", "tags": ["mirante"]}, "meta": {}}
        named = {change["name"]: change for change in changes("grafana")}
        assert "Changed by hand deployed" in named["mirante-executive"]["differences"][0]
        assert named["old"]["action"] == "left"
        applied("grafana", "--prune")
        assert changes("grafana") == []
        assert "old" not in grafana.boards


def test_a_target_without_an_address_says_how_to_set_it() -> None:
    for target in ("grafana", "prometheus", "alertmanager"):
        told = mirante("plan", target)
        assert told.status == 3
        assert f"Set MIRANTE_{target.upper()}" in told.err
    assert mirante("plan").status == 2

"""A real Alertmanager posts to a router that is killed meanwhile: nothing lost, and it escalates on time."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from app.demo.stack import free_port
from tests.support.aws_emulator import needs_emulator
from tests.support.router_judge import Judge

ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
FACTOR = 120.0
ON_TIME = timedelta(seconds=4) * FACTOR  # real seconds of a busy machine

pytestmark = [
    needs_emulator,
    pytest.mark.skipif(ALERTMANAGER is None, reason="Alertmanager is not installed"),
]


class Alertmanager:
    """A server of its own on the loopback, whose only receiver is the router's hook."""

    def __init__(self, folder: Path, hook: str) -> None:
        assert ALERTMANAGER is not None
        self.url = f"http://127.0.0.1:{free_port()}"
        configuration = {
            "route": {
                "receiver": "mirante",
                "group_by": ["alertname"],
                "group_wait": "0s",
                "group_interval": "1s",
                "repeat_interval": "1h",
            },
            "receivers": [
                {
                    "name": "mirante",
                    "webhook_configs": [
                        {
                            "url": hook,
                            "send_resolved": True,
                            "http_config": {"authorization": {"credentials": "secret-of-the-test"}},
                        }
                    ],
                }
            ],
        }
        file = folder / "alertmanager.yml"
        file.write_text(json.dumps(configuration), encoding="utf-8")
        self._log = (folder / "alertmanager.log").open("wb")
        self._process = subprocess.Popen(
            [
                ALERTMANAGER,
                f"--config.file={file}",
                f"--storage.path={folder / 'alertmanager'}",
                f"--web.listen-address={self.url.removeprefix('http://')}",
                "--cluster.listen-address=",
            ],
            stdout=self._log,
            stderr=self._log,
        )

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready").is_success
        except httpx.TransportError:
            return False

    def fire(self, name: str, *, over: bool = False, **labels: str) -> None:
        now = datetime.now(UTC)
        ends = now - timedelta(seconds=1) if over else now + timedelta(hours=1)
        alert = {
            "labels": {"alertname": name, **labels},
            "annotations": {"summary": f"{name} fires"},
            "startsAt": (now - timedelta(minutes=1)).isoformat(),
            "endsAt": ends.isoformat(),
        }
        httpx.post(f"{self.url}/api/v2/alerts", json=[alert]).raise_for_status()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._log.close()


@pytest.fixture
def judge(tmp_path: Path) -> Iterator[Judge]:
    with Judge(tmp_path, factor=FACTOR) as made:
        yield made


@pytest.fixture
def alertmanager(tmp_path: Path, judge: Judge) -> Iterator[Alertmanager]:
    server = Alertmanager(tmp_path, judge.address("/hooks/alertmanager"))
    judge.until(server.ready, "Alertmanager is ready")
    yield server
    server.close()


@pytest.mark.parametrize("point", ["before-commit", "between-commit-and-answer"])
def test_an_alert_arrives_across_a_kill_and_its_backup_is_told_on_the_minute(
    judge: Judge, alertmanager: Alertmanager, point: str
) -> None:
    first = judge.start(crash=point)
    judge.wait_until_up()
    alertmanager.fire("WriterDown", severity="P1", component="aurora")
    judge.until(lambda: first.poll() is not None, "the router dies with the alert in its hands")
    assert first.returncode == -signal.SIGKILL
    assert judge.arrived() == []
    judge.start()
    judge.until(lambda: judge.arrived("operations"), "the page")
    (page,) = judge.arrived("operations")
    (due, *_) = judge.show(page["incident"])["notifications"]
    opened = datetime.fromisoformat(due["notification"]["created_at"])
    judge.until(lambda: judge.arrived("data-engineering"), "the backup's page")
    backup = judge.arrived("data-engineering")[0]  # and so nothing was in that queue before
    assert (page["step"], backup["step"]) == ("first", "backup")
    missed = next(t for t in judge.show(page["incident"])["timeline"] if t["due_at"])
    assert datetime.fromisoformat(missed["due_at"]) - opened == timedelta(minutes=15)
    late = judge.arrived_at(backup) - datetime.fromisoformat(missed["due_at"])
    assert timedelta(0) <= late < ON_TIME
    judge.expected.add("WriterDown")
    judge.verdict()


def test_it_is_resolved_when_alertmanager_says_so(judge: Judge, alertmanager: Alertmanager) -> None:
    judge.start()
    judge.wait_until_up()
    alertmanager.fire("DiskFull", severity="critical")
    judge.until(judge.arrived, "the page")
    alertmanager.fire("DiskFull", severity="critical", over=True)
    judge.until(lambda: judge.incidents()[0]["state"] == "resolved", "it is over")
    judge.until(lambda: ("operations", "resolved") in judge.told(), "operations hears of it")
    judge.expected.add("DiskFull")
    judge.verdict()


def test_the_router_away_for_a_while_loses_nothing(judge: Judge, alertmanager: Alertmanager) -> None:
    judge.start()
    judge.wait_until_up()
    judge.kill()
    for number in range(20):
        alertmanager.fire(f"While{number}Away", severity="P3", component=f"c{number}")
        judge.expected.add(f"While{number}Away")
    judge.start()
    judge.until(lambda: len(judge.incidents()) == 20, "all of them are incidents")
    judge.until(lambda: len(judge.told()) >= 20, "all of them are paged")
    judge.verdict()

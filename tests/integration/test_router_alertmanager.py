"""A real Alertmanager posts to a router that is killed meanwhile: nothing lost, and it escalates on time."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.alertmanager_server import Alertmanager, needs_alertmanager
from tests.support.aws_emulator import needs_emulator
from tests.support.patience import patience
from tests.support.router_judge import Judge

FACTOR = 120.0

pytestmark = [needs_emulator, needs_alertmanager]


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
    assert timedelta(0) <= late < timedelta(seconds=patience(20) * FACTOR)
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

"""The router killed where it hurts: no alert lost, no incident twice, a repeated page always recognisable.

The router is a process of its own and publishes to SNS topics; another, with journals of its own, sends the
alerts and drains the queues behind those topics.
"""

from __future__ import annotations

import os
import random
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest

from dataplatform.local.server import free_port
from foundation.workspace import SHIPPED
from tests.support.aws_emulator import needs_emulator
from tests.support.local_servers import fresh_mysql, needs_mariadb
from tests.support.router_judge import Judge
from tests.support.sns_proxy import Fault, Publish, SnsProxy

FAST = 300.0  # fifteen minutes pass in three seconds
ALERTS = 5
LEASE = 80.0  # four real seconds where time runs twenty times faster; a router waits three for SNS

pytestmark = needs_emulator


def all_paged(judge: Judge) -> bool:
    """Everything that was accepted is an incident, and the first page of each has arrived."""
    paged = {message["incident"] for message in judge.arrived() if message["step"] == "first"}
    incidents = judge.incidents()
    return {i["title"] for i in incidents} == judge.expected and {i["id"] for i in incidents} <= paged


POINTS = (
    "before-commit",
    "between-commit-and-answer",
    "between-claim-and-publish",
    "between-publish-and-mark-sent",
    "during-opened",
    "enqueued-first",
)


@pytest.mark.parametrize("point", POINTS)
def test_killed_on_the_way_in_or_out_nothing_is_lost_and_nothing_doubled(tmp_path: Path, point: str) -> None:
    killed_on_the_way(tmp_path, point, database="")


@needs_mariadb
@pytest.mark.parametrize("point", POINTS[:4])
def test_killed_on_the_way_with_its_incidents_in_a_database(tmp_path: Path, point: str) -> None:
    killed_on_the_way(tmp_path, point, database=fresh_mysql())


def killed_on_the_way(folder: Path, point: str, database: str) -> None:
    with Judge(folder, factor=20.0, database=database) as judge:
        judge.start(crash=point)
        for number in range(ALERTS):
            judge.send(f"Alert{number}", severity="P3")
        first = judge.processes[0]
        judge.until(lambda: first.poll() is not None, f"it dies at {point}")
        assert first.returncode == -signal.SIGKILL
        judge.restart_if_dead()
        judge.until(lambda: all_paged(judge), "everything is paged")
        judge.verdict()


def test_killed_while_a_first_page_waits_it_is_sent_after_the_restart(tmp_path: Path) -> None:
    shipped = {"policy": SHIPPED.alarms / "policy.yaml"}
    with Judge(tmp_path) as judge:
        judge.start(more=shipped)
        judge.send("CanWait", severity="P2")
        judge.until(judge.incidents, "it is an incident")
        judge.kill()
        assert judge.arrived() == []
        judge.clock.move(timedelta(seconds=20))
        judge.start(more=shipped)
        judge.until(judge.arrived, "the page arrives")
        judge.verdict()


def test_a_page_repeated_after_a_kill_has_the_same_dedup_id(tmp_path: Path) -> None:
    with Judge(tmp_path, factor=20.0) as judge:
        judge.start(crash="between-publish-and-mark-sent")
        judge.send("Once", severity="P1")
        judge.until(lambda: judge.process.poll() is not None, "it dies after the page has left")
        judge.until(judge.arrived, "the page has arrived")
        judge.start()
        judge.until(lambda: len(judge.arrived()) >= 2, "the page comes again after its lease")
        first, second = judge.arrived()[:2]
        assert first["dedup_id"] == second["dedup_id"]
        assert first["body"] == second["body"]
        judge.verdict()


def test_killed_in_the_middle_of_an_escalation_the_backup_is_told_once(tmp_path: Path) -> None:
    with Judge(tmp_path, factor=FAST) as judge:
        judge.start(crash="enqueued-backup")
        judge.send("Escalating", severity="P1")
        judge.until(lambda: judge.process.poll() is not None, "it dies while it escalates")
        judge.start()
        judge.until(lambda: len(judge.arrived("data-engineering")) >= 2, "the backup and the escalation")
        assert judge.told()[0] == ("operations", "first")
        assert [page["step"] for page in judge.arrived("data-engineering")[:2]] == ["backup", "escalation"]
        judge.verdict()


@pytest.mark.parametrize(("action", "kind"), [("acknowledge", "acknowledged"), ("resolve", "resolved")])
def test_killed_during_an_action_it_has_happened_once_or_not_at_all(
    tmp_path: Path, action: str, kind: str
) -> None:
    with Judge(tmp_path, factor=20.0) as judge:
        judge.start(crash=f"during-{kind}")
        judge.send("Acted", severity="P1")
        judge.until(judge.arrived, "the page")
        (incident,) = judge.incidents()
        after = judge.act(incident["id"], action)
        assert judge.processes[0].returncode == -signal.SIGKILL
        assert after["state"] == kind
        assert judge.kinds(incident["id"]).count(kind) == 1
        judge.verdict()


def test_a_worker_stopped_past_its_lease_and_resumed_does_not_undo_the_others_work(tmp_path: Path) -> None:
    with Judge(tmp_path, factor=20.0) as judge, SnsProxy(judge.emulator) as proxy:
        judge.endpoint = proxy.url
        stopped = judge.start(lease=LEASE)
        judge.wait_until_up()

        def slow(_: Publish) -> Fault:
            if not proxy.faults:
                os.kill(stopped.pid, signal.SIGSTOP)
            return Fault.NONE

        proxy.fault = slow
        judge.send("Stopped", severity="P1")
        judge.until(judge.arrived, "the page is on its way when the worker is stopped")
        judge.port = free_port()
        judge.start(lease=LEASE)
        judge.until(lambda: len(judge.arrived()) >= 2, "another worker takes the page over")
        os.kill(stopped.pid, signal.SIGCONT)
        (incident,) = judge.incidents()
        judge.until(
            lambda: judge.show(incident["id"])["notifications"][0]["state"] == "sent", "it is marked as sent"
        )
        time.sleep(0.5)
        delivery = judge.show(incident["id"])["notifications"][0]
        assert (delivery["state"], delivery["fence"]) == ("sent", 2)
        assert len({message["dedup_id"] for message in judge.arrived()}) == 1
        judge.verdict()


def test_killed_at_random_moments_under_load_nothing_is_lost(tmp_path: Path) -> None:
    seed = random.Random(4)
    with Judge(tmp_path, factor=20.0) as judge:
        judge.start()
        judge.wait_until_up()
        for number in range(40):
            judge.send(f"Alert{number}", severity="P3", component=f"c{number}")
            if number % 4 == 3:
                time.sleep(seed.random() * 0.05)
                judge.kill()
                judge.start()
        judge.until(lambda: all_paged(judge), "everything accepted is an incident and paged")
        judge.verdict()

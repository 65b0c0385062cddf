"""The router killed where it hurts: no alert lost, no incident twice, a repeated page always recognisable.

The router is a process of its own; sender and receiver are this one, with journals of their own.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.support.router_judge import Judge, free_port

FAST = 300.0  # fifteen minutes pass in three seconds
ALERTS = 5


def all_paged(judge: Judge) -> bool:
    paged = {message["incident_id"] for message in judge.receiver.messages() if message["step"] == "first"}
    incidents = {incident["id"] for incident in judge.incidents()}
    return len(incidents) >= ALERTS and incidents <= paged


@pytest.mark.parametrize(
    "point",
    [
        "before-commit",
        "between-commit-and-answer",
        "between-claim-and-publish",
        "between-publish-and-mark-sent",
        "during-opened",
        "enqueued-first",
    ],
)
def test_killed_on_the_way_in_or_out_nothing_is_lost_and_nothing_doubled(tmp_path: Path, point: str) -> None:
    with Judge(tmp_path, factor=20.0) as judge:
        judge.start(crash=point)
        for number in range(ALERTS):
            judge.send(f"Alert{number}", severity="P3")
        first = judge.processes[0]
        judge.until(lambda: first.poll() is not None, f"it dies at {point}")
        assert first.returncode == -signal.SIGKILL
        judge.restart_if_dead()
        judge.until(lambda: all_paged(judge), "everything is paged")
        judge.verdict()


def test_a_page_repeated_after_a_kill_has_the_same_dedup_id(tmp_path: Path) -> None:
    with Judge(tmp_path, factor=20.0) as judge:
        judge.start(crash="between-publish-and-mark-sent")
        judge.send("Once", severity="P1")
        judge.until(lambda: judge.process.poll() is not None, "it dies after the page has left")
        assert len(judge.receiver.arrived) == 1
        judge.start()
        judge.until(lambda: len(judge.receiver.arrived) >= 2, "the page comes again after its lease")
        first, second = judge.receiver.messages()[:2]
        assert first["dedup_id"] == second["dedup_id"]
        assert first == second
        judge.verdict()


def test_killed_in_the_middle_of_an_escalation_the_backup_is_told_once(tmp_path: Path) -> None:
    with Judge(tmp_path, factor=FAST) as judge:
        judge.start(crash="enqueued-backup")
        judge.send("Escalating", severity="P1")
        judge.until(lambda: judge.process.poll() is not None, "it dies while it escalates")
        judge.start()
        told = [("operations", "first"), ("data-engineering", "backup"), ("data-engineering", "escalation")]
        judge.until(lambda: judge.receiver.told()[:3] == told, "the backup and the escalation")
        judge.verdict()


@pytest.mark.parametrize(("action", "kind"), [("acknowledge", "acknowledged"), ("resolve", "resolved")])
def test_killed_during_an_action_it_has_happened_once_or_not_at_all(
    tmp_path: Path, action: str, kind: str
) -> None:
    with Judge(tmp_path, factor=20.0) as judge:
        judge.start(crash=f"during-{kind}")
        judge.send("Acted", severity="P1")
        judge.until(lambda: judge.receiver.arrived, "the page")
        (incident,) = judge.incidents()
        after = judge.act(incident["id"], action)
        assert judge.processes[0].returncode == -signal.SIGKILL
        assert after["state"] == kind
        kinds = [entry["kind"] for entry in judge.show(incident["id"])["timeline"]]
        assert kinds.count(kind) == 1
        judge.verdict()


def test_a_worker_stopped_past_its_lease_and_resumed_does_not_undo_the_others_work(tmp_path: Path) -> None:
    with Judge(tmp_path, factor=20.0) as judge:
        judge.start()
        judge.wait_until_up()
        refused = {"left": 3}

        def slow(_: object) -> int:
            if refused["left"]:
                refused["left"] -= 1
                os.kill(stopped.pid, signal.SIGSTOP)
            return 200

        stopped = judge.process
        judge.receiver.status = slow
        judge.send("Stopped", severity="P1")
        judge.until(lambda: refused["left"] < 3, "the page is on its way when the worker is stopped")
        judge.receiver.status = lambda _: 200
        judge.port = free_port()
        judge.start()
        judge.until(lambda: len(judge.receiver.arrived) >= 2, "another worker takes the page over")
        os.kill(stopped.pid, signal.SIGCONT)
        (incident,) = judge.incidents()
        judge.until(
            lambda: judge.show(incident["id"])["notifications"][0]["state"] == "sent", "it is marked as sent"
        )
        time.sleep(0.5)
        delivery = judge.show(incident["id"])["notifications"][0]
        assert (delivery["state"], delivery["fence"]) == ("sent", 2)
        assert len({message["dedup_id"] for message in judge.receiver.messages()}) == 1
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
                judge.process.kill()
                judge.process.wait()
                judge.start()
        judge.until(
            lambda: {i["title"] for i in judge.incidents()} == set(judge.accepted) and all_paged(judge),
            "everything accepted is an incident and paged",
        )
        judge.verdict()


def test_a_receiver_that_throttles_and_one_that_refuses_for_good_hold_up_nobody_else(tmp_path: Path) -> None:
    with Judge(tmp_path, factor=20.0) as judge:
        throttled = {"left": 3}

        def status(message: dict[str, object]) -> int:
            if message["target"] == "security":
                return 410
            if throttled["left"]:
                throttled["left"] -= 1
                return 503
            return 200

        judge.receiver.status = status
        judge.start()
        judge.send("BreakIn", category="security-violation")
        judge.send("DiskFull", severity="P2")
        judge.until(lambda: all_paged_of(judge, 2), "both first pages arrive in the end")
        states = {
            delivery["notification"]["target"]: delivery["state"]
            for incident in judge.incidents()
            for delivery in judge.show(incident["id"])["notifications"]
        }
        assert states["security"] == "dead"
        judge.verdict()


def all_paged_of(judge: Judge, count: int) -> bool:
    return sum(step == "first" for _, step in judge.receiver.told()) == count

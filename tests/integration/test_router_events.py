"""Alerts that come in any order, people who act at the wrong moment: one incident each, and told once."""

from __future__ import annotations

import random
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from alarms.model.ids import SortableIds
from alarms.model.silence import Matcher
from alarms.policy.policy_file import load_policy
from alarms.router.router import Router
from alarms.stores.sqlite import SqliteRouterStore
from dataplatform.local.server import free_port
from tests.support.aws_emulator import needs_emulator
from tests.support.hooks import alert, alertmanager
from tests.support.patience import patience
from tests.support.router_judge import HEADERS, Judge

MINUTE = timedelta(minutes=1)
ACKNOWLEDGE_WITHIN = 15 * MINUTE

pytestmark = needs_emulator


def firing(judge: Judge, name: str, starts: datetime) -> None:
    judge.post(name, alertmanager(alert(name, starts=starts, severity="P1")))


def over(judge: Judge, name: str, starts: datetime, ends: datetime) -> None:
    judge.post(name, alertmanager(alert(name, "resolved", starts, ends, severity="P1")))


def test_a_firing_that_comes_after_its_resolve_is_heard_for_nothing_says_that_it_is_old(
    tmp_path: Path,
) -> None:
    """Alertmanager sends just this after a gap: resolved, then firing with the original start."""
    with Judge(tmp_path) as judge:
        judge.start()
        began = judge.clock.now()
        over(judge, "Gap", began, began + MINUTE)
        firing(judge, "Gap", began)
        judge.expected.add("Gap")
        judge.until(judge.arrived, "it is paged")
        judge.verdict()


def test_repeated_and_reordered_events_are_one_incident_each_in_its_right_state(tmp_path: Path) -> None:
    seed = random.Random(11)
    names = [f"Shuffled{number}" for number in range(12)]
    ended = set(names[::2])
    firing_again = [(name, "firing") for name in names for _ in range(3)]
    over_again = [(name, "resolved") for name in ended for _ in range(2)]
    seed.shuffle(firing_again)
    seed.shuffle(over_again)
    events = firing_again + over_again
    with Judge(tmp_path) as judge:
        judge.start()
        began = judge.clock.now()
        for name, state in events:
            if state == "firing":
                firing(judge, name, began)
            else:
                over(judge, name, began, began + timedelta(seconds=30))
        judge.expected = set(names)
        judge.until(lambda: len(judge.incidents()) == len(judge.expected), "everything is worked off")
        judge.until(
            lambda: {i["title"] for i in judge.incidents() if i["state"] == "open"} == set(names) - ended,
            "what ended is resolved, and nothing else",
        )
        assert all(incident["cycle"] == 1 for incident in judge.incidents())
        judge.verdict()


def test_the_same_alert_again_inside_the_window_is_the_same_incident_paged_anew(tmp_path: Path) -> None:
    with Judge(tmp_path) as judge:
        judge.start()
        began = judge.clock.now()
        judge.send("Back", severity="P1")
        judge.until(judge.arrived, "the page")
        over(judge, "Back", began, judge.clock.now())
        judge.until(lambda: ("operations", "resolved") in judge.told(), "it is over")
        judge.clock.move(5 * MINUTE)
        judge.send("Back", severity="P1")
        told = [("operations", "first"), ("operations", "resolved"), ("operations", "first")]
        judge.until(lambda: judge.told() == told, "the page of its second cycle")
        (incident,) = judge.incidents()
        assert (incident["cycle"], incident["state"]) == (2, "open")
        judge.verdict()


def test_an_acknowledgement_racing_the_escalation_is_before_it_or_after_it(tmp_path: Path) -> None:
    """Two routers on one store look for what is due, and people acknowledge at that very moment."""
    factor, races = 300.0, 8
    with Judge(tmp_path, factor) as judge:
        judge.start()
        judge.wait_until_up()
        other = judge.port
        judge.port = free_port()
        judge.start()
        judge.wait_until_up()
        for number in range(races):
            judge.send(f"Race{number}", severity="P1")
        judge.until(lambda: len(judge.incidents()) == races, "all of them are incidents")

        def acknowledge(incident: dict[str, str], port: int) -> None:
            due = datetime.fromisoformat(incident["opened_at"]) + ACKNOWLEDGE_WITHIN
            time.sleep(max(0.0, (due - judge.clock.now()) / timedelta(seconds=factor)))
            address = f"http://127.0.0.1:{port}/v1/alerts/{incident['id']}/acknowledge"
            httpx.post(address, headers=HEADERS, timeout=patience(30), trust_env=False).raise_for_status()

        ports = (judge.port, other)
        people = [
            threading.Thread(target=acknowledge, args=(incident, ports[number % 2]))
            for number, incident in enumerate(judge.incidents())
        ]
        for person in people:
            person.start()
        for person in people:
            person.join()
        judge.until(lambda: all_escalated(judge), "the second clock runs on for all of them")
        for incident in judge.incidents():
            kinds = [kind for kind in judge.kinds(incident["id"]) if kind != "escalation-repeated"]
            missed = "acknowledgement-missed" in kinds
            assert kinds in (
                ["opened", "acknowledged", "escalated"],
                ["opened", "acknowledgement-missed", "acknowledged", "escalated"],
                ["opened", "acknowledgement-missed", "escalated", "acknowledged"],  # a slow machine
            )
            steps = [step for _, step in judge.told(incident["id"])]
            assert steps.count("backup") == missed
        judge.verdict()


def all_escalated(judge: Judge) -> bool:
    steps = [step for _, step in judge.told()]
    return steps.count("escalation") >= steps.count("first") == len(judge.incidents())


def test_a_silence_that_ends_while_the_alert_fires_brings_the_page_then(tmp_path: Path) -> None:
    with Judge(tmp_path, 60.0) as judge:
        judge.start()
        judge.wait_until_up()
        ends = judge.clock.now() + 300 * MINUTE
        silence(judge, "Quiet", ends)
        judge.send("Quiet", severity="P1")
        judge.send("Loud", severity="P1")
        judge.until(judge.arrived, "what is not silenced")
        quiet = next(incident for incident in judge.incidents() if incident["title"] == "Quiet")
        assert quiet["hold"]["kind"] == "silence"
        assert judge.told(quiet["id"]) == []
        judge.clock.set(ends - MINUTE)
        judge.until(lambda: judge.told(quiet["id"]), "the page")
        (page,) = [message for message in judge.arrived("operations") if message["incident"] == quiet["id"]]
        assert page["step"] == "first"
        assert judge.arrived_at(page) >= ends
        judge.clock.move(ACKNOWLEDGE_WITHIN)
        judge.until(lambda: ("data-engineering", "backup") in judge.told(quiet["id"]), "the backup's page")
        judge.verdict()


def silence(judge: Judge, name: str, ends: datetime) -> None:
    """By another process on the same store, as the command line does it."""
    store = SqliteRouterStore(judge.store)
    desk = Router(store, load_policy(), judge.clock, SortableIds(judge.clock))
    desk.silence([Matcher("alertname", "=", name)], judge.clock.now(), ends, "ana", "a deploy")
    desk.close()

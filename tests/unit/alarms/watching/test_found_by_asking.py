"""What fires at a source and is not known here is paged, once, whoever brings it later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alarms.intake.normalise import IntakeRules
from alarms.intake.worker import IntakeWorker
from alarms.model.alert import Alert
from alarms.model.receipt import Receipt
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from alarms.watching.webhook_form import taken, webhook_form
from tests.support.alerts import MONDAY_10, ended
from tests.support.asked import EVERY, PAGE_AFTER, Watched
from tests.support.hooks import alert, alertmanager
from tests.support.router import Scene

RULES = IntakeRules("test", severity_words={"critical": Severity.P1}, ignored_labels=("instance",))
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def listed(name: str = "DiskFull", **labels: str) -> Alert:
    """As the API lists it."""
    fields = alert(name, severity="critical", **labels)  # type: ignore[arg-type]
    (found,) = taken([webhook_form(fields, fields["startsAt"])], RULES, MONDAY_10)
    return found


DISK = listed(instance="a1")


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


@pytest.fixture
def watched(scene: Scene) -> Watched:
    return Watched(scene, "DiskFull")


def by_hook(scene: Scene, name: str = "DiskFull", status: str = "firing", **labels: str) -> None:
    ends = None if status == "firing" else scene.clock.now()
    fields = alert(name, status, ends=ends, severity="critical", **labels)  # type: ignore[arg-type]
    body = alertmanager(fields)
    receipt = Receipt(f"r-{scene.clock.now()}", "alertmanager", scene.clock.now(), json.dumps(body).encode())
    scene.store.append_receipts([receipt])
    IntakeWorker(scene.store, scene.router, RULES, scene.clock).drain()
    scene.dispatcher.drain()


def test_an_alert_that_is_a_sign_of_life_is_in_no_incident_and_not_missed(scene: Scene) -> None:
    watched = Watched(scene, "Watchdog", signs=["Watchdog"])
    watched.manager.fires(listed("Watchdog"))
    watched.pass_time(PAGE_AFTER + MINUTE)
    assert scene.router.open_incidents() == []
    assert watched.reports()[watched.manager.name] == ("answers", 0, 0, 0)


class CountedReads:
    """How many questions a store is asked from now on."""

    def __init__(self, store: Any) -> None:
        self.count, self._rows = 0, store._reading.rows
        store._reading.rows = self.rows

    def rows(self, *asked: Any) -> Any:
        self.count += 1
        return self._rows(*asked)


def pages(scene: Scene, name: str = "DiskFull") -> list[str]:
    return [n.step.value for n in scene.pager.sent if name in n.message.subject]


def test_what_fires_there_and_is_not_known_here_is_paged_after_the_stated_time(
    scene: Scene, watched: Watched
) -> None:
    watched.manager.fires(DISK)
    watched.pass_time(PAGE_AFTER - EVERY)
    assert pages(scene) == []
    watched.pass_time(EVERY)
    assert pages(scene) == ["first"]
    (incident,) = [one for one in scene.router.open_incidents() if one.name == "DiskFull"]
    assert incident.severity is Severity.P1
    reasons = [d.reason for d in scene.router.explain(incident.id).decisions if d.stage.value == "watch"]
    assert reasons == ["alertmanager http://am:9093 says that DiskFull fires, and nobody had sent it"]


def test_the_hook_that_brings_it_later_pages_nobody_again(scene: Scene, watched: Watched) -> None:
    watched.manager.fires(DISK)
    watched.pass_time(PAGE_AFTER)
    by_hook(scene, instance="a1")
    watched.pass_time(3 * MINUTE)
    assert pages(scene) == ["first"]
    (incident,) = [one for one in scene.router.open_incidents() if one.name == "DiskFull"]
    assert len(scene.router.explain(incident.id).alerts) == 1


def test_what_the_hook_brought_is_not_taken_in_again(scene: Scene, watched: Watched) -> None:
    by_hook(scene, instance="a1")
    watched.manager.fires(DISK)
    watched.pass_time(10 * MINUTE)
    assert pages(scene) == ["first"]
    assert watched.reports()["alertmanager http://am:9093"] == ("answers", 1, 1, 0)


def test_what_its_source_keeps_to_itself_is_not_missing(scene: Scene, watched: Watched) -> None:
    """Silenced or inhibited there, or for another receiver; not even while that source is away, when
    Prometheus alone is left to say that it fires."""
    watched.manager.fires(aside=[DISK])
    watched.prometheus.fires(DISK)
    watched.pass_time(5 * MINUTE)
    watched.manager.silent = True
    watched.pass_time(5 * MINUTE)
    assert pages(scene) == []


def test_what_fires_at_prometheus_and_never_reached_alertmanager_is_paged(
    scene: Scene, watched: Watched
) -> None:
    watched.manager.silent = True
    watched.prometheus.fires(DISK)
    watched.pass_time(PAGE_AFTER)
    assert pages(scene) == ["first"]


def test_how_many_were_never_sent_is_told_once_their_source_has_had_its_time(
    scene: Scene, watched: Watched
) -> None:
    """The page is not late for its own waits, and nobody is blamed before they are over."""
    watched.manager.says(waits=5 * MINUTE)
    watched.manager.fires(*(listed(name) for name in ("A", "B", "C")))
    watched.pass_time(PAGE_AFTER + EVERY)
    assert [pages(scene, name) for name in "ABC"] == [["first"]] * 3
    assert watched.told("nobody sent here") == []
    watched.pass_time(4 * MINUTE)
    assert len(watched.told("nobody sent here")) == 1
    (trouble,) = [one for one in scene.router.open_incidents() if one.name == "AlertsNotSent"]
    assert "nobody sent here: A, B, C. They" in trouble.summary
    assert "So far 3." in trouble.summary


def test_of_many_that_were_never_sent_some_are_named(scene: Scene, watched: Watched) -> None:
    watched.manager.fires(*(listed(f"Alert{number}") for number in range(1, 10)))
    watched.pass_time(PAGE_AFTER + 2 * EVERY)
    (trouble,) = [one for one in scene.router.open_incidents() if one.name == "AlertsNotSent"]
    assert "nobody sent here: Alert1, Alert2, Alert3, Alert4, Alert5 and 4 more." in trouble.summary


def test_what_is_sent_within_the_time_of_its_source_is_no_trouble(scene: Scene, watched: Watched) -> None:
    watched.manager.says(waits=5 * MINUTE)
    watched.manager.fires(DISK)
    watched.pass_time(PAGE_AFTER + EVERY)
    by_hook(scene, instance="a1")
    watched.pass_time(10 * MINUTE)
    assert watched.told("nobody sent here") == []


def test_an_end_that_came_after_the_question_is_the_last_word(scene: Scene, watched: Watched) -> None:
    """It was asked, then the hook said that it is over, then the answer is looked at."""
    by_hook(scene, instance="a1")
    watched.manager.fires(DISK)
    watched.look()
    ask, answer = watched.manager.ask, watched.manager.answer

    def meanwhile() -> object:
        scene.clock.advance(SECOND)
        by_hook(scene, status="resolved", instance="a1")
        return answer

    scene.clock.advance(3 * MINUTE)
    watched.manager.ask = meanwhile  # type: ignore[method-assign, assignment]
    watched.look()
    watched.manager.ask = ask  # type: ignore[method-assign]
    watched.manager.fires()
    watched.pass_time(5 * MINUTE)
    assert scene.router.open_incidents() == []


def test_an_end_that_came_while_it_was_asked_for_the_last_time_leaves_nobody_to_be_told(
    scene: Scene, watched: Watched
) -> None:
    by_hook(scene, instance="a1")
    scene.clock.advance(SECOND)
    by_hook(scene, status="resolved", instance="a1")
    watched.manager.fires(DISK)
    watched.pass_time(PAGE_AFTER - EVERY)
    answer = watched.manager.answer

    def meanwhile() -> object:
        scene.clock.advance(EVERY)
        by_hook(scene, status="resolved", instance="a1")
        return answer

    watched.manager.ask = meanwhile  # type: ignore[method-assign, assignment]
    watched.look()
    watched.look()
    assert scene.router.open_incidents() == []


def test_what_a_person_resolved_and_goes_on_firing_comes_back_when_the_policy_says(
    scene: Scene, watched: Watched
) -> None:
    by_hook(scene, instance="a1")
    watched.manager.fires(DISK)
    watched.look()
    (incident,) = scene.router.open_incidents()
    scene.router.resolve(incident.id, "ana")
    watched.pass_time(9 * MINUTE)
    assert scene.router.open_incidents() == []
    watched.pass_time(4 * MINUTE)
    assert scene.router.incident(incident.id).is_open
    assert watched.told("nobody sent here") == []  # it had been sent


def test_a_silence_of_ours_keeps_it_quiet_and_known(scene: Scene, watched: Watched) -> None:
    now = scene.clock.now()
    matcher = Matcher("alertname", "=", "DiskFull")
    scene.router.silence([matcher], now, now + timedelta(hours=1), "ana", "known")
    watched.manager.fires(DISK)
    watched.pass_time(10 * MINUTE)
    assert pages(scene) == []
    assert watched.reports()["alertmanager http://am:9093"] == ("answers", 1, 1, 0)


def test_thousands_are_taken_in_by_parts_and_looked_at_with_a_few_questions(
    scene: Scene, watched: Watched
) -> None:
    many = [listed("Many", host=f"h{number}") for number in range(2_500)]
    watched.manager.fires(*many)
    watched.pass_time(PAGE_AFTER + 3 * EVERY)
    assert watched.reports()["alertmanager http://am:9093"] == ("answers", 2_500, 2_500, 0)
    assert len(scene.pager.sent) < 100  # the storm limit holds
    asked = CountedReads(scene.store)
    watched.watch.run_once()
    assert asked.count < 20


def test_an_end_and_a_new_beginning_by_hook_are_not_disturbed(scene: Scene, watched: Watched) -> None:
    by_hook(scene, instance="a1")
    watched.manager.fires(DISK)
    watched.pass_time(3 * MINUTE)
    by_hook(scene, status="resolved", instance="a1")
    watched.manager.fires()
    watched.pass_time(3 * MINUTE)
    assert scene.router.open_incidents() == []
    assert scene.router.receive(ended(replace(DISK), scene.clock.now())) is not None
    assert watched.told("nobody sent here") == []

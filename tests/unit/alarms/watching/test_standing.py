"""A source that cannot tell what fires is paged after the stated time, and that is over when it can again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from alarms.model.incident import Incident
from alarms.model.severity import Severity
from alarms.reports.source_metrics import source_metrics
from alarms.watching.standing import CANNOT_TELL
from tests.support.alerts import foreign_alert
from tests.support.asked import DAYS, EVERY, TELL_AFTER, Watched
from tests.support.router import Scene

MINUTE = timedelta(minutes=1)
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


@pytest.fixture
def watched(scene: Scene) -> Watched:
    return Watched(scene, "DiskFull")


def about_sources(scene: Scene) -> list[Incident]:
    return [one for one in scene.router.open_incidents() if one.name == CANNOT_TELL]


def test_one_that_does_not_answer_is_paged_and_resolved_when_it_answers(
    scene: Scene, watched: Watched
) -> None:
    watched.manager.silent = True
    watched.pass_time(TELL_AFTER - EVERY)
    assert about_sources(scene) == []
    watched.pass_time(EVERY)
    (incident,) = about_sources(scene)
    assert (incident.severity, incident.title) == (
        Severity.P2,
        "alertmanager http://am:9093 does not answer since 2026-03-02 10:00 (13:00 UTC)",
    )
    assert "cannot be reached" in incident.summary
    watched.pass_time(10 * MINUTE)
    assert len(scene.pager.sent) == 1  # once, however often it is asked
    watched.manager.silent = False
    watched.look()
    assert about_sources(scene) == []
    assert scene.router.incident(incident.id).resolved_by == "alerts"


def test_it_is_resolved_after_a_restart_of_ours_too(scene: Scene, watched: Watched) -> None:
    watched.manager.silent = True
    watched.pass_time(TELL_AFTER)
    watched.start()
    watched.manager.silent = False
    watched.look()
    assert about_sources(scene) == []


def test_one_restart_is_no_page_and_one_after_the_other_is(scene: Scene, watched: Watched) -> None:
    watched.prometheus.says(up_for=MINUTE)
    for minute in range(15):
        watched.prometheus.says(up_for=(1 + minute) * MINUTE)
        watched.pass_time(MINUTE)
    assert about_sources(scene) == []
    assert (
        watched.reports()["prometheus http://prom:9090"][0] == "restarted"
    )  # for an hour, its longest `for`
    for _ in range(8):
        watched.prometheus.says(up_for=MINUTE)
        watched.pass_time(MINUTE)
    (incident,) = about_sources(scene)
    assert incident.title.startswith("prometheus http://prom:9090 keeps restarting since 2026-03-02 10:")
    watched.prometheus.says(up_for=DAYS)
    watched.look()
    assert about_sources(scene) == []


def test_one_that_died_not_long_after_its_start_does_not_answer_and_does_not_restart(
    scene: Scene, watched: Watched
) -> None:
    for looks in range(6):
        watched.manager.says(up_for=(1 + looks) * EVERY)
        watched.look()
        scene.clock.advance(EVERY)
    watched.manager.silent = True
    died_at = scene.clock.now()
    watched.pass_time(TELL_AFTER - EVERY)
    assert about_sources(scene) == []
    watched.pass_time(EVERY)
    (incident,) = about_sources(scene)
    assert f"does not answer since {died_at.astimezone(SAO_PAULO):%Y-%m-%d %H:%M}" in incident.title


def test_one_that_has_lost_its_rules_is_paged(scene: Scene, watched: Watched) -> None:
    watched.look()
    watched.prometheus.says(judged=frozenset())
    watched.pass_time(TELL_AFTER)
    (incident,) = about_sources(scene)
    assert incident.title.startswith("prometheus http://prom:9090 has lost its rules since 2026-")
    assert watched.reports()["prometheus http://prom:9090"][0] == "empty"


def test_one_that_never_had_rules_is_not_empty(scene: Scene, watched: Watched) -> None:
    """A Prometheus that only keeps metrics."""
    watched.prometheus.says(judged=frozenset())
    watched.pass_time(3 * TELL_AFTER)
    assert about_sources(scene) == []


def test_one_that_lost_its_rules_while_we_were_away_is_known_by_what_is_open(
    scene: Scene, watched: Watched
) -> None:
    disk = foreign_alert("DiskFull")
    scene.receive(disk)
    watched.manager.fires(disk)
    watched.look()
    watched.start()
    watched.prometheus.says(judged=frozenset())
    watched.pass_time(TELL_AFTER)
    assert len(about_sources(scene)) == 1


def test_an_answer_with_odd_parts_is_told_once_until_all_of_it_can_be_read(
    scene: Scene, watched: Watched
) -> None:
    watched.manager.says(odd=3, remark="3 of 5 parts of its answer cannot be read")
    watched.pass_time(9 * MINUTE)
    (trouble,) = [one for one in scene.router.open_incidents() if one.name == "SourceAnswerOdd"]
    assert trouble.summary.startswith("alertmanager http://am:9093: 3 of 5 parts of its answer")
    assert "So far" not in trouble.summary
    assert len(watched.told("3 of 5 parts")) == 1
    watched.manager.says(odd=0, remark="")
    watched.look()
    assert not scene.router.incident(trouble.id).is_open


def test_a_source_that_breaks_ours_keeps_the_others_from_nothing(scene: Scene, watched: Watched) -> None:
    """What nobody thought of is told as a trouble of the router."""
    watched.manager.ask = lambda: None  # type: ignore[method-assign, assignment, return-value]
    watched.look()
    watched.look()
    assert watched.told("watch of alertmanager")


def test_what_is_known_of_the_sources_is_exposed(scene: Scene, watched: Watched) -> None:
    watched.manager.fires(foreign_alert("DiskFull"))
    watched.prometheus.silent = True
    watched.pass_time(3 * MINUTE)
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in source_metrics(scene.store.source_reports())
        for sample in metric.samples
    }
    manager, prometheus = watched.manager.name, watched.prometheus.name
    assert found["mirante_source_answers", manager] == 1
    assert found["mirante_source_answers", prometheus] == 0
    assert found["mirante_source_alerts", manager, "firing"] == 1
    assert found["mirante_source_alerts", manager, "missing"] == 0
    assert found["mirante_alerts_found_by_asking_total", manager] == 1
    assert found["mirante_alerts_found_by_asking_total", prometheus] == 0

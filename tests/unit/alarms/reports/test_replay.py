"""What another policy would have made of a recorded past: each kind of difference, and its reason."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alarms.model.errors import NothingRecorded, StoreBusy
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from alarms.policy.alarm_policy import load_alarm_policy
from alarms.policy.policy import FlapDamping, Route, RoutingPolicy, SeverityRule, StormGuard
from alarms.policy.schedule_file import load_schedules
from alarms.reports.page_changes import PageChange
from alarms.reports.replay import Replay
from alarms.stores.record import open_sqlite_record
from foundation.sqlite_ladder import UnusableFile
from tests.support.alerts import MONDAY_10, burn_alert, ended
from tests.support.recorded import MINUTE, Past
from tests.support.router import SHIPPED_POLICY

HOUR = timedelta(hours=1)


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    lived = Past(tmp_path / "router.db")
    yield lived
    lived.close()


def lowered(name: str, severity: Severity = Severity.P3) -> RoutingPolicy:
    rule = SeverityRule(f"{name}-is-less", (Matcher("alertname", "=", name),), severity)
    return replace(SHIPPED_POLICY, rules=(rule, *SHIPPED_POLICY.rules))


def with_level(severity: Severity, **changes: object) -> RoutingPolicy:
    levels = [replace(one, **changes) if one.severity is severity else one for one in SHIPPED_POLICY.levels]  # type: ignore[arg-type]
    return replace(SHIPPED_POLICY, levels=tuple(levels))


def reproduces_all(found: Replay) -> bool:
    seen = found.reproduction
    return seen.reproduced == seen.real > 0 and not seen.extra


def shown(change: PageChange) -> tuple[str, str, str, str]:
    page = change.new
    return change.kind.value, page.step.value, page.target, change.reason.kind


def test_the_same_policy_changes_nothing_and_reproduces_what_was_sent(past: Past) -> None:
    past.fire(instance="db1")
    past.pass_time(20 * MINUTE)
    past.router.acknowledge(past.incident.id, "ana")
    past.pass_time(HOUR)
    past.end(instance="db1")
    past.pass_time(HOUR)
    found = past.replay()
    assert [(page.step.value, page.target) for page in found.before] == [
        ("first", "operations"),
        ("backup", "data-engineering"),
        ("escalation", "data-engineering"),
    ]
    assert (found.changes, found.missed, found.left_out) == ([], [], [])
    assert reproduces_all(found)
    assert found.policies == [SHIPPED_POLICY.id]


def test_a_lower_severity_moves_the_first_page_and_removes_what_followed(past: Past) -> None:
    past.fire("Api", job="api")
    past.pass_time(40 * MINUTE)
    found = past.replay(lowered("Api"))
    assert [shown(one) for one in found.changes] == [
        ("moved", "first", "operations", "severity"),
        ("removed", "backup", "data-engineering", "severity"),
        ("removed", "escalation", "data-engineering", "severity"),
    ]
    assert found.changes[0].reason.text == 'P3 instead of P1: alertname="Api" is P3 [Api-is-less]'
    assert found.missed == []
    assert reproduces_all(found)


def test_a_higher_severity_adds_pages_and_says_by_which_rule(past: Past) -> None:
    past.fire("Api", severity="warning", job="api")
    past.pass_time(20 * MINUTE)
    found = past.replay(lowered("Api", Severity.P1))
    assert [shown(one) for one in found.changes] == [
        ("moved", "first", "operations", "severity"),
        ("added", "backup", "data-engineering", "severity"),
    ]
    assert "[Api-is-less]" in found.changes[1].reason.text


def test_a_first_wait_moves_a_page_and_removes_what_is_over_by_then(past: Past) -> None:
    past.fire("Blip", severity="high", job="a")
    past.fire("Lasts", severity="high", job="b")
    past.pass_time(timedelta(seconds=100))
    past.end("Blip", severity="high", job="a")
    past.pass_time(10 * MINUTE)
    found = past.replay(replace(SHIPPED_POLICY, first_wait=2 * MINUTE))
    assert [shown(one) for one in found.changes] == [
        ("removed", "first", "operations", "first-wait"),
        ("moved", "first", "operations", "first-wait"),
    ]
    assert "P2 waits 2min instead of 20s" in found.changes[0].reason.text


def test_a_later_deadline_moves_the_backup_s_page(past: Past) -> None:
    past.fire()
    past.pass_time(35 * MINUTE)
    found = past.replay(with_level(Severity.P1, acknowledge_within=20 * MINUTE))
    (moved,) = found.changes
    assert shown(moved) == ("moved", "backup", "data-engineering", "level")
    assert moved.new.at - moved.old.at == 5 * MINUTE
    assert moved.reason.text == "P1: acknowledge_within 20min instead of 15min"


def test_a_deadline_after_the_acknowledgement_removes_the_page(past: Past) -> None:
    past.fire()
    past.pass_time(17 * MINUTE)
    past.router.acknowledge(past.incident.id, "ana")
    past.pass_time(10 * MINUTE)
    found = past.replay(with_level(Severity.P1, acknowledge_within=20 * MINUTE))
    assert [shown(one) for one in found.changes] == [("removed", "backup", "data-engineering", "level")]
    assert found.left_out == []


def test_another_route_moves_pages_to_another_team(past: Past) -> None:
    past.fire("Api", severity="warning", job="api")
    past.pass_time(MINUTE)
    to_data = Route("apis", "data-engineering", (Matcher("job", "=", "api"),), ("alertname",))
    found = past.replay(replace(SHIPPED_POLICY, routes=(to_data, *SHIPPED_POLICY.routes)))
    assert [shown(one) for one in found.changes] == [("moved", "first", "data-engineering", "route")]
    assert found.changes[0].reason.text == (
        "goes to data-engineering instead of operations by route apis instead of everything-else"
    )


def test_wider_grouping_removes_pages_and_what_nobody_tells_in_time_is_missed(past: Past) -> None:
    past.fire("Disk", job="a")
    past.pass_time(2 * MINUTE)
    past.fire("Disk", job="b")
    past.pass_time(6 * MINUTE)
    past.end("Disk", job="b")
    past.pass_time(HOUR)
    wide = tuple(replace(route, group_by=("alertname",)) for route in SHIPPED_POLICY.routes)
    changed = replace(SHIPPED_POLICY, routes=wide, tell_more_after=HOUR)
    found = past.replay(changed)
    first = next(one for one in found.changes if one.old.at == MONDAY_10 + 2 * MINUTE)
    assert shown(first) == ("moved", "first", "operations", "grouping")
    assert first.new.at - first.old.at == HOUR
    assert "joined Disk of 2026-03-02 13:00" in first.reason.text
    (missed,) = found.missed
    assert (missed.title, missed.before_too) == ("Disk (job=b)", False)
    assert missed.ended - missed.began == 6 * MINUTE
    assert missed.reason.kind == "late"
    assert "after it was over" in missed.reason.text
    assert len(found.newly_missed) == 1
    told_soon = past.replay(replace(changed, tell_more_after=5 * MINUTE))
    assert told_soon.missed == []


def test_a_storm_that_begins_earlier_swallows_pages(past: Past) -> None:
    for number in range(6):
        past.fire(f"Alert{number}", job=f"j{number}")
    past.pass_time(4 * MINUTE)
    found = past.replay(replace(SHIPPED_POLICY, storm=StormGuard(2, 3, 5 * MINUTE)))
    assert [shown(one) for one in found.changes] == [
        ("removed", "first", "operations", "storm"),
        ("removed", "first", "operations", "storm"),
    ]
    assert [one.old.title for one in found.changes] == ["Alert4", "Alert5"]
    assert "joined Storm of alerts" in found.changes[0].reason.text


def test_a_silence_holds_in_both_and_what_it_hides_was_missed_before_too(past: Past) -> None:
    made = past.silence("alertname=Quiet", 2 * HOUR)
    past.fire("Quiet", job="x")
    past.pass_time(HOUR)
    past.end("Quiet", job="x")
    past.pass_time(2 * HOUR)
    found = past.replay()
    assert (found.before, found.changes) == ([], [])
    (missed,) = found.missed
    assert (missed.before_too, missed.reason.kind) == (True, "silence")
    assert missed.reason.text == f"silence {made} covers it (ana: failover)"
    assert found.newly_missed == []


def test_a_silence_that_covers_less_under_other_labels_still_ends_at_its_time(past: Past) -> None:
    past.silence("alertname=Quiet", HOUR)
    past.fire("Quiet", job="x")
    past.pass_time(3 * HOUR)
    found = past.replay()
    assert found.before[0].kind == "released"
    assert found.changes == []
    assert reproduces_all(found)


def test_an_ended_silence_and_one_that_begins_later_are_as_they_were(past: Past) -> None:
    made = past.silence("alertname=A", 3 * HOUR)
    past.fire("A")
    past.pass_time(HOUR)
    past.router.expire_silence(made, "ana")
    past.router.tick()
    now = past.clock.now()
    past.router.silence([Matcher("alertname", "=", "B")], now + HOUR, now + 2 * HOUR, "ana", "later")
    past.fire("B")
    past.pass_time(HOUR)
    past.router.tick()
    past.pass_time(2 * HOUR)
    found = past.replay()
    assert found.changes == []
    assert reproduces_all(found)


def test_what_people_did_happens_in_the_simulation_too(past: Past) -> None:
    past.fire("A", job="a")
    past.pass_time(MINUTE)
    past.router.reassign(past.incident.id, "development", "ana")
    past.pass_time(MINUTE)
    past.router.snooze(past.incident.id, past.clock.now() + 2 * HOUR, "ana")
    past.pass_time(3 * HOUR)
    past.router.resolve(past.incident.id, "bia")
    past.pass_time(HOUR)
    found = past.replay()
    assert [(page.step.value, page.target) for page in found.before][:2] == [
        ("first", "operations"),
        ("first", "development"),
    ]
    assert (found.changes, found.left_out) == ([], [])
    assert reproduces_all(found)


def test_nobody_acknowledges_what_nobody_was_told_of(past: Past) -> None:
    past.fire("Api", job="a")
    past.pass_time(MINUTE)
    past.end("Api", job="a")
    past.pass_time(MINUTE)
    past.fire("Api", job="a")
    past.pass_time(MINUTE)
    past.router.acknowledge(past.incident.id, "ana")
    past.pass_time(HOUR)
    found = past.replay(replace(SHIPPED_POLICY, flapping=FlapDamping(1, HOUR, 30 * MINUTE)))
    moved = found.changes[0]
    assert shown(moved) == ("moved", "first", "operations", "flapping")
    assert moved.new.at - moved.old.at == 30 * MINUTE
    assert moved.reason.text == "held until 2026-03-02 13:32: it flaps"
    assert found.left_out == [
        "2026-03-02 13:03 acknowledged by ana (Api): under the new policy nobody had been told by then"
    ]


def test_a_resolution_does_not_end_what_holds_other_alerts_under_the_new_policy(past: Past) -> None:
    past.fire("Disk", job="a")
    past.fire("Disk", job="b")
    past.pass_time(MINUTE)
    first = next(one for one in past.router.open_incidents() if one.labels["job"] == "a")
    past.router.resolve(first.id, "ana")
    past.pass_time(MINUTE)
    wide = tuple(replace(route, group_by=("alertname",)) for route in SHIPPED_POLICY.routes)
    found = past.replay(replace(SHIPPED_POLICY, routes=wide))
    assert len(found.left_out) == 1
    assert "its incident holds other alerts" in found.left_out[0]


def test_the_policies_that_were_in_force_one_after_the_other_are_the_baseline(past: Past) -> None:
    past.fire("A", job="a")
    past.pass_time(HOUR)
    past.router.change_policy(lowered("B"))
    past.fire("B", job="b")
    past.pass_time(HOUR)
    found = past.replay(SHIPPED_POLICY)
    assert reproduces_all(found)
    assert found.policies == [SHIPPED_POLICY.id, lowered("B").id]
    assert {one.old.title for one in found.changes} == {"B"}
    assert past.replay(lowered("B")).changes == []


def test_another_duty_moves_pages_to_another_person(past: Past, tmp_path: Path) -> None:
    file = tmp_path / "schedules.yaml"
    file.write_text(
        "version: 1\ntime_zone: UTC\nschedules:\n  operations:\n    rotation: "
        "{starts: 2026-01-05T09:00, every: 7d, people: [ana]}\n",
        encoding="utf-8",
    )
    past.fire()
    past.pass_time(MINUTE)
    found = past.replay(schedules=load_schedules(file))
    assert [shown(one) for one in found.changes] == [("moved", "first", "operations:ana", "duty")]


def test_who_stood_in_for_whom_is_on_record(tmp_path: Path) -> None:
    duty = load_alarm_policy().schedules
    other = sorted(duty.by_team["operations"].known - {duty.on_duty("operations", MONDAY_10)})[0]
    past = Past(tmp_path / "router.db", schedules=duty)
    past.router.override_duty("operations", other, MONDAY_10, MONDAY_10 + HOUR, "ana", "")
    past.fire()
    past.pass_time(MINUTE)
    found = past.replay()
    past.close()
    assert [page.target for page in found.before] == [f"operations:{other}"]
    assert reproduces_all(found)


def test_our_own_burns_are_on_record_and_their_tiers_are_one_thing(past: Past) -> None:
    burn = burn_alert(at=MONDAY_10)
    past.router.receive(burn)
    past.pass_time(2 * MINUTE)
    past.router.receive(burn_alert("page-slow", at=past.clock.now()))
    past.pass_time(HOUR)
    past.router.receive(ended(burn, past.clock.now()))
    past.pass_time(MINUTE)
    found = past.replay()
    assert (found.missed, found.changes) == ([], [])
    assert reproduces_all(found)


def test_what_nobody_could_read_is_counted_and_pages_in_both(past: Past) -> None:
    past.fire(job="a")
    past.take("alertmanager", b"{nope")
    past.send({"status": "firing", "labels": "none"})
    past.pass_time(MINUTE)
    found = past.replay()
    assert found.quarantined == past.store.count_receipts(ReceiptState.QUARANTINED) >= 1
    assert found.changes == []
    assert reproduces_all(found)


def test_incidents_that_were_open_before_are_open_in_the_simulation(past: Past) -> None:
    past.fire("Old", job="x")
    past.pass_time(10 * HOUR)
    past.fire("New", job="y")
    past.pass_time(HOUR)
    found = past.replay(since=2 * HOUR)
    assert found.is_complete
    assert {page.title for page in found.before} == {"New"}
    assert found.receipts == 2
    assert reproduces_all(found)


def test_a_record_that_begins_later_says_so_and_what_it_cannot_reproduce(past: Past) -> None:
    past.fire("Old", job="x")
    past.pass_time(MINUTE)
    past.fire("New", job="y")
    past.pass_time(HOUR)
    assert past.store.drop_done(MONDAY_10 + timedelta(seconds=1), 10)
    found = past.replay()
    assert not found.is_complete
    assert found.record_begins == MONDAY_10 + MINUTE
    others = found.reproduction.others
    assert {(one.page.title, one.reason) for one in others} == {
        ("Old", "its incident began before the record does")
    }
    assert found.reproduction.reproduced == found.reproduction.real - len(others) > 0


def test_a_page_that_was_sent_late_is_not_called_reproduced(past: Past) -> None:
    past.fire()
    past.clock.advance(HOUR)  # nobody ticked: the router was not running
    past.router.tick()
    past.pass_time(MINUTE)
    found = past.replay()
    late = [one.reason for one in found.reproduction.others]
    assert late
    assert all("the router was late, or did not run" in reason for reason in late)


def test_an_empty_store_has_nothing_to_replay(past: Past) -> None:
    with pytest.raises(NothingRecorded, match="no alert on record"):
        past.replay()


def test_nothing_can_be_written_through_the_record_and_nothing_is(past: Past, tmp_path: Path) -> None:
    past.fire()
    past.pass_time(HOUR)
    before = past.store._reading.rows("SELECT count(*), max(fence) FROM outbox")
    changes = past.store._reading.rows("PRAGMA data_version")
    found = past.replay(lowered("DiskFull"))
    assert found.changes
    assert past.store._reading.rows("SELECT count(*), max(fence) FROM outbox") == before
    assert past.store._reading.rows("PRAGMA data_version") == changes
    record = open_sqlite_record(Path(past.path))
    connection = sqlite3.connect(f"{Path(past.path).as_uri()}?mode=ro", uri=True)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM receipts")
    with pytest.raises(StoreBusy, match="readonly"):
        record._reading.rows("DELETE FROM receipts")
    record.close()
    connection.close()


def test_a_store_of_an_older_version_is_refused_and_left_as_it_is(past: Past) -> None:
    past.fire()
    past.close()
    with sqlite3.connect(past.path) as connection:
        connection.execute("PRAGMA user_version = 1")
    with pytest.raises(UnusableFile, match="Start its router once"):
        open_sqlite_record(Path(past.path))


def test_rows_that_cannot_be_read_are_left_out_and_counted(past: Past) -> None:
    past.fire("A", job="a")
    past.pass_time(MINUTE)
    past.fire("B", job="b")
    past.pass_time(MINUTE)
    with past.store.writing() as session:
        session.change("UPDATE incidents SET body = '{' WHERE name = 'A'")
    found = past.replay()
    assert found.unreadable == 1
    assert found.changes == []
    assert [one.reason for one in found.reproduction.others] == ["its incident began before the record does"]


def test_times_of_receipts_that_are_the_same_lose_none(past: Past) -> None:
    payload = b"{}"
    past.store.append_receipts(
        [
            Receipt(f"s-{number:04d}", "alertmanager", MONDAY_10, payload, state=ReceiptState.DONE)
            for number in range(501)
        ]
    )
    record = open_sqlite_record(Path(past.path))
    taken = [one.id for one in record.receipts(MONDAY_10, datetime(2027, 1, 1, tzinfo=UTC))]
    record.close()
    assert len(taken) == len(set(taken)) == 501
    assert taken == sorted(taken)

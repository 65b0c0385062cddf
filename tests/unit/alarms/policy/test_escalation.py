"""Who is told at each step, and nobody twice: the matrix asked directly, with what ships."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alarms.model.duty import DutyOverride
from alarms.model.severity import Severity
from alarms.policy.escalation import EscalationPolicy
from alarms.policy.policy import Route
from alarms.policy.schedule import Rotation, Schedule, Schedules
from tests.support.alerts import MONDAY_10
from tests.support.router import SHIPPED_POLICY
from tests.support.router_store_contract import incident

ANA = Schedule("UTC", (Rotation(datetime.fromisoformat("2026-01-05T09:00"), timedelta(days=7), ("ana",)),))
ESCALATION = EscalationPolicy(SHIPPED_POLICY, Schedules({"development": ANA}))
SATURDAY = datetime(2026, 3, 7, 13, 0, tzinfo=UTC)
OWNERS = {Severity.P1: "operations", Severity.P2: "operations", Severity.P3: "development"}


def told(step: str, severity: Severity, assignee: str | None = None) -> list[tuple[str, str]]:
    one = replace(incident(), severity=severity, owner=OWNERS.get(severity, "development"), assignee=assignee)
    return [(item.target, item.step.value) for item in getattr(ESCALATION, step)(one, MONDAY_10)]


@pytest.mark.parametrize(
    ("severity", "reminded"),
    [
        (Severity.P1, [("operations", "reminder"), ("data-engineering", "escalation")]),
        (Severity.P2, [("operations", "reminder"), ("development:ana", "escalation")]),
        (Severity.P3, [("development", "reminder"), ("operations", "escalation")]),
        (Severity.P4, [("development", "reminder")]),
    ],
)
def test_a_reminder_goes_to_the_owner_and_to_whoever_it_was_escalated_to(
    severity: Severity, reminded: list[tuple[str, str]]
) -> None:
    assert told("repeated", severity) == reminded


@pytest.mark.parametrize(
    ("severity", "backup"),
    [(Severity.P1, "data-engineering"), (Severity.P2, "development:ana"), (Severity.P3, "operations")],
)
def test_a_missed_acknowledgement_tells_the_backup_and_nobody_else(severity: Severity, backup: str) -> None:
    assert told("missed", severity) == [(backup, "backup")]


def test_without_a_backup_the_person_is_reminded_and_the_accountable_team_knows() -> None:
    expected = [("development:ana", "reminder"), ("data-engineering", "inform")]
    assert told("missed", Severity.P4, "ana") == expected
    assert told("unresolved", Severity.P4, "ana") == expected


def test_what_is_unresolved_goes_to_the_backup_and_the_accountable_team_hears_of_it_once() -> None:
    expected = [("development:ana", "escalation"), ("data-engineering", "inform")]
    assert told("unresolved", Severity.P2) == expected
    assert told("unresolved", Severity.P1) == [("data-engineering", "escalation")]
    named = EscalationPolicy(SHIPPED_POLICY, Schedules({"data-engineering": ANA}))
    acting = named.unresolved(replace(incident(), severity=Severity.P1), MONDAY_10)
    assert [item.target for item in acting] == ["data-engineering:ana"]


def test_the_backup_is_whoever_has_the_duty_when_the_deadline_passes() -> None:
    until = MONDAY_10 + timedelta(hours=1)
    stand_in = DutyOverride("1", "development", "eva", MONDAY_10, until, "chief")
    escalation = EscalationPolicy(SHIPPED_POLICY, Schedules({"development": ANA}), lambda _: [stand_in])
    p2 = replace(incident(), severity=Severity.P2)
    assert [one.target for one in escalation.missed(p2, MONDAY_10)] == ["development:eva"]
    assert [one.target for one in escalation.missed(p2, until)] == ["development:ana"]


def test_whoever_acts_is_told_to_act_even_where_the_route_informs_them_too() -> None:
    routes = (Route("all", "development", inform=("operations", "security", "security")),)
    escalation = EscalationPolicy(replace(SHIPPED_POLICY, routes=routes), Schedules())
    first = escalation.first(replace(incident(), route="all"))
    assert [(item.target, item.step.value) for item in first] == [
        ("operations", "first"),
        ("security", "inform"),
    ]


def test_only_a_level_that_says_assigned_goes_to_the_person_on_duty_of_the_routes_owner() -> None:
    route = Route("all", "development")
    first = {
        level.severity: (ESCALATION.owner(level, route), ESCALATION.assignee(level, route, MONDAY_10))
        for level in SHIPPED_POLICY.levels
    }
    assert first == {
        Severity.P1: ("operations", None),
        Severity.P2: ("operations", None),
        Severity.P3: ("development", "ana"),
        Severity.P4: ("development", "ana"),
    }


def test_the_most_severe_level_has_a_clock_that_never_stands_still() -> None:
    hour = timedelta(hours=1)
    deadlines = {
        level.severity: ESCALATION.deadline(level, SATURDAY, hour) for level in SHIPPED_POLICY.levels
    }
    monday_10 = datetime(2026, 3, 9, 13, 0, tzinfo=UTC)
    assert deadlines.pop(Severity.P1) == SATURDAY + hour
    assert set(deadlines.values()) == {monday_10}


def test_a_page_says_whether_it_leaves_out_of_hours() -> None:
    assert ESCALATION.out_of_hours(SATURDAY)
    assert not ESCALATION.out_of_hours(MONDAY_10)


def test_with_nobody_on_duty_the_team_as_a_whole_has_it() -> None:
    nobody = EscalationPolicy(SHIPPED_POLICY, Schedules())
    level = SHIPPED_POLICY.level(Severity.P3)
    assert nobody.assignee(level, Route("all", "development"), MONDAY_10) is None


def test_an_incident_of_a_route_that_is_gone_still_reaches_its_owner() -> None:
    first = ESCALATION.first(replace(incident(), route="removed since"))
    assert [(item.target, item.step.value) for item in first] == [("operations", "first")]

"""``mirante alerts replay``: what a team lead and a CI job read about a changed policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from alarms.policy.alarm_policy import load_alarm_policy
from alarms.stores.sqlite import SqliteRouterStore
from app.bootstrap.paths import DataPaths
from foundation.clock import SystemClock
from foundation.workspace import SHIPPED
from tests.support.command_line import Ran, mirante
from tests.support.recorded import MINUTE, Past

POLICY = (SHIPPED.alarms / "policy.yaml").read_text(encoding="utf-8")
RULE = "    - {name: apis-can-wait, match: ['job=\"api\"'], severity: P4}\n"
LOWERED = POLICY.replace("  rules:\n", f"  rules:\n{RULE}")


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    """Two hours ago an API failed for an hour, and nobody did anything."""
    paths = DataPaths(tmp_path)
    paths.control.mkdir(parents=True)
    duty = load_alarm_policy().schedules
    lived = Past(
        paths.router, begins=SystemClock().now() - timedelta(hours=2), environment="local", schedules=duty
    )
    lived.fire("ApiDown", job="api")
    lived.pass_time(60 * MINUTE)
    lived.end("ApiDown", job="api")
    lived.pass_time(30 * MINUTE)
    yield lived
    lived.close()


@pytest.fixture
def lowered(tmp_path: Path) -> Path:
    file = tmp_path / "lowered.yaml"
    file.write_text(LOWERED, encoding="utf-8")
    return file


def replay(folder: Path, policy: Path, *more: object) -> Ran:
    return mirante("--data-dir", folder, "alerts", "replay", "--policy", policy, *more)


def test_the_table_says_what_changes_why_and_how_far_to_believe_it(
    tmp_path: Path, past: Past, lowered: Path
) -> None:
    ran = replay(tmp_path, lowered)
    assert ran.status == 0, ran
    flat = " ".join(ran.out.split())
    for part in (
        "Pages: 5 before, 1 after; 0 added, 4 removed, 1 moved.",
        "reproduces 5 of 5 real pages.",
        'P4 instead of P1: job="api" is P4 [apis-can-wait]',
        "P1 -> P4",
        "hour (America/Sao_Paulo)",
        "total 5 1",
    ):
        assert part in flat, (part, flat)


def test_a_limit_that_is_exceeded_is_status_1_and_named(tmp_path: Path, past: Past, lowered: Path) -> None:
    ran = replay(tmp_path, lowered, "--max-removed", 3)
    assert ran.status == 1
    assert "not within the limits: 4 removed, at most 3 allowed" in ran.err
    assert replay(tmp_path, lowered, "--max-removed", 4, "--max-added", 0).status == 0


def test_what_nobody_would_hear_fails_unless_it_is_allowed(tmp_path: Path, past: Past) -> None:
    past.fire("Disk", job="a")
    past.pass_time(MINUTE)
    past.fire("Disk", job="b")
    past.pass_time(7 * MINUTE)
    past.end("Disk", job="b")
    past.pass_time(MINUTE)
    wide = tmp_path / "wide.yaml"
    grouped = POLICY.replace("component, namespace, job, cluster]", "component]")
    wide.write_text(grouped.replace("tell_more_after: 5m", "tell_more_after: 1h"), encoding="utf-8")
    ran = replay(tmp_path, wide)
    assert (ran.status, "1 missed, at most 0 allowed" in ran.err) == (1, True), ran
    assert replay(tmp_path, wide, "--max-missed", 1).status == 0
    assert replay(tmp_path, wide, "--missed-after", "10m").status == 0
    document = json.loads(replay(tmp_path, wide, "--json").out)
    (missed,) = document["missed"]
    assert (missed["title"], missed["before_too"]) == ("Disk (job=b)", False)
    assert document["exceeded"] == ["1 missed, at most 0 allowed"]
    assert document["reproduction"]["reproduced"] == document["reproduction"]["real"]


def test_markdown_for_a_pull_request(tmp_path: Path, past: Past, lowered: Path) -> None:
    text = replay(tmp_path, lowered, "--format", "markdown", "--max-removed", 0).out
    assert text.startswith("## Pages under the changed alarm policy\n\n**Not within the limits: 4 removed")
    assert "<details><summary>Removed (4)</summary>" in text
    assert "| when (UTC) | severity | step | who | what | why |" in text


def test_a_record_that_begins_later_than_asked_is_a_warning(tmp_path: Path, past: Past) -> None:
    ran = replay(tmp_path, SHIPPED.alarms / "policy.yaml")
    assert ran.status == 0
    assert "warning: the record begins at" in ran.err
    assert "0 added, 0 removed, 0 moved" in ran.out
    assert "warning" not in replay(tmp_path, SHIPPED.alarms, "--since", "1h").err


def test_a_simulation_that_does_what_nobody_did_is_a_warning(tmp_path: Path, past: Past) -> None:
    past.clock.advance(timedelta(minutes=1))
    with past.store.writing() as session:  # other people were on duty when it was recorded
        session.change("UPDATE outbox SET notification = replace(notification, 'duty-', 'once-')")
    ran = replay(tmp_path, SHIPPED.alarms, "--json")
    assert "warning: the simulation reproduces 0 of 5 real pages" in ran.err
    reasons = [one["reason"] for one in json.loads(ran.out)["reproduction"]["others"]]
    assert all("who was on duty is read from today" in reason for reason in reasons)


def test_a_broken_policy_is_named_with_its_line_and_nothing_is_run(tmp_path: Path, past: Past) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(LOWERED.replace("severity: P4}\n", "severity: P9}\n", 1), encoding="utf-8")
    line = next(n for n, text in enumerate(broken.read_text().splitlines(), 1) if "P9" in text)
    ran = replay(tmp_path, broken)
    assert ran.status == 1
    assert f"{broken}:{line}" in ran.err.replace("\n", "")
    assert "Traceback" not in ran.err


def test_where_nothing_is_recorded_it_says_so(tmp_path: Path, lowered: Path) -> None:
    assert replay(tmp_path, lowered).status == 3
    paths = DataPaths(tmp_path)
    paths.control.mkdir(parents=True)
    SqliteRouterStore(paths.router).close()
    ran = replay(tmp_path, lowered)
    assert (ran.status, "no alert on record" in ran.err) == (1, True)
    bad = replay(tmp_path, lowered, "--since", "yesterday")
    assert (bad.status, "write 30d, 12h or 5m" in bad.err) == (2, True)

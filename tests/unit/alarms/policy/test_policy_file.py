"""The policy file: what ships is the document's matrix, and every mistake names its place and its fix."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms.model.severity import Severity
from alarms.policy.policy import canonical, from_canonical
from alarms.policy.policy_file import load_policy
from alarms.policy.raci import Role, load_raci
from foundation.errors import DefinitionErrors
from foundation.workspace import SHIPPED

TEXT = (SHIPPED.alarms / "policy.yaml").read_text(encoding="utf-8")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def problems(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    text = TEXT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    file = tmp_path / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionErrors) as raised:
        load_policy(file)
    return [str(error).removeprefix(f"{file}:") for error in raised.value.errors]


def test_the_shipped_policy_is_the_documents_matrix() -> None:
    rows = [
        (
            level.severity.value,
            level.act_within,
            level.acknowledge_within,
            level.escalate_after,
            level.first,
            level.backup,
            level.clock.value,
        )
        for level in load_policy().levels
    ]
    assert rows == [
        ("P1", 0 * MINUTE, 15 * MINUTE, 30 * MINUTE, "operations", "data-engineering", "always"),
        ("P2", 30 * MINUTE, 30 * MINUTE, 2 * HOUR, "operations", "development", "business-hours"),
        ("P3", 24 * HOUR, 8 * HOUR, 1 * DAY, "assigned", "operations", "business-hours"),
        ("P4", None, 24 * HOUR, 3 * DAY, "assigned", None, "business-hours"),
    ]
    assert load_policy().accountable == "data-engineering"


def test_a_policy_survives_its_own_canonical_text_and_keeps_its_id() -> None:
    policy = load_policy()
    again = from_canonical(canonical(policy))
    assert again == policy
    assert again.id == policy.id


def test_a_comment_or_another_order_of_fields_does_not_change_the_id(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.yaml"
    file.write_text("# another comment\n" + TEXT, encoding="utf-8")
    assert load_policy(file).id == load_policy().id


def test_a_changed_number_changes_the_id(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(TEXT.replace("acknowledge_within: 15m", "acknowledge_within: 14m"), encoding="utf-8")
    assert load_policy(file).id != load_policy().id


def test_a_working_day_has_the_length_of_the_business_hours(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(TEXT.replace("escalate_after: 1d", "escalate_after: 1wd"), encoding="utf-8")
    assert load_policy(file).level(Severity.P3).escalate_after == 9 * HOUR


@given(labels=st.dictionaries(st.sampled_from(["slo", "component", "service", "category", "x"]), st.text()))
def test_every_possible_alert_reaches_exactly_one_route_whose_owner_exists(labels: dict[str, str]) -> None:
    policy = load_policy()
    assert policy.team(policy.route(labels).owner)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "acknowledge_within: 15m",
            "acknowledge_within: 15 minutes",
            "is not a duration. Write for example 5m",
        ),
        ("acknowledge_within: 15m", "acknowledge_within: 0m", "acknowledge_within is zero"),
        ("acknowledge_within: 15m", "acknowledge_within: 31m", "escalate_after is shorter"),
        ("first_wait: 20s", "first_wait: 6m", "noise.first_wait: the first page would wait 6m"),
        ("acknowledge_within: 30m", "acknowledge_within: 30s", "Write first_wait: 15s at most; 0 pages"),
        (
            "acknowledge_within: 15m",
            "acknowledge_in: 15m",
            "levels.P1.acknowledge_in: is not a known key. Did you mean",
        ),
        ("    clock: always\n", "", "levels.P1.clock: is required but missing. Add `clock:`"),
        (
            "clock: always",
            "clock: sometimes",
            "'sometimes' is not one of always, business-hours",
        ),
        ("first: operations", "first: nobody", "first: 'nobody' is not a team"),
        ("backup: data-engineering", "backup: operations", "backup is the same team as first"),
        (
            "time_zone: America/Sao_Paulo",
            "time_zone: Brazil/Paulista",
            "'Brazil/Paulista' is not a time zone",
        ),
        ("days: [monday, tuesday", "days: [moonday, tuesday", "'moonday' is not one of monday, tuesday"),
        ('start: "09:00"', 'start: "19:00"', "start is not before end"),
        ('start: "09:00"', 'start: "nine"', "is not a time of day"),
        ("holidays: BR", "holidays: XX", "is not a known holiday calendar"),
        ("extra_holidays: []", "extra_holidays: [24/12]", "'24/12' is not a date"),
        ("    owner: security", "    owner: guards", "'guards' is not a team"),
        ("""['service="credit"']""", """['service=~"("']""", "is not a pattern"),
        ("""['service="credit"']""", """['service is credit']""", "is not a matcher"),
        (
            """    match: ['service="credit"']\n""",
            "",
            "is never reached: 'decision' already matches everything",
        ),
        ("{long: 6h, severity: P2}", "{long: 6h, severity: P9}", "'P9' is not one of P1, P2, P3, P4"),
        (
            "{long: 6h, severity: P2}",
            "{long: 30m, severity: P2}",
            "not sorted from short and severe to long and mild",
        ),
        ("by: 1}\n    - {cust", "by: x}\n    - {cust", "'x' is not a whole number"),
        ("{exhaustion_within: 6h, by: 1}", "{by: 1}", "needs exactly one reason"),
        ("version: 1", "version: 2", "version: '2' is not one of 1"),
        ("version: 1", "version: 1\nversion: 1", "version: is written twice"),
        ("levels:\n", "levels: []\nother:\n", "levels: expected a mapping"),
    ],
)
def test_a_mistake_names_its_place_and_its_fix(tmp_path: Path, old: str, new: str, expected: str) -> None:
    found = problems(tmp_path, (old, new))
    assert any(expected in problem for problem in found), found
    assert all(problem.partition(":")[0].isdecimal() for problem in found), found


def test_a_last_route_that_does_not_take_everything_is_a_gap(tmp_path: Path) -> None:
    last = "  - name: everything-else\n    owner: operations\n"
    found = problems(tmp_path, (last, last + """    match: ['x="y"']\n"""))
    assert any("some alerts match no route" in problem for problem in found)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path, ("acknowledge_within: 15m", "acknowledge_within: soon"), ("holidays: BR", "holidays: XX")
    )
    assert len(found) == 2


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "is empty"),
        ("a: [", "is not YAML"),
        ("\xff\xfe", "expected a mapping"),
        ("- 1", "expected a mapping"),
    ],
)
def test_a_file_that_is_no_policy_says_so(tmp_path: Path, content: str, expected: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_bytes(content.encode("utf-8"))
    with pytest.raises(DefinitionErrors, match=expected):
        load_policy(file)


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(DefinitionErrors, match="cannot be read"):
        load_policy(tmp_path / "absent.yaml")
    broken = tmp_path / "latin.yaml"
    broken.write_bytes(b"\xff\xfe\xe9")
    with pytest.raises(DefinitionErrors, match="UTF-8"):
        load_policy(broken)


def test_the_responsibility_matrix_is_the_documents_cell_by_cell() -> None:
    raci = load_raci()
    assert len(raci.activities) == 12
    cells = {a.id: "".join(a.roles[team].value for team in raci.teams) for a in raci.activities}
    assert cells == {
        "daily-performance-monitoring": "CRIII",
        "alerts-and-incidents": "ARCII",
        "query-optimisation": "RCIAI",
        "scaling": "RAICI",
        "infrastructure-updates": "RACII",
        "backups-and-recovery-tests": "ARCII",
        "security-and-compliance-review": "CCRIA",
        "data-model-evolution": "RICAC",
        "slas-and-slos": "ACCCR",
        "infrastructure-cost": "RCIIA",
        "disaster-recovery-tests": "ARCII",
        "new-features": "CICRA",
    }
    assert raci.answers_for("daily-performance-monitoring") == "operations"  # the document names no A
    assert raci.activity("alerts-and-incidents").teams(Role.CONSULTED) == ("security",)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ("[A, A, C, I, R]", "two accountable"),
        ("[A, C, C, I, I]", "no responsible team"),
        ("[A, R]", "2 roles for 5"),
    ],
)
def test_an_impossible_responsibility_is_refused(tmp_path: Path, roles: str, expected: str) -> None:
    file = tmp_path / "raci.yaml"
    file.write_text(
        "version: 1\nteams: [a, b, c, d, e]\nactivities:\n  alerts-and-incidents:\n"
        f"    name: {{en: x, pt: y}}\n    roles: {roles}\n",
        encoding="utf-8",
    )
    with pytest.raises(DefinitionErrors, match=expected):
        load_raci(file)

"""Every refusal of an OpenSLO file, on a file that a person could have written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.definition_files import SLO, line_of, refusals

QUERY = 'sum(rate(http_requests_total{code!~"5.."}[{{.window}}]))'

# (what is replaced, what by, the line it is refused on holds this, field, reason, fix)
CASES = {
    "a misspelt key": (
        "displayName: Uptime",
        "displayname: Uptime",
        "displayname",
        "metadata.displayname",
        "is not a known key",
        "Did you mean `displayName`?",
    ),
    "an unknown key in spec": (
        "  service: web",
        "  service: web\n  tier: 1",
        "  tier: 1",
        "spec.tier",
        "is not a known key",
        "Known keys: alertPolicies, budgetingMethod, description, ",
    ),
    "a key twice": (
        "  service: web",
        "  service: web\n  service: api",
        "service: api",
        "spec.service",
        "written twice (first on line 7)",
        "Keep one",
    ),
    "no name": (
        "  name: uptime\n  displayName",
        "  displayName",
        "",
        "metadata.name",
        "is required but missing",
        "Add `name:`",
    ),
    "a name with spaces": (
        "  name: uptime\n  disp",
        "  name: up time\n  disp",
        "up time",
        "metadata.name",
        "'up time' is not a usable name",
        "letters, digits and dashes",
    ),
    "a merge key": (
        "  service: web",
        "  <<: {a: 1}\n  service: web",
        "<<",
        "spec.<<",
        "is not a plain key",
        "Write the keys out",
    ),
    "another version": (
        "openslo/v1",
        "openslo/v9",
        "v9",
        "apiVersion",
        "'openslo/v9' is not supported",
        "openslo/v1",
    ),
    "another kind": (
        "kind: SLO",
        "kind: Slo",
        "kind: Slo",
        "kind",
        "'Slo' is not one of",
        "Did you mean `SLO`?",
    ),
    "no service": ("  service: web\n", "", "", "spec.service", "is required but missing", "Add `service:`"),
    "no indicator": (
        "  indicator:\n",
        "  description:\n",
        "",
        "spec.indicator",
        "is required but missing",
        "indicatorRef",
    ),
    "an indicator twice": (
        "  indicator:\n",
        "  indicatorRef: nowhere\n  indicator:\n",
        "indicatorRef: nowhere",
        "spec.indicatorRef",
        "indicator is also given",
        "Keep one",
    ),
    "both metrics": (
        "      ratioMetric:",
        "      thresholdMetric: {metricSource: {type: Prometheus, spec: {query: up}}}\n      ratioMetric:",
        "ratioMetric:",
        "spec.indicator.spec.ratioMetric",
        "exactly one of ratioMetric and thresholdMetric",
        "Keep the one",
    ),
    "good without total": (
        "        total:",
        "        # total\n        bad:",
        "",
        "spec.indicator.spec.ratioMetric",
        "bad and good given",
        "good and total",
    ),
    "raw without its type": (
        "        good:",
        "        raw:",
        "",
        "spec.indicator.spec.ratioMetric",
        "raw and total given",
        "raw and rawType",
    ),
    "rawType beside counts": (
        "        counter: true",
        "        rawType: success",
        "",
        "spec.indicator.spec.ratioMetric",
        "rawType is only for raw",
        "good and total",
    ),
    "a source without query": (
        f"              query: {QUERY}\n",
        "              expr: up\n",
        "",
        "query",
        "is required but missing",
        "Add `query:`",
    ),
    "a query that is a list": (
        f"query: {QUERY}",
        "query: [a, b]",
        "query: [a",
        "query",
        "expected a single value",
        "one value",
    ),
    "a yes that is a text": (
        "counter: true",
        "counter: 'yes'",
        "counter:",
        "counter",
        "not true or false",
        "unquoted",
    ),
    "a method that does not exist": (
        "Occurrences",
        "Occurences",
        "Occurences",
        "spec.budgetingMethod",
        "'Occurences' is not one of",
        "Did you mean `Occurrences`?",
    ),
    "a rolling window in a unit of its own": (
        "duration: 30d",
        "duration: 1x",
        "1x",
        "spec.timeWindow[0].duration",
        "not the length of a rolling window",
        "Write for example 30d",
    ),
    "a calendar window in minutes": (
        "    - duration: 30d\n      isRolling: true",
        "    - duration: 1m\n      isRolling: false\n      calendar: "
        "{startTime: 2026-01-01 00:00:00, timeZone: UTC}",
        "1m",
        "spec.timeWindow[0].duration",
        "'1m' is not one calendar unit",
        "M is months",
    ),
    "a calendar nobody gave": (
        "isRolling: true",
        "isRolling: false",
        "timeWindow[0]",
        "spec.timeWindow[0].duration",
        "not one calendar unit",
        "1M",
    ),
    "a time zone that does not exist": (
        "    - duration: 30d\n      isRolling: true",
        "    - duration: 1M\n      calendar: {startTime: 2026-01-01 00:00:00, timeZone: Brasilia}",
        "Brasilia",
        "spec.timeWindow[0].calendar.timeZone",
        "'Brasilia' is not a time zone",
        "America/Sao_Paulo",
    ),
    "a start that is no date": (
        "    - duration: 30d\n      isRolling: true",
        "    - duration: 1M\n      calendar: {startTime: January, timeZone: UTC}",
        "January",
        "spec.timeWindow[0].calendar.startTime",
        "not a date and time",
        "2026",
    ),
    "a calendar that rolls": (
        "      isRolling: true",
        "      isRolling: true\n      calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}",
        "isRolling: true",
        "spec.timeWindow[0].isRolling",
        "does not roll",
        "Remove one",
    ),
    "two windows": (
        "      isRolling: true",
        "      isRolling: true\n    - duration: 7d",
        "timeWindow:",
        "spec.timeWindow",
        "holds 2 windows; v1 allows one",
        "a separate SLO for each",
    ),
    "a window that is no duration": (
        "duration: 30d",
        "duration: thirty days",
        "thirty",
        "spec.timeWindow[0].duration",
        "not the length",
        "30d",
    ),
    "no objectives": (
        "  objectives:\n    - displayName: Most\n      target: 0.99\n",
        "",
        "",
        "spec.objectives",
        "is required but missing",
        "Add `objectives:`",
    ),
    "a target of 100 %": (
        "target: 0.99",
        "target: 1.0",
        "target: 1.0",
        "spec.objectives[0].target",
        "100 % leaves no error budget",
        "99.99 %",
    ),
    "a target of nothing": (
        "target: 0.99",
        "target: 0",
        "target: 0",
        "spec.objectives[0].target",
        "0 % promises nothing",
        "more than 0",
    ),
    "a percent as a ratio": (
        "target: 0.99",
        "target: 99",
        "target: 99",
        "spec.objectives[0].target",
        "is not between 0 and 1",
        "targetPercent",
    ),
    "target and targetPercent": (
        "target: 0.99",
        "target: 0.99\n      targetPercent: 99",
        "target: 0.99",
        "spec.objectives[0].target",
        "exactly one of target and targetPercent",
        "target:",
    ),
    "a target in words": (
        "target: 0.99",
        "target: two nines",
        "two nines",
        "spec.objectives[0].target",
        "'two nines' is not a number",
        "0.999",
    ),
    "slices without a target": (
        "Occurrences",
        "Timeslices",
        "- displayName: Most",
        "spec.objectives[0].timeSliceTarget",
        "is required but missing",
        "timeSliceTarget",
    ),
    "a slice target of 2": (
        "target: 0.99",
        "target: 0.99\n      timeSliceTarget: 2",
        "timeSliceTarget",
        "spec.objectives[0].timeSliceTarget",
        "2 is not above 0 and at most 1",
        "0.9",
    ),
    "slices where events are counted": (
        "target: 0.99",
        "target: 0.99\n      timeSliceWindow: 1m",
        "timeSliceWindow",
        "spec.objectives[0].timeSliceWindow",
        "is only for time slices",
        "Timeslices",
    ),
    "slices of seconds": (
        "target: 0.99",
        "target: 0.99\n      timeSliceWindow: 30s",
        "timeSliceWindow",
        "spec.objectives[0].timeSliceWindow",
        "'30s' is not a whole number of minutes",
        "1m",
    ),
    "a weight without indicators": (
        "target: 0.99",
        "target: 0.99\n      compositeWeight: 2",
        "compositeWeight",
        "spec.objectives[0].compositeWeight",
        "needs an indicator in each",
        "Remove",
    ),
    "an alert policy nobody defined": (
        "  objectives:",
        "  alertPolicies: [{alertPolicyRef: wake}]\n  objectives:",
        "alertPolicyRef",
        "spec.alertPolicies[0].alertPolicyRef",
        "there is no AlertPolicy 'wake'",
        "Define it",
    ),
    "an annotation of ours, misspelt": (
        "  displayName: Uptime",
        "  displayName: Uptime\n  annotations: {mirante.dev/min-event: 5}",
        "min-event",
        "metadata.annotations.mirante.dev/min-event",
        "not a known annotation",
        "mirante.dev/min-events",
    ),
    "a window set nobody defined": (
        "  displayName: Uptime",
        "  displayName: Uptime\n  annotations: {mirante.dev/windows: google-90d}",
        "google-90d",
        "mirante.dev/windows",
        "there is no window set 'google-90d'",
        "google-30d",
    ),
    "a tier nobody defined": (
        "  displayName: Uptime",
        "  displayName: Uptime\n  annotations: {mirante.dev/disable-tiers: page}",
        "disable-tiers",
        "mirante.dev/disable-tiers",
        "there is no tier 'page'",
        "page-fast",
    ),
    "a severity that does not exist": (
        "  displayName: Uptime",
        "  displayName: Uptime\n  annotations: {mirante.dev/severity.page-fast: P0}",
        "P0",
        "mirante.dev/severity.page-fast",
        "'P0' is not a severity",
        "P1",
    ),
    "a silence that is no duration": (
        "  displayName: Uptime",
        "  displayName: Uptime\n  annotations: {mirante.dev/no-data-after: soon}",
        "soon",
        "mirante.dev/no-data-after",
        "'soon' is not a duration",
        "5m",
    ),
    "half an event": (
        "  displayName: Uptime",
        "  displayName: Uptime\n  annotations: {mirante.dev/min-events: 1.5}",
        "min-events",
        "mirante.dev/min-events",
        "is not a whole number",
        "100",
    ),
    "a label that is none": (
        "  displayName: Uptime",
        "  displayName: Uptime\n  annotations: {mirante.dev/group-by: my-pair}",
        "my-pair",
        "mirante.dev/group-by",
        "'my-pair' is not a label name",
        "underscores",
    ),
    "a description without end": (
        "  service: web",
        f"  description: {'x' * 1051}\n  service: web",
        "description",
        "spec.description",
        "is 1051 characters long, at most 1050",
        "Shorten",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_with_line_field_reason_and_fix(name: str, tmp_path: Path) -> None:
    replaced, by, needle, field, reason, fix = CASES[name]
    assert replaced in SLO
    text = SLO.replace(replaced, by, 1)
    found = refusals(tmp_path, web=text)
    chosen = [error for error in found if reason in error.problem and error.field.endswith(field)]
    assert chosen, [str(error) for error in found]
    assert chosen[0].file == "web.yaml"
    assert fix in chosen[0].fix
    if needle in text:
        assert chosen[0].line is not None
        assert needle in text.splitlines()[chosen[0].line - 1]


def test_everything_wrong_in_a_file_is_told_at_once(tmp_path: Path) -> None:
    text = SLO.replace("target: 0.99", "target: 99").replace("Occurrences", "Counting").replace("30d", "soon")
    found = refusals(tmp_path, web=text)
    assert [error.line for error in found] == [
        line_of(text, "Counting"), line_of(text, "soon"), line_of(text, "target: 99"),
    ]  # fmt: skip


def test_broken_yaml_names_its_line(tmp_path: Path) -> None:
    text = SLO.replace("  service: web", "  service: [web")
    error = refusals(tmp_path, web=text)[0]
    assert "is not YAML" in error.problem
    assert error.line is not None
    assert abs(error.line - line_of(text, "service:")) <= 1


def test_bytes_that_are_not_utf8_name_their_line(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_bytes(SLO.encode().replace(b"Uptime", b"Up\xff"))
    error = refusals(tmp_path)[0]
    assert (error.line, error.problem) == (5, "is not UTF-8 on this line (byte 0xff)")


def test_a_file_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    assert "not a kind that Mirante reads" in refusals(tmp_path, web="groups: []\n")[0].problem


def test_a_list_at_the_top_is_refused(tmp_path: Path) -> None:
    assert refusals(tmp_path, web="- a\n- b\n")[0].problem == "expected a mapping"


def test_an_empty_directory_is_refused(tmp_path: Path) -> None:
    assert "has no .yaml" in refusals(tmp_path)[0].problem


def test_a_directory_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert refusals(tmp_path / "nowhere")[0].problem == "is not a directory"


def test_a_document_that_refers_to_itself_is_refused(tmp_path: Path) -> None:
    source = "apiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: a}\nspec:\n  type: Prometheus\n"
    found = refusals(tmp_path, web=source + "  connectionDetails: &loop {again: *loop}\n")
    assert any("has no complete anchor above it" in error.problem for error in found)


def test_the_same_id_twice_is_refused_with_both_places(tmp_path: Path) -> None:
    error = refusals(tmp_path, a=SLO, b=SLO)[0]
    assert error.file == "b.yaml"
    assert "'web/uptime' is also defined in a.yaml:1" in error.problem


COMPONENT = (
    "components:\n- {id: web, name: Web, name_pt: Web, kind: api, tier: 1, owner: web, "
    "slos: [web/uptime], depends_on: [store]}\n"
)
STORE = COMPONENT.replace("id: web", "id: store").replace("[store]", "[web]")
POLICY = (
    "apiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: {name: a}\n"
    "spec: {conditions: [{conditionRef: x}]}\n"
)


def test_a_component_twice_is_refused_in_one_file_and_in_two(tmp_path: Path) -> None:
    told = "component 'web' is also defined in a.yaml:2"
    assert [e.problem for e in refusals(tmp_path, a=COMPONENT, b=COMPONENT + STORE[12:], c=SLO)] == [told]
    for file in tmp_path.iterdir():
        file.unlink()
    found = refusals(tmp_path, a=f"{COMPONENT}---\n{COMPONENT}---\n{STORE}", c=SLO)
    assert [(e.problem, e.line) for e in found] == [(told, 5)]


def test_components_may_lean_on_those_of_another_file(tmp_path: Path) -> None:
    (error,) = refusals(tmp_path, a=COMPONENT, b=STORE.replace("[web]", "[nobody]"), c=SLO)
    assert error.problem == "there is no component 'nobody'"


@pytest.mark.parametrize(
    "broken", [{"b": "components: [\n"}, {"c": "- a\n"}, {"c": "apiVersoin: openslo/v1\n"}, {"c": ""}]
)
def test_what_an_unread_file_may_hold_is_not_said_to_be_missing(
    tmp_path: Path, broken: dict[str, str]
) -> None:
    found = refusals(tmp_path, **{"a": COMPONENT, "b": STORE, "c": SLO, "p": POLICY} | broken)
    assert {error.field for error in found} <= {"the file", "[0]"}


SLI = "apiVersion: openslo/v1\nkind: SLI\nmetadata: {name: a}\nspec:\n  thresholdMetric:\n    metricSource: "
THRESHOLD = SLI + "{type: Prometheus, spec: {query: max(x)}}\n"


def test_two_indicators_of_one_name_are_refused(tmp_path: Path) -> None:
    error = refusals(tmp_path, a=THRESHOLD, b=THRESHOLD)[0]
    assert "SLI 'a' is also defined in a.yaml:1" in error.problem


def test_a_threshold_without_bound_is_refused(tmp_path: Path) -> None:
    start, end = SLO.index("  indicator:"), SLO.index("  objectives:")
    text = SLO[:start] + "  indicatorRef: a\n" + SLO[end:]
    fields = [error.field for error in refusals(tmp_path, a=THRESHOLD, b=text)]
    assert fields == ["spec.objectives[0].op", "spec.objectives[0].value"]


CONDITION = """\
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: quick}
spec:
  severity: page
  condition: {kind: burnrate, op: gt, threshold: 2, lookbackWindow: 1h, alertAfter: 5m}
"""


@pytest.mark.parametrize(
    ("replaced", "by", "field", "reason"),
    [
        ("kind: burnrate", "kind: latency", "spec.condition.kind", "'latency' is not one of burnrate"),
        ("op: gt", "op: '>'", "spec.condition.op", "'>' is not one of"),
        ("threshold: 2", "threshold: 0", "spec.condition.threshold", "0 is not above 0"),
        (
            "lookbackWindow: 1h",
            "lookbackWindow: 90s",
            "spec.condition.lookbackWindow",
            "whole number of minutes",
        ),
        ("lookbackWindow: 1h", "lookbackWindow: 1Q", "spec.condition.lookbackWindow", "is not a duration"),
        ("alertAfter: 5m", "alertAfter: now", "spec.condition.alertAfter", "is not a duration"),
        ("alertAfter: 5m", "after: 5m", "spec.condition.after", "is not a known key"),
    ],
)
def test_a_wrong_condition_is_refused(
    replaced: str, by: str, field: str, reason: str, tmp_path: Path
) -> None:
    found = refusals(tmp_path, quick=CONDITION.replace(replaced, by))
    assert [(error.field, reason in error.problem) for error in found] == [(field, True)]


def test_two_conditions_in_a_policy_are_refused(tmp_path: Path) -> None:
    policy = (
        "apiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: {name: both}\nspec:\n"
        "  conditions: [{conditionRef: quick}, {conditionRef: quick}]\n"
        "  notificationTargets: [{targetRef: chat}]\n"
    )
    found = refusals(tmp_path, quick=CONDITION, both=policy)
    assert {error.problem for error in found} == {
        "holds 2 conditions; v1 allows one",
        "there is no AlertNotificationTarget 'chat'",
    }

"""The lint names what cannot work, where it is and how to fix it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from slo.indicators.ratio import RatioIndicator
from slo.lint import Finding, FindingLevel, LintSurroundings, check
from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue
from slo.model.entities import Component, DataSource, Service
from slo.model.spec import MetricQuery, Objective, Slo, Window

SHIPPED = load_catalogue()
LATENCY = replace(SHIPPED.slo("credit/decision-latency"), owner="development")


def of(slo: Slo, around: LintSurroundings | None = None) -> list[Finding]:
    return check(Catalogue(slos=(slo,)), around)


def rules(slo: Slo, around: LintSurroundings | None = None) -> set[str]:
    return {finding.rule for finding in of(slo, around)}


def asking(good: str, total: str) -> Slo:
    part, whole = MetricQuery("Prometheus", good), MetricQuery("Prometheus", total)
    indicator = RatioIndicator(good=part, total=whole)
    objectives = (Objective("main", Fraction(99, 100)),)
    return replace(
        LATENCY, indicator=indicator, display_name="X", description="", texts={}, objectives=objectives
    )


GOOD = 'sum(increase(requests_total{code="200"}[{{.window}}]))'
TOTAL = "sum(increase(requests_total[{{.window}}]))"


def test_what_is_shipped_is_clean() -> None:
    around = LintSurroundings(
        retention=timedelta(days=90),
        teams=frozenset({"development", "operations", "data-engineering"}),
        buckets={"credit_decision_duration_seconds": frozenset({0.1, 0.2, 0.5})},
    )
    assert check(SHIPPED, around) == []


def test_an_alert_that_can_never_fire_is_an_error_with_the_target_that_would_do() -> None:
    slo = replace(LATENCY, objectives=(Objective("main", Fraction(93, 100)),))
    finding = next(f for f in of(slo) if f.rule == "never-fires")
    assert finding.level is FindingLevel.ERROR
    assert "14.4 times a budget of 7 % is 100.8 % errors" in finding.reason
    assert "target of 93.07 % or more" in finding.fix
    assert "never-fires" not in rules(replace(slo, objectives=(Objective("main", Fraction(9307, 10_000)),)))


@pytest.mark.parametrize("target", [Fraction(0), Fraction(1)])
def test_an_extreme_objective_is_an_error(target: Fraction) -> None:
    slo = replace(LATENCY, tiers=(), objectives=(Objective("main", target),))
    assert "extreme-objective" in rules(slo)


def test_one_failure_an_hour_that_pages_is_said_in_words() -> None:
    slo = replace(
        LATENCY, expected_events_per_hour=Fraction(1), objectives=(Objective("main", Fraction(99, 100)),)
    )
    finding = next(f for f in of(slo) if f.rule == "too-little-traffic")
    assert finding.reason == "at 1 events an hour one failure in 1h alerts (P1)"
    assert "min-events: 7" in finding.fix
    assert "too-little-traffic" not in rules(replace(slo, expected_events_per_hour=Fraction(100_000)))


def test_more_events_asked_for_than_there_are_is_an_error() -> None:
    slo = replace(LATENCY, expected_events_per_hour=Fraction(10), min_events=50)
    assert any(f.rule == "too-little-traffic" and f.level is FindingLevel.ERROR for f in of(slo))


def test_a_period_longer_than_samples_are_kept_is_an_error() -> None:
    fields = [
        f.field
        for f in of(LATENCY, LintSurroundings(retention=timedelta(days=2)))
        if f.rule == "beyond-retention"
    ]
    assert fields == ["tier ticket-slow", "timeWindow"]


def test_a_data_source_knows_its_own_retention() -> None:
    source = DataSource("main", "Prometheus", connection={"retention": "15d"})
    found = check(Catalogue(slos=(LATENCY,), data_sources=(source,)))
    assert [f.field for f in found if f.rule == "beyond-retention"] == ["timeWindow"]


def test_windows_shorter_than_the_refresh_are_errors() -> None:
    slo = replace(LATENCY, refresh_interval=timedelta(minutes=20))
    found = [(f.field, f.level) for f in of(slo) if f.rule == "faster-than-refresh"]
    assert ("tier page-fast", FindingLevel.ERROR) in found
    assert ("tier page-slow", FindingLevel.WARNING) in found


@pytest.mark.parametrize(
    ("good", "total", "rule", "reason"),
    [
        ("sum(increase(x[{{.window}}])", TOTAL, "query-syntax", "is not PromQL: unclosed left parenthesis"),
        ("1", TOTAL, "query-syntax", "selects no metric"),
        ("sum(x)", TOTAL, "no-window", "counts a counter without {{.window}}"),
        ("sum(rate(a[{{.window}}])) + sum(increase(b[{{.window}}]))", TOTAL, "mixed-units", "mixes"),
        (
            "sum(increase(a[{{.window}}]) - increase(b[{{.window}}]))",
            TOTAL,
            "fragile-difference",
            "subtracts",
        ),
        (
            'sum(increase(requests_total{job="a"}[{{.window}}]))',
            'sum(increase(requests_total{job="b"}[{{.window}}]))',
            "different-things",
            "counts series that total does not, such as job='a'",
        ),
        (
            GOOD,
            'sum(increase(requests_total{internal!="yes"}[{{.window}}]))',
            "different-things",
            "internal='yes'",
        ),
        (
            'sum(increase(ok_total{job="a"}[{{.window}}]))',
            'sum(increase(all_total{job="b"}[{{.window}}]))',
            "different-things",
            "selects job='a' where total selects job='b'",
        ),
        (
            "sum(increase(d_bucket[{{.window}}]))",
            "sum(increase(d_count[{{.window}}]))",
            "bucket-missing",
            "adds up every bucket",
        ),
    ],
)
def test_queries_that_cannot_count_are_named(good: str, total: str, rule: str, reason: str) -> None:
    found = [f for f in of(asking(good, total)) if f.rule == rule]
    assert found
    assert reason in found[0].reason


def test_a_part_with_more_matchers_than_total_is_fine() -> None:
    assert rules(asking(GOOD, TOTAL)) == set()


def test_a_bucket_edge_that_the_histogram_lacks_is_an_error() -> None:
    around = LintSurroundings(buckets={"credit_decision_duration_seconds": frozenset({0.1, 0.25})})
    finding = next(f for f in of(LATENCY, around) if f.rule == "bucket-missing")
    assert finding.reason == "credit_decision_duration_seconds_bucket has no bucket with le=0.2"
    assert finding.fix == (
        "Its le values are 0.1, 0.25. Take 0.1, the nearest below: in latencyMetric, as `bucket`."
    )


def test_a_threshold_in_words_that_differs_from_the_bucket_is_a_warning() -> None:
    slo = replace(LATENCY, description="Answered in under 500 ms.", display_name="", texts={},
                  objectives=(Objective("main", Fraction(95, 100)),))  # fmt: skip
    finding = next(f for f in of(slo) if f.rule == "threshold-differs")
    assert finding.reason == "counts what took up to 0.2 s, but its texts say 0.5 s"


def test_names_that_collide_once_written_are_errors() -> None:
    a = replace(LATENCY, service="a", name="b-c")
    b = replace(LATENCY, service="a-b", name="c")
    found = [f for f in check(Catalogue(slos=(a, b))) if f.rule == "same-name"]
    assert {f.slo_id for f in found} == {"a-b/c"}
    assert any("file and alarm name 'a-b-c'" in f.reason for f in found)


def test_the_same_promise_twice_is_a_warning() -> None:
    found = check(Catalogue(slos=(LATENCY, replace(LATENCY, name="again"))))
    assert [f.slo_id for f in found if f.rule == "duplicate"] == ["credit/again"]


def test_an_owner_that_is_a_label_of_another_tools_file_blocks_nothing() -> None:
    around = LintSurroundings(teams=frozenset({"operations"}))
    theirs = replace(LATENCY, owner="payments-squad", labels={"owner": "payments-squad"})
    (unknown,) = (f for f in check(Catalogue(slos=(theirs,)), around) if f.rule == "unknown-owner")
    assert unknown.level is FindingLevel.WARNING


def test_nobody_and_nobody_known_are_named() -> None:
    around = LintSurroundings(teams=frozenset({"operations"}))
    assert "no-owner" in rules(replace(LATENCY, owner=""))
    (unknown,) = (f for f in check(Catalogue(slos=(LATENCY,)), around) if f.rule == "unknown-owner")
    assert unknown.level is FindingLevel.ERROR
    component = Component("db", "DB", "BD", "store", 1, "ghosts", slos=("credit/decision-latency",))
    catalogue = Catalogue(slos=(LATENCY,), components=(component,), services=(Service("credit", "Credit"),))
    assert any("'ghosts', which is not a team" in f.reason for f in check(catalogue, around))


def test_a_label_of_ours_and_a_lost_grouping_are_named() -> None:
    assert "reserved-label" in rules(replace(LATENCY, labels={"slo": "mine"}))
    assert "grouping" in rules(replace(asking(GOOD, TOTAL), summed_to=("pair",)))


def test_a_source_that_nothing_is_generated_from_is_named() -> None:
    metric = MetricQuery("Datadog", "sum:requests{*}")
    found = of(replace(LATENCY, indicator=RatioIndicator(good=metric, total=metric)))
    assert any("good comes from Datadog" in f.reason for f in found if f.rule == "left-out")


def test_what_cloudwatch_would_refuse_is_named() -> None:
    tier = replace(LATENCY.tiers[0], long_window=timedelta(days=8), budget_share=Fraction(1, 2))
    found = [f for f in of(replace(LATENCY, tiers=(tier,))) if f.rule == "cloudwatch-limit"]
    assert "more than the seven days" in found[0].reason
    name = replace(LATENCY, name="x" * 260)
    assert any(f.field == "AlarmName" for f in of(name) if f.level is FindingLevel.ERROR)


def test_a_finding_reads_as_one_line_with_its_place() -> None:
    slo = replace(
        LATENCY, objectives=(Objective("main", Fraction(9, 10)),), source_file="web.yaml", source_line=7
    )
    text = str(next(f for f in of(slo) if f.rule == "never-fires"))
    assert text.startswith("web.yaml:7: error: credit/decision-latency: tier page-fast: can never fire")
    assert text.endswith("[never-fires]")


def test_findings_of_every_shape_are_the_known_ones() -> None:
    shapes = load_catalogue(Path(__file__).parents[3] / "support" / "definitions" / "shapes")
    assert {(f.rule, f.slo_id) for f in check(shapes)} == {
        ("cloudwatch-limit", "shop/search-latency"),
        ("cloudwatch-limit", "shop/satisfaction"),
        ("cloudwatch-limit", "ledger/freshness"),
        ("calendar-window", "shop/index-age"),
        ("reserved-label", "ledger/postings"),
        ("reserved-label", "ledger/freshness"),
    }


def test_the_placeholder_inside_a_string_is_an_error() -> None:
    """It would be replaced there, too: by another text in every rule."""
    there = 'sum(increase(requests_total{job="a {{.window}}"}[{{.window}}]))'
    assert "window-in-string" in rules(asking(there, TOTAL))
    assert "window-in-string" not in rules(asking(GOOD, TOTAL))


def test_a_tier_that_fires_inside_the_budget_is_an_error_with_its_factor_and_the_fix() -> None:
    """Windows of 30 days under an SLO of 7: as an author may write them."""
    twice = (LATENCY.objectives[0], replace(LATENCY.objectives[0], name="contract"))
    slo = replace(LATENCY, window=Window(timedelta(days=7)), objectives=twice)
    (finding,) = [f for f in of(slo) if f.rule == "inside-the-budget" and f.field == "tier ticket-slow"]
    assert finding.level is FindingLevel.ERROR
    assert "its factor is 0.233" in finding.reason
    assert "10 % of the budget takes a window of at most 16h 48min" in finding.fix
    assert "inside-the-budget" not in rules(LATENCY)


def test_windows_of_30_days_under_28_only_warn_as_sloth_has_them_too() -> None:
    slo = replace(LATENCY, window=Window(timedelta(days=28)))
    (finding,) = [f for f in of(slo) if f.rule == "inside-the-budget"]
    assert (finding.level, finding.field) == (FindingLevel.WARNING, "tier ticket-slow")
    assert "its factor is 0.933" in finding.reason

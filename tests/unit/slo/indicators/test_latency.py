"""Latency as a metric and a threshold: what it asks, and what it refuses."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from foundation.quantities import latency_text, parse_latency
from slo import lint, prometheus
from slo.indicators.latency import Histogram, LatencyIndicator
from slo.ledger.tally import count_plan
from slo.loaders.writer import documents
from slo.model.catalogue import Catalogue
from slo.model.errors import UnsupportedQuery
from slo.model.spec import Slo
from slo.prometheus.yaml_text import render_yaml
from tests.support.definition_files import SLO, load_texts, refusals
from tests.support.promtool import PROMTOOL, check_rules, test_rules, write_rules, write_tests

START, END = SLO.index("      ratioMetric:"), SLO.index("  objectives:")
METRIC = 'metric: search_seconds{job="api"}'


def text_of(*lines: str) -> str:
    body = "".join(f"        {line}\n" for line in lines)
    return f"{SLO[:START]}      latencyMetric:\n{body}{SLO[END:]}"


def catalogue(folder: Path, *lines: str) -> Catalogue:
    return load_texts(folder, search=text_of(*lines))


def only(folder: Path, *lines: str) -> Slo:
    (slo,) = catalogue(folder, *lines).slos
    return slo


def asked(slo: Slo) -> tuple[str, str]:
    queries = slo.indicator.queries
    return queries["good"].query, queries["total"].query


def test_a_classic_histogram_is_counted_up_to_the_edge_that_is_the_threshold(tmp_path: Path) -> None:
    assert asked(only(tmp_path, METRIC, "threshold: 300ms")) == (
        'sum(increase(search_seconds_bucket{job="api",le="0.3"}[{{.window}}]))',
        'sum(increase(search_seconds_count{job="api"}[{{.window}}]))',
    )


def test_an_edge_below_stands_in_for_a_threshold_without_one(tmp_path: Path) -> None:
    good, _ = asked(only(tmp_path, METRIC, "threshold: 300ms", "bucket: 250ms"))
    assert 'le="0.25"' in good


def test_a_histogram_in_milliseconds_has_edges_in_milliseconds(tmp_path: Path) -> None:
    good, _ = asked(only(tmp_path, "metric: search_milliseconds", "threshold: 1.5s"))
    assert good == 'sum(increase(search_milliseconds_bucket{le="1500"}[{{.window}}]))'


def test_errors_are_bad_however_fast_and_still_count(tmp_path: Path) -> None:
    good, total = asked(only(tmp_path, METRIC, "threshold: 300ms", 'errors: code=~"5.."'))
    assert 'search_seconds_bucket{job="api",code!~"5..",le="0.3"}' in good
    assert "code" not in total


def test_a_native_histogram_is_asked_for_the_threshold_itself(tmp_path: Path) -> None:
    good, total = asked(only(tmp_path, METRIC, "threshold: 300ms", "histogram: native"))
    counted = 'sum(increase(search_seconds{job="api"}[{{.window}}]))'
    assert good == f"histogram_fraction(0, 0.3, {counted}) * histogram_count({counted})"
    assert total == f"histogram_count({counted})"


def test_it_is_written_as_it_was_read(tmp_path: Path) -> None:
    every = (
        METRIC, "threshold: 1.5s", 'errors: "{code=~\\"5..\\"}"', "by: [zone, region]", "bucket: 1s",
        "histogram: classic",
    )  # fmt: skip
    found = catalogue(tmp_path, *every)
    indicator = found.slos[0].indicator
    assert isinstance(indicator, LatencyIndicator)
    assert (indicator.threshold, indicator.bucket) == (Fraction(3, 2), Fraction(1))
    assert indicator.histogram is Histogram.CLASSIC
    written = "---\n".join(render_yaml(document) for document in documents(found))
    again = load_texts(tmp_path, search=written).slos[0]
    assert (again.indicator, again.revision) == (indicator, found.slos[0].revision)


def test_the_two_queries_written_out_are_the_same_history(tmp_path: Path) -> None:
    short = only(tmp_path, METRIC, "threshold: 300ms")
    good, total = asked(short)
    source = "{{metricSource: {{type: Prometheus, spec: {{query: '{0}'}}}}}}"
    long = (
        "      ratioMetric:\n        counter: true\n"
        f"        good: {source.format(good)}\n        total: {source.format(total)}\n"
    )
    other = load_texts(tmp_path, search=SLO[:START] + long + SLO[END:]).slos[0]
    assert other.revision == short.revision


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        (("threshold: 300ms",), "metric: is required"),
        ((METRIC,), "threshold: is required"),
        ((METRIC, "threshold: 300"), "threshold: '300' is not a length of time"),
        ((METRIC, "threshold: 0ms"), "threshold: '0ms' is not a length of time"),
        (("metric: search_seconds_bucket", "threshold: 1s"), "named without _bucket. Write search_seconds."),
        (("metric: 'search_seconds{le=\"1\"}'", "threshold: 1s"), "chooses a bucket itself"),
        (("metric: sum(search_seconds)", "threshold: 1s"), "is not the name of one histogram"),
        (("metric: search_seconds[5m]", "threshold: 1s"), "is not the name of one histogram"),
        (("metric: search_seconds offset 1h", "threshold: 1s"), "is not the name of one histogram"),
        (("metric: 'search_seconds{'", "threshold: 1s"), "metric: is not a selector"),
        ((METRIC, "threshold: 1s", "errors: code"), "errors: is not a matcher"),
        ((METRIC, "threshold: 1s", 'errors: \'code="500",path="/"\''), "errors: is not one matcher"),
        ((METRIC, "threshold: 1s", "histogram: summary"), "'summary' is not one of classic, native"),
        ((METRIC, "threshold: 1s", "bucket: 2s"), "bucket: 2s is above the threshold"),
        ((METRIC, "threshold: 1s", "bucket: 1s", "histogram: native"), "is only for a classic histogram"),
        ((METRIC, "treshold: 1s"), "Did you mean `threshold`?"),
    ],
)
def test_what_cannot_be_counted_is_refused(lines: tuple[str, ...], refused: str, tmp_path: Path) -> None:
    found = refusals(tmp_path, search=text_of(*lines))
    assert refused in "\n".join(map(str, found))
    assert all(error.line for error in found)


def test_a_threshold_between_the_edges_is_refused_with_the_edges_there_are(tmp_path: Path) -> None:
    around = lint.LintSurroundings(buckets={"search_seconds": frozenset({0.1, 0.25, 0.5})})
    found = lint.check(catalogue(tmp_path, METRIC, "threshold: 300ms"), around)
    (missing,) = [one for one in found if one.rule == "bucket-missing"]
    assert "no bucket with le=0.3" in missing.reason
    assert "0.1, 0.25, 0.5. Take 0.25, the nearest below" in missing.fix
    around = lint.LintSurroundings(buckets={"search_seconds": frozenset({0.5, 1.0})})
    found = lint.check(catalogue(tmp_path, METRIC, "threshold: 300ms"), around)
    assert "All are above" in next(one.fix for one in found if one.rule == "bucket-missing")


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
@pytest.mark.parametrize("lines", [(), ('errors: code=~"5.."',), ("by: [zone]",)])
def test_its_rules_pass_their_generated_tests(lines: tuple[str, ...], tmp_path: Path) -> None:
    found = catalogue(tmp_path, METRIC, "threshold: 300ms", *lines)
    write_rules(tmp_path, prometheus.rule_files(found, "prod"))
    tests = prometheus.rule_tests(found, "prod")
    write_tests(tmp_path, tests)
    assert check_rules(tmp_path).returncode == 0
    ran = test_rules([tmp_path / "tests" / name for name in tests])
    assert ran.returncode == 0, ran.stdout + ran.stderr
    cases = [case["name"] for document in tests.values() for case in document["tests"]]  # type: ignore[attr-defined]
    assert "page-fast of main fires on a burn, then resets" in cases


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("300ms", Fraction(3, 10)), ("0.3s", Fraction(3, 10)), (".3s", Fraction(3, 10)), ("2s", Fraction(2)),
        ("1s500ms", Fraction(3, 2)), ("1m30s", Fraction(90)), ("250us", Fraction(1, 4000)),
        ("300", None), ("300 ms", None), ("-1s", None), ("", None), ("1d", None),
    ],
)  # fmt: skip
def test_lengths_of_time_are_read_exactly(text: str, seconds: Fraction | None) -> None:
    assert parse_latency(text) == seconds
    if seconds is not None:
        assert parse_latency(latency_text(seconds)) == seconds


def test_the_ledger_counts_a_classic_histogram_exactly(tmp_path: Path) -> None:
    plan = count_plan(only(tmp_path, METRIC, "threshold: 300ms", 'errors: code=~"5.."'))
    fast, slow = {"job": "api", "code": "200", "le": "0.3"}, {"job": "api", "code": "200", "le": "1"}
    assert plan.part.weight("search_seconds_bucket", fast) == 1
    assert plan.part.weight("search_seconds_bucket", slow) == 0
    assert plan.part.weight("search_seconds_bucket", fast | {"code": "503"}) == 0
    assert plan.total.weight("search_seconds_count", {"job": "api", "code": "503"}) == 1


def test_the_ledger_refuses_a_native_histogram_in_words(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedQuery, match=r"histogram_count\(\.\.\.\) is not a count"):
        count_plan(only(tmp_path, METRIC, "threshold: 300ms", "histogram: native"))

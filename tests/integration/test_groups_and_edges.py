"""Rules and ledger on series as others write them: a small cluster that fails wholly, an edge spelled another
way, a bucket that is not there, a group without errors. Rules by promtool, beside what Sloth records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from foundation.clock import ManualClock
from slo.indicators.ratio import RatioIndicator
from slo.ledger.collect import Collector
from slo.ledger.ledger import series_key
from slo.ledger.prometheus_source import PrometheusCountReader
from slo.ledger.tally import count_plan
from slo.model.count_query import Labels
from slo.model.spec import MetricQuery, Slo
from slo.prometheus.rules import rule_file, rules_file
from tests.support.memory_ledger import MemoryLedger
from tests.support.prometheus_server import backfill, needs_prometheus, prometheus_server
from tests.support.promtool import PROMTOOL, test_rules, write_rules, write_tests
from tests.support.slo_samples import GOOGLE, MINUTE, an_slo

needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
W = "[{{.window}}]"
OWN = 'environment="test",objective="main",service="shop",slo="shop/api"'
Fed = Mapping[str, str]


def failing(by: str = "", bad: str = 'sum{by}(rate(x_total{{code=~"5.."}}{W}))') -> Slo:
    def query(text: str) -> MetricQuery:
        return MetricQuery("Prometheus", text.format(by=by, W=W))

    indicator = RatioIndicator(total=query("sum{by}(rate(x_total{W}))"), bad=query(bad))
    return an_slo(indicator=indicator, tiers=GOOGLE[:1])


def fast(edge: str, subtracted: bool) -> Slo:
    whole, bucket = f"sum(rate(h_count{W}))", f'sum(rate(h_bucket{{le="{edge}"}}{W}))'
    total = MetricQuery("Prometheus", whole)
    if subtracted:
        indicator = RatioIndicator(total, bad=MetricQuery("Prometheus", f"{whole} - {bucket}"))
    else:
        indicator = RatioIndicator(total, good=MetricQuery("Prometheus", bucket))
    return an_slo(indicator=indicator, tiers=GOOGLE[:1])


def check(folder: Path, slo: Slo, fed: Fed, expected: Mapping[str, Sequence[tuple[str, float]]]) -> None:
    """``expected``: of each expression at 90 minutes, labels and values."""
    document = rule_file(slo, "test")
    write_rules(folder, {rules_file(slo): document})
    groups = document["groups"]
    assert isinstance(groups, list)
    test = {
        "name": "series as others write them",
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in fed.items()],
        "promql_expr_test": [
            {
                "expr": expression,
                "eval_time": "90m",
                "exp_samples": [{"labels": labels, "value": value} for labels, value in found],
            }
            for expression, found in expected.items()
        ],
    }
    write_tests(
        folder,
        {
            "series.test.yaml": {
                "rule_files": [f"../{rules_file(slo)}"],
                "evaluation_interval": "1m",
                "group_eval_order": [group["name"] for group in groups],
                "tests": [test],
            }
        },
    )
    ran = test_rules([folder / "tests" / "series.test.yaml"])
    assert ran.returncode == 0, ran.stdout + ran.stderr


TWO_CLUSTERS = {
    'x_total{cluster="large",code="200"}': "0+2000x90",
    'x_total{cluster="small",code="500"}': "0+1x90",
}
ERROR = "round(slo:error:ratio1h, 0.0001)"
FIRING = 'count by (cluster) (ALERTS{alertname="ShopApiBurnPageFast",alertstate="firing"})'
SLOTH = (  # the rule that Sloth writes for these queries: it keeps what they keep
    'round((sum{by}(rate(x_total{{code=~"5.."}}[1h]))) / (sum{by}(rate(x_total[1h]))), 0.0001)'
)


@needs_promtool
@pytest.mark.parametrize("by", [" by (cluster) ", " without (code) "])
def test_a_small_cluster_that_fails_wholly_pages(by: str, tmp_path: Path) -> None:
    """By Sloth's rule the large one has no ratio, since it has no error series; by ours it has none wrong."""
    expected = {
        ERROR: [
            (f'{{cluster="large",{OWN}}}', 0.0),
            (f'{{cluster="small",{OWN}}}', 1.0),
        ],
        FIRING: [('{cluster="small"}', 1.0)],
        SLOTH.format(by=by): [('{cluster="small"}', 1.0)],
    }
    check(tmp_path, failing(by), TWO_CLUSTERS, expected)


@needs_promtool
def test_what_is_summed_on_purpose_is_one_budget(tmp_path: Path) -> None:
    expected = {ERROR: [(f"{{{OWN}}}", 0.0005)], FIRING: []}
    check(tmp_path, failing(), TWO_CLUSTERS, expected)


@needs_promtool
def test_a_bare_selector_keeps_every_label(tmp_path: Path) -> None:
    slo = failing(bad="rate(bad_total{W})")
    assert slo.group_by == ()
    indicator = RatioIndicator(
        total=MetricQuery("Prometheus", f"rate(all_total{W})"),
        bad=MetricQuery("Prometheus", f"rate(bad_total{W})"),
    )
    fed = {
        'all_total{service="a",pod="p1"}': "0+100x90",
        'all_total{service="b",pod="p2"}': "0+100x90",
        'bad_total{service="b",pod="p2"}': "0+50x90",
    }
    expected = {
        ERROR: [
            (f'{{exported_service="a",pod="p1",{OWN}}}', 0.0),
            (f'{{exported_service="b",pod="p2",{OWN}}}', 0.5),
        ]
    }
    check(tmp_path, an_slo(indicator=indicator, tiers=GOOGLE[:1]), fed, expected)


@needs_promtool
def test_a_label_that_we_set_ourselves_is_kept_under_another_name(tmp_path: Path) -> None:
    fed = {name.replace("cluster", "service"): values for name, values in TWO_CLUSTERS.items()}
    expected = {
        ERROR: [
            (f'{{exported_service="large",{OWN}}}', 0.0),
            (f'{{exported_service="small",{OWN}}}', 1.0),
        ]
    }
    check(tmp_path, failing(" by (service) "), fed, expected)


@needs_promtool
def test_a_group_that_disappears_is_told_for_a_day(tmp_path: Path) -> None:
    fed = {
        'x_total{cluster="large",code="200"}': "0+2000x90",
        'x_total{cluster="small",code="200"}': "0+1x70",
    }
    silent = 'count(ALERTS{alertname="ShopApiNoData",alertstate="firing"})'
    check(tmp_path, failing(" by (cluster) "), fed, {silent: [("{}", 1.0)]})


@needs_promtool
def test_a_total_of_outcomes_stands_while_one_of_them_never_happened(tmp_path: Path) -> None:
    indicator = RatioIndicator(
        total=MetricQuery("Prometheus", f"sum(rate(ok_total{W})) + sum(rate(failed_total{W}))"),
        bad=MetricQuery("Prometheus", f"sum(rate(failed_total{W}))"),
    )
    expected = {ERROR: [(f"{{{OWN}}}", 0.0)], 'ALERTS{alertstate="firing"}': []}
    check(tmp_path, an_slo(indicator=indicator, tiers=GOOGLE[:1]), {"ok_total": "0+10x90"}, expected)


SLOW = {"h_count": "0+100x90", 'h_bucket{le="+Inf"}': "0+100x90"}


@needs_promtool
@pytest.mark.parametrize("subtracted", [True, False])
@pytest.mark.parametrize(
    ("asked", "stored"), [("0.3", "0.30"), ("0.30", "0.3"), ("3e-1", "0.3"), ("1", "1.0"), ("1.0", "1")]
)
def test_an_edge_is_matched_by_number(subtracted: bool, asked: str, stored: str, tmp_path: Path) -> None:
    fed = SLOW | {f'h_bucket{{le="{stored}"}}': "0+10x90"}
    check(tmp_path, fast(asked, subtracted), fed, {ERROR: [(f"{{{OWN}}}", 0.9)]})


@needs_promtool
@pytest.mark.parametrize("subtracted", [True, False])
def test_a_bucket_that_does_not_exist_is_no_data_and_told(subtracted: bool, tmp_path: Path) -> None:
    silent = 'count(ALERTS{alertname="ShopApiNoData",alertstate="firing"})'
    fed = SLOW | {'h_bucket{le="0.5"}': "0+10x90"}
    check(tmp_path, fast("0.3", subtracted), fed, {ERROR: [], silent: [("{}", 1.0)]})


START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@needs_prometheus
def test_the_ledger_counts_the_same_on_a_real_prometheus(tmp_path: Path) -> None:
    lines: list[str] = []
    minutes = 30
    for name, step in (
        ('h_bucket{le="0.30",job="a"}', 10), ('h_bucket{le="+Inf",job="a"}', 100), ('h_count{job="a"}', 100),
        ('x_total{cluster="large",code="200"}', 2000), ('x_total{cluster="small",code="500"}', 1),
    ):  # fmt: skip
        lines += [f"{name} {i * step} {(START + i * MINUTE).timestamp():.0f}" for i in range(minutes + 1)]
    spelled, missing = fast("0.3", subtracted=True), fast("0.5", subtracted=True)
    each, loose = failing(" by (cluster) "), failing(" without (code) ")
    with (
        prometheus_server(tmp_path, backfill(lines, tmp_path)) as url,
        httpx.Client() as client,
    ):
        counted = {slo.revision: _counted(slo, url, client) for slo in (spelled, missing, each, loose)}
    assert counted[spelled.revision] == {(): (290, 2900)}
    assert counted[missing.revision] == {}
    clusters = {(("cluster", "large"),): (58_000, 58_000), (("cluster", "small"),): (0, 29)}
    assert counted[each.revision] == counted[loose.revision] == clusters


def _counted(slo: Slo, url: str, client: httpx.Client) -> Mapping[Labels, tuple[int, int]]:
    plan = count_plan(slo)
    ledger, end = MemoryLedger(), START + 30 * MINUTE
    reader = PrometheusCountReader(url, [plan.total, plan.part], client)
    Collector([slo], reader, ledger, "test", ManualClock(end), history=timedelta(hours=1)).collect()
    (objective,) = slo.objectives
    found = {}
    for key in ledger.series("test", slo.id):
        assert key == series_key(slo, objective, "test", key.labels)
        counts = ledger.counts(key, START + MINUTE, end)
        found[key.labels] = (counts.good, counts.total)
    return found

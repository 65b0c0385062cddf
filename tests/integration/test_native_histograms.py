"""An SLO on a native histogram: the generated rules count it, by a promtool that knows native series.

Debian's promtool checks such rules and cannot be given such series; a current one is a Go module:
``make promtool-native`` builds it where Go is at hand.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from slo import prometheus
from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue

BUILT = Path(__file__).parents[2] / ".promtool" / "promtool"
CURRENT = os.environ.get("MIRANTE_TEST_PROMTOOL") or (str(BUILT) if BUILT.exists() else None)
HISTOGRAM = "shop_request_duration_seconds"
WRITTEN_OUT = f"""
apiVersion: openslo/v1
kind: SLO
metadata:
  name: native-latency
  displayName: Answered within half a second
  annotations:
    mirante.dev/owner: shop
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{{duration: 30d, isRolling: true}}]
  indicator:
    metadata: {{name: native}}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec:
              query: >-
                histogram_fraction(0, 0.5, sum(increase({HISTOGRAM}[{{{{.window}}}}])))
                * histogram_count(sum(increase({HISTOGRAM}[{{{{.window}}}}])))
        total:
          metricSource:
            type: Prometheus
            spec:
              query: histogram_count(sum(increase({HISTOGRAM}[{{{{.window}}}}])))
  objectives:
    - displayName: 95 %
      target: 0.95
"""
SAID = (
    WRITTEN_OUT[: WRITTEN_OUT.index("      ratioMetric:")]
    + f"      latencyMetric: {{metric: {HISTOGRAM}, threshold: 500ms, histogram: native}}\n"
    + WRITTEN_OUT[WRITTEN_OUT.index("  objectives:") :]
)


@pytest.fixture(params=[WRITTEN_OUT, SAID], ids=["written-out", "said"])
def catalogue(request: pytest.FixtureRequest, tmp_path: Path) -> Catalogue:
    return loaded(tmp_path, request.param)


def loaded(tmp_path: Path, text: str) -> Catalogue:
    folder = tmp_path / "definitions"
    folder.mkdir()
    (folder / "native.yaml").write_text(text, encoding="utf-8")
    return load_catalogue(folder)


def rules_in(folder: Path, catalogue: Catalogue) -> Path:
    ((name, document),) = prometheus.rule_files(catalogue, "test").items()
    path = folder / name
    path.write_text(prometheus.render_yaml(document), encoding="utf-8")
    return path


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_rules_over_a_native_histogram_are_accepted(tmp_path: Path, catalogue: Catalogue) -> None:
    rules = rules_in(tmp_path, catalogue)
    checked = subprocess.run(
        ["promtool", "check", "rules", rules], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.skipif(CURRENT is None, reason="no promtool that knows native series: make promtool-native")
def test_a_native_histogram_is_counted_and_its_burn_pages(tmp_path: Path, catalogue: Catalogue) -> None:
    """90 of 100 requests a minute are slower than half a second: 18 times the budget of 5 %."""
    rules = rules_in(tmp_path, catalogue)
    # Schema 0: the bucket with offset -1 ends at 0.5, the one after it at 1.
    growth = "{{schema:0 sum:70 count:100 offset:-1 buckets:[10 90]}}"
    series = f"{{{{schema:0 sum:0 count:0 offset:-1 buckets:[0 0]}}}}+{growth}x120"
    windows = 'environment="test",objective="main",service="shop",slo="shop/native-latency"'
    test = {
        "rule_files": [str(rules)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": HISTOGRAM, "values": series}],
                "promql_expr_test": [
                    {
                        "expr": f"round(slo:{which}_events:increase1h)",
                        "eval_time": "2h",
                        "exp_samples": [{"labels": f"{{{windows}}}", "value": value}],
                    }
                    for which, value in (("total", 6000), ("good", 600))
                ]
                + [
                    {
                        "expr": 'count(ALERTS{alertstate="firing",tier="page-fast"})',
                        "eval_time": "2h",
                        "exp_samples": [{"labels": "{}", "value": 1}],
                    }
                ],
            }
        ],
    }
    path = tmp_path / "native.test.yaml"
    path.write_text(yaml.safe_dump(test), encoding="utf-8")
    assert CURRENT is not None
    ran = subprocess.run([CURRENT, "test", "rules", path], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.skipif(CURRENT is None, reason="no promtool that knows native series: make promtool-native")
def test_quiet_hours_leave_no_hole_in_what_is_counted(tmp_path: Path, catalogue: Catalogue) -> None:
    """The share of an empty histogram is NaN, which would stay in every sum of the next days."""
    rules = rules_in(tmp_path, catalogue)
    growth = "{{schema:0 sum:70 count:100 offset:-1 buckets:[10 90]}}"
    busy = f"{{{{schema:0 sum:0 count:0 offset:-1 buckets:[0 0]}}}}+{growth}x120"
    quiet = "{{schema:0 sum:8400 count:12000 offset:-1 buckets:[1200 10800]}}x120"
    windows = 'environment="test",objective="main",service="shop",slo="shop/native-latency"'
    expected = (("total_events:increase5m", 0), ("good_events:increase5m", 0), ("error:ratio6h", 0.9))
    test = {
        "rule_files": [str(rules)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": HISTOGRAM, "values": f"{busy} {quiet}"}],
                "promql_expr_test": [
                    {
                        "expr": f"round(slo:{name}, 0.001)",
                        "eval_time": "4h",
                        "exp_samples": [{"labels": f"{{{windows}}}", "value": value}],
                    }
                    for name, value in expected
                ],
            }
        ],
    }
    path = tmp_path / "quiet.test.yaml"
    path.write_text(yaml.safe_dump(test), encoding="utf-8")
    assert CURRENT is not None
    ran = subprocess.run([CURRENT, "test", "rules", path], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr

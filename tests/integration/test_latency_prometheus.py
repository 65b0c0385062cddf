"""Latency said as a metric and a threshold, asked of a real Prometheus whose histograms others made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from slo.ledger.prometheus_queries import PrometheusQueries
from slo.loaders.catalogue_files import load_catalogue
from slo.model.spec import Slo
from slo.prometheus.rules import recordings
from tests.support.prometheus_server import backfill, needs_prometheus, prometheus_server

pytestmark = needs_prometheus

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
MINUTES = 30
DEFINITION = """
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}}}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{{duration: 30d, isRolling: true}}]
  indicator:
    metadata: {{name: {name}}}
    spec: {{latencyMetric: {latency}}}
  objectives: [{{target: 0.9}}]
"""

# Each minute 100 events, of which so many end within 0.1 s, 0.3 s and 1 s.
WITHIN = {0.1: 20, 0.3: 60, 1.0: 100}
SPELLINGS = {
    "plain": {0.1: "0.1", 0.3: "0.3", 1.0: "1"},
    "padded": {0.1: "0.10", 0.3: "0.30", 1.0: "1.0"},
    "scientific": {0.1: "1e-1", 0.3: "3.0E-1", 1.0: "1e+00"},
}


def histogram(name: str, spelled: Mapping[float, str], events: int = 100, **labels: str) -> Iterator[str]:
    """A counter for each edge and the count, a sample a minute."""
    own = "".join(f'{key}="{value}",' for key, value in labels.items())
    for minute in range(MINUTES + 1):
        at = round((NOON - timedelta(minutes=MINUTES - minute)).timestamp())
        for edge, share in WITHIN.items():
            yield f'{name}_bucket{{{own}le="{spelled[edge]}"}} {minute * events * share // 100} {at}'
        yield f'{name}_bucket{{{own}le="+Inf"}} {minute * events} {at}'
        yield f"{name}_count{{{own.rstrip(',')}}} {minute * events} {at}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusQueries]:
    lines = [line for name, spelled in SPELLINGS.items() for line in histogram(f"{name}_seconds", spelled)]
    lines += histogram("mixed_seconds", SPELLINGS["plain"], 100, code="200")
    lines += histogram("mixed_seconds", SPELLINGS["padded"], 50, code="503")
    lines += histogram("failing_seconds", SPELLINGS["plain"], 100, code="503")
    folder = tmp_path_factory.mktemp("latency")
    with prometheus_server(folder, backfill(sorted_by_name(lines), folder)) as url, httpx.Client() as client:
        yield PrometheusQueries(url, client)


def sorted_by_name(lines: list[str]) -> list[str]:
    """OpenMetrics wants every metric in one piece, and each series of it."""
    return sorted(lines, key=lambda line: line.rpartition("}")[0])


def slo_of(folder: Path, **latency: str) -> Slo:
    text = DEFINITION.format(name="fast", latency=json.dumps(latency))
    (folder / "fast.yaml").write_text(text, encoding="utf-8")
    (slo,) = load_catalogue(folder).slos
    return slo


def counted(server: PrometheusQueries, slo: Slo) -> tuple[float | None, float | None]:
    """Good and total of the last hour as the rules record them, to the event; ``None``: no data."""
    rules = {
        rule["record"]: rule["expr"]
        for group in recordings(slo, "prod")
        for rule in group["rules"]  # type: ignore[attr-defined]
    }
    found = [server.at(str(rules[f"slo:{what}_events:increase5m"]), NOON) for what in ("good", "total")]
    good, total = (round(answer[0][1]) if answer else None for answer in found)
    return good, total


@pytest.mark.parametrize("name", SPELLINGS)
def test_an_edge_is_found_however_its_le_is_written(
    name: str, server: PrometheusQueries, tmp_path: Path
) -> None:
    slo = slo_of(tmp_path, metric=f"{name}_seconds", threshold="300ms")
    assert counted(server, slo) == (300, 500)


def test_a_threshold_without_an_edge_is_no_data_never_perfect(
    server: PrometheusQueries, tmp_path: Path
) -> None:
    good, total = counted(server, slo_of(tmp_path, metric="plain_seconds", threshold="500ms"))
    assert (good, total) == (None, None)


def test_the_edge_that_stands_in_is_counted(server: PrometheusQueries, tmp_path: Path) -> None:
    slo = slo_of(tmp_path, metric="plain_seconds", threshold="500ms", bucket="300ms")
    assert counted(server, slo) == (300, 500)


def test_an_error_is_bad_however_fast_it_is(server: PrometheusQueries, tmp_path: Path) -> None:
    slo = slo_of(tmp_path, metric="mixed_seconds", threshold="300ms", errors='code=~"5.."')
    assert counted(server, slo) == (300, 750)


def test_when_everything_fails_nothing_is_good(server: PrometheusQueries, tmp_path: Path) -> None:
    """No series of a fast success exists, and that is not for want of the bucket."""
    slo = slo_of(tmp_path, metric="failing_seconds", threshold="300ms", errors='code=~"5.."')
    assert counted(server, slo) == (0, 500)

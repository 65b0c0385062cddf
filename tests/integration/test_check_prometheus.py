"""``mirante check --prometheus`` on a real Prometheus: what is missing, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.golden.peers.record import HERE
from tests.support.command_line import Ran, mirante
from tests.support.hostile_server import deep, hostile, whole
from tests.support.prometheus_server import backfill, needs_prometheus, prometheus_server
from tests.support.shop_history import Incident, Shop

pytestmark = needs_prometheus
NOW = datetime(2026, 3, 20, tzinfo=UTC)
CLOCK = f"scaled:1e-12@{NOW.isoformat()}"  # it stands
MINUTES = 2 * 1440
INCIDENTS = (Incident("big", MINUTES - 600, 60, 0.5),)
SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {{name: basket}}
spec:
  service: shop
  description: Requests that end well.
  budgetingMethod: Occurrences
  timeWindow: [{{duration: 30d, isRolling: true}}]
  objectives: [{{displayName: main, target: 0.999}}]
  indicator:
    metadata: {{name: basket}}
    spec:
      ratioMetric:
        counter: true
        bad: {{metricSource: {{type: Prometheus, spec: {{query: '{bad}'}}}}}}
        total: {{metricSource: {{type: Prometheus, spec: {{query: '{total}'}}}}}}
"""
BAD = 'sum(increase(shop_requests_total{{job="{job}",{label}=~"{code}"}}[{{{{.window}}}}]))'
TOTAL = 'sum(increase({name}{{job="{job}"}}[{{{{.window}}}}]))'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("shop")
    data = backfill(Shop(MINUTES, INCIDENTS).lines(NOW - timedelta(minutes=MINUTES)), folder)
    with prometheus_server(folder, data) as url:
        yield url


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIRANTE_CLOCK", CLOCK)
    monkeypatch.chdir(tmp_path)


def _check(
    server: str,
    *more: str,
    name: str = "shop_requests_total",
    job: str = "basket",
    label: str = "code",
    code: str = "5..",
) -> Ran:
    bad, total = BAD.format(job=job, label=label, code=code), TOTAL.format(name=name, job=job)
    return _checked(SLO.format(bad=bad, total=total), server, *more)


def _checked(text: str, server: str, *more: str) -> Ran:
    folder = Path("definitions")
    folder.mkdir(exist_ok=True)
    (folder / "slo.yaml").write_text(text, encoding="utf-8")
    return mirante("check", "--definitions", folder, "--prometheus", server, "--days", "1", *more)


def test_traffic_pages_and_costs_are_told(server: str) -> None:
    done = _check(server)
    assert done.status == 0, done.out + done.err
    (row,) = [line for line in done.out.splitlines() if line.startswith("shop/basket")]
    assert "page-fast 1" in row
    assert "0 selectors without series" in done.out
    samples = int(row.split("increase")[0].split()[-2].replace(",", ""))
    assert samples > 100


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": "shop_request_total"}, "there is no such metric. Did you mean shop_requests_total"),
        ({"job": "baskets"}, 'no series matches job="baskets". Did you mean basket?'),
        ({"label": "status"}, "no series has a label status. Its labels: cluster, code, job."),
    ],
)
def test_what_is_not_there_is_told_with_what_was_meant(server: str, wrong: dict[str, str], told: str) -> None:
    done = _check(server, **wrong)
    assert done.status == 1
    assert told in done.out


def test_failures_that_did_not_happen_yet_are_no_fault(server: str) -> None:
    done = _check(server, code="9..")
    assert done.status == 0, done.out + done.err
    assert "yet, which counts as no failures" in done.out


def test_the_nearest_edges_of_a_bucket_are_told(server: str, tmp_path: Path) -> None:
    source = (HERE / "sloth" / "latency.yaml").read_text(encoding="utf-8").replace('le="1"', 'le="0.5"')
    (tmp_path / "latency.yaml").write_text(source, encoding="utf-8")
    assert mirante("import", "latency.yaml", "--out", "imported").status == 0
    done = _checked((tmp_path / "imported" / "imported.yaml").read_text(encoding="utf-8"), server)
    assert done.status == 1
    assert "no bucket ends at 0.5. The nearest edges: 0.3 and 1." in done.out


def test_a_quiet_service_gets_a_floor_suggested(server: str) -> None:
    done = _check(server, job="night")
    (row,) = [line for line in done.out.splitlines() if line.startswith("shop/basket")]
    assert row.split()[3] == "70"  # one in 69 is above 14.4 times a budget of 0.1 %


@pytest.mark.parametrize(
    "parts",
    [deep, partial(whole, "500 no", b"{}"), partial(whole, "200 OK", b'{"status": "success", "data": 1}')],
)
def test_a_server_that_is_none_ends_with_3(parts: partial[Iterator[bytes]]) -> None:
    with hostile(parts) as url:
        assert _check(url.url).status == 3

"""``mirante init`` against a real Prometheus: proposed, checked, built and counted."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server

from dataplatform.local.server import LOOPBACK
from tests.support.patience import patience, wait_until
from tests.support.processes import run_mirante
from tests.support.prometheus_server import (
    backfill,
    free_port,
    needs_prometheus,
    prometheus_server,
    promtool,
)

pytestmark = needs_prometheus

MINUTES = 120
HISTORY = {  # by how much each series of the job "shop" grew in every minute of the last two hours
    'http_requests_total{job="shop",instance="a",code="200"}': 999,
    'http_requests_total{job="shop",instance="a",code="404"}': 10,
    'http_requests_total{job="shop",instance="a",code="500"}': 1,
    'http_request_duration_seconds_bucket{job="shop",instance="a",le="0.1"}': 900,
    'http_request_duration_seconds_bucket{job="shop",instance="a",le="0.25"}': 1000,
    'http_request_duration_seconds_bucket{job="shop",instance="a",le="+Inf"}': 1010,
    'http_request_duration_seconds_count{job="shop",instance="a"}': 1010,
}
HOSTILE = 'a"b: c # {x} ../../d'


@dataclass(frozen=True)
class Asked:
    url: str
    folder: Path
    said: str

    def mirante(self, *arguments: str) -> str:
        done = run_mirante("--workspace", str(self.folder), *arguments, cwd=self.folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def history() -> Iterator[str]:
    end = time.time() // 60 * 60
    for series, growth in HISTORY.items():
        for minute in range(MINUTES + 1):
            yield f"{series} {minute * growth} {end - 60 * (MINUTES - minute):.0f}"


def live(registry: CollectorRegistry) -> list[Counter | Histogram]:
    """What a small service of the job "live" exposes; every call of ``traffic`` is one more of each."""
    requests = Counter("grpc_server_handled", "calls", ["grpc_code"], registry=registry)
    outcomes = Counter("orders_processed", "orders", ["outcome"], registry=registry)
    scrapes = Counter("promhttp_metric_handler_requests", "reads", ["code"], registry=registry)
    hostile = Counter("mails_sent", "mails", ["result", "exported_job"], registry=registry)
    seconds = Histogram("grpc_server_handling_seconds", "", registry=registry, buckets=(0.05, 0.5))
    return [
        requests.labels("OK"),
        outcomes.labels("ok"),
        scrapes.labels("200"),
        hostile.labels("ok", HOSTILE),
        seconds,
    ]


def traffic(metrics: list[Counter | Histogram]) -> None:
    for metric in metrics:
        if isinstance(metric, Histogram):
            metric.observe(0.01)
        else:
            metric.inc()


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("init")
    registry = CollectorRegistry()
    metrics, port = live(registry), free_port()
    server, _ = start_http_server(port, LOOPBACK, registry)
    config = f"""
global: {{scrape_interval: 500ms}}
scrape_configs:
  - job_name: live
    honor_labels: true
    static_configs: [{{targets: ["{LOOPBACK}:{port}"]}}]
"""
    try:
        with prometheus_server(folder, backfill(history(), folder), config) as url:

            def grows() -> bool:
                traffic(metrics)
                query = "increase(grpc_server_handled_total[1h]) > 3"
                found = httpx.get(f"{url}/api/v1/query", params={"query": query}, trust_env=False).json()
                return bool(found["data"]["result"])

            wait_until(grows, 60, "Prometheus has seen the traffic")
            made = run_mirante("init", "made", "--prometheus", url, cwd=folder, timeout=120)
            assert made.returncode == 0, made.stdout + made.stderr
            yield Asked(url, folder / "made", made.stdout)
    finally:
        server.shutdown()
        server.server_close()


def test_it_proposes_an_availability_and_a_latency_for_each_service(asked: Asked) -> None:
    for slo in ("shop/availability", "shop/latency", "live/availability", "live/latency"):
        assert slo in asked.said
    assert "live/orders-processed" in asked.said
    shop = (asked.folder / "slo/definitions/shop.yaml").read_text("utf-8")
    assert 'le="0.25"' in shop
    said = " ".join(line.lstrip(" #") for line in shop.splitlines())
    assert "250 ms is the lowest bucket edge at or above the 99th percentile" in said
    assert "target: 0.99\n" in shop


def test_it_says_for_how_long_a_young_job_was_watched(asked: Asked) -> None:
    """Not a day, which is what it asked for: the job "live" began with this test."""
    live_row = next(line for line in asked.said.splitlines() if "live/availability" in line)
    assert re.search(r"in (\d+min )?\d+(s|min)\b", live_row), live_row


def test_it_says_what_it_left_out_and_what_to_do_next(asked: Asked) -> None:
    assert "not proposed: promhttp_metric_handler_requests_total" in asked.said
    assert asked.said.count("mirante --workspace made ") == 3


def test_what_it_made_is_sound(asked: Asked) -> None:
    assert asked.mirante("check").endswith("sound\n")


def test_what_it_made_builds_rules_that_pass_their_own_tests(asked: Asked, tmp_path: Path) -> None:
    asked.mirante("build", "--out", str(tmp_path))
    rules = sorted((tmp_path / "prometheus").glob("*.rules.yaml"))
    assert rules
    for command, files in (
        (("check", "rules"), rules),
        (("test", "rules"), sorted((tmp_path / "prometheus/tests").glob("*.test.yaml"))),
    ):
        done = promtool(*command, *map(str, files))
        assert done.returncode == 0, done.stdout + done.stderr


def test_status_counts_from_the_prometheus_it_was_made_from(asked: Asked) -> None:
    found = {one["slo"]: one for one in json.loads(asked.mirante("slo", "status", "--json"))}
    shop = found["shop/availability"]
    assert shop["total"] > 50 * 1010
    assert shop["total"] - shop["good"] == shop["total"] / 1010
    assert found["shop/latency"]["good"] / found["shop/latency"]["total"] == 1000 / 1010


def test_whatever_a_label_holds_stays_inside_its_quotes(asked: Asked) -> None:
    made = [path.relative_to(asked.folder).as_posix() for path in asked.folder.rglob("*.yaml")]
    assert any("mails" not in name and "a-b-c" in name for name in made)
    assert not any(".." in name for name in made)


def test_a_prometheus_that_cannot_be_reached_leaves_nothing_behind(tmp_path: Path) -> None:
    url = f"http://{LOOPBACK}:{free_port()}"
    done = run_mirante("init", "made", "--prometheus", url, cwd=tmp_path)
    assert done.returncode == 3
    assert f"Prometheus at {url} cannot be reached" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_prometheus_that_knows_nothing_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "here").mkdir()
    with prometheus_server(tmp_path, tmp_path / "data") as url:
        done = run_mirante("init", "made", "--prometheus", url, cwd=tmp_path / "here", timeout=patience(60))
    assert done.returncode == 1
    assert "no metrics that Mirante recognises" in done.stdout
    assert list((tmp_path / "here").iterdir()) == []

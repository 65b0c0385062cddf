"""Metrics as other people's programs expose them: a machine, a Spring application, a Go service, a proxy, and
a service that OpenTelemetry instruments; with a past, and going on.

Every value is a function of time, so what was backfilled and what is scraped continue each other. Each
service fails now and then and has some slow answers; none of it is named as Mirante would.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

LOOPBACK = "127.0.0.1"
PAST = 7 * 3600.0  # seconds
EVERY = 30.0


@dataclass(frozen=True)
class Foreign:
    """One series of one job. ``a_minute``: how fast a counter grows; ``level``: what a gauge says."""

    job: str
    name: str
    labels: Mapping[str, str]
    a_minute: float | None = None
    level: float = 0.0

    def value(self, seconds: float) -> float:
        """After ``seconds`` of its life."""
        return self.level if self.a_minute is None else int(self.a_minute * seconds / 60)

    def text(self, *, whole: bool) -> str:
        """``whole``: with what a scrape adds."""
        own = {"job": self.job, "instance": f"{self.job}:80"} if whole else {}
        inside = ",".join(f'{key}="{value}"' for key, value in {**own, **self.labels}.items())
        return f"{self.name}{{{inside}}}" if inside else self.name


def _histogram(
    job: str, name: str, labels: Mapping[str, str], edges: Mapping[str, float]
) -> Iterator[Foreign]:
    """Cumulative a minute, by ``le``; the last is the count."""
    for edge, a_minute in edges.items():
        yield Foreign(job, f"{name}_bucket", {**labels, "le": edge}, a_minute)
    yield Foreign(job, f"{name}_count", labels, edges["+Inf"])
    yield Foreign(job, f"{name}_sum", labels, edges["+Inf"] * 0.07)


def _machine() -> Iterator[Foreign]:
    for cpu in ("0", "1"):
        for mode, a_minute in (("idle", 50.0), ("user", 7.0), ("system", 3.0)):
            yield Foreign("node", "node_cpu_seconds_total", {"cpu": cpu, "mode": mode}, a_minute)
    yield Foreign("node", "node_memory_MemAvailable_bytes", {}, level=3.1e9)
    yield Foreign("node", "node_filesystem_avail_bytes", {"mountpoint": "/", "fstype": "ext4"}, level=4e10)
    yield Foreign("node", "node_network_receive_bytes_total", {"device": "eth0"}, 5_000_000)


def _spring() -> Iterator[Foreign]:
    for status, outcome, share in (
        ("200", "SUCCESS", 0.995),
        ("404", "CLIENT_ERROR", 0.003),
        ("500", "SERVER_ERROR", 0.002),
    ):
        labels = {
            "application": "orders",
            "method": "GET",
            "uri": "/orders/{id}",
            "status": status,
            "outcome": outcome,
        }
        edges = {
            "0.05": 400 * share,
            "0.1": 560 * share,
            "0.25": 596 * share,
            "0.5": 600 * share,
            "+Inf": 600 * share,
        }
        yield from _histogram("orders", "http_server_requests_seconds", labels, edges)
    yield Foreign("orders", "jvm_memory_used_bytes", {"area": "heap", "id": "G1 Eden Space"}, level=2e8)


def _go() -> Iterator[Foreign]:
    for code, a_minute in (("200", 897.0), ("500", 3.0)):
        labels = {"handler": "/cart", "method": "post", "code": code}
        yield Foreign("cart", "http_requests_total", labels, a_minute)
    edges = {"0.1": 600.0, "0.3": 890.0, "1": 899.0, "+Inf": 900.0}
    yield from _histogram("cart", "http_request_duration_seconds", {"handler": "/cart"}, edges)
    yield Foreign("cart", "go_goroutines", {}, level=41)
    yield Foreign("cart", "promhttp_metric_handler_requests_total", {"code": "200"}, 2)


def _proxy() -> Iterator[Foreign]:
    for status, a_minute in (("200", 1480.0), ("304", 15.0), ("502", 5.0)):
        labels = {"ingress": "shop", "exported_namespace": "shop", "host": "shop.example", "status": status}
        yield Foreign("ingress", "nginx_ingress_controller_requests", labels, a_minute)
    labels = {"ingress": "shop", "exported_namespace": "shop", "host": "shop.example"}
    edges = {"0.05": 900.0, "0.1": 1300.0, "0.5": 1490.0, "+Inf": 1500.0}
    yield from _histogram("ingress", "nginx_ingress_controller_request_duration_seconds", labels, edges)


def _otel() -> Iterator[Foreign]:
    for status, share in (("200", 0.998), ("503", 0.002)):
        labels = {
            "service_name": "payment",
            "http_request_method": "POST",
            "http_response_status_code": status,
        }
        edges = {"0.1": 200 * share, "0.25": 290 * share, "0.5": 299 * share, "+Inf": 300 * share}
        yield from _histogram("payment", "http_server_request_duration_seconds", labels, edges)


SERIES = (*_machine(), *_spring(), *_go(), *_proxy(), *_otel())
JOBS = tuple(dict.fromkeys(one.job for one in SERIES))


def past(began: float, now: float) -> Iterator[str]:
    """OpenMetrics lines of everything since ``began``, both in Unix seconds."""
    for one in (*SERIES, *(Foreign(job, "up", {}, level=1) for job in JOBS)):
        at = began
        while at <= now:
            yield f"{one.text(whole=True)} {one.value(at - began)} {at:.0f}"
            at += EVERY


@contextmanager
def exposed(began: float) -> Iterator[int]:
    """The port of a server that has each job under ``/JOB``."""

    class Exposition(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            alive, job = time.time() - began, self.path.strip("/")
            lines = [f"{one.text(whole=False)} {one.value(alive)}" for one in SERIES if one.job == job]
            self.send_response(200)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(("\n".join(lines) + "\n").encode())

        def log_message(self, *_: object) -> None:
            """Not on the test's output."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Exposition)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def scrape_config(port: int, interval: str = "5s") -> str:
    """What the team's own prometheus.yml says; a line for rules is for them to add."""
    jobs = "\n".join(
        f"  - {{job_name: {job}, metrics_path: /{job}, static_configs: "
        f'[{{targets: ["{LOOPBACK}:{port}"], labels: {{instance: "{job}:80"}}}}]}}'
        for job in JOBS
    )
    return f"global: {{scrape_interval: {interval}, evaluation_interval: 15s}}\nscrape_configs:\n{jobs}\n"

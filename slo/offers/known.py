"""How well-known libraries and proxies name what they count: one row each, the surest first.

Names as they appear in Prometheus. Sources: the OpenTelemetry semantic conventions for HTTP and RPC metrics,
the documentation of Micrometer and go-grpc-prometheus, and the metrics pages of Istio, ingress-nginx, Traefik
and Envoy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Protocol(StrEnum):
    HTTP = "http"
    GRPC = "grpc"
    WORK = "work"  # anything else that ends well or badly


@dataclass(frozen=True, slots=True)
class Convention:
    """``counter`` matches a counter's whole name, ``histogram`` a histogram's without ``_bucket``; what a
    histogram counts (its ``_count``) is read as a counter too, after the others.

    ``outcomes`` are the labels that may say how an event ended, ``services`` those that name the service
    beside ``job``; the first that a metric has is taken. ``two_ended``: both ends of a call count it, and a
    label ``reporter`` says which one did.
    """

    title: str
    protocol: Protocol
    outcomes: tuple[str, ...]
    services: tuple[str, ...] = ()
    counter: re.Pattern[str] | None = None
    histogram: re.Pattern[str] | None = None
    two_ended: bool = False


HTTP_OUTCOMES = (
    "http_response_status_code", "http_status_code", "status_code", "code", "status", "response_code",
)  # fmt: skip
GRPC_OUTCOMES = ("rpc_grpc_status_code", "rpc_response_status_code", "grpc_code", "grpc_status")
WORK_OUTCOMES = ("outcome", "result", "status", "state", "success", "code", "status_code")
_NAMED = r"([a-zA-Z0-9]+_)*?"  # what a program puts before the usual name

CONVENTIONS: tuple[Convention, ...] = (
    Convention(
        "OpenTelemetry HTTP server",
        Protocol.HTTP,
        HTTP_OUTCOMES,
        ("service_name",),
        histogram=re.compile("http_server_(request_)?duration_(seconds|milliseconds)"),
    ),
    Convention(
        "OpenTelemetry RPC server",
        Protocol.GRPC,
        GRPC_OUTCOMES,
        ("service_name",),
        histogram=re.compile("rpc_server_(call_)?duration_(seconds|milliseconds)"),
    ),
    Convention(
        "Spring Boot (Micrometer)",
        Protocol.HTTP,
        ("status", "outcome"),
        ("application",),
        histogram=re.compile("http_server_requests_seconds"),
    ),
    Convention(
        "gRPC server",
        Protocol.GRPC,
        GRPC_OUTCOMES,
        counter=re.compile("grpc_server_handled_total"),
        histogram=re.compile("grpc_server_handling_seconds"),
    ),
    Convention(
        "Istio",
        Protocol.HTTP,
        ("response_code",),
        ("destination_service_name", "destination_canonical_service", "destination_service"),
        counter=re.compile("istio_requests_total"),
        histogram=re.compile("istio_request_duration_milliseconds"),
        two_ended=True,
    ),
    Convention(
        "ingress-nginx",
        Protocol.HTTP,
        ("status",),
        ("exported_service", "ingress"),
        counter=re.compile("nginx_ingress_controller_requests"),
        histogram=re.compile("nginx_ingress_controller_request_duration_seconds"),
    ),
    Convention(
        "Traefik",
        Protocol.HTTP,
        ("code",),
        ("exported_service", "service"),
        counter=re.compile("traefik_service_requests_total"),
        histogram=re.compile("traefik_service_request_duration_seconds"),
    ),
    Convention(
        "Envoy",
        Protocol.HTTP,
        ("envoy_response_code_class",),
        ("envoy_cluster_name",),
        counter=re.compile("envoy_cluster_upstream_rq_xx"),
        histogram=re.compile("envoy_cluster_upstream_rq_time"),
    ),
    Convention(
        "HTTP, as client libraries name it",
        Protocol.HTTP,
        HTTP_OUTCOMES,
        counter=re.compile(rf"{_NAMED}https?_(server_)?(requests?|responses?)_((received|handled)_)?total"),
        histogram=re.compile(
            rf"{_NAMED}https?_(server_)?requests?_(duration|latency)(_highr)?_(seconds|milliseconds|ms)"
        ),
    ),
    Convention(
        "a counter of outcomes",
        Protocol.WORK,
        WORK_OUTCOMES,
        counter=re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*_total"),
    ),
)

INNER = ("promhttp_", "prometheus_", "go_", "process_", "python_", "node_", "kube_", "kubelet_", "container_",
         "machine_", "net_conntrack_", "scrape_", "mirante_")  # fmt: skip
"""Prefixes of names for inner workings, which are not work that somebody asked for."""
OUTER = ("prometheus_http_",)
"""Prometheus's own web interface has users all the same: those who look at its graphs and boards."""
LOOKS_LIKE_WORK = {
    "promhttp_metric_handler_requests_total": "it counts reads of /metrics, which are not user requests",
}
"""Inner names that look like the work of a service, and why they are not."""
REPORTERS = ("destination", "waypoint", "source")

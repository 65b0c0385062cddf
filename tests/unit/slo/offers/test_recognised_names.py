"""What each kind of exporter is recognised by, and what is proposed of it."""

from __future__ import annotations

import pytest

from slo.model.promql import analyse
from slo.offers import Offer
from tests.support.offered import histogram, ids, offered, reasons

SECONDS = {"0.1": 900.0, "0.25": 995.0, "0.5": 999.0, "+Inf": 1000.0}
MILLISECONDS = {"100": 900.0, "250": 995.0, "500": 999.0, "+Inf": 1000.0}


def first(text: str, name: str) -> Offer:
    (service,) = offered(text).services
    return next(offer for offer in service.offers if offer.name == name)


@pytest.mark.parametrize("label", ["code", "status", "status_code"])
def test_http_of_a_client_library(label: str) -> None:
    text = f"""
        http_requests_total{{job="checkout",{label}="200"}} 9995
        http_requests_total{{job="checkout",{label}="404"}} 4
        http_requests_total{{job="checkout",{label}="503"}} 1
        {histogram("http_request_duration_seconds", 'job="checkout"', SECONDS)}
    """
    assert ids(offered(text)) == ["checkout/availability", "checkout/latency"]
    availability = first(text, "availability")
    assert availability.part == "bad"
    assert (
        availability.part_query
        == f'sum(increase(http_requests_total{{job="checkout",{label}=~"5.."}}[{{{{.window}}}}]))'
    )
    assert availability.total_query == 'sum(increase(http_requests_total{job="checkout"}[{{.window}}]))'
    latency = first(text, "latency")
    assert 'http_request_duration_seconds_bucket{job="checkout",le="0.25"}' in latency.part_query
    assert 'http_request_duration_seconds_count{job="checkout"}' in latency.total_query


def test_statuses_told_as_classes() -> None:
    text = 'http_requests_total{job="api",status="2xx"} 999\nhttp_requests_total{job="api",status="5xx"} 1'
    offer = first(text, "availability")
    assert 'status=~"5.."' in offer.part_query
    assert float(offer.measured.good_share) == pytest.approx(0.999)


def test_spring_boot_by_its_histograms_own_count() -> None:
    base = 'job="orders",application="orders",status'
    text = f"""
        http_server_requests_seconds_count{{{base}="200"}} 999
        http_server_requests_seconds_count{{{base}="500"}} 1
        http_server_requests_seconds_bucket{{{base}="200",le="0.25"}} 995
        http_server_requests_seconds_bucket{{{base}="200",le="+Inf"}} 1000
    """
    assert ids(offered(text)) == ["orders/availability", "orders/latency"]
    offer = first(text, "availability")
    assert 'http_server_requests_seconds_count{job="orders",application="orders"' in offer.total_query


def test_grpc_and_its_faults() -> None:
    text = f"""
        grpc_server_handled_total{{job="stock",grpc_code="OK"}} 9990
        grpc_server_handled_total{{job="stock",grpc_code="NotFound"}} 9
        grpc_server_handled_total{{job="stock",grpc_code="Unavailable"}} 1
        {histogram("grpc_server_handling_seconds", 'job="stock"', SECONDS)}
    """
    assert ids(offered(text)) == ["stock/availability", "stock/latency"]
    offer = first(text, "availability")
    assert 'grpc_code=~"Unknown|DeadlineExceeded|Internal|Unavailable|DataLoss"' in offer.part_query
    assert float(offer.measured.good_share) == pytest.approx(0.9999)


def test_a_service_of_two_protocols_has_both_by_name() -> None:
    text = """
        http_requests_total{job="stock",code="200"} 9990
        grpc_server_handled_total{job="stock",grpc_code="OK"} 9990
    """
    assert ids(offered(text)) == ["stock/grpc-availability", "stock/http-availability"]


@pytest.mark.parametrize(
    ("base", "outcome", "edges", "edge"),
    [
        ("http_server_request_duration_seconds", "http_response_status_code", SECONDS, "0.25"),
        ("http_server_duration_milliseconds", "http_status_code", MILLISECONDS, "250"),
    ],
)
def test_open_telemetry_http(base: str, outcome: str, edges: dict[str, float], edge: str) -> None:
    labels = 'job="shop/cart",service_name="cart"'
    buckets = histogram(base, f'{labels},{outcome}="200"', edges)
    text = f'{buckets}\n{base}_count{{{labels},{outcome}="500"}} 1'
    assert ids(offered(text)) == ["cart/availability", "cart/latency"]
    latency = first(text, "latency")
    assert f'le="{edge}"' in latency.part_query
    assert latency.title == "HTTP requests answered within 250 ms"
    assert f'{outcome}=~"5.."' in first(text, "availability").part_query


def test_open_telemetry_rpc_by_its_numbers() -> None:
    base = "rpc_server_duration_milliseconds"
    text = "\n".join(
        f'{base}_count{{job="ads",rpc_grpc_status_code="{code}"}} {count}'
        for code, count in (("0", 9990), ("5", 9), ("14", 1))
    )
    offer = first(text, "availability")
    assert 'rpc_grpc_status_code=~"2|4|13|14|15"' in offer.part_query
    assert float(offer.measured.good_share) == pytest.approx(0.9999)


def istio(reporter: str, code: str, count: int) -> str:
    labels = f'reporter="{reporter}",destination_service_name="reviews",response_code="{code}"'
    return f'istio_requests_total{{job="mesh",{labels}}} {count}\n'


def test_istio_counts_a_call_at_the_end_that_serves_it() -> None:
    text = istio("source", "200", 500) + istio("destination", "200", 999) + istio("destination", "503", 1)
    assert ids(offered(text)) == ["reviews/availability"]
    offer = first(text, "availability")
    assert 'job="mesh",reporter="destination",destination_service_name="reviews"' in offer.total_query
    assert offer.measured.events == 1000


def test_a_mesh_that_only_the_callers_tell_of_is_counted_there() -> None:
    text = istio("source", "200", 9)
    assert 'reporter="source"' in first(text, "availability").total_query


@pytest.mark.parametrize(
    ("counter", "labels", "service"),
    [
        ("nginx_ingress_controller_requests", 'ingress="web",status="200"', "web"),
        ("traefik_service_requests_total", 'service="web@docker",code="200"', "web-docker"),
        ("envoy_cluster_upstream_rq_xx", 'envoy_cluster_name="web",envoy_response_code_class="2"', "web"),
    ],
)
def test_proxies_by_the_service_behind_them(counter: str, labels: str, service: str) -> None:
    text = f'{counter}{{job="edge",{labels}}} 5000'
    assert ids(offered(text)) == [f"{service}/availability"]
    assert 'job="edge"' in first(text, "availability").total_query


def test_envoys_classes_are_one_digit() -> None:
    text = """
        envoy_cluster_upstream_rq_xx{job="edge",envoy_cluster_name="web",envoy_response_code_class="2"} 999
        envoy_cluster_upstream_rq_xx{job="edge",envoy_cluster_name="web",envoy_response_code_class="5"} 1
    """
    offer = first(text, "availability")
    assert 'envoy_response_code_class="5"' in offer.part_query
    assert float(offer.measured.good_share) == pytest.approx(0.999)


def test_a_collector_that_is_scraped_passes_on_whose_it_is() -> None:
    text = 'http_requests_total{job="collector",exported_job="cart",code="200"} 5000'
    assert ids(offered(text)) == ["cart/availability"]
    assert 'job="collector",exported_job="cart"' in first(text, "availability").total_query


def test_prometheus_itself_has_users() -> None:
    text = 'prometheus_http_requests_total{job="prometheus",code="200"} 5000'
    assert ids(offered(text)) == ["prometheus/availability"]


def test_reads_of_metrics_are_nobodys_requests() -> None:
    found = offered('promhttp_metric_handler_requests_total{job="checkout",code="200"} 5000')
    assert ids(found) == []
    assert "are not user requests" in reasons(found)["promhttp_metric_handler_requests_total"]


@pytest.mark.parametrize("inner", ["go_things_total", "node_things_total", "prometheus_things_total"])
def test_inner_workings_are_passed_over(inner: str) -> None:
    found = offered(f'{inner}{{job="x",result="success"}} 5000')
    assert (ids(found), found.refused) == ([], ())


def test_a_counter_of_outcomes() -> None:
    text = """
        orders_processed_total{job="orders",outcome="ok"} 9990
        orders_processed_total{job="orders",outcome="failed"} 10
    """
    assert ids(offered(text)) == ["orders/orders-processed"]
    offer = first(text, "orders-processed")
    assert offer.part == "good"
    assert 'outcome="ok"' in offer.part_query
    assert float(offer.measured.good_share) == pytest.approx(0.999)


def test_outcomes_that_nobody_can_judge_are_left_to_a_person() -> None:
    found = offered('jobs_total{job="x",state="purple"} 10\njobs_total{job="x",state="ok"} 10')
    assert ids(found) == []
    assert "say which of its values are good: 'purple'" in reasons(found)["jobs_total"]


def test_counters_without_an_outcome_are_not_even_asked_about() -> None:
    found = offered('bytes_total{job="x",method="get"} 5000')
    assert (ids(found), found.refused) == ([], ())


def test_http_without_a_status_says_what_is_missing() -> None:
    found = offered('http_requests_total{job="x",method="get"} 5000')
    assert "no label http_response_status_code" in reasons(found)["http_requests_total"]


def test_a_histogram_without_an_outcome_is_not_missed_beside_a_counter_with_one() -> None:
    alone = histogram("http_request_duration_seconds", 'job="api"', SECONDS)
    assert "no label" in reasons(offered(alone))["http_request_duration_seconds_count"]
    beside = offered(f'{alone}\nhttp_requests_total{{job="api",code="200"}} 1000')
    assert reasons(beside) == {}


def test_what_no_label_scopes_is_not_proposed() -> None:
    found = offered('http_requests_total{code="200"} 5000')
    assert ids(found) == []
    assert "it has no job or service label" in reasons(found)["http_requests_total"]


def test_a_summary_has_no_threshold_to_choose() -> None:
    found = offered(
        'http_server_requests_seconds_count{job="x",status="200"} 50',
        {"http_server_requests_seconds": "summary"},
    )
    assert ids(found) == ["x/availability"]
    assert "no buckets" in reasons(found)["http_server_requests_seconds"]


def test_a_native_histogram_is_named_as_not_yet() -> None:
    found = offered(
        'http_request_duration_seconds{job="x",code="200"} 50', {"http_request_duration_seconds": "histogram"}
    )
    assert ids(found) == []
    assert "native histogram" in reasons(found)["http_request_duration_seconds"]


def test_names_with_dots_are_named_as_not_yet() -> None:
    found = offered('http.server.request.duration_seconds_count{job="x"} 50')
    assert "not read yet" in reasons(found)["http.server.request.duration_seconds_count"]


@pytest.mark.parametrize(
    "text",
    [
        'http_requests_total{job="a\\"b\\\\c",code="200"} 5000',
        'http_requests_total{job="{x}[5m]",code="200"} 5000',
    ],
)
def test_whatever_a_job_is_called_its_queries_parse(text: str) -> None:
    offer = first(text.replace("\\\\", "\\"), "availability")
    for query in (offer.part_query, offer.total_query):
        assert analyse(query).selectors

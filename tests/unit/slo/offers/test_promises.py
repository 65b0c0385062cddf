"""Objectives and thresholds that today's data meets, and what is left out otherwise."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from slo.offers.family import LONGEST_NAME, MOST_FAMILIES
from slo.offers.known import Protocol
from slo.offers.latency import ChosenEdge, threshold
from slo.offers.outcomes import OutcomeVerdict, verdict
from slo.offers.recognise import MOST_SERVICES, MOST_WORK, slug
from tests.support.offered import ids, offered, reasons


def requests(job: str, good: int, bad: int, metric: str = "http_requests_total") -> str:
    return f"""
        {metric}{{job="{job}",code="200"}} {good}
        {metric}{{job="{job}",code="500"}} {bad}
    """


@pytest.mark.parametrize(
    ("bad", "target"), [(0, "0.999"), (10, "0.999"), (11, "0.995"), (50, "0.995"), (500, "0.95")]
)
def test_the_objective_is_the_strictest_step_that_today_keeps(bad: int, target: str) -> None:
    (service,) = offered(requests("api", 10_000 - bad, bad)).services
    assert service.offers[0].target == Fraction(target)


def test_what_keeps_no_step_is_left_to_a_person() -> None:
    found = offered(requests("api", 90, 10))
    assert ids(found) == []
    assert "only 90 % of 100 were good" in reasons(found)["http_requests_total"]


def test_what_counted_nothing_lately_is_not_proposed() -> None:
    found = offered(requests("api", 0, 0))
    assert ids(found) == []
    assert "counted nothing recently" in reasons(found)["http_requests_total"]


def test_growths_that_are_no_numbers_are_passed_over() -> None:
    found = offered(requests("api", 100, 0) + 'http_requests_total{job="b",code="200"} NaN')
    assert ids(found) == ["api/availability"]


def test_it_says_for_how_long_the_job_was_watched() -> None:
    text = requests("api", 60, 0)
    (service,) = offered(text, watched={"api": timedelta(minutes=3)}).services
    assert service.offers[0].measured.span == timedelta(minutes=3)
    assert service.offers[0].measured.hourly == 1200


def test_the_threshold_is_the_lowest_edge_that_held_the_99th_percentile() -> None:
    found = threshold("x_seconds", {"0.1": 980, "0.2": 990, "0.5": 999, "+Inf": 1000})
    assert isinstance(found, ChosenEdge)
    assert (found.label, found.words, found.target) == ("0.2", "200 ms", Fraction(99, 100))


def test_edges_are_compared_as_numbers_and_kept_as_written() -> None:
    found = threshold("x_seconds", {"10.0": 1000, "2.5": 995, "+Inf": 1000})
    assert isinstance(found, ChosenEdge)
    assert (found.label, found.words) == ("2.5", "2.5 s")


@pytest.mark.parametrize(
    ("name", "words"),
    [("x_milliseconds", "250 ms"), ("envoy_cluster_upstream_rq_time", "250 ms"), ("x", "250 s")],
)
def test_the_name_says_the_unit_of_the_edges(name: str, words: str) -> None:
    found = threshold(name, {"250": 1000, "+Inf": 1000})
    assert isinstance(found, ChosenEdge)
    assert found.words == words


def test_a_percentile_beyond_the_highest_edge_lowers_the_objective() -> None:
    found = threshold("x_seconds", {"0.1": 500, "0.5": 960, "+Inf": 1000})
    assert isinstance(found, ChosenEdge)
    assert (found.label, found.target) == ("0.5", Fraction(95, 100))
    assert "highest edge" in found.why


@pytest.mark.parametrize(
    ("growths", "reason"),
    [
        ({"0.1": 100, "+Inf": 1000}, "higher edges"),
        ({"+Inf": 1000}, "only bucket"),
        ({"0.1": 0, "+Inf": 0}, "nothing was measured"),
        ({"1": 600, "1.0": 400, "+Inf": 1000}, "two ways"),
    ],
)
def test_histograms_that_give_no_threshold_say_why(growths: dict[str, float], reason: str) -> None:
    found = threshold("x_seconds", growths)
    assert isinstance(found, str)
    assert reason in found


def test_grpc_codes_in_capitals() -> None:
    found = verdict(Protocol.GRPC, ["OK", "UNAVAILABLE"])
    assert isinstance(found, OutcomeVerdict)
    assert found.value == "UNKNOWN|DEADLINE_EXCEEDED|INTERNAL|UNAVAILABLE|DATA_LOSS"
    assert found.values == {"UNAVAILABLE"}


def test_while_only_ok_was_seen_faults_may_come_in_any_spelling() -> None:
    found = verdict(Protocol.GRPC, ["OK"])
    assert isinstance(found, OutcomeVerdict)
    assert {"Unavailable", "UNAVAILABLE", "14"} <= set(found.value.split("|"))


def test_codes_that_are_not_grpcs_are_refused() -> None:
    assert "purple" in str(verdict(Protocol.GRPC, ["OK", "purple"]))


def test_a_request_without_a_status_neither_hides_the_others_nor_counts_as_bad() -> None:
    found = verdict(Protocol.HTTP, ["200", "0", "", "500"])
    assert isinstance(found, OutcomeVerdict)
    assert found.values == {"500"}


def test_words_that_are_neither_good_nor_bad_count_as_good_beside_one_that_is() -> None:
    found = verdict(Protocol.HTTP, ["SUCCESS", "CLIENT_ERROR", "SERVER_ERROR"])
    assert isinstance(found, OutcomeVerdict)
    assert (found.part, found.op, found.value) == ("good", "=~", "CLIENT_ERROR|SUCCESS")


def test_only_failures_say_nothing_of_what_is_good() -> None:
    assert "none of its values" in str(verdict(Protocol.WORK, ["failed"]))


def test_the_second_metric_that_tells_the_same_is_named() -> None:
    found = offered(requests("api", 1000, 0) + requests("api", 900, 0, "app_http_requests_total"))
    assert ids(found) == ["api/availability"]
    assert "http_requests_total tells the same" in reasons(found)["app_http_requests_total"]


def test_the_busiest_service_comes_first() -> None:
    found = offered(requests("small", 1000, 0) + requests("large", 5000, 0))
    assert [service.name for service in found.services] == ["large", "small"]


def test_a_crowd_of_services_is_cut_and_the_rest_named() -> None:
    text = "".join(requests(f"job{n:03}", 10_000 - n, 0) for n in range(MOST_SERVICES + 1))
    found = offered(text)
    assert len(found.services) == MOST_SERVICES
    assert [one.service for one in found.refused] == [f"job{MOST_SERVICES:03}"]


def test_a_crowd_of_metrics_is_cut_and_the_rest_named() -> None:
    names = [f"a{n:03}_http_requests_total" for n in range(MOST_FAMILIES + 1)]
    found = offered("".join(requests("api", 1000, 0, name) for name in names))
    assert "are asked" in reasons(found)[names[-1]]


def test_a_name_without_end_is_not_even_asked_about() -> None:
    found = offered(requests("api", 1000, 0, f"{'x' * LONGEST_NAME}_http_requests_total"))
    assert (ids(found), found.refused) == ([], ())


def test_a_few_counters_of_outcomes_are_enough_for_one_service() -> None:
    names = [f"work{n}_total" for n in range(MOST_WORK + 1)]
    found = offered("\n".join(f'{name}{{job="api",outcome="ok"}} 1000' for name in names))
    assert len(ids(found)) == MOST_WORK


def test_two_services_never_share_a_name() -> None:
    names = ["a/b", "a-b", "A.B", "components"]
    found = offered("".join(requests(name, 1000, 0) for name in names))
    assert sorted(service.name for service in found.services) == ["a-b", "a-b-2", "a-b-3", "components-2"]


@pytest.mark.parametrize(
    ("called", "name"),
    [("../../etc/passwd", "etc-passwd"), ("Ünï", "n"), ("!!!", "service"), ("x" * 99, "x" * 40)],
)
def test_names_of_files_are_made_of_harmless_characters(called: str, name: str) -> None:
    assert slug(called) == name


@pytest.mark.parametrize("job", ["a\u0007b", "x" * 201])
def test_labels_that_do_not_print_or_never_end_are_refused(job: str) -> None:
    found = offered(f'http_requests_total{{job="{job}",code="200"}} 1000')
    assert ids(found) == []
    assert "characters" in reasons(found)["http_requests_total"]

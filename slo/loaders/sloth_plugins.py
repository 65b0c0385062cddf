"""Sloth's common SLI plugins as what they publish that they count: plain queries from their options.

Follows slok/sloth-common-sli-plugins at commit 8fe4740. A plugin of a team's own is Go code, which only Sloth
runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from foundation.errors import Effect
from foundation.located import Section, closest
from foundation.patterns import PatternError, fullmatch
from slo.indicators.ratio import RatioIndicator
from slo.model.promql import quoted
from slo.model.ranges import RANGE
from slo.model.spec import MetricQuery

PREFIX = "sloth-common/"
NO_ERRORS = 'code!~"5.."'
TRUTHS = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False}


@dataclass(frozen=True, slots=True)
class Availability:
    """``bad`` are the matchers of what failed among ``total``; ``selects``: option to matcher (``{}``)."""

    total: str
    bad: str
    selects: Mapping[str, str]
    errors: str = ""  # a counter of its own for what failed
    not_counted: str = ""  # a counter of what is no event after all
    custom_bad: str = ""  # the option that replaces the pattern of ``bad``

    def queries(self, matchers: str, options: Mapping[str, str]) -> tuple[str, str]:
        """Total and bad."""
        bad = self.bad
        if self.custom_bad and options.get(self.custom_bad, "").strip():
            bad = f"rcode=~{quoted(options[self.custom_bad].strip())}"
        total = _rate(self.total, matchers)
        if self.not_counted:
            total = f"{total} - ({_rate(self.not_counted, _joined(matchers, REQUEUED))} or vector(0))"
        return total, _rate(self.errors or self.total, _joined(matchers, bad))


REQUEUED = 'requeue="true"'


@dataclass(frozen=True, slots=True)
class Latency:
    """What took longer than the option ``bucket``, of a histogram; ``always`` narrows it."""

    histogram: str
    selects: Mapping[str, str]
    may_exclude_errors: bool = False
    always: str = ""

    def queries(self, matchers: str, options: Mapping[str, str]) -> tuple[str, str]:
        """Total and good."""
        narrowed = _joined(matchers, self.always)
        if _truth(options.get("exclude_errors", "")) and self.may_exclude_errors:
            narrowed = _joined(narrowed, NO_ERRORS)
        bucket = f"le={quoted(options.get('bucket', '').strip())}"
        within = _rate(f"{self.histogram}_bucket", _joined(narrowed, bucket))
        return _rate(f"{self.histogram}_count", narrowed), within


_ISTIO = {"service": "destination_service_name={}", "namespace": "destination_service_namespace={}"}
_KOOPER = {"controller": "controller={}"}
_BACKEND, _SERVICE = {"backend_regex": "backend=~{}"}, {"service_name_regex": "service=~{}"}
_OVERLOADED = 'code=~"(5..|429)"'
_KOOPER_EVENTS = "kooper_controller_processed_event_duration_seconds"
_QUEUED = "kooper_controller_event_in_queue_duration_seconds"
PLUGINS: Mapping[str, Availability | Latency] = {
    "coredns/availability": Availability(
        "coredns_dns_responses_total", 'rcode=~"SERVFAIL"', {}, custom_bad="custom_rcode_regex"
    ),
    "coredns/latency": Latency("coredns_dns_request_duration_seconds", {}),
    "haproxy/frontend/availability": Availability("haproxy_frontend_http_responses_total", 'code="5xx"', {}),
    "istio/v1/availability": Availability("istio_requests_total", 'response_code=~"(5..|429)"', _ISTIO),
    "istio/v1/latency": Latency("istio_request_duration_milliseconds", _ISTIO, may_exclude_errors=True),
    "kubernetes/apiserver/availability": Availability("apiserver_request_total", _OVERLOADED, {}),
    "kubernetes/apiserver/latency": Latency(
        "apiserver_request_duration_seconds", {}, always='verb!="WATCH"'
    ),
    "kubernetes/kooper/availability": Availability(
        f"{_KOOPER_EVENTS}_count", 'success="false"', _KOOPER,
        not_counted="kooper_controller_queued_events_total",
    ),
    "kubernetes/kooper/latency": Latency(_KOOPER_EVENTS, _KOOPER),
    "kubernetes/kooper/queue-congestion": Latency(_QUEUED, _KOOPER),
    "kubernetes/nginx-ingress/availability": Availability(
        "nginx_ingress_controller_requests", 'status=~"(5..|429)"', {}
    ),
    "prometheus/rules/eval-availability": Availability(
        "prometheus_rule_evaluations_total", "", {}, errors="prometheus_rule_evaluation_failures_total"
    ),
    "slok-go-http-metrics/availability": Availability(
        "http_request_duration_seconds_count", _OVERLOADED, {}
    ),
    "slok-go-http-metrics/latency": Latency("http_request_duration_seconds", {}, may_exclude_errors=True),
    "traefik/v1/availability": Availability("traefik_backend_requests_total", _OVERLOADED, _BACKEND),
    "traefik/v1/latency": Latency("traefik_backend_request_duration_seconds", _BACKEND, True),
    "traefik/v2/availability": Availability("traefik_service_requests_total", 'code=~"(5..)"', _SERVICE),
    "traefik/v2/latency": Latency("traefik_service_request_duration_seconds", _SERVICE, True),
}  # fmt: skip
TARGETS = "prometheus/targets/availability"
KNOWN = (*PLUGINS, TARGETS)


def read_plugin(section: Section) -> RatioIndicator | None:
    """The indicator that the plugin stands for; ``None`` after a refusal."""
    written = section.text("id", required=True)
    options = section.labels("options")
    below = section.section("options") or section
    section.close()
    name = written.removeprefix(PREFIX)
    if not written:
        return None
    if not written.startswith(PREFIX) or name not in KNOWN:
        meant = closest(name, KNOWN) if name != written else ""
        fix = f"Did you mean {PREFIX}{meant}? Or write" if meant else "Write"
        problem = f"the SLI plugin {written!r} is Go code that only Sloth can run"
        section.refuse("id", problem, f"{fix} its queries under `events:` instead.")
        return None
    plugin = PLUGINS.get(name)
    matchers = _matchers(below, options, {} if plugin is None else plugin.selects)
    if matchers is None or not _options_are_sound(below, options, plugin):
        return None
    told = f"the plugin {written} is written out as the queries that it stands for"
    section.notice("id", told, effect=Effect.CHANGED)
    if plugin is None:
        down, known = (f"sum(count_over_time(({up})[{{{{.window}}}}:]))" for up in _targets(matchers))
        return RatioIndicator(_query(known), bad=_query(down))
    total, part = plugin.queries(matchers, options)
    if isinstance(plugin, Latency):
        return RatioIndicator(_query(total), good=_query(part))
    return RatioIndicator(_query(total), bad=_query(part))


def _targets(matchers: str) -> tuple[str, str]:
    return f"up{{{matchers}}} == 0", f"up{{{matchers}}}"


def _matchers(below: Section, options: Mapping[str, str], selects: Mapping[str, str]) -> str | None:
    found = options.get("filter", "").strip().strip("{},").strip()
    for option, matcher in selects.items():
        value = options.get(option, "").strip()
        if not value:
            below.refuse(option, "is required but missing", f"Add `{option}:`.")
            return None
        found = _joined(found, matcher.format(quoted(value)))
    return found


def _options_are_sound(
    below: Section, options: Mapping[str, str], plugin: Availability | Latency | None
) -> bool:
    if isinstance(plugin, Latency) and not options.get("bucket", "").strip():
        below.refuse("bucket", "is required but missing", "Add the upper edge of a bucket, for example 0.3.")
        return False
    excluded = options.get("exclude_errors", "")
    if excluded and _truth(excluded) is None:
        below.refuse("exclude_errors", f"{excluded!r} is not true or false", "Write true or false.")
        return False
    for option, value in options.items():
        if option.endswith("_regex"):
            try:
                fullmatch(value.strip(), "")
            except PatternError as error:
                below.refuse(option, f"is not a pattern: {error.problem}", "Correct the regular expression.")
                return False
    return True


def _truth(text: str) -> bool | None:
    return TRUTHS.get(text.strip().lower())


def _joined(*matchers: str) -> str:
    return ",".join(matcher for matcher in matchers if matcher)


def _rate(metric: str, matchers: str) -> str:
    return f"sum(rate({metric}{{{matchers}}}{RANGE}))"


def _query(text: str) -> MetricQuery:
    return MetricQuery("Prometheus", text)

"""Sloth's ``prometheus/v1`` files, and the same inside its Kubernetes resource.

Follows ``pkg/prometheus/api/v1`` of slok/sloth at commit 0e395d8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction

from foundation.errors import Effect
from foundation.located import Section
from slo.indicators.ratio import RatioIndicator, RawIndicator
from slo.loaders.sloth_chain import Chain, read_chain
from slo.loaders.sloth_plugins import read_plugin
from slo.loaders.tiers import read_windows
from slo.model.entities import Service, WindowSet
from slo.model.promql import PromqlError, analyse, has_window
from slo.model.spec import BudgetingMethod, Indicator, MetricQuery, Objective, Slo, Tier, Window

VERSION = "prometheus/v1"
CRD = "sloth.slok.dev/v1"
TOOL = "Sloth"
_NAME = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9]")
_CAMEL = re.compile(r"_([a-z])")
TIERS = (
    ("page", "quick", "page-fast", "P1"),
    ("page", "slow", "page-slow", "P2"),
    ("ticket", "quick", "ticket-fast", "P3"),
    ("ticket", "slow", "ticket-slow", "P4"),
)


@dataclass(frozen=True, slots=True)
class Words:
    """Sloth's file spells keys with underscores, its Kubernetes resource in camelCase."""

    camel: bool

    def __call__(self, key: str) -> str:
        return _CAMEL.sub(lambda m: m.group(1).upper(), key) if self.camel else key


def claims_to_be_sloth(document: Section) -> bool:
    if document.text("apiVersion").startswith("sloth.slok.dev/"):
        return document.text("kind") == "PrometheusServiceLevel"
    return document.has("version") and (
        document.has("slos") or document.text("version").startswith("prometheus/")
    )


def sloth_changes(slo: Slo) -> Iterator[tuple[Effect, str]]:
    """What becomes otherwise in each of Sloth's SLOs."""
    if slo.no_data_severity:
        yield Effect.ADDED, f"an alert ({slo.no_data_severity}) for when its metrics stop"
    if slo.tiers:
        kept = ", ".join(tier.name for tier in slo.tiers)
        yield Effect.CHANGED, f"one alert per window ({kept}) instead of two joined by `or`"
    yield Effect.CHANGED, "the period is summed from counts, not averaged from five-minute ratios"
    text = (
        "the labels sloth_id, sloth_service, sloth_slo, sloth_severity and sloth_window "
        "(kept with Sloth's names switched on)"
    )
    yield Effect.LOST, text


def read_sloth(document: Section, windows: WindowSet) -> tuple[Service | None, list[Slo]]:
    """What one of Sloth's files defines; its alerts and periods follow ``windows``."""
    in_kubernetes = document.has("apiVersion")
    if in_kubernetes:
        body = _inside_crd(document)
    else:
        document.text("version", choices=(VERSION,))
        body = document
    if body is None:
        return None, []
    found = _read_body(body, Words(camel=in_kubernetes), windows)
    body.close(TOOL)
    return found


def _read_body(body: Section, words: Words, windows: WindowSet) -> tuple[Service | None, list[Slo]]:
    service = _name(body, "service")
    labels = _labels(body, "labels")
    group = read_chain(body, words("slo_plugins"))
    slos = []
    for item in body.sections("slos", required=True):
        chain = group.then(read_chain(item, "plugins"))
        slo = _slo(item, words, service, labels, chain)
        tiers = _tiers(item, words, windows.tiers)
        item.close(TOOL)
        if slo is not None:
            kept = tiers if chain.alerts else ()
            slos.append(replace(slo, tiers=kept, window=Window(windows.period)))
    own = Service(service, service, labels=labels, owner=labels.get("owner", ""))
    return (own if service else None), slos


def _inside_crd(document: Section) -> Section | None:
    document.text("apiVersion", choices=(CRD,))
    document.text("kind")
    document.plain("metadata")
    document.plain("status")
    spec = document.section("spec", required=True)
    document.close(TOOL)
    return spec


def _name(section: Section, key: str) -> str:
    name = section.text(key, required=True)
    if name and not _NAME.fullmatch(name):
        fix = "Use letters, digits, dots, dashes and underscores, with a letter or digit at both ends."
        section.refuse(key, f"{name!r} is not a name that Sloth accepts", fix)
    return name


def _labels(section: Section, key: str) -> dict[str, str]:
    found = section.labels(key)
    below = section.section(key) or section
    for label, value in found.items():
        if label == "__name__":
            below.refuse(label, "is the name of the metric", "Use another label.")
        if not value:
            below.refuse(label, "has no value", "Write one, or remove the label.")
    return found


def _slo(item: Section, words: Words, service: str, labels: Mapping[str, str], chain: Chain) -> Slo | None:
    name = _name(item, "name")
    target = _target(item)
    own = _labels(item, "labels")
    description = item.text("description")
    sli = item.section("sli", required=True)
    indicator = None if sli is None else _indicator(sli, words, chain)
    if target is None or indicator is None:
        return None
    return Slo(
        service=service,
        name=name,
        display_name=name,
        description=description,
        indicator=indicator,
        method=BudgetingMethod.OCCURRENCES,
        window=Window(timedelta(days=30)),
        objectives=(Objective("main", target),),
        tiers=(),
        labels={**labels, **own},
        owner=own.get("owner", ""),
        source_file=item.file,
        source_line=item.line,
    )


def _target(item: Section) -> Fraction | None:
    percent = item.number("objective", required=True)
    if percent is None:
        return None
    if percent == 100:
        item.refuse("objective", "100 % leaves no error budget", "Promise less than 100, for example 99.99.")
    elif not 0 < percent < 100:
        item.refuse(
            "objective", f"{float(percent):g} is not a percentage of 0 to 100", "Write for example 99.9."
        )
    else:
        return percent / 100
    return None


def _indicator(sli: Section, words: Words, chain: Chain) -> Indicator | None:
    given = [key for key in ("events", "raw", "plugin") if sli.has(key)]
    sections = {key: sli.section(key) for key in ("events", "raw", "plugin")}
    sli.close(TOOL)
    if len(given) != 1:
        problem = "exactly one of events, raw and plugin is required"
        sli.refuse("events", problem, "Keep the one that this indicator uses.")
        return None
    section = sections[given[0]]
    if section is None:
        return None
    if given == ["plugin"]:
        return read_plugin(section)
    if given == ["raw"]:
        ratio = _query(section, words("error_ratio_query"), chain)
        section.close(TOOL)
        return RawIndicator(ratio, "failure") if ratio else None
    bad = _query(section, words("error_query"), chain)
    total = _query(section, words("total_query"), chain)
    section.close(TOOL)
    if bad is not None and bad == total:
        key = words("error_query")
        section.refuse(key, "is the same as the total", "Narrow it to the events that failed.")
        return None
    return RatioIndicator(total, bad=bad) if bad and total else None


def _query(section: Section, key: str, chain: Chain) -> MetricQuery | None:
    query = section.text(key, required=True).strip()
    if not query:
        return None
    if not has_window(query):
        section.refuse(key, "does not use {{.window}}", "Write the range as [{{.window}}].")
        return None
    try:
        analyse(query)
    except PromqlError as problem:
        if chain.is_metricsql:
            return MetricQuery("VictoriaMetrics", query)
        section.refuse(key, f"is not PromQL: {problem}", "Try it in Prometheus.")
        return None
    return MetricQuery("Prometheus", query)


def _tiers(item: Section, words: Words, tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
    """Page and ticket alerts: those of ``page-*`` and ``ticket-*`` tiers, unless disabled."""
    alerting = item.section("alerting")
    if alerting is None:
        item.refuse("alerting", "is required but missing", "Add `alerting: {name: ...}`.")
        return tiers
    shared = _labels(alerting, "labels"), _labels(alerting, "annotations")
    alerts = {kind: _alert(alerting, words(f"{kind}_alert")) for kind in ("page", "ticket")}
    name = alerting.text("name", required=not all(alert.disabled for alert in alerts.values()))
    alerting.close(TOOL)
    return tuple(
        replace(
            tier,
            alert_name=name,
            labels={**shared[0], **alert.labels},
            annotations={**shared[1], **alert.annotations},
        )
        for kind, alert in alerts.items()
        for tier in tiers
        if tier.name.startswith(kind) and not alert.disabled
    )


@dataclass(frozen=True, slots=True)
class _Alert:
    disabled: bool
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def _alert(alerting: Section, key: str) -> _Alert:
    section = alerting.section(key)
    if section is None:
        return _Alert(False, {}, {})
    alert = _Alert(
        section.flag("disable", False), _labels(section, "labels"), _labels(section, "annotations")
    )
    section.close(TOOL)
    return alert


def read_sloth_windows(document: Section) -> WindowSet | None:
    """Sloth's ``AlertWindows``: page and ticket, quick and slow. Its name is the file's."""
    document.text("apiVersion", required=True, choices=("sloth.slok.dev/v1",))
    document.text("kind", required=True)
    document.plain("metadata")
    spec = document.section("spec", required=True)
    document.close()
    if spec is None:
        return None
    period = spec.duration("sloPeriod", required=True)
    tiers = list(_sloth_tiers(spec))
    spec.close()
    if period is None or None in tiers:
        return None
    name = document.file.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return WindowSet(name, period, tuple(t for t in tiers if t), document.file)


def _sloth_tiers(spec: Section) -> Iterator[Tier | None]:
    parents = {kind: spec.section(kind, required=True) for kind in ("page", "ticket")}
    for kind, speed, name, severity in TIERS:
        parent = parents[kind]
        section = parent.section(speed, required=True) if parent else None
        yield _sloth_tier(section, name, severity) if section else None
    for parent in parents.values():
        if parent:
            parent.close()


def _sloth_tier(section: Section, name: str, severity: str) -> Tier | None:
    percent = section.number("errorBudgetPercent", required=True)
    windows = read_windows(section, "longWindow", "shortWindow")
    section.close()
    if percent is None or windows is None:
        return None
    if not 0 < percent <= 100:
        section.refuse("errorBudgetPercent", "is not above 0 and at most 100", "Write for example 2.")
        return None
    return Tier(name, percent / 100, windows[0], windows[1], severity)

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
from slo.loaders.metadata import checked_name
from slo.loaders.tiers import read_windows
from slo.model.entities import Service, WindowSet
from slo.model.spec import BudgetingMethod, Indicator, MetricQuery, Objective, Slo, Tier, Window

VERSION = "prometheus/v1"
CRD = "sloth.slok.dev/v1"
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
        "the labels sloth_id, sloth_service, sloth_slo and sloth_window (kept with Sloth's names switched on)"
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
    body.close()
    return found


def _read_body(body: Section, words: Words, windows: WindowSet) -> tuple[Service | None, list[Slo]]:
    service = checked_name(body, "service")
    labels = body.labels("labels")
    _refuse_plugins(body, words("slo_plugins"))
    slos = []
    for item in body.sections("slos", required=True):
        slo = _slo(item, words, service, labels)
        tiers = _tiers(item, words, windows.tiers)
        item.close()
        if slo is not None:
            slos.append(replace(slo, tiers=tiers, window=Window(windows.period)))
    own = Service(service, service, labels=labels, owner=labels.get("owner", ""))
    return (own if service else None), slos


def _inside_crd(document: Section) -> Section | None:
    document.text("apiVersion", choices=(CRD,))
    document.text("kind")
    document.plain("metadata")
    spec = document.section("spec", required=True)
    document.close()
    return spec


def _refuse_plugins(section: Section, key: str) -> None:
    if section.has(key):
        section.plain(key)
        problem = "uses plugins, which are Go code that only Sloth can run"
        section.refuse(key, problem, "Write out the definition that the plugin would generate.")


def _slo(item: Section, words: Words, service: str, labels: Mapping[str, str]) -> Slo | None:
    name = checked_name(item, "name")
    target = _target(item)
    own = item.labels("labels")
    description = item.text("description")
    _refuse_plugins(item, "plugins")
    sli = item.section("sli", required=True)
    indicator = None if sli is None else _indicator(sli, words)
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


def _indicator(sli: Section, words: Words) -> Indicator | None:
    events, raw, plugin = sli.section("events"), sli.section("raw"), sli.section("plugin")
    sli.close()
    if plugin is not None:
        problem = f"the SLI plugin {plugin.text('id')!r} is Go code that only Sloth can run"
        sli.refuse("plugin", problem, "Write its queries under `events:` instead.")
        return None
    if (events is None) == (raw is None):
        sli.refuse(
            "events", "exactly one of events and raw is required", "Keep the one that this indicator uses."
        )
        return None
    if events is not None:
        bad, total = _query(events, words("error_query")), _query(events, words("total_query"))
        events.close()
        return RatioIndicator(total, bad=bad) if bad and total else None
    assert raw is not None
    ratio = _query(raw, words("error_ratio_query"))
    raw.close()
    return RawIndicator(ratio, "failure") if ratio else None


def _query(section: Section, key: str) -> MetricQuery | None:
    query = section.text(key, required=True).strip()
    if query and "{{.window}}" not in query.replace(" ", ""):
        section.refuse(key, "does not use {{.window}}", "Write the range as [{{.window}}].")
        return None
    return MetricQuery("Prometheus", query) if query else None


def _tiers(item: Section, words: Words, tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
    """Page and ticket alerts: those of ``page-*`` and ``ticket-*`` tiers, unless disabled."""
    alerting = item.section("alerting")
    if alerting is None:
        item.notice("alerting", "is missing; Mirante names the alerts", "Add `alerting: {name: ...}`.")
        return tiers
    name = alerting.text("name")
    shared = alerting.labels("labels"), alerting.labels("annotations")
    alerts = {kind: _alert(alerting, words(f"{kind}_alert")) for kind in ("page", "ticket")}
    alerting.close()
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
    alert = _Alert(section.flag("disable", False), section.labels("labels"), section.labels("annotations"))
    section.close()
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

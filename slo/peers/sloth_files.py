"""What Sloth reads from its own files, its Kubernetes resource and OpenSLO v1alpha.

Sloth turns an OpenSLO objective into the ratio ``1 - good / total``, and alerts on none of them
(``internal/storage/io/openslo.go`` of slok/sloth at v0.16.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

from foundation.located import Section
from slo.peers.slo import PeerSlo
from slo.peers.sloth import DEFAULT, PERIOD, SlothSlo, WindowPair, Windows, ratio_of, sloth_rules

KINDS = ("page", "ticket")


def from_sloth(
    document: Section, windows: Windows = DEFAULT, period: timedelta = PERIOD
) -> Iterator[PeerSlo]:
    spec = document.section("spec") if document.has("apiVersion") else document
    if spec is None:
        return
    service, shared = spec.text("service"), spec.labels("labels")
    for item in spec.sections("slos"):
        slo = _slo(item, service, shared)
        if slo is not None:
            yield sloth_rules(slo, windows, period)


def _slo(item: Section, service: str, shared: dict[str, str]) -> SlothSlo | None:
    objective, sli = item.number("objective"), item.section("sli")
    if objective is None or sli is None:
        return None
    alerting = item.section("alerting")
    return SlothSlo(
        service,
        item.text("name"),
        objective,
        _error_ratio(sli),
        item.file,
        item.line,
        labels={**shared, **item.labels("labels")},
        alert_name="" if alerting is None else alerting.text("name"),
        alerts=dict(_alerts(alerting)),
    )


def _error_ratio(sli: Section) -> str:
    events, raw = sli.section("events"), sli.section("raw")
    if events is not None:
        return ratio_of(_text(events, "error_query"), _text(events, "total_query"))
    return "" if raw is None else f"({_text(raw, 'error_ratio_query')})"


def _alerts(alerting: Section | None) -> Iterator[tuple[str, dict[str, str]]]:
    """The labels of each kind of alert that is not disabled."""
    shared = {} if alerting is None else alerting.labels("labels")
    for kind in KINDS:
        own = None if alerting is None else _section(alerting, f"{kind}_alert")
        if own is None:
            yield kind, shared
        elif not own.flag("disable", False):
            yield kind, {**shared, **own.labels("labels")}


def _text(section: Section, key: str) -> str:
    return section.text(key) or section.text(_camel(key))


def _section(section: Section, key: str) -> Section | None:
    return section.section(key) or section.section(_camel(key))


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(part.capitalize() for part in rest)


def from_openslo(document: Section, windows: Windows = DEFAULT) -> Iterator[PeerSlo]:
    metadata, spec = document.section("metadata"), document.section("spec")
    if metadata is None or spec is None:
        return
    days = [window.number("count") for window in spec.sections("timeWindows")]
    period = timedelta(days=int(days[0])) if days and days[0] else PERIOD
    for index, objective in enumerate(spec.sections("objectives")):
        ratio = objective.section("ratioMetrics")
        target = objective.number("target")
        if ratio is None or target is None:
            continue
        good, total = (_query(ratio, part) for part in ("good", "total"))
        slo = SlothSlo(
            spec.text("service"),
            f"{metadata.text('name')}-{index}",
            target * Fraction(100),
            f"1 - (({good}) / ({total}))",
            objective.file,
            objective.line,
        )
        yield sloth_rules(slo, windows, period)


def _query(ratio: Section, part: str) -> str:
    section = ratio.section(part)
    return "" if section is None else section.text("query")


def windows_of(document: Section) -> tuple[Windows, timedelta] | None:
    """Sloth's ``AlertWindows``."""
    spec = document.section("spec")
    period = None if spec is None else spec.duration("sloPeriod")
    if spec is None or period is None:
        return None
    found = {kind: _pairs(spec.section(kind)) for kind in KINDS}
    return {kind: pairs for kind, pairs in found.items() if pairs is not None}, period


def _pairs(section: Section | None) -> tuple[WindowPair, WindowPair] | None:
    parts = [] if section is None else [section.section(speed) for speed in ("quick", "slow")]
    found = [_pair(part) for part in parts if part is not None]
    return (found[0], found[1]) if len(found) == 2 else None


def _pair(section: Section) -> WindowPair:
    zero = timedelta(0)
    return WindowPair(
        float(section.number("errorBudgetPercent") or 0),
        section.duration("shortWindow") or zero,
        section.duration("longWindow") or zero,
    )

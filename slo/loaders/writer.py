"""Definitions as OpenSLO v1 documents in our form: what is read back is what was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from fractions import Fraction

from foundation.quantities import decimal_text, duration_text
from slo.loaders.objectives import CALENDAR_UNITS
from slo.model import conventions as names
from slo.model.catalogue import Catalogue
from slo.model.entities import DataSource, NotificationTarget, Service, WindowSet
from slo.model.shared_grouping import NO_LABELS
from slo.model.spec import Objective, Slo, Tier

Document = dict[str, object]
V1 = "openslo/v1"
_PREFIX = names.ANNOTATION_PREFIX


def documents(catalogue: Catalogue) -> Iterator[Document]:
    """Services, data sources and targets first, then SLOs; each group by name.

    A composite is written as the SLOs it is made of; ``catalogue.composites`` keeps their weights.
    """
    yield from (service_document(service) for service in catalogue.services)
    yield from (_data_source(source) for source in catalogue.data_sources)
    yield from (_target(target) for target in catalogue.targets)
    yield from (slo_document(slo, catalogue.windows) for slo in catalogue.slos)


def service_document(service: Service) -> Document:
    annotations = {f"{_PREFIX}owner": service.owner} if service.owner else {}
    metadata = _metadata(service.name, service.display_name, service.labels, annotations)
    return _object("Service", metadata, {"description": service.description} if service.description else {})


def _object(kind: str, metadata: Document, spec: Document) -> Document:
    return {"apiVersion": V1, "kind": kind, "metadata": metadata, "spec": spec}


def _metadata(
    name: str, display_name: str, labels: Mapping[str, str], annotations: Mapping[str, str]
) -> Document:
    found: Document = {"name": name}
    if display_name != name:
        found["displayName"] = display_name
    if labels:
        found["labels"] = dict(labels)
    if annotations:
        found["annotations"] = dict(annotations)
    return found


def _data_source(source: DataSource) -> Document:
    spec: Document = {"description": source.description} if source.description else {}
    spec |= {"type": source.type} | (
        {"connectionDetails": dict(source.connection)} if source.connection else {}
    )
    return _object("DataSource", {"name": source.name}, spec)


def _target(target: NotificationTarget) -> Document:
    spec: Document = {"description": target.description} if target.description else {}
    return _object("AlertNotificationTarget", {"name": target.name}, spec | {"target": target.target})


def slo_document(slo: Slo, windows: Mapping[str, WindowSet]) -> Document:
    tiers = _tier_annotations(slo, windows)
    policies = [] if tiers is not None else [_policy(tier, slo) for tier in slo.tiers]
    annotations = _annotations(slo) | (tiers if tiers is not None else {f"{_PREFIX}windows": "none"})
    spec: Document = {"service": slo.service}
    if slo.description:
        spec["description"] = slo.description
    spec |= {
        "budgetingMethod": slo.method.value,
        "timeWindow": [_window(slo)],
        "indicator": {"metadata": {"name": slo.name}, "spec": {slo.indicator.key: slo.indicator.document()}},
        "objectives": [_objective(objective) for objective in slo.objectives],
    }
    if policies:
        spec["alertPolicies"] = policies
    return _object("SLO", _metadata(slo.name, slo.display_name, slo.labels, annotations), spec)


def _annotations(slo: Slo) -> dict[str, str]:
    """Other people's annotations as they were; ours anew, since they say what the SLO now is."""
    found = {key: value for key, value in slo.annotations.items() if not key.startswith(_PREFIX)}
    ours = {
        "group-by": "" if slo.summed_to is None else ", ".join(slo.summed_to) or NO_LABELS,
        "min-events": str(slo.min_events) if slo.min_events else "",
        "min-bad-events": str(slo.min_bad_events) if slo.min_bad_events else "",
        "expected-events-per-hour": _number(slo.expected_events_per_hour),
        "refresh-interval": _duration(slo.refresh_interval),
        "no-data-severity": slo.no_data_severity or "none",
        "no-data-after": _duration(slo.no_data_after),
        "owner": slo.owner,
        "rules": slo.annotations.get(f"{_PREFIX}rules", ""),
        "objective-names": _objective_names(slo),
        **{key.replace("_", "-"): value for key, value in slo.texts.items()},
    }
    return found | {f"{_PREFIX}{key}": value for key, value in ours.items() if value}


def _objective_names(slo: Slo) -> str:
    named = [objective.name for objective in slo.objectives]
    return "" if named == ["main"] else ", ".join(named)


def _number(value: Fraction | None) -> str:
    return "" if value is None else decimal_text(value)


def _duration(value: timedelta | None) -> str:
    return "" if value is None else duration_text(value)


def _window(slo: Slo) -> Document:
    window = slo.window
    if window.is_rolling:
        return {"duration": duration_text(window.length), "isRolling": True}
    suffix = next(text for text, (unit, _) in CALENDAR_UNITS.items() if unit == window.calendar_unit)
    calendar = {"startTime": window.calendar_start, "timeZone": window.time_zone}
    return {"duration": f"1{suffix}", "isRolling": False, "calendar": calendar}


def _objective(objective: Objective) -> Document:
    found: Document = {"displayName": objective.display_name} if objective.display_name else {}
    if objective.op is not None:
        found["op"] = objective.op
    if objective.value is not None:
        found["value"] = Number(decimal_text(objective.value))
    found["target"] = Number(decimal_text(objective.target))
    if objective.time_slice_target is not None:
        found["timeSliceTarget"] = Number(decimal_text(objective.time_slice_target))
    if objective.time_slice_window is not None:
        found["timeSliceWindow"] = duration_text(objective.time_slice_window)
    return found


class Number(float):
    """A number that is written as it was read: ``0.9995``, never ``0.9994999999999999``."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Number:
        number = super().__new__(cls, float(text))
        number.text = text
        return number

    def __repr__(self) -> str:
        return self.text


def _tier_annotations(slo: Slo, windows: Mapping[str, WindowSet]) -> dict[str, str] | None:
    """The tiers as a named window set and what differs from it; ``None`` when no set has them."""
    if not slo.tiers:
        return {f"{_PREFIX}windows": "none"}
    found = window_set_of(slo, windows)
    if found is None:
        return None
    differing = _differences(slo.tiers, found.tiers_for(slo.window.length)) or {}
    return {f"{_PREFIX}windows": found.name} | {f"{_PREFIX}{key}": value for key, value in differing.items()}


def window_set_of(slo: Slo, windows: Mapping[str, WindowSet]) -> WindowSet | None:
    """The one that its tiers are of, perhaps under other names; ``None`` when no set has them."""
    for _, window_set in sorted(windows.items(), key=lambda item: (item[0] != "google-30d", item[0])):
        if slo.tiers and _differences(slo.tiers, window_set.tiers_for(slo.window.length)) is not None:
            return window_set
    return None


def _differences(tiers: tuple[Tier, ...], of: tuple[Tier, ...]) -> dict[str, str] | None:
    rest, left_out = list(tiers), []
    found: dict[str, str] = {}
    for base in of:
        own = rest[0] if rest and _same_windows(rest[0], base) else None
        if own is None:
            left_out.append(base.name)
            continue
        rest.pop(0)
        found |= _difference(own, base)
    if rest:
        return None
    return ({"disable-tiers": ", ".join(left_out)} if left_out else {}) | found


def _same_windows(tier: Tier, base: Tier) -> bool:
    plain = tier.alert_after == timedelta(0) and not tier.targets and tier.notify_resolved
    return plain and (tier.long_window, tier.short_window, tier.budget_share) == (
        base.long_window,
        base.short_window,
        base.budget_share,
    )


def _difference(tier: Tier, base: Tier) -> dict[str, str]:
    name = base.name
    found = {f"tier-name.{name}": tier.name} if tier.name != name else {}
    found |= {f"severity.{name}": tier.severity} if tier.severity != base.severity else {}
    found |= {f"alert-name.{name}": tier.alert_name} if tier.alert_name else {}
    found |= {f"alert-label.{name}.{key}": value for key, value in tier.labels.items()}
    return found | {f"alert-annotation.{name}.{key}": value for key, value in tier.annotations.items()}


def _policy(tier: Tier, slo: Slo) -> Document:
    """A tier of its own as an inline AlertPolicy; what v1 has no word for goes into annotations."""
    condition: Document = {
        "kind": "burnrate",
        "op": "gt",
        "threshold": Number(decimal_text(tier.factor(slo.window.length))),
        "lookbackWindow": duration_text(tier.long_window),
        "alertAfter": duration_text(tier.alert_after) if tier.alert_after else "0m",
    }
    inner: Document = {"name": f"{tier.name}-condition"}
    if tier.short_window != tier.long_window:
        inner["annotations"] = {f"{_PREFIX}short-window": duration_text(tier.short_window)}
    spec: Document = {
        "alertWhenBreaching": True,
        "alertWhenResolved": tier.notify_resolved,
        "alertWhenNoData": slo.no_data_severity is not None,
        "conditions": [
            {
                "kind": "AlertCondition",
                "metadata": inner,
                "spec": {"severity": tier.severity, "condition": condition},
            }
        ],
    }
    if tier.targets:
        spec["notificationTargets"] = [{"targetRef": target} for target in tier.targets]
    outer: Document = {"name": tier.name}
    if words := _alert_words(tier):
        outer["annotations"] = words
    return {"kind": "AlertPolicy", "metadata": outer, "spec": spec}


def _alert_words(tier: Tier) -> dict[str, str]:
    """Name, labels and annotations of a policy's alert."""
    found = {"alert-name": tier.alert_name} if tier.alert_name else {}
    found |= {f"alert-label.{key}": value for key, value in tier.labels.items()}
    found |= {f"alert-annotation.{key}": value for key, value in tier.annotations.items()}
    return {f"{_PREFIX}{key}": value for key, value in found.items()}

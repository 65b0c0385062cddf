"""Burn alerts: named window sets as files have them, and which of them (or of its policies) an SLO gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TypedDict

from foundation.located import Section
from foundation.quantities import parse_share
from slo.loaders.metadata import SEVERITIES, Annotations
from slo.loaders.openslo_alerts import AlertPolicy
from slo.model.entities import WindowSet
from slo.model.periods import MINUTE
from slo.model.spec import Tier

DEFAULT_WINDOWS = "google-30d"
NO_WINDOWS = "none"


def read_window_set(section: Section) -> WindowSet | None:
    """``name``, ``period`` and ``tiers``; the factor is derived, so none is written."""
    name = section.text("name", required=True)
    period = section.duration("period", required=True)
    tiers = [_tier(item) for item in section.sections("tiers", required=True)]
    section.close()
    _refuse_repeated(section, [tier.name for tier in tiers if tier])
    if period is None or None in tiers:
        return None
    return WindowSet(name, period, tuple(t for t in tiers if t), section.file)


def _tier(section: Section) -> Tier | None:
    name = section.text("name", required=True)
    share = read_share(section, "budget_share")
    windows = read_windows(section, "long", "short")
    severity = section.text("severity", required=True, choices=SEVERITIES, default="P4")
    section.close()
    if share is None or windows is None:
        return None
    return Tier(name, share, windows[0], windows[1], severity)


def read_share(section: Section, key: str) -> Fraction | None:
    """A share of the budget, above 0 and at most 1."""
    text = section.text(key, required=True)
    share = parse_share(text)
    if text and (share is None or not 0 < share <= 1):
        section.refuse(key, f"{text!r} is not a share of the budget", "Write for example 2% or 0.02.")
        return None
    return share


def read_windows(section: Section, long_key: str, short_key: str) -> tuple[timedelta, timedelta] | None:
    long = section.duration(long_key, required=True)
    short = section.duration(short_key, required=True)
    if long is None or short is None:
        return None
    if short > long:
        section.refuse(short_key, "is longer than the long window", "Use about a twelfth of the long window.")
    for key, window in ((long_key, long), (short_key, short)):
        if window % MINUTE:
            section.refuse(
                key, "is not a whole number of minutes", "Counts are kept per minute: write whole minutes."
            )
    return long, short


def _refuse_repeated(section: Section, names: list[str]) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        section.refuse("tiers", f"two tiers are named {name!r}", "Give each tier its own name.")


class _Words(TypedDict):
    alert_name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def choose_tiers(
    annotations: Annotations,
    policies: Sequence[AlertPolicy],
    windows: Mapping[str, WindowSet],
    period: timedelta,
) -> tuple[Tier, ...]:
    """Tiers in the order written: those of the window set, for this period and adjusted by annotations; then
    one a policy.

    An SLO with policies and no ``windows`` annotation gets its policies only; one with neither gets
    ``google-30d``.
    """
    own = tuple(tier for tier in (policy.tier(period) for policy in policies) if tier)
    default = NO_WINDOWS if policies else DEFAULT_WINDOWS
    named = _named(annotations, windows, default)
    chosen = () if named is None else _adjusted(annotations, named.tiers_for(period))
    tiers = (*chosen, *own)
    names = [tier.name for tier in tiers]
    for name in sorted({name for name in names if names.count(name) > 1}):
        annotations.refuse("windows", f"two tiers are named {name!r}", "Rename one with tier-name.TIER.")
    return tiers


def _named(annotations: Annotations, windows: Mapping[str, WindowSet], default: str) -> WindowSet | None:
    name = annotations.text("windows", default)
    if name == NO_WINDOWS:
        return None
    if name not in windows:
        fix = f"Known: {', '.join(sorted(windows))}, none."
        annotations.no_such("windows", "window set", name, fix)
    return windows.get(name)


def _adjusted(annotations: Annotations, tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
    known = [tier.name for tier in tiers]
    disabled = annotations.words("disable-tiers")
    names, severities = annotations.per_tier("tier-name"), annotations.per_tier("severity")
    _refuse_unknown(annotations, known, [("disable-tiers", name) for name in disabled])
    for kind, asked in (("tier-name", names), ("severity", severities)):
        _refuse_unknown(annotations, known, [(f"{kind}.{name}", name) for name in asked])
    for name, severity in severities.items():
        if severity not in SEVERITIES:
            problem = f"{severity!r} is not a severity"
            annotations.refuse(f"severity.{name}", problem, "Write P1, P2, P3 or P4.")
    return tuple(
        replace(
            tier,
            name=names.get(tier.name, tier.name),
            severity=severities.get(tier.name, tier.severity),
            **_alert_words(annotations, tier),
        )
        for tier in tiers
        if tier.name not in disabled
    )


def _alert_words(annotations: Annotations, tier: Tier) -> _Words:
    """Name, labels and annotations of the tier's alert, where the definition gives its own."""
    return {
        "alert_name": annotations.per_tier("alert-name").get(tier.name, tier.alert_name),
        "labels": annotations.per_tier(f"alert-label.{tier.name}") or tier.labels,
        "annotations": annotations.per_tier(f"alert-annotation.{tier.name}") or tier.annotations,
    }


def _refuse_unknown(annotations: Annotations, known: Sequence[str], asked: list[tuple[str, str]]) -> None:
    for where, name in asked:
        if name not in known:
            fix = f"Tiers: {', '.join(known) or 'none'}."
            annotations.no_such(where, "tier", name, fix)

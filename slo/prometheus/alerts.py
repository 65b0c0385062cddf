"""Alerts of one SLO: a burn alert for each tier and objective, and one for silence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from foundation.quantities import decimal_text, duration_text
from slo.model import conventions as names
from slo.model.conventions import NO_DATA_OBJECTIVE, alert_key, no_data_alert_key
from slo.model.spec import Objective, Slo, Tier
from slo.prometheus.names import identity_labels, label_name, selector
from slo.prometheus.once import once_for_each
from slo.prometheus.records import Group, Rule, identity
from slo.prometheus.silence import silent
from slo.prometheus.texts import burn_annotations, literal, no_data_annotations


def alert_group(slo: Slo, environment: str) -> Group:
    rules = [
        burn_alert(slo, objective, tier, environment) for objective in slo.objectives for tier in slo.tiers
    ]
    if slo.no_data_severity is not None:
        rules.append(no_data_alert(slo, environment, slo.no_data_severity))
    return {"name": f"mirante-{names.slug(slo.id)}-alerts", "interval": "1m", "rules": rules}


@once_for_each
def burn_alert(slo: Slo, objective: Objective, tier: Tier, environment: str) -> Rule:
    """Both windows burn above the factor. Which tier it was is a label, so a page says which window."""
    own = identity(identity_labels(slo, objective, environment))
    matchers, factor = selector(own), decimal_text(tier.factor(slo.window.length))
    terms = [f"{names.record_burn_rate(tier.long_window)}{matchers} > {factor}"]
    if tier.short_window != tier.long_window:
        terms.append(f"{names.record_burn_rate(tier.short_window)}{matchers} > {factor}")
    if slo.min_events:
        terms.append(f"{names.record_total(tier.long_window)}{matchers} >= {slo.min_events}")
    if slo.min_bad_events:
        burn = f"{names.record_burn_rate(tier.long_window)}{matchers}"
        total = f"{names.record_total(tier.long_window)}{matchers}"
        terms.append(f"{burn} * {total} >= {decimal_text(slo.least_burnt(objective))}")
    rule: Rule = {
        "alert": tier.alert_name or names.burn_alert_name(slo.id, tier.name),
        "expr": "\nand\n".join(terms),
    }
    if tier.alert_after > timedelta(0):
        rule["for"] = duration_text(tier.alert_after)
    rule["labels"] = _burn_labels(slo, objective, tier, environment)
    rule["annotations"] = {
        **burn_annotations(slo, objective, tier, own),
        **_links(slo),
        **dict(tier.annotations),
    }
    return rule


def _burn_labels(slo: Slo, objective: Objective, tier: Tier, environment: str) -> dict[str, str]:
    """The definition's own labels may set ``severity`` (a team routes by it); identity stays ours, and a
    label that tells groups apart stays the group's.

    One SLO per label value has one key per value, which only the receiver can compute from the labels.
    """
    own = {**_literal(slo.labels), **_own(tier.labels)}
    groups = slo.group_by
    labels = {names.LABEL_SEVERITY: tier.severity}
    labels |= {key: value for key, value in own.items() if key not in groups}
    labels |= {**identity_labels(slo, objective, environment), names.LABEL_TIER: tier.name}
    if not slo.is_grouped:
        labels[names.LABEL_ALERT_KEY] = alert_key(environment, slo.id, objective.name, {})
    return dict(sorted(labels.items()))


def _own(labels: Mapping[str, str]) -> dict[str, str]:
    """Of a tier: a template where its author wrote one, as Prometheus reads every label of an alert."""
    return {label_name(key): value for key, value in labels.items() if value}


def _literal(labels: Mapping[str, str]) -> dict[str, str]:
    """Of the SLO: recorded series have them as they stand, and so do its alerts."""
    return {key: literal(value) for key, value in _own(labels).items()}


def _links(slo: Slo) -> dict[str, str]:
    runbook = slo.texts.get("runbook")
    return {"runbook_url": literal(runbook)} if runbook else {}


def no_data_alert(slo: Slo, environment: str, severity: str) -> Rule:
    """Silence of the source. A quiet source still reports a total of 0, and does not fire this."""
    labels = {
        names.LABEL_SEVERITY: severity,
        **_literal(slo.labels),
        names.LABEL_ALERT_KEY: no_data_alert_key(environment, slo.id),
        names.LABEL_ENVIRONMENT: environment,
        names.LABEL_OBJECTIVE: NO_DATA_OBJECTIVE,
        names.LABEL_SERVICE: slo.service,
        names.LABEL_SLO: slo.id,
    }
    return {
        "alert": names.no_data_alert_name(slo.id),
        "expr": silent(slo, environment),
        "labels": dict(sorted(labels.items())),
        "annotations": {**no_data_annotations(slo), **_links(slo)},
    }

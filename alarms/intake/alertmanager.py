"""Alertmanager's webhook, version 4, as alerts. Unknown keys are accepted, whatever is needed is checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from alarms.intake.normalise import IntakeRules, Parsed, instant, labels_of, map_of, text_of
from alarms.model.alert import Alert, AlertState, BurnArithmetic, foreign_key
from alarms.model.errors import MalformedPayload
from slo.model import conventions as names
from slo.model.conventions import NO_DATA_OBJECTIVE, alert_key, no_data_alert_key, slug

SOURCE = "alertmanager"
NOT_OVER = 1  # endsAt is year 1 while the alert fires
OWN = (names.LABEL_SLO, names.LABEL_OBJECTIVE, names.LABEL_ENVIRONMENT)


def parse(payload: bytes, rules: IntakeRules) -> Parsed:
    """Every alert of the group; those of a firing group may be resolved themselves.

    Raises:
        MalformedPayload: not JSON, not version 4, or an alert lacks what makes it one.
    """
    try:
        document = map_of(SOURCE, "body", msgspec.json.decode(payload))
    except msgspec.DecodeError as error:
        raise MalformedPayload(SOURCE, "body", f"is not JSON ({error})") from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise MalformedPayload(SOURCE, "body", "is not readable JSON") from error
    if document.get("version") != "4":
        raise MalformedPayload(SOURCE, "version", f'expected "4", got {str(document.get("version"))[:20]!r}')
    listed = document.get("alerts")
    if not isinstance(listed, list):
        raise MalformedPayload(SOURCE, "alerts", "expected a list")
    truncated = document.get("truncatedAlerts", 0)
    return Parsed(
        alerts=tuple(_alert(f"alerts[{n}]", item, rules) for n, item in enumerate(listed)),
        group=str(document.get("groupKey", ""))[:500],
        truncated=truncated if isinstance(truncated, int) and not isinstance(truncated, bool) else 0,
    )


def _alert(place: str, item: object, rules: IntakeRules) -> Alert:
    fields = map_of(SOURCE, place, item)
    labels = labels_of(SOURCE, f"{place}.labels", fields.get("labels"))
    notes = labels_of(SOURCE, f"{place}.annotations", fields.get("annotations") or {})
    state = fields.get("status")
    if state not in list(AlertState):
        raise MalformedPayload(SOURCE, f"{place}.status", "expected firing or resolved")
    starts_at = instant(SOURCE, f"{place}.startsAt", fields.get("startsAt"))
    ends_at = _end(place, fields, AlertState(str(state)), starts_at)
    name = text_of(SOURCE, f"{place}.labels.alertname", labels.get("alertname"))
    if labels.get(names.LABEL_SLO) in rules.group_by:
        return _ours(name, AlertState(str(state)), starts_at, ends_at, labels, notes, rules)
    return _theirs(name, AlertState(str(state)), starts_at, ends_at, labels, notes, rules, fields)


def _end(place: str, fields: Mapping[str, object], state: AlertState, starts_at: datetime) -> datetime | None:
    if state is AlertState.FIRING:
        return None
    ended = instant(SOURCE, f"{place}.endsAt", fields.get("endsAt"))
    return starts_at if ended.year == NOT_OVER else ended


def _ours(
    name: str,
    state: AlertState,
    starts_at: datetime,
    ends_at: datetime | None,
    labels: Mapping[str, str],
    notes: Mapping[str, str],
    rules: IntakeRules,
) -> Alert:
    slo_id = labels[names.LABEL_SLO]
    objective = labels.get(names.LABEL_OBJECTIVE, "")
    environment = labels.get(names.LABEL_ENVIRONMENT, rules.environment)
    group = {label: labels.get(label, "") for label in rules.group_by[slo_id]}
    silent = objective == NO_DATA_OBJECTIVE
    key = (
        no_data_alert_key(environment, slo_id) if silent else alert_key(environment, slo_id, objective, group)
    )
    title, title_pt = (notes.get(text, "").partition(": ")[0] for text in ("summary", "summary_pt"))
    return Alert(
        alert_key=key,
        source=SOURCE,
        environment=environment,
        name=name,
        title=f"{title}: no data" if silent else f"{title}: error budget burning",
        title_pt=f"{title_pt}: sem dados" if silent else f"{title_pt}: orçamento de erro sendo consumido",
        state=state,
        starts_at=starts_at,
        ends_at=ends_at,
        summary=notes.get("description") or notes.get("summary") or name,
        summary_pt=notes.get("description_pt") or notes.get("summary_pt"),
        labels=group,
        severity=rules.severity(labels.get(names.LABEL_SEVERITY)),
        slo_id=slo_id,
        objective=objective,
        tier=labels.get(names.LABEL_TIER),
        burn=_burn(labels, notes),
        runbook="no-data" if silent else slug(slo_id),
        links=_links(notes),
    )


def _theirs(
    name: str,
    state: AlertState,
    starts_at: datetime,
    ends_at: datetime | None,
    labels: Mapping[str, str],
    notes: Mapping[str, str],
    rules: IntakeRules,
    fields: Mapping[str, object],
) -> Alert:
    environment = labels.get(names.LABEL_ENVIRONMENT, rules.environment)
    generator = fields.get("generatorURL")
    links = _links(notes)
    if isinstance(generator, str) and generator.startswith(("http://", "https://")):
        links["source"] = generator[:2000]
    return Alert(
        alert_key=labels.get(names.LABEL_ALERT_KEY) or foreign_key(environment, labels, rules.ignored_labels),
        source=SOURCE,
        environment=environment,
        name=name,
        state=state,
        starts_at=starts_at,
        ends_at=ends_at,
        summary=notes.get("summary") or notes.get("description") or name,
        summary_pt=notes.get("summary_pt") or notes.get("description_pt"),
        labels=labels,
        severity=rules.severity(labels.get(names.LABEL_SEVERITY)),
        tier=_replica(labels, rules),
        component=labels.get("component"),
        runbook=notes.get("runbook"),
        links=links,
    )


def _replica(labels: Mapping[str, str], rules: IntakeRules) -> str | None:
    """Replicas of one problem share the key and fire and resolve one by one; Prometheus's own do not."""
    own = [
        f"{k}={v}" for k, v in sorted(labels.items()) if k in rules.ignored_labels and "prometheus" not in k
    ]
    return ",".join(own) or None


def _links(notes: Mapping[str, str]) -> dict[str, str]:
    found = {"runbook": notes.get("runbook_url", ""), "dashboard": notes.get("dashboard_url", "")}
    return {name: url for name, url in found.items() if url.startswith(("http://", "https://"))}


def _burn(labels: Mapping[str, str], notes: Mapping[str, str]) -> BurnArithmetic | None:
    """From the annotations of our generated rules; None when a number was not known (``?``)."""
    try:
        return BurnArithmetic(
            tier=labels[names.LABEL_TIER],
            factor=notes["factor"],
            objective=notes["objective_text"],
            long_window=notes["long_window"],
            long_good=round(float(notes["long_good"])),
            long_total=round(float(notes["long_total"])),
            long_burn=float(notes["long_burn"]),
            short_window=notes["short_window"],
            short_good=round(float(notes["short_good"])),
            short_total=round(float(notes["short_total"])),
            short_burn=float(notes["short_burn"]),
            budget_spent_ratio=float(notes["budget_spent"]),
            budget_basis=f"counted by Prometheus over {float(notes['history']):.0%} of the period",
            budget_basis_pt=f"contado pelo Prometheus em {float(notes['history']):.0%} do período",
            exhaustion_seconds=float(notes["exhaustion_seconds"]),
        )
    except (KeyError, ValueError, OverflowError):
        return None

"""Alertmanager's webhook, version 4, as alerts, and whatever else has its form.

Unknown keys are accepted, whatever is needed is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import msgspec

from alarms.intake.normalise import (
    UNNAMED,
    VALUE_LIMIT,
    IntakeRules,
    Parsed,
    Unread,
    decode,
    instant_or,
    labels_of,
    links_of,
    map_of,
    own_alert,
    replica_of,
    shortened,
    tier_and_server,
)
from alarms.model.alert import Alert, AlertState, BurnArithmetic, foreign_key
from alarms.model.errors import MalformedPayload
from slo.model import conventions as names

SOURCE = "alertmanager"
VERSION = "4"
NOT_OVER = 1  # endsAt is year 1 while the alert fires
Labels = Mapping[str, str]
KNOWN = frozenset(  # annotations that are read as something of their own
    {
        *("summary", "summary_pt", "description", "description_pt", "message"),
        *("runbook", "runbook_url", "dashboard_url"),
    }
)


def parse(payload: bytes, rules: IntakeRules, received_at: datetime) -> Parsed:
    """Every alert of the group; those of a firing group may be resolved themselves.

    Raises:
        MalformedPayload: not JSON, or nothing of Alertmanager's.
    """
    return group_of(SOURCE, VERSION, payload, rules, received_at)


def group_of(
    source: str,
    version: str,
    payload: bytes,
    rules: IntakeRules,
    received_at: datetime,
    with_more: Callable[[Alert, Mapping[str, object]], Alert] = lambda alert, _: alert,
) -> Parsed:
    """The alerts of a group in Alertmanager's form, ``with_more`` of what ``source`` says of each.

    Each stands alone: what lacks a name, a time or a state fires now, as "Unnamed alert"; what is not an
    alert at all is left unread.

    Raises:
        MalformedPayload: it is not.
    """
    document = map_of(source, "body", decode(source, payload))
    listed = document.get("alerts")
    if not isinstance(listed, list):
        raise MalformedPayload(source, "alerts", "expected a list")
    if not listed and document.get("version") != version:
        given = str(document.get("version"))[:20]
        raise MalformedPayload(source, "version", f'expected "{version}", got {given!r}')
    truncated = document.get("truncatedAlerts", 0)
    return Parsed(
        alerts=tuple(
            with_more(_alert(source, item, rules, received_at), item)
            for item in listed
            if isinstance(item, dict)
        ),
        unread=tuple(
            Unread(
                f"{source} payload: alerts[]: expected an object",
                msgspec.json.encode({"version": version, "alerts": [item]}),
            )
            for item in listed
            if not isinstance(item, dict)
        ),
        group=str(document.get("groupKey", ""))[:500],
        truncated=truncated if isinstance(truncated, int) and not isinstance(truncated, bool) else 0,
    )


def _alert(source: str, fields: Mapping[str, object], rules: IntakeRules, received_at: datetime) -> Alert:
    labels, notes = labels_of(fields.get("labels")), labels_of(fields.get("annotations"))
    state = AlertState.RESOLVED if fields.get("status") == AlertState.RESOLVED else AlertState.FIRING
    starts_at = instant_or(fields.get("startsAt"), received_at)
    ends_at = _end(fields, state, starts_at, received_at)
    name = labels.get("alertname", "").strip() or UNNAMED
    ours = labels.get(names.LABEL_SLO) in rules.group_by
    return replace(
        (_ours if ours else _theirs)(source, name, starts_at, labels, notes, rules),
        state=state,
        ends_at=ends_at,
        severity=rules.severity(labels.get(names.LABEL_SEVERITY)),
        links=links_of(
            {
                "runbook": notes.get("runbook_url"),
                "dashboard": notes.get("dashboard_url"),
                "source": None if ours else fields.get("generatorURL"),
            }
        ),
    )


def _end(
    fields: Mapping[str, object], state: AlertState, starts_at: datetime, received_at: datetime
) -> datetime | None:
    if state is AlertState.FIRING:
        return None
    ended = instant_or(fields.get("endsAt"), received_at)
    return starts_at if ended.year == NOT_OVER else ended


def _ours(
    source: str, name: str, starts_at: datetime, labels: Labels, notes: Labels, rules: IntakeRules
) -> Alert:
    slo_id = labels[names.LABEL_SLO]
    told = notes.get(names.ANNOTATION_GROUP, "").split()  # where the query keeps whatever there is
    group = {label: labels.get(label, "") for label in rules.group_by[slo_id] or told}
    alert = own_alert(
        source,
        labels.get(names.LABEL_ENVIRONMENT, rules.environment),
        slo_id,
        labels.get(names.LABEL_OBJECTIVE, ""),
        group=group,
        name=name,
        title=notes.get("summary", "").partition(": ")[0],
        title_pt=notes.get("summary_pt", "").partition(": ")[0],
        starts_at=starts_at,
        summary=notes.get("description") or notes.get("summary") or name,
    )
    return replace(
        alert,
        summary_pt=notes.get("description_pt") or notes.get("summary_pt"),
        labels=group,
        tier=tier_and_server(labels, labels.get(names.LABEL_TIER)),
        burn=_burn(labels, notes),
    )


def _theirs(
    source: str, name: str, starts_at: datetime, labels: Labels, notes: Labels, rules: IntakeRules
) -> Alert:
    environment = labels.get(names.LABEL_ENVIRONMENT, rules.environment)
    return Alert(
        alert_key=labels.get(names.LABEL_ALERT_KEY) or foreign_key(environment, labels, rules.ignored_labels),
        source=source,
        environment=environment,
        name=name,
        state=AlertState.FIRING,
        starts_at=starts_at,
        summary=notes.get("summary") or notes.get("description") or name,
        summary_pt=notes.get("summary_pt") or notes.get("description_pt"),
        description=_description(notes),
        description_pt=notes.get("description_pt", ""),
        labels=labels,
        tier=replica_of(labels, rules),
        component=labels.get("component"),
        runbook=notes.get("runbook"),
    )


def _description(notes: Labels) -> str:
    """What the rule says besides its summary: the description, then annotations of its own, by name."""
    said = [notes.get("description") or notes.get("message", "")]
    own = {name: text for name, text in notes.items() if name not in KNOWN and not name.startswith("__")}
    said += [f"{name}: {text}" for name, text in sorted(own.items()) if text.strip()]
    return shortened("\n".join(filter(None, said)), VALUE_LIMIT)


def _burn(labels: Labels, notes: Labels) -> BurnArithmetic | None:
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

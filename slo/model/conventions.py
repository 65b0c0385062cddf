"""The one home of generated names: rules, alerts and alarms, labels, annotations, and who an alert is.

Nobody spells one of these by hand; a change here changes rules, alarms, panels and routes together.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta

from foundation.quantities import duration_text

ANNOTATION_PREFIX = "mirante.dev/"
NO_RULES = "none"  # of the annotation `rules`: another tool measures this SLO, and nothing is generated

LABEL_ENVIRONMENT = "environment"
LABEL_SLO = "slo"
LABEL_OBJECTIVE = "objective"
LABEL_SERVICE = "service"
LABEL_TIER = "tier"
LABEL_SEVERITY = "severity"
LABEL_ALERT_KEY = "alert_key"

SET_BY_US = (
    LABEL_ENVIRONMENT, LABEL_SERVICE, LABEL_SLO, LABEL_OBJECTIVE,
    LABEL_TIER, LABEL_SEVERITY, LABEL_ALERT_KEY, "alertname", "alertstate",
)  # fmt: skip
ANNOTATION_GROUP = "group_labels"  # of an alert: the names of the labels that say whose budget burns
CLASHING = "exported_"  # what Prometheus itself puts before a label that it sets with another meaning

NO_DATA_OBJECTIVE = "no-data"

RECORD_OBJECTIVE = "slo:objective:ratio"
RECORD_BUDGET = "slo:error_budget:ratio"
RECORD_BUDGET_REMAINING = "slo:error_budget_remaining:ratio"
RECORD_HISTORY = "slo:history:ratio"  # share of the period that has data
RECORD_GOOD_SLICES = "slo:good_slices:count"  # the last time slice: 1 good, 0 bad (or its ratio)
RECORD_TOTAL_SLICES = "slo:total_slices:count"  # 1 where the last time slice had data

CLOUDWATCH_NAMESPACE = "Mirante/SLO"
CLOUDWATCH_GOOD = "GoodEvents"
CLOUDWATCH_TOTAL = "TotalEvents"
CLOUDWATCH_DESCRIPTION = 1_024  # characters of an alarm's description, at most

GRAFANA_UID_LENGTH = 40


def record_good(window: timedelta) -> str:
    """Recording rule: good events in the window (a count, never a ratio)."""
    return f"slo:good_events:increase{duration_text(window)}"


def record_total(window: timedelta) -> str:
    """Recording rule: all events in the window."""
    return f"slo:total_events:increase{duration_text(window)}"


def record_error_ratio(window: timedelta) -> str:
    """Recording rule: bad events over all events in the window, event-weighted."""
    return f"slo:error:ratio{duration_text(window)}"


def record_burn_rate(window: timedelta) -> str:
    """Recording rule: error ratio over error budget in the window."""
    return f"slo:burn_rate:ratio{duration_text(window)}"


def recorded_label(label: str) -> str:
    """What our series call a label that a query keeps: ``exported_service``, as ``service`` is the SLO's."""
    return CLASHING + label if label in SET_BY_US else label


def slug(slo_id: str) -> str:
    """``shop/checkout-latency`` as ``shop-checkout-latency``: file names, CloudWatch names, anchors."""
    return slo_id.replace("/", "-")


def camel(slo_id: str) -> str:
    """``shop/checkout-latency`` as ``ShopCheckoutLatency``: alert names."""
    return "".join(part.capitalize() for part in slug(slo_id).replace("_", "-").split("-"))


def burn_alert_name(slo_id: str, tier: str) -> str:
    return f"{camel(slo_id)}Burn{camel(tier)}"


def no_data_alert_name(slo_id: str) -> str:
    return f"{camel(slo_id)}NoData"


def cloudwatch_alarm_name(environment: str, slo_id: str, objective: str, suffix: str) -> str:
    return f"mirante-{environment}-{slug(slo_id)}-{objective}-{suffix}"


def dashboard_uid(board: str) -> str:
    """Grafana uid: at most 40 characters, and a long name stays apart from its neighbours by a digest."""
    uid = f"mirante-{board}"
    if len(uid) <= GRAFANA_UID_LENGTH:
        return uid
    digest = hashlib.sha256(uid.encode()).hexdigest()[:8]
    return f"{uid[: GRAFANA_UID_LENGTH - 9]}-{digest}"


def alert_key(environment: str, slo_id: str, objective: str, label_values: Mapping[str, str]) -> str:
    """Sixteen hex digits; tier, severity, replica and region stay out of it."""
    document = [environment, slo_id, objective, sorted(label_values.items())]
    return hashlib.sha256(json.dumps(document, ensure_ascii=False).encode()).hexdigest()[:16]


def no_data_alert_key(environment: str, slo_id: str) -> str:
    """Silence of an SLO's indicator is one incident of its own, whatever its objectives."""
    return alert_key(environment, slo_id, NO_DATA_OBJECTIVE, {})


def described(sentence: str, identity: Mapping[str, str]) -> str:
    """A sentence for people, then one line of JSON that the router reads (SNS messages carry no tags)."""
    line = json.dumps(dict(sorted(identity.items())), ensure_ascii=False, separators=(",", ":"))
    return f"{sentence[: CLOUDWATCH_DESCRIPTION - len(line) - 1]}\n{line}"


def tags(identity: Mapping[str, str]) -> list[dict[str, str]]:
    """Ownership: what carries them is ours, and nothing else is touched."""
    return [{"Key": f"mirante:{key}", "Value": value} for key, value in sorted(identity.items())]

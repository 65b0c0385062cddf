"""Labels and selectors of generated series: the same label set on everything of one objective."""

from __future__ import annotations

import re
from collections.abc import Mapping

from slo.model import conventions as names
from slo.model.promql import quoted
from slo.model.spec import Objective, Slo

RESERVED = (
    names.LABEL_ENVIRONMENT, names.LABEL_SERVICE, names.LABEL_SLO, names.LABEL_OBJECTIVE,
)  # fmt: skip
SET_BY_US = (*RESERVED, names.LABEL_TIER, names.LABEL_ALERT_KEY)
_NOT_LABEL = re.compile(r"[^a-zA-Z0-9_]")


def label_name(text: str) -> str:
    """A label key of a definition as Prometheus allows it: ``cost-centre`` becomes ``cost_centre``."""
    name = _NOT_LABEL.sub("_", text)
    return f"_{name}" if name[:1].isdigit() else name


def identity_labels(slo: Slo, objective: Objective, environment: str) -> dict[str, str]:
    return {
        names.LABEL_ENVIRONMENT: environment,
        names.LABEL_OBJECTIVE: objective.name,
        names.LABEL_SERVICE: slo.service,
        names.LABEL_SLO: slo.id,
    }


def series_labels(slo: Slo, objective: Objective, environment: str) -> dict[str, str]:
    """Identity first, then the definition's own labels; identity cannot be overridden, and an empty label is
    none."""
    own = {label_name(key): value for key, value in slo.labels.items() if value}
    taken = {*RESERVED, *slo.group_by}
    kept = {key: value for key, value in own.items() if key not in taken}
    return {**identity_labels(slo, objective, environment), **dict(sorted(kept.items()))}


def selector(labels: Mapping[str, str]) -> str:
    """``{environment="prod",slo="shop/checkout"}``; everything of one objective, every group."""
    return "{" + ",".join(f"{key}={quoted(value)}" for key, value in labels.items()) + "}"

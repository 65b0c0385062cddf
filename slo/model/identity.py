"""The identity of an alert: one hash, the same from Prometheus, CloudWatch and our own evaluator."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

NO_DATA_OBJECTIVE = "no-data"


def alert_key(environment: str, slo_id: str, objective: str, label_values: Mapping[str, str]) -> str:
    """Sixteen hex digits; tier, severity, replica and region stay out of it."""
    document = [environment, slo_id, objective, sorted(label_values.items())]
    return hashlib.sha256(json.dumps(document, ensure_ascii=False).encode()).hexdigest()[:16]


def no_data_alert_key(environment: str, slo_id: str) -> str:
    """Silence of an SLO's indicator is one incident of its own, whatever its objectives."""
    return alert_key(environment, slo_id, NO_DATA_OBJECTIVE, {})

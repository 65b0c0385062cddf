"""What a test expects of recorded series and of alerts at one instant."""

from __future__ import annotations

from collections.abc import Mapping

from slo.model import conventions as names
from slo.prometheus.names import selector
from slo.prometheus.promtool.notation import minutes, rounded, series

Check = dict[str, object]


def recorded(record: str, labels: Mapping[str, str], minute: int, value: float | None) -> Check:
    """The series has these labels, and no others, and this value; ``None``: the series does not exist."""
    expected = (
        [] if value is None else [{"labels": series("", sorted(labels.items())), "value": rounded(value)}]
    )
    return {
        "expr": f"round({record}{selector(labels)}, 0.000001)",
        "eval_time": minutes(minute),
        "exp_samples": expected,
    }


def alert_state(rule: Mapping[str, object], labels: Mapping[str, str], minute: int, firing: bool) -> Check:
    """Whether this very alert fires; its labels are compared in full."""
    own = rule["labels"]
    assert isinstance(own, Mapping)
    name = str(rule["alert"])
    state = {"alertname": name, "alertstate": "firing", **labels, **own}
    chosen = {"alertname": name, "alertstate": "firing"}
    chosen |= {key: own[key] for key in (names.LABEL_OBJECTIVE, names.LABEL_TIER) if key in own}
    chosen |= {key: value for key, value in labels.items() if key not in own}
    sample = {"labels": series("ALERTS", sorted(state.items())), "value": 1}
    return {
        "expr": f"ALERTS{selector(chosen)}",
        "eval_time": minutes(minute),
        "exp_samples": [sample] if firing else [],
    }


def alert_words(
    rule: Mapping[str, object], minute: int, inherited: Mapping[str, str], words: Mapping[str, str]
) -> Check:
    """The whole alert, labels and annotations; ``words`` replace annotations that hold templates."""
    labels, annotations = rule["labels"], rule["annotations"]
    assert isinstance(labels, Mapping)
    assert isinstance(annotations, Mapping)
    expected = {"exp_labels": {**inherited, **labels}, "exp_annotations": {**annotations, **words}}
    return {"eval_time": minutes(minute), "alertname": rule["alert"], "exp_alerts": [expected]}

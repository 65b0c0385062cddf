"""What a test expects of recorded series and of alerts at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from slo.model import conventions as names
from slo.prometheus.names import selector
from slo.prometheus.promtool.notation import minutes, rounded, series

Check = dict[str, object]
Pairs = tuple[tuple[str, str], ...]


def recorded(record: str, labels: Mapping[str, str], minute: int, value: float | None) -> Check:
    """The series has these labels, and no others, and this value; ``None``: the series does not exist."""
    selected, written = _spelled(tuple(labels.items()))
    return {
        "expr": f"round({record}{selected}, 0.000001)",
        "eval_time": minutes(minute),
        "exp_samples": [] if value is None else [{"labels": written, "value": rounded(value)}],
    }


@lru_cache(maxsize=64)
def _spelled(labels: Pairs) -> tuple[str, str]:
    """As a selector has them, and as a sample has them: the same for many checks in a row."""
    return selector(dict(labels)), series("", sorted(labels))


def alert_state(rule: Mapping[str, object], labels: Mapping[str, str], minute: int, firing: bool) -> Check:
    """Whether this very alert fires; its labels are compared in full."""
    own = rule["labels"]
    assert isinstance(own, Mapping)
    asked, sample = _alert_series(str(rule["alert"]), tuple(own.items()), tuple(labels.items()))
    return {
        "expr": asked,
        "eval_time": minutes(minute),
        "exp_samples": [{"labels": sample, "value": 1}] if firing else [],
    }


@lru_cache(maxsize=64)
def _alert_series(name: str, rule_labels: Pairs, group: Pairs) -> tuple[str, str]:
    """What selects this very alert, and all that it carries."""
    own, labels = dict(rule_labels), dict(group)
    state = {"alertname": name, "alertstate": "firing", **labels, **own}
    chosen = {"alertname": name, "alertstate": "firing"}
    chosen |= {key: own[key] for key in (names.LABEL_OBJECTIVE, names.LABEL_TIER) if key in own}
    chosen |= {key: value for key, value in labels.items() if key not in own}
    return f"ALERTS{selector(chosen)}", series("ALERTS", sorted(state.items()))


def alert_words(
    rule: Mapping[str, object], minute: int, inherited: Mapping[str, str], words: Mapping[str, str]
) -> Check:
    """The whole alert, labels and annotations; ``words`` replace annotations that hold templates."""
    labels, annotations = rule["labels"], rule["annotations"]
    assert isinstance(labels, Mapping)
    assert isinstance(annotations, Mapping)
    expected = {"exp_labels": {**inherited, **labels}, "exp_annotations": {**annotations, **words}}
    return {"eval_time": minutes(minute), "alertname": rule["alert"], "exp_alerts": [expected]}

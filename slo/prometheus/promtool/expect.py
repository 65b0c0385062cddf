"""What a test expects of recorded series and of alerts at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from slo.model import conventions as names
from slo.prometheus.names import selector
from slo.prometheus.promtool.notation import digits, minutes, rounded, series
from slo.prometheus.texts import BRACES, plain

Check = dict[str, object]
Pairs = tuple[tuple[str, str], ...]


def recorded(
    record: str, labels: Mapping[str, str], minute: int, value: float | None, divisor: float = 1.0
) -> Check:
    """The series has these labels, and no others, and this value; ``None``: the series does not exist.

    ``divisor`` is the budget where the value is a share of it.
    """
    selected, written = _spelled(tuple(labels.items()))
    decimals = digits(value or 0.0, divisor)
    return {
        "expr": f"round({record}{selected}, {10**-decimals:.{decimals}f})",
        "eval_time": minutes(minute),
        "exp_samples": [] if value is None else [{"labels": written, "value": rounded(value, decimals)}],
    }


@lru_cache(maxsize=64)
def _spelled(labels: Pairs) -> tuple[str, str]:
    """As a selector has them, and as a sample has them: the same for many checks in a row."""
    return selector(dict(labels)), series("", sorted(labels))


def alert_state(rule: Mapping[str, object], labels: Mapping[str, str], minute: int, firing: bool) -> Check:
    """Whether this very alert fires; its labels are compared in full, but for what its author made a
    template."""
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
    filled_in = sorted(key for key, value in own.items() if is_template(value))
    known = {key: plain(value) for key, value in own.items() if key not in filled_in}
    state = {"alertname": name, "alertstate": "firing", **labels, **known}
    chosen = {"alertname": name, "alertstate": "firing"}
    chosen |= {key: known[key] for key in (names.LABEL_OBJECTIVE, names.LABEL_TIER) if key in known}
    chosen |= {key: value for key, value in labels.items() if key not in own}
    found, metric = f"ALERTS{selector(chosen)}", "ALERTS"
    if filled_in:
        found, metric = f"max without ({', '.join(filled_in)}) ({found})", ""
    return found, series(metric, sorted(state.items()))


def alert_words(
    rule: Mapping[str, object], minute: int, inherited: Mapping[str, str], words: Mapping[str, str]
) -> Check:
    """The whole alert, labels and annotations; ``words`` replace annotations that hold templates."""
    labels, annotations = rule["labels"], rule["annotations"]
    assert isinstance(labels, Mapping)
    assert isinstance(annotations, Mapping)
    told = {key: plain(value) for key, value in annotations.items()}
    own = {key: plain(value) for key, value in labels.items()}
    expected = {"exp_labels": {**inherited, **own}, "exp_annotations": {**told, **words}}
    return {"eval_time": minutes(minute), "alertname": rule["alert"], "exp_alerts": [expected]}


def is_template(text: str) -> bool:
    """Whether Prometheus would fill something in."""
    return "{{" in text.replace(BRACES, "")

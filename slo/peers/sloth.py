"""The rules that Sloth generates for one objective.

Follows slok/sloth at v0.16.0, ``internal/plugin/slo/core``: an error ratio for each window, asked of the
series themselves; the period as a mean of the five-minute ratios; one alert each for page and ticket, of two
window pairs joined by ``or``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

from slo.model.promql import quoted, with_window
from slo.peers.numbers import model_duration
from slo.peers.slo import PeerSlo, Rule, Tool

RATIO = "slo:sli_error:ratio_rate"
WINDOW = "sloth_window"


@dataclass(frozen=True, slots=True)
class WindowPair:
    """``percent`` of the budget spent within ``long``."""

    percent: float
    short: timedelta
    long: timedelta

    def factor(self, period: timedelta) -> float:
        return self.percent * (period / timedelta(hours=1)) / 100 / (self.long / timedelta(hours=1))


Windows = Mapping[str, tuple[WindowPair, WindowPair]]
"""Quick and slow of ``page`` and ``ticket``."""

_MINUTE = timedelta(minutes=1)
PERIOD = timedelta(days=30)
DEFAULT: Windows = {
    "page": (WindowPair(2, 5 * _MINUTE, 60 * _MINUTE), WindowPair(5, 30 * _MINUTE, 360 * _MINUTE)),
    "ticket": (WindowPair(10, 120 * _MINUTE, 1440 * _MINUTE), WindowPair(10, 360 * _MINUTE, 4320 * _MINUTE)),
}


@dataclass(frozen=True, slots=True)
class SlothSlo:
    """What a file of Sloth's says of one objective; ``error_ratio`` has Sloth's window placeholder."""

    service: str
    name: str
    objective: Fraction
    error_ratio: str
    file: str
    line: int | None
    labels: Mapping[str, str] = field(default_factory=dict)
    alert_name: str = ""
    alerts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # labels of each kind not disabled

    @property
    def identity(self) -> str:
        return f"{self.service}-{self.name}"


def sloth_rules(slo: SlothSlo, windows: Windows = DEFAULT, period: timedelta = PERIOD) -> PeerSlo:
    matchers = _matchers(_identity(slo))
    rules = [*_ratios(slo, windows, period, matchers), *_alerts(slo, windows, period, matchers)]
    return PeerSlo(
        Tool.SLOTH,
        slo.identity,
        f"{slo.service}/{slo.name}",
        slo.file,
        slo.line,
        slo.objective / 100,
        period,
        rules,
        f"{RATIO}{model_text(period)}{matchers}",
    )


def model_text(window: timedelta) -> str:
    """Sloth names windows of many days in days: ``30d``."""
    days, rest = divmod(window, timedelta(days=1))
    return model_duration(window) if rest else f"{days}d"


def _identity(slo: SlothSlo) -> dict[str, str]:
    return {"sloth_id": slo.identity, "sloth_service": slo.service, "sloth_slo": slo.name}


def _matchers(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}={quoted(value)}" for key, value in labels.items()) + "}"


def _ratios(slo: SlothSlo, windows: Windows, period: timedelta, matchers: str) -> Iterator[Rule]:
    asked = sorted(
        {length for pairs in windows.values() for pair in pairs for length in (pair.short, pair.long)}
    )
    for window in [*asked, period]:
        text = model_text(window)
        expr = with_window(slo.error_ratio, text)
        if window == period:
            base = f"{RATIO}{model_text(windows['page'][0].short)}{matchers}[{text}]"
            expr = f"sum_over_time({base}) / ignoring({WINDOW}) count_over_time({base})"
        yield {"record": RATIO + text, "expr": expr, "labels": {**slo.labels, **_identity(slo), WINDOW: text}}


def _alerts(slo: SlothSlo, windows: Windows, period: timedelta, matchers: str) -> Iterator[Rule]:
    budget = (100 - float(slo.objective)) / 100
    for kind, labels in slo.alerts.items():
        pairs = [_pair(pair, pair.factor(period), budget, matchers) for pair in windows[kind]]
        expr = "(" + ") or (".join(pairs) + ")"
        yield {"alert": slo.alert_name, "expr": expr, "labels": {"sloth_severity": kind, **labels}}


def _pair(pair: WindowPair, factor: float, budget: float, matchers: str) -> str:
    return " and ".join(
        f"max({RATIO}{model_text(window)}{matchers} > ({factor!r} * {budget!r})) without ({WINDOW})"
        for window in (pair.short, pair.long)
    )


def ratio_of(errors: str, total: str) -> str:
    return f"({errors}) / ({total})"

"""Tests of the alerts alone, on burn rates that are fed: the factor closely, both windows, the words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from math import ceil

from foundation.quantities import decimal_text, duration_text, percent_text, short_text
from slo.model import conventions as names
from slo.model.spec import Objective, Slo, Tier
from slo.prometheus.alerts import burn_alert
from slo.prometheus.names import series_labels
from slo.prometheus.promtool.events import TestCase, case
from slo.prometheus.promtool.expect import alert_state, alert_words
from slo.prometheus.promtool.groups import recorded_group
from slo.prometheus.promtool.notation import number, series
from slo.prometheus.texts import ENGLISH, PORTUGUESE, UNIT_WORDS

PHASE = 3  # minutes a pair of burn rates is held
_MINUTE = timedelta(minutes=1)


def alert_tests(slo: Slo, environment: str) -> Iterator[TestCase]:
    for objective in slo.objectives:
        for tier in slo.tiers:
            yield _threshold(slo, objective, tier, environment)
            if tier.factor(slo.window.length) * objective.budget < 1:
                yield _words(slo, objective, tier, environment)
            if slo.min_events or slo.min_bad_events:
                yield _few_events(slo, objective, tier, environment)


def _labels(slo: Slo, objective: Objective, environment: str) -> list[tuple[str, str]]:
    groups = recorded_group(slo)
    return sorted({**series_labels(slo, objective, environment), **groups}.items())


def _threshold(slo: Slo, objective: Objective, tier: Tier, environment: str) -> TestCase:
    """Above in both windows fires; above in one, below in both, or exactly at the factor does not."""
    text = decimal_text(tier.factor(slo.window.length))
    factor = float(text)
    high, low = factor * 1.0005, factor * 0.9995
    pairs = [(low, low), (high, low), (low, high), (factor, high), (high, factor), (high, high), (low, low)]
    if tier.long_window == tier.short_window:
        pairs = [(low, low), (factor, factor), (high, high), (low, low)]
    held = PHASE + tier.alert_after // _MINUTE
    rule, group = burn_alert(slo, objective, tier, environment), recorded_group(slo)
    checks = [
        alert_state(rule, group, (index + 1) * held - 1, min(pair) > factor)
        for index, pair in enumerate(pairs)
    ]
    if tier.alert_after:
        checks.append(alert_state(rule, group, pairs.index((high, high)) * held, False))
    own = _labels(slo, objective, environment)
    feeds = {
        names.record_burn_rate(tier.long_window): [pair[0] for pair in pairs],
        names.record_burn_rate(tier.short_window): [pair[1] for pair in pairs],
    }
    fed = [{"series": series(record, own), "values": _held(values, held)} for record, values in feeds.items()]
    if slo.min_events or slo.min_bad_events:
        total = series(names.record_total(tier.long_window), own)
        fed.append({"series": total, "values": f"{_enough(slo, objective, low)}x{held * len(pairs)}"})
    return case(f"{tier.name} of {objective.name} needs both windows above {text}", fed, checks)


def _held(values: list[float], held: int) -> str:
    return " ".join(f"{number(value)}x{held - 1}" for value in values)


def _enough(slo: Slo, objective: Objective, burn: float) -> int:
    """The fewest events of which, at that burn rate, enough are bad."""
    least = float(slo.least_burnt(objective)) / burn if slo.min_bad_events else 0.0
    return max(slo.min_events, ceil(least))


def _few_events(slo: Slo, objective: Objective, tier: Tier, environment: str) -> TestCase:
    own = _labels(slo, objective, environment)
    held = PHASE + tier.alert_after // _MINUTE
    rule, group = burn_alert(slo, objective, tier, environment), recorded_group(slo)
    burn = float(tier.factor(slo.window.length)) * 2
    high, enough = number(burn), _enough(slo, objective, burn)
    fed = [
        {"series": series(record, own), "values": f"{high}x{held * 2}"}
        for record in dict.fromkeys(
            (names.record_burn_rate(tier.long_window), names.record_burn_rate(tier.short_window))
        )
    ]
    totals = f"{enough - 1}x{held - 1} {enough}x{held}"
    fed.append({"series": series(names.record_total(tier.long_window), own), "values": totals})
    checks = [
        alert_state(rule, group, held - 1, False),
        alert_state(rule, group, 2 * held - 1, True),
    ]
    return case(f"{tier.name} of {objective.name} waits for {enough} events", fed, checks)


def _words(slo: Slo, objective: Objective, tier: Tier, environment: str) -> TestCase:
    """The whole alert, labels and annotations, with numbers that are easy to follow."""
    rule = burn_alert(slo, objective, tier, environment)
    own = _labels(slo, objective, environment)
    known = _Numbers(slo, objective, tier)
    held = PHASE + tier.alert_after // _MINUTE
    fed = [
        {"series": series(record, own), "values": f"{number(value)}x{held}"}
        for record, value in known.series().items()
    ]
    labels = rule["labels"]
    assert isinstance(labels, Mapping)
    inherited = {key: value for key, value in own if key not in labels}
    test = case(f"{tier.name} of {objective.name} says what it saw", fed, [])
    test.pop("promql_expr_test")
    test["alert_rule_test"] = [alert_words(rule, held - 1, inherited, known.annotations())]
    return test


class _Numbers:
    """Counts to feed, and the words they become. Burn rates follow from the counts by the rules."""

    def __init__(self, slo: Slo, objective: Objective, tier: Tier) -> None:
        self._slo, self._objective, self._tier = slo, objective, tier
        self._total = float(max(400_000, slo.min_events, 1_000 * slo.min_bad_events))
        worst = 1 / float(objective.budget)
        factor = float(tier.factor(slo.window.length))
        self._long = self._count(min(factor * 1.5, (factor + worst) / 2))
        one_window = tier.long_window == tier.short_window
        self._short = self._long if one_window else self._count(min(factor * 2, (factor + 2 * worst) / 3))

    def _count(self, wanted: float) -> tuple[float, float]:
        """``(good, burn)`` with a whole number of good events."""
        good = float(round(self._total * (1 - wanted * float(self._objective.budget))))
        return good, (1 - good / self._total) / float(self._objective.budget)

    def series(self) -> dict[str, float]:
        """A quarter of the budget is spent, half of the period is known."""
        long, short = self._tier.long_window, self._tier.short_window
        return {
            names.record_good(long): self._long[0],
            names.record_total(long): self._total,
            names.record_good(short): self._short[0],
            names.record_total(short): self._total,
            names.RECORD_BUDGET_REMAINING: 0.75,
            names.RECORD_HISTORY: 0.5,
        }

    def annotations(self) -> dict[str, str]:
        slo, tier, burn = self._slo, self._tier, self._long[1]
        seconds = 0.75 * (slo.window.length // timedelta(seconds=1)) / burn
        looked_up = {
            "long_burn": f"{burn:.2f}",
            "long_good": f"{self._long[0]:.0f}",
            "long_total": f"{self._total:.0f}",
            "short_burn": f"{self._short[1]:.2f}",
            "short_good": f"{self._short[0]:.0f}",
            "short_total": f"{self._total:.0f}",
        }
        words = looked_up | self._fixed() | {"lasts": humanized(seconds)}
        unit, unit_pt = UNIT_WORDS[slo.unit]
        title, title_pt = slo.display_name, slo.texts.get("display_name_pt", slo.display_name)
        computed = {
            "summary": f"{title}: burning {burn:.1f}x over {words['long']}",
            "summary_pt": f"{title_pt}: queimando {burn:.1f}x em {words['long']}",
            "description": ENGLISH.format_map(words | {"unit": unit}),
            "description_pt": PORTUGUESE.format_map(words | {"unit": unit_pt.capitalize()}),
            "budget_spent": "0.2500",
            "history": "0.5000",
            "exhaustion_seconds": f"{seconds:.0f}",
            **({} if slo.grouping.exact else {names.ANNOTATION_GROUP: " ".join(recorded_group(slo)) + " "}),
            **looked_up,
        }
        return {key: value for key, value in computed.items() if key not in tier.annotations}

    def _fixed(self) -> dict[str, str]:
        slo, tier = self._slo, self._tier
        return {
            "long": duration_text(tier.long_window),
            "short": duration_text(tier.short_window),
            "factor": short_text(tier.factor(slo.window.length)),
            "share": percent_text(tier.budget_share),
            "target": percent_text(self._objective.target),
            "period": duration_text(slo.window.length),
            "spent": "25%",
            "history": "50%",
        }


def humanized(seconds: float) -> str:
    """Prometheus's ``humanizeDuration`` for a second or more: ``1d 13h 30m 0s``."""
    whole = int(seconds)
    days, hours, mins, rest = whole // 86_400, whole // 3_600 % 24, whole // 60 % 60, whole % 60
    if days:
        return f"{days}d {hours}h {mins}m {rest}s"
    if hours:
        return f"{hours}h {mins}m {rest}s"
    return f"{mins}m {rest}s" if mins else f"{seconds:.4g}s"

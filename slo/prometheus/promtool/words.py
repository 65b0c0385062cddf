"""Tests of what an alert says: the whole of it, labels and annotations, from counts that are easy to follow.

promtool compares every alert of a name that fires, and one name may stand for every tier of an SLO. So
whatever fires on these counts is worked out, and expected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from foundation.quantities import duration_text, percent_text, rounded_percent_text, short_text
from slo.model import conventions as names
from slo.model.spec import Objective, Slo, Tier
from slo.prometheus.alerts import burn_alert
from slo.prometheus.counts import counts_over_window
from slo.prometheus.names import series_labels
from slo.prometheus.promtool.alone import APART, fed_labels
from slo.prometheus.promtool.events import TestCase, case
from slo.prometheus.promtool.expect import alert_words, is_template
from slo.prometheus.promtool.groups import recorded_group
from slo.prometheus.promtool.notation import number, series
from slo.prometheus.records import BASE, LONGEST_DIRECT, LONGEST_SLIDING
from slo.prometheus.texts import ENGLISH, PORTUGUESE, UNIT_WORDS

HELD = 3  # samples, the first after a minute: what is added up hourly starts from nothing
_MINUTE = timedelta(minutes=1)
_LEFT = {names.RECORD_BUDGET_REMAINING: 0.75, names.RECORD_HISTORY: 0.5}


def words_test(slo: Slo, objective: Objective, tier: Tier, environment: str) -> Iterator[TestCase]:
    """Nothing where no counts make it fire, or where templates of its author would have to be filled in."""
    group = fed_labels(slo)
    fed = None if APART.keys() <= group.keys() else _counts(slo, objective, tier)
    if fed is None:
        return
    at = HELD + tier.alert_after // _MINUTE
    firing = [one for one in slo.tiers if fed.fires(one, at)]
    rules = [burn_alert(slo, objective, one, environment) for one in firing]
    wanted = burn_alert(slo, objective, tier, environment)
    alike = [(one, rule) for one, rule in zip(firing, rules, strict=True) if rule["alert"] == wanted["alert"]]
    own_texts = [(*one.labels.values(), *one.annotations.values()) for one, _ in alike]
    if fed.of(slo.window.length, at) is not None:  # what is left of the budget follows from these counts
        return
    if tier not in firing or any(is_template(text) for texts in own_texts for text in texts):
        return
    own = sorted({**series_labels(slo, objective, environment), **group}.items())
    shown = {**fed.fed, **_LEFT}
    inputs = [
        {"series": series(record, own), "values": f"_ {number(value)}x{at}"}
        for record, value in shown.items()
    ]
    test = case(f"{tier.name} of {objective.name} says what it saw", inputs, [])
    test.pop("promql_expr_test")
    expected = [
        alert_words(rule, at, {k: v for k, v in own if k not in labels_of(rule)}, fed.annotations(one, at))
        for one, rule in alike
    ]
    whole = expected[0]
    whole["exp_alerts"] = [alert for one in expected for alert in _alerts(one)]
    test["alert_rule_test"] = [whole]
    yield test


def labels_of(rule: Mapping[str, object]) -> Mapping[str, str]:
    labels = rule["labels"]
    assert isinstance(labels, Mapping)
    return labels


def _alerts(expected: Mapping[str, object]) -> list[object]:
    alerts = expected["exp_alerts"]
    assert isinstance(alerts, list)
    return alerts


def _counts(slo: Slo, objective: Objective, tier: Tier) -> _Counts | None:
    """Burning half as fast again as the tier allows, and twice as fast in its short window, if errors can."""
    factor, budget = float(tier.factor(slo.window.length)), float(objective.budget)
    worst, total = 1 / budget, float(max(400_000, 2 * slo.min_events, 1_000 * slo.min_bad_events))
    found: dict[timedelta, tuple[float, float]] = {}
    for window, wanted in (
        (tier.long_window, min(factor * 1.5, (factor + worst) / 2)),
        (tier.short_window, min(factor * 2, (factor + 2 * worst) / 3)),
    ):
        good = total * (1 - wanted * budget)
        found.setdefault(window, (float(round(good)) if good > 1 else good, total))
    if counts_over_window(slo) and BASE in found and LONGEST_DIRECT < tier.long_window <= LONGEST_SLIDING:
        del found[tier.long_window]
    return _Counts(slo, objective, found)


@dataclass(frozen=True)
class _Counts:
    """``(good, total)`` of the windows that are fed; the rules add up some of the others."""

    slo: Slo
    objective: Objective
    windows: Mapping[timedelta, tuple[float, float]]

    @property
    def fed(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for window, (good, total) in self.windows.items():
            found |= {names.record_good(window): good, names.record_total(window): total}
        return found

    def of(self, window: timedelta, at: int) -> tuple[float, float] | None:
        """What is known of a window at that minute."""
        if window in self.windows:
            return self.windows[window]
        added_up = counts_over_window(self.slo) and LONGEST_DIRECT < window <= LONGEST_SLIDING
        if not added_up or BASE not in self.windows:
            return None
        samples = min(at, window // _MINUTE)
        good, total = self.windows[BASE]
        return good * samples / (BASE // _MINUTE), total * samples / (BASE // _MINUTE)

    def burn(self, window: timedelta, at: int) -> float | None:
        counts = self.of(window, at)
        return None if counts is None else max(0.0, 1 - counts[0] / counts[1]) / float(self.objective.budget)

    def fires(self, tier: Tier, at: int) -> bool:
        counts = self.of(tier.long_window, at)
        burns = [self.burn(window, at) for window in (tier.long_window, tier.short_window)]
        factor, waited = float(tier.factor(self.slo.window.length)), at - 1 >= tier.alert_after // _MINUTE
        if counts is None or not waited or not all(burn is not None and burn > factor for burn in burns):
            return False
        good, total = counts
        return total >= self.slo.min_events and total - good > self.slo.min_bad_events - 0.5

    def annotations(self, tier: Tier, at: int) -> dict[str, str]:
        """A quarter of the budget is spent, half of the period is known."""
        long, short = self.of(tier.long_window, at), self.of(tier.short_window, at)
        burn, short_burn = self.burn(tier.long_window, at), self.burn(tier.short_window, at)
        assert long is not None
        assert short is not None
        assert burn is not None
        assert short_burn is not None
        seconds = 0.75 * (self.slo.window.length // timedelta(seconds=1)) / burn
        looked_up = {
            "long_burn": f"{burn:.2f}",
            "long_good": f"{long[0]:.0f}",
            "long_total": f"{long[1]:.0f}",
            "short_burn": f"{short_burn:.2f}",
            "short_good": f"{short[0]:.0f}",
            "short_total": f"{short[1]:.0f}",
        }
        words = looked_up | self._fixed(tier) | {"lasts": humanized(seconds)}
        unit, unit_pt = UNIT_WORDS[self.slo.unit]
        title = self.slo.display_name
        title_pt = self.slo.texts.get("display_name_pt", title)
        computed = {
            "summary": f"{title}: burning {burn:.1f}x over {words['long']}",
            "summary_pt": f"{title_pt}: queimando {burn:.1f}x em {words['long']}",
            "description": ENGLISH.format_map(words | {"unit": unit}),
            "description_pt": PORTUGUESE.format_map(words | {"unit": unit_pt.capitalize()}),
            "budget_spent": "0.2500",
            "history": "0.5000",
            "exhaustion_seconds": f"{seconds:.0f}",
            **self._group(),
            **looked_up,
        }
        return {key: value for key, value in computed.items() if key not in tier.annotations}

    def _group(self) -> dict[str, str]:
        if self.slo.grouping.exact:
            return {}
        return {names.ANNOTATION_GROUP: " ".join(recorded_group(self.slo)) + " "}

    def _fixed(self, tier: Tier) -> dict[str, str]:
        slo = self.slo
        return {
            "long": duration_text(tier.long_window),
            "short": duration_text(tier.short_window),
            "factor": short_text(tier.factor(slo.window.length)),
            "share": rounded_percent_text(tier.budget_share),
            "target": percent_text(self.objective.target),
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

"""Tests of the alerts alone, on burn rates that are fed: the factor closely, both windows, the words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from math import ceil

from foundation.quantities import decimal_text
from slo.model import conventions as names
from slo.model.spec import Objective, Slo, Tier
from slo.prometheus.alerts import burn_alert
from slo.prometheus.names import series_labels
from slo.prometheus.promtool.alone import fed_labels
from slo.prometheus.promtool.events import TestCase, case
from slo.prometheus.promtool.expect import alert_state
from slo.prometheus.promtool.notation import number, series
from slo.prometheus.promtool.words import words_test

PHASE = 3  # minutes a pair of burn rates is held
_MINUTE = timedelta(minutes=1)


def alert_tests(slo: Slo, environment: str) -> Iterator[TestCase]:
    for objective in slo.objectives:
        for tier in slo.tiers:
            yield _threshold(slo, objective, tier, environment)
            yield from words_test(slo, objective, tier, environment)
            if slo.min_bad_events:
                yield _few_bad(slo, objective, tier, environment)
            if slo.min_events:
                yield _few_events(slo, objective, tier, environment)


def _labels(slo: Slo, objective: Objective, environment: str) -> list[tuple[str, str]]:
    return sorted({**series_labels(slo, objective, environment), **fed_labels(slo)}.items())


def _threshold(slo: Slo, objective: Objective, tier: Tier, environment: str) -> TestCase:
    """Above in both windows fires; above in one, below in both, or exactly at the factor does not."""
    text = decimal_text(tier.factor(slo.window.length))
    factor = float(text)
    high, low = factor * 1.0005, factor * 0.9995
    pairs = [(low, low), (high, low), (low, high), (factor, high), (high, factor), (high, high), (low, low)]
    if tier.long_window == tier.short_window:
        pairs = [(low, low), (factor, factor), (high, high), (low, low)]
    held = PHASE + tier.alert_after // _MINUTE
    rule, group = burn_alert(slo, objective, tier, environment), fed_labels(slo)
    many = _enough(slo, objective, low)
    least = float(slo.least_burnt(objective)) if slo.min_bad_events else 0.0
    checks = [
        alert_state(rule, group, (index + 1) * held - 1, min(pair) > factor and pair[0] * many >= least)
        for index, pair in enumerate(pairs)
    ]
    if tier.alert_after:
        checks.append(alert_state(rule, group, pairs.index((high, high)) * held, False))
    fed = _burns(slo, objective, tier, environment, pairs, held)
    total = series(names.record_total(tier.long_window), _labels(slo, objective, environment))
    fed.append({"series": total, "values": f"{number(many)}x{held * len(pairs)}"})
    return case(f"{tier.name} of {objective.name} needs both windows above {text}", fed, checks)


def _burns(
    slo: Slo,
    objective: Objective,
    tier: Tier,
    environment: str,
    pairs: list[tuple[float, float]],
    held: int,
) -> list[dict[str, str]]:
    own = _labels(slo, objective, environment)
    feeds = {
        names.record_burn_rate(tier.long_window): [pair[0] for pair in pairs],
        names.record_burn_rate(tier.short_window): [pair[1] for pair in pairs],
    }
    return [
        {"series": series(record, own), "values": " ".join(f"{number(v)}x{held - 1}" for v in values)}
        for record, values in feeds.items()
    ]


def _enough(slo: Slo, objective: Objective, burn: float) -> int:
    """The fewest events of which, at that burn rate, enough are bad; at least one."""
    least = ceil(float(slo.least_burnt(objective)) / burn) if slo.min_bad_events else 1
    return max(slo.min_events, least)


def _few_events(slo: Slo, objective: Objective, tier: Tier, environment: str) -> TestCase:
    """A little less than enough events, then exactly as many as the definition asks for."""
    burn = float(tier.factor(slo.window.length)) * 2
    enough_bad = _enough(slo, objective, burn) == slo.min_events
    steps = [(slo.min_events - 0.25, False), (float(slo.min_events), enough_bad)]
    name = f"{tier.name} of {objective.name} waits for {slo.min_events} events"
    return _stepped(slo, objective, tier, environment, burn, steps, name)


def _few_bad(slo: Slo, objective: Objective, tier: Tier, environment: str) -> TestCase:
    """A little less than enough bad events, then exactly as many as the definition asks for."""
    burn, exact = _exactly(float(slo.least_burnt(objective)), float(tier.factor(slo.window.length)))
    steps = [(exact * 0.999, False), (exact, exact >= slo.min_events)]
    name = f"{tier.name} of {objective.name} waits for {slo.min_bad_events} bad"
    return _stepped(slo, objective, tier, environment, burn, steps, name)


def _stepped(
    slo: Slo,
    objective: Objective,
    tier: Tier,
    environment: str,
    burn: float,
    steps: list[tuple[float, bool]],
    name: str,
) -> TestCase:
    """One burn rate throughout; at each step another number of events in the long window."""
    held = PHASE + tier.alert_after // _MINUTE
    rule, group = burn_alert(slo, objective, tier, environment), fed_labels(slo)
    checks = [alert_state(rule, group, (index + 1) * held - 1, told) for index, (_, told) in enumerate(steps)]
    fed = _burns(slo, objective, tier, environment, [(burn, burn)] * len(steps), held)
    totals = " ".join(f"{number(total)}x{held - 1}" for total, _ in steps)
    own = _labels(slo, objective, environment)
    fed.append({"series": series(names.record_total(tier.long_window), own), "values": totals})
    return case(name, fed, checks)


def _exactly(product: float, above: float) -> tuple[float, float]:
    """A burn rate above the factor and a number of events whose product is exactly this."""
    most = max(1, int(product / above) - 1)
    for total in range(most, max(0, most - 1_000), -1):
        if product / total > above and product / total * total == product:
            return product / total, float(total)
    return above * 2, product / (above * 2) * 1.0001

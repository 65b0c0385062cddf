"""Definitions at random, of every shape that files of strangers have: for properties, not for reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from random import Random
from typing import TypeVar

from slo import lint
from slo.indicators.ratio import RatioIndicator, RawIndicator
from slo.indicators.threshold import ThresholdIndicator
from slo.lint import FindingLevel
from slo.loaders.objectives import CALENDAR_UNITS
from slo.model.catalogue import Catalogue
from slo.model.promql import quoted
from slo.model.spec import BudgetingMethod, Indicator, MetricQuery, Objective, Slo, Tier, Window

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ODD = "\"\\'{}[]()|.*+?^$ \n\té€ñ%,;=~`#abcXYZ019"
WORD = "abcXYZ019-_"
METRICS = ("requests_total", "http:hits", "a", "grpc_server_handled_total", "_errors", "x_count")
LABELS = ("code", "job", "le", "route", "_x", "Method")
PATTERNS = ("5..", "4..|5..", "(5..|429)", "2.*", ".+", "[1-4]..", "a|b|c", "api-.*", "GET|POST", "",
            "o\\\\.k")  # fmt: skip
LONG = (5, 10, 30, 60, 90, 120, 240, 360, 720, 1440, 2880, 4320, 10080)  # minutes
SHORTER = (1, 2, 6, 12, 24)
TARGETS = ("0.5", "0.75", "0.9", "0.95", "0.99", "0.999", "0.9995", "0.9999", "0.99999", "0.999999",
           "0.9999999", "0.99999999", "0.999999999", "0.987654321")  # fmt: skip

T = TypeVar("T")


def definitions(seed: int, count: int) -> Catalogue:
    """That many sound definitions: what ``check`` refuses is left out."""
    dice = Dice(seed)
    found: list[Slo] = []
    while len(found) < count:
        slo = replace(dice.slo(), name=f"n{len(found)}-{dice.text(WORD, 6)}z")
        if not any(one.level is FindingLevel.ERROR for one in lint.check(Catalogue(slos=(slo,)))):
            found.append(slo)
    return Catalogue(slos=tuple(sorted(found, key=lambda slo: slo.id)))


class Dice:
    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def one(self, choices: Sequence[T]) -> T:
        return self._random.choice(choices)

    def some(self, choices: Sequence[T], most: int) -> list[T]:
        return self._random.sample(choices, self._random.randint(0, min(most, len(choices))))

    def text(self, alphabet: str, most: int) -> str:
        return "".join(self._random.choices(alphabet, k=self._random.randint(0, most)))

    def maybe(self) -> bool:
        return self._random.random() < 0.5

    def labels(self, names: Sequence[str], *, template: bool = False) -> dict[str, str]:
        """A tier's own texts are templates of Prometheus: braces in them mean something."""
        alphabet = ODD.replace("{", "") if template else ODD
        return {name: self.text(alphabet, 12) for name in self.some(names, 2)}

    def selector(self, metric: str = "") -> str:
        inside = ",".join(self._matcher(label) for label in self.some(LABELS, 3))
        return (metric or self.one(METRICS)) + (f"{{{inside}}}" if inside else "")

    def _matcher(self, label: str) -> str:
        op = self.one(["=", "=", "!=", "=~", "!~"])
        value = self.one(PATTERNS) if "~" in op else self.one(["500", "ok", self.text(ODD, 8)])
        return f"{label}{op}{quoted(value)}"

    def count(self, function: str, group: Sequence[str], metric: str) -> str:
        """A count of events as people write one."""
        by = f"sum by ({', '.join(group)}) " if group else "sum"
        a, b = (f"{by}({function}({self.selector(metric)}[{{{{.window}}}}]))" for _ in range(2))
        shapes = [a, a, f"{a} + {b}", f"{a} - {b}", f"{a} or vector(0)", f"2 * {a}"]
        return self.one([*shapes, f"({a} or vector(0)) + ({b} or vector(0))"])

    def gauge(self) -> str:
        a, b = self.selector(), self.selector()
        quotient = f"sum(rate({a}[5m])) / sum(rate({b}[5m]))"
        shapes = [a, f"max({a})", f"1 - {a}", f"{a} or vector(0)", f"avg_over_time({a}[5m])", quotient]
        quantile = f"histogram_quantile(0.99, sum by (le) (rate({a}[5m])))"
        return self.one([*shapes, f"{quotient} or vector(0)", quantile])

    def indicator(self, group: Sequence[str]) -> Indicator:
        kind = self.one(["ratio", "ratio", "ratio", "raw", "threshold"])
        if kind == "ratio":
            function, metric = self.one(["increase", "rate"]), self.one([*METRICS, ""])
            total, part = (MetricQuery("Prometheus", self.count(function, group, metric)) for _ in range(2))
            return RatioIndicator(total, good=part) if self.maybe() else RatioIndicator(total, bad=part)
        metric_query = MetricQuery("Prometheus", self.gauge())
        if kind == "raw":
            return RawIndicator(metric_query, self.one(["success", "failure"]))
        return ThresholdIndicator(metric_query)

    def tiers(self, period: timedelta, budget: Fraction) -> tuple[Tier, ...]:
        """Up to six, with factors from 1 up to what errors can reach."""
        shared = self.one(["", "", "Shared", "An odd: name"])
        labels = self.labels(["team", "cost-centre", "env"], template=True)
        longs = self.some([minutes for minutes in LONG if minutes * MINUTE <= period], 6)
        return tuple(
            self._tier(f"tier-{index}", long * MINUTE, period, budget, shared, labels)
            for index, long in enumerate(longs)
        )

    def _tier(
        self,
        name: str,
        long: timedelta,
        period: timedelta,
        budget: Fraction,
        shared: str,
        labels: dict[str, str],
    ) -> Tier:
        share = Fraction(long // MINUTE, period // MINUTE)
        most = min(1 / share, 1 / budget)
        factor = 1 + (most - 1) * Fraction(self._random.randint(0, 999), 1000)
        return Tier(
            name,
            factor * share,
            long,
            long / self.one([part for part in SHORTER if not (long / part) % MINUTE]),
            self.one(["P1", "P2", "P3", "P4"]),
            alert_after=self.one([0, 0, 0, 2, 10]) * MINUTE,
            alert_name=shared,
            labels=labels,
            annotations=self.labels(["runbook", "title"], template=True),
        )

    def window(self) -> Window:
        if self.maybe():
            return Window(self.one([1, 2, 5, 7, 14, 28, 30, 31, 60, 90]) * DAY)
        unit, length = CALENDAR_UNITS[self.one("dwMQ")]
        return Window(length, unit, "America/Sao_Paulo", "2026-01-01 00:00:00")

    def objective(self, indicator: Indicator, method: BudgetingMethod) -> Objective:
        bounded, sliced = indicator.is_bounded, method is not BudgetingMethod.OCCURRENCES
        judged = method is BudgetingMethod.TIMESLICES
        return Objective(
            "main",
            Fraction(self.one(TARGETS)),
            op=self.one(["lt", "lte", "gt", "gte"]) if bounded else None,
            value=Fraction(self._random.randint(-5, 1000), 8) if bounded else None,
            time_slice_target=Fraction(self.one(["0.5", "0.9", "0.999", "1"])) if judged else None,
            time_slice_window=self.one([1, 1, 5]) * MINUTE if sliced else None,
        )

    def slo(self) -> Slo:
        group: tuple[str, ...] = self.one([(), (), (), ("region",), ("tenant",), ("cluster", "region")])
        indicator = self.indicator(group)
        group = group if indicator.events is not None else ()
        method = self.one([BudgetingMethod.OCCURRENCES] * 4 + [*BudgetingMethod])
        objective = self.objective(indicator, method)
        objectives = [objective]
        if self.maybe():
            objectives.append(replace(objective, name="strict", target=1 - objective.budget / 2))
        window = self.window()
        return Slo(
            service=f"s{self.text(WORD, 6)}v",
            name="",
            display_name=self.text(ODD, 12) or "an SLO",
            description=self.text(ODD, 12),
            indicator=indicator,
            method=method,
            window=window,
            objectives=tuple(objectives),
            tiers=self.tiers(window.length, objective.budget),
            summed_to=group,
            min_events=self.one([0, 0, 2, 20, 5000]),
            min_bad_events=self.one([0, 0, 3]),
            no_data_severity=self.one([None, "P3", "P1"]),
            no_data_after=self.one([1, 5, 10, 60]) * MINUTE,
            labels=self.labels(["team", "cost-centre", "é"]),
            texts=self.one([{}, {"display_name_pt": "Título {{ }} ção"}]),
        )

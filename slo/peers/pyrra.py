"""The rules that Pyrra generates for one objective: burn rates (error ratios) of eight windows, four alerts,
and one for each metric that is absent.

Follows pyrra-dev/pyrra at v0.10.1, ``slo/rules.go``. What it records for its own pages only (the increase of
the period) is left out; ``error_ratio`` says the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

import promql_parser

from foundation.located import Section
from slo.model.promql import Selector, as_selector, quoted
from slo.peers.numbers import model_duration, rounded_to_minutes
from slo.peers.slo import PeerSlo, Rule, Tool

PROPAGATED = "pyrra.dev/"
SEVERITIES = ("fastBurn", "mediumBurn", "slowBurn", "longTermBurn")


@dataclass(frozen=True, slots=True)
class PyrraWindow:
    severity: str
    held: timedelta
    long: timedelta
    short: timedelta
    factor: int


def windows_of(period: timedelta) -> tuple[PyrraWindow, ...]:
    """Chosen for 28 days, scaled with the period and rounded to minutes."""

    def share(parts: int) -> timedelta:
        return rounded_to_minutes(period / parts)

    return (
        PyrraWindow("critical", share(28 * 24 * 30), share(28 * 24), share(28 * 24 * 12), 14),
        PyrraWindow("critical", share(28 * 24 * 4), share(28 * 4), share(28 * 24 * 2), 7),
        PyrraWindow("warning", share(28 * 24), share(28), share(28 * 12), 2),
        PyrraWindow("warning", share(28 * 8), share(7), share(28 * 4), 1),
    )


@dataclass(frozen=True, slots=True)
class PeerRatio:
    """Error ratio of a window, over the metrics ``asked``; the first of them is the total."""

    grouping: tuple[str, ...]
    asked: tuple[Selector, ...]
    kind: str  # ratio | latency | latencyNative | bool_gauge
    seconds: str = ""

    def ratio(self, window: str) -> str:
        own = f"by ({','.join(sorted(set(self.grouping)))}) " if self.grouping else ""
        total = self.asked[0].text
        if self.kind == "latencyNative":
            return f"1 - histogram_fraction(0, {self.seconds}, sum {own}(rate({total}[{window}])))"
        if self.kind == "bool_gauge":
            counted = f"sum {own}(count_over_time({total}[{window}]))"
            return f"({counted} - sum {own}(sum_over_time({total}[{window}]))) / {counted}"
        counted = f"sum {own}(rate({total}[{window}]))"
        part = f"sum {own}(rate({self.asked[1].text}[{window}]))"
        return f"{part} / {counted}" if self.kind == "ratio" else f"({counted} - {part}) / {counted}"

    @property
    def stem(self) -> str:
        return self.asked[0].name.removesuffix("_total").removesuffix("_count")


def from_pyrra(document: Section, *, le_of_both: bool = True) -> PeerSlo | None:
    """``le_of_both``: its ``--enable-prometheus-3-migration``, which is on unless switched off."""
    metadata, spec = document.section("metadata"), document.section("spec")
    if metadata is None or spec is None:
        return None
    target, period = spec.number("target"), spec.duration("window")
    counted = _counted(spec.section("indicator"), le_of_both)
    if target is None or period is None or counted is None:
        return None
    name = metadata.text("name")
    own = {
        key.removeprefix(PROPAGATED): value
        for key, value in metadata.labels("labels").items()
        if key.startswith(PROPAGATED)
    }
    rules = _Rules(
        name, {"slo": name, **own}, target / 100, period, counted, _Alerting(spec.section("alerting"))
    )
    return PeerSlo(
        Tool.PYRRA,
        name,
        name,
        document.file,
        document.line,
        target / 100,
        period,
        list(rules.all()),
        counted.ratio(model_duration(period)),
    )


def _counted(section: Section | None, le_of_both: bool) -> PeerRatio | None:
    if section is None:
        return None
    for kind, parts in (
        ("ratio", ("total", "errors")),
        ("latency", ("total", "success")),
        ("latencyNative", ("total",)),
        ("bool_gauge", ("",)),
    ):
        own = section.section(kind)
        if own is None:
            continue
        asked = [
            _selector(own.section(part) if part else own, kind == "latency" and le_of_both) for part in parts
        ]
        found = tuple(selector for selector in asked if selector is not None)
        if len(found) < len(asked):
            return None
        latency = own.duration("latency", least=timedelta(milliseconds=1))
        seconds = "" if latency is None else f"{latency / timedelta(seconds=1):g}"
        return PeerRatio(own.texts("grouping"), found, kind, seconds)
    return None


def _selector(section: Section | None, le_of_both: bool) -> Selector | None:
    text = "" if section is None else section.text("metric")
    try:
        tree = promql_parser.parse(text) if text else None
    except ValueError:
        return None
    if not isinstance(tree, promql_parser.VectorSelector):
        return None
    selector = as_selector(tree, False)
    matchers = [
        f'le=~"{m.value}(\\\\.0)?"' if le_of_both and m.name == "le" and m.op == "=" and m.value.isdigit()
        else f"{m.name}{m.op}{quoted(m.value)}"
        for m in selector.matchers
    ]  # fmt: skip
    text = selector.name + ("{" + ",".join(matchers) + "}" if matchers else "")
    return Selector(selector.name, selector.matchers, text, False)


class _Alerting:
    def __init__(self, section: Section | None) -> None:
        disabled = section is not None and section.flag("disabled", False)
        self.burnrates = not disabled and (section is None or section.flag("burnrates", True))
        self.absent = section is None or section.flag("absent", True)
        self.name = (section and section.text("name")) or "ErrorBudgetBurn"
        self.absent_name = (section and section.text("absentName")) or "SLOMetricAbsent"
        written = None if section is None else section.section("severities")
        keys = (*SEVERITIES, "absent")
        self.severities = {} if written is None else {key: written.text(key) for key in keys}


@dataclass(frozen=True, slots=True)
class _Rules:
    name: str
    common: Mapping[str, str]
    target: Fraction
    period: timedelta
    counted: PeerRatio
    alerting: _Alerting

    def all(self) -> Iterator[Rule]:
        if self.alerting.absent:
            yield from self._absent()
        windows = windows_of(self.period)
        for length in sorted({length for window in windows for length in (window.short, window.long)}):
            text = model_duration(length)
            yield {
                "record": self._record(text),
                "expr": self.counted.ratio(text),
                "labels": self._labels(),
            }
        if self.alerting.burnrates:
            for window, key in zip(windows, SEVERITIES, strict=True):
                yield self._burns(window, self.alerting.severities.get(key) or window.severity)

    def _record(self, window: str) -> str:
        return f"{self.counted.stem}:burnrate{window}"

    def _labels(self) -> dict[str, str]:
        """Those of the total that have one value, but for those that are grouped by."""
        fixed = {m.name: m.value for m in self.counted.asked[0].matchers if m.op == "="}
        return {
            key: value for key, value in {**self.common, **fixed}.items() if key not in self.counted.grouping
        }

    def _burns(self, window: PyrraWindow, severity: str) -> Rule:
        selected = sorted([*self._matchers(), f"slo={quoted(self.name)}"])
        own = "{" + ",".join(selected) + "}"
        threshold = f"({window.factor} * (1-{float(self.target * 100) / 100!r}))"
        short, long = model_duration(window.short), model_duration(window.long)
        return {
            "alert": self.alerting.name,
            "expr": f"{self._record(short)}{own} > {threshold} and {self._record(long)}{own} > {threshold}",
            "for": model_duration(window.held),
            "labels": {**self._labels(), "short": short, "long": long, "severity": severity},
        }

    def _matchers(self) -> Sequence[str]:
        grouping = self.counted.grouping
        return [
            f"{m.name}{m.op}{quoted(m.value)}"
            for m in self.counted.asked[0].matchers
            if m.name in grouping or m.op in ("=", "!=")
        ]

    def _absent(self) -> Iterator[Rule]:
        """Held for as long as a total outage needs to fire the fastest alert."""
        if self.counted.kind == "latencyNative":
            return
        fastest = windows_of(self.period)[0]
        seconds = int(float(fastest.factor) * (1 - float(self.target)) * fastest.long.total_seconds())
        held = rounded_to_minutes(timedelta(seconds=seconds) + fastest.held)
        severity = self.alerting.severities.get("absent") or "critical"
        asked = {selector.name: selector for selector in reversed(self.counted.asked)}
        for selector in self.counted.asked:
            if asked[selector.name] is not selector:
                continue
            yield {
                "alert": self.alerting.absent_name,
                "expr": f"absent({selector.text}) == 1",
                "for": model_duration(held),
                "labels": {**self._absent_labels(selector), "severity": severity},
            }

    def _absent_labels(self, selector: Selector) -> dict[str, str]:
        """Those of what it records beside: the edge of a bucket is one, a gauge's own labels are not."""
        if self.counted.kind == "bool_gauge":
            return dict(self.common)
        edge = {m.name: m.value for m in selector.matchers if m.name == "le"}
        return {**self._labels(), **edge}

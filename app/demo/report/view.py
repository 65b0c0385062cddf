"""A demo report as one language's texts and charts. Every number comes from ``DemoReport`` as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from app.console import charts
from app.console.board_decisions import Figure
from app.console.charts import Caption, Column
from app.console.colours import OUTCOME_CLASSES
from app.console.formats import Formats
from app.console.languages import Texts
from app.demo.report.fault import FaultView, fault_view
from app.demo.report.model import DemoReport, LatencyBucket, Throughput
from app.demo.report.slos import SloCard, slo_card

_OUTCOMES = ("APPROVE", "REFER", "DECLINE")
_TOP_REASONS = 8


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation; ``css`` and ``symbol`` say again what ``word`` says."""

    text: str
    word: str
    symbol: str
    css: str
    evidence: str


@dataclass(frozen=True, slots=True)
class BarRow:
    label: str
    value: str
    bar: Markup


@dataclass(frozen=True, slots=True)
class ReportView:
    language: str
    title: str
    verdict: str
    verdict_css: str
    subtitle: str
    clock: str
    figures: tuple[Figure, ...]
    checks: tuple[Check, ...]
    answers: tuple[tuple[str, str], ...]
    latency: Markup
    latency_note: str
    outcomes: Markup
    legend: tuple[tuple[str, str, str], ...]
    reasons: tuple[BarRow, ...]
    verdicts: tuple[tuple[str, str], ...]
    differences: tuple[str, ...]
    slos: tuple[SloCard, ...]
    fault: FaultView | None
    audit: tuple[tuple[str, str], ...]
    audit_ok: bool
    audit_evidence: str
    dataset: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    unusable: tuple[tuple[str, str, str], ...]
    parameters: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]


def report_view(report: DemoReport, texts: Texts, formats: Formats) -> ReportView:
    """The whole report in the language of ``texts`` and ``formats``."""
    writer = _Writer(report, texts, formats)
    observed = sum(item.observed for item in report.expectations)
    key = "report.passed" if report.passed else "report.failed"
    return ReportView(
        language=texts.language,
        title=texts("report.title"),
        verdict=texts(key, observed=observed, all=len(report.expectations)),
        verdict_css="ok" if report.passed else "bad",
        subtitle=writer.subtitle(),
        clock=writer.clock(),
        figures=writer.figures(),
        checks=writer.checks(),
        answers=writer.answers(report.healthy),
        latency=charts.fitted(writer.latency),
        latency_note=writer.latency_note(report.healthy),
        outcomes=writer.outcomes(),
        legend=writer.legend(),
        reasons=writer.reasons(),
        verdicts=writer.verdicts(),
        differences=report.verdicts.oracle_differences,
        slos=tuple(slo_card(slo, texts, formats) for slo in report.slos),
        fault=None if report.fault is None else fault_view(report.fault, texts, formats),
        audit=writer.audit(),
        audit_ok=report.audit.verified,
        audit_evidence=report.audit.evidence.of(texts.language),
        dataset=writer.dataset(),
        notes=tuple(note.of(texts.language) for note in report.run.dataset.notes),
        unusable=writer.unusable(),
        parameters=writer.parameters(),
        versions=tuple(sorted(report.versions.items())),
    )


class _Writer:
    """Turns parts of one report into texts of one language."""

    def __init__(self, report: DemoReport, texts: Texts, formats: Formats) -> None:
        self._report, self._texts, self._formats = report, texts, formats

    def subtitle(self) -> str:
        run = self._report.run
        lasted = self._formats.duration(run.finished_at - run.started_at)
        began = self._formats.instant(run.started_at)
        zone = self._formats.zone_text(run.started_at)
        return self._texts("report.subtitle", began=began, zone=zone, lasted=lasted)

    def clock(self) -> str:
        factor = self._report.run.clock_factor
        return "" if factor == 1 else self._texts("report.clock", factor=self._formats.number(factor))

    def figures(self) -> tuple[Figure, ...]:
        texts, formats, healthy = self._texts, self._formats, self._report.healthy
        verdicts = self._report.verdicts
        total = sum(verdicts.outcomes.values())
        approved = verdicts.outcomes.get("APPROVE", 0) / total if total else None
        agreed = f"{formats.number(verdicts.oracle_agreed)} / {formats.number(verdicts.oracle_sample)}"
        return (
            Figure(texts("report.decisions"), formats.number(total)),
            Figure(texts("report.per_second"), formats.number(healthy.per_second)),
            Figure("p50", formats.duration(healthy.p50_seconds)),
            Figure("p95", formats.duration(healthy.p95_seconds)),
            Figure("p99", formats.duration(healthy.p99_seconds)),
            Figure(texts("board.approval"), formats.share(approved)),
            Figure(texts("report.oracle"), agreed, texts("report.oracle_note")),
        )

    def checks(self) -> tuple[Check, ...]:
        language = self._texts.language
        return tuple(
            Check(
                text=item.text.of(language),
                word=self._texts("report.observed" if item.observed else "report.not_observed"),
                symbol="✓" if item.observed else "✗",
                css="ok" if item.observed else "bad",
                evidence=item.evidence.of(language),
            )
            for item in self._report.expectations
        )

    def answers(self, sending: Throughput) -> tuple[tuple[str, str], ...]:
        number = self._formats.number
        rows = [(self._texts("report.sent"), number(sending.sent))]
        rows += [(status, number(count)) for status, count in sorted(sending.answered.items())]
        return (*rows, (self._texts("report.took"), self._formats.duration(sending.seconds)))

    def latency(self, width: float) -> Markup:
        buckets = self._report.healthy.histogram
        bars = [
            Column(
                self._bucket(buckets, index), float(bucket.count), self._formats.number(bucket.count), "f-s0"
            )
            for index, bucket in enumerate(buckets)
        ]
        caption = Caption(self._texts("report.latency"), self.latency_note(self._report.healthy))
        return charts.columns(bars, caption, width, 190)

    def latency_note(self, sending: Throughput) -> str:
        duration = self._formats.duration
        return self._texts(
            "report.latency_note",
            p50=duration(sending.p50_seconds),
            p95=duration(sending.p95_seconds),
            p99=duration(sending.p99_seconds),
            longest=duration(sending.max_seconds),
        )

    def _bucket(self, buckets: tuple[LatencyBucket, ...], index: int) -> str:
        edge = buckets[index].upto_seconds
        if edge is not None:
            return f"≤ {self._milliseconds(edge)}"
        before = buckets[index - 1].upto_seconds if index else None
        return f"> {self._milliseconds(before or 0.0)}"

    def _milliseconds(self, seconds: float) -> str:
        return self._formats.number(seconds * 1000, 0 if seconds >= 0.001 else 1) + " ms"

    def outcomes(self) -> Markup:
        outcomes = self._report.verdicts.outcomes
        parts = [
            Column(label, float(outcomes.get(outcome, 0)), text, css.replace("b-", "f-"))
            for outcome, (css, label, text) in zip(_OUTCOMES, self.legend(), strict=True)
        ]
        said = "; ".join(f"{label}: {text}" for _, label, text in self.legend())
        return charts.split_bar(parts, Caption(self._texts("board.outcomes"), said))

    def legend(self) -> tuple[tuple[str, str, str], ...]:
        outcomes = self._report.verdicts.outcomes
        total = sum(outcomes.values())
        rows = []
        for outcome in _OUTCOMES:
            count = outcomes.get(outcome, 0)
            share = self._formats.share(count / total if total else None)
            text = f"{self._formats.number(count)} ({share})"
            rows.append((f"b-{OUTCOME_CLASSES[outcome]}", self._texts(f"outcome.{outcome}"), text))
        return tuple(rows)

    def reasons(self) -> tuple[BarRow, ...]:
        reasons = sorted(self._report.verdicts.reasons, key=lambda reason: (-reason.count, reason.code))
        peak = max((reason.count for reason in reasons), default=0) or 1
        return tuple(
            BarRow(
                label=reason.text.of(self._texts.language),
                value=self._formats.number(reason.count),
                bar=charts.share_bar(reason.count / peak, "f-s0"),
            )
            for reason in reasons[:_TOP_REASONS]
        )

    def verdicts(self) -> tuple[tuple[str, str], ...]:
        verdicts, number = self._report.verdicts, self._formats.number
        agreed = self._texts(
            "report.oracle_agreed",
            agreed=number(verdicts.oracle_agreed),
            sample=number(verdicts.oracle_sample),
        )
        return ((self._texts("report.sha256"), verdicts.sha256), (self._texts("report.oracle"), agreed))

    def audit(self) -> tuple[tuple[str, str], ...]:
        audit, texts, number = self._report.audit, self._texts, self._formats.number
        return (
            (texts("report.audit_entries"), number(audit.entries)),
            (texts("report.audit_decisions"), number(audit.decisions)),
            (texts("report.audit_head"), audit.head),
            (texts("report.audit_anchor"), audit.anchored_head or texts("report.audit_no_anchor")),
        )

    def dataset(self) -> tuple[tuple[str, str], ...]:
        dataset, texts, number = self._report.run.dataset, self._texts, self._formats.number
        return (
            (texts("report.dataset"), dataset.name),
            (texts("report.source"), dataset.source),
            (texts("report.rows_read"), number(dataset.rows_read)),
            (texts("report.rows_used"), number(dataset.rows_used)),
            (texts("report.rows_unusable"), number(sum(item.count for item in dataset.unusable))),
        )

    def unusable(self) -> tuple[tuple[str, str, str], ...]:
        return tuple(
            (
                item.reason.of(self._texts.language),
                self._formats.number(item.count),
                ", ".join(map(str, item.examples)),
            )
            for item in self._report.run.dataset.unusable
        )

    def parameters(self) -> tuple[tuple[str, str], ...]:
        run = self._report.run
        seeds: Mapping[str, str] = {
            self._texts("report.seed", name=name): str(seed) for name, seed in sorted(run.seeds.items())
        }
        factor = self._texts("report.factor", factor=self._formats.number(run.clock_factor))
        own = {self._texts("report.environment"): run.environment, self._texts("report.clock_label"): factor}
        return tuple({**own, **seeds, **dict(sorted(run.settings.items()))}.items())

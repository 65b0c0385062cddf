"""The charts of a demo report, and the few texts that stand both in a chart and beside it."""

from __future__ import annotations

from markupsafe import Markup

from app.console import charts
from app.console.burn_down import Tick
from app.console.charts import Caption, Column, fitted
from app.console.colours import OUTCOME_CLASSES
from app.console.formats import Formats
from app.console.languages import Texts
from app.demo.report.fault_chart import ChartMark, FaultPicture, draw_fault
from app.demo.report.model import FaultFacts, SloFacts, Throughput, Verdicts

OUTCOMES = ("APPROVE", "REFER", "DECLINE")
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def fault_chart(fault: FaultFacts, texts: Texts, formats: Formats) -> Markup:
    """Events and burn on the ledger's time axis, with the numbered moments of the fault."""
    picture = FaultPicture(
        points=fault.minutes,
        factor=fault.factor,
        marks=[ChartMark(event.at, number, event.css) for number, event in enumerate(fault.events, 1)],
        broken=fault.broken,
        ticks=_ticks(fault, formats),
        events_label=texts("report.events_label"),
        burn_label=texts("report.burn_label"),
        threshold_text=formats.burn(fault.factor),
    )
    told = "; ".join(
        f"{number}: {formats.time(event.at)} {texts(f'report.milestone.{event.milestone.value}')}"
        for number, event in enumerate(fault.events, 1)
    )
    caption = Caption(texts("report.fault_chart"), told)
    return fitted(lambda width: draw_fault(picture, caption, width))


def _ticks(fault: FaultFacts, formats: Formats) -> list[Tick]:
    if not fault.minutes:
        return []
    start, end = fault.minutes[0].minute, fault.minutes[-1].minute
    return [Tick(share, formats.clock(start + (end - start) * share)) for share in TICKS]


def latency_chart(sending: Throughput, texts: Texts, formats: Formats) -> Markup:
    """One column a bucket."""
    before = 0.0
    bars = []
    for bucket in sending.histogram:
        edge = bucket.upto_seconds
        label = f"> {_milliseconds(before, formats)}" if edge is None else f"≤ {_milliseconds(edge, formats)}"
        bars.append(Column(label, float(bucket.count), formats.number(bucket.count), "f-s0"))
        before = edge or before
    caption = Caption(texts("report.latency"), latency_note(sending, texts, formats))
    return fitted(lambda width: charts.columns(bars, caption, width, 190))


def _milliseconds(seconds: float, formats: Formats) -> str:
    return formats.number(seconds * 1000, 0 if seconds >= 0.001 else 1) + " ms"


def latency_note(sending: Throughput, texts: Texts, formats: Formats) -> str:
    return texts(
        "report.latency_note",
        p50=formats.duration(sending.p50_seconds),
        p95=formats.duration(sending.p95_seconds),
        p99=formats.duration(sending.p99_seconds),
        longest=formats.duration(sending.max_seconds),
    )


def outcome_rows(verdicts: Verdicts, texts: Texts, formats: Formats) -> list[tuple[str, str, str]]:
    """Colour class, name, count and share of each outcome."""
    return [
        (
            OUTCOME_CLASSES[outcome],
            texts(f"outcome.{outcome}"),
            f"{formats.number(verdicts.outcomes.get(outcome, 0))} ({formats.share(verdicts.share(outcome))})",
        )
        for outcome in OUTCOMES
    ]


def outcome_bar(verdicts: Verdicts, texts: Texts, formats: Formats) -> Markup:
    rows = outcome_rows(verdicts, texts, formats)
    parts = [
        Column(label, float(verdicts.outcomes.get(outcome, 0)), text, f"f-{css}")
        for outcome, (css, label, text) in zip(OUTCOMES, rows, strict=True)
    ]
    said = "; ".join(f"{label}: {text}" for _, label, text in rows)
    return charts.split_bar(parts, Caption(texts("board.outcomes"), said))


def budget_bar(slo: SloFacts, texts: Texts, formats: Formats) -> Markup:
    left = formats.percent(slo.budget_left_ratio, 1)
    caption = Caption(texts("card.budget"), texts("card.budget_desc", left=left))
    return charts.budget_bar(slo.budget_left_ratio, slo.state, caption)


def answer_rows(sending: Throughput, formats: Formats) -> list[tuple[str, str]]:
    """HTTP status (or "no answer") and how many."""
    return [(status, formats.number(count)) for status, count in sorted(sending.answered.items())]


def answered(sending: Throughput, formats: Formats) -> str:
    return ", ".join(f"{status}: {count}" for status, count in answer_rows(sending, formats))

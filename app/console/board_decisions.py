"""The part of the executive board about decisions: how many, how much money, how fast, with what outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from app.console import charts
from app.console.charts import Caption, Column
from app.console.colours import OUTCOME_CLASSES
from app.console.decisions import share_within, summed, typical_bound
from app.console.ports import DecisionSlice
from app.console.visits import Reader

PROMISED_SECONDS = 0.2
_OUTCOMES = ("APPROVE", "REFER", "DECLINE")


@dataclass(frozen=True, slots=True)
class Figure:
    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class DecisionFigures:
    figures: tuple[Figure, ...]
    over_time: Markup
    outcomes: Markup
    legend: tuple[tuple[str, str, str], ...]  # css, label, number and share


def decision_figures(slices: Sequence[DecisionSlice], reader: Reader) -> DecisionFigures:
    """Rates over the minutes in which somebody counted; unknown slices are drawn as gaps."""
    formats, texts = reader.formats, reader.texts
    outcomes = summed(part.outcomes for part in slices)
    amounts = summed(part.amount_cents for part in slices)
    total = sum(outcomes.values())
    known = any(part.known for part in slices)
    minutes = sum(part.known_minutes for part in slices)
    rate = total * 60 / minutes if minutes else None
    quick = share_within(slices, PROMISED_SECONDS)
    figures = (
        Figure(texts("board.decisions"), formats.number(total if known else None)),
        Figure(texts("board.per_hour"), formats.number(rate, 0 if rate is None or rate >= 10 else 1)),
        Figure(texts("board.approval"), formats.share(outcomes.get("APPROVE", 0) / total if total else None)),
        Figure(texts("board.applied"), formats.money(sum(amounts.values()) if known else None)),
        Figure(texts("board.approved"), formats.money(amounts.get("APPROVE", 0) if known else None)),
        Figure(
            texts("board.time"),
            _within(slices, reader),
            texts("board.quick", share=formats.percent(quick, 1)),
        ),
    )
    by_day = any(part.length > timedelta(hours=1) for part in slices)
    bars = [_column(part, by_day, reader) for part in slices]
    caption = Caption(texts("board.over_time"), texts("board.over_time_desc", total=formats.number(total)))
    legend = tuple(_legend(outcome, outcomes.get(outcome, 0), total, reader) for outcome in _OUTCOMES)
    parts = [
        Column(label, float(outcomes.get(outcome, 0)), text, css.replace("b-", "f-"))
        for outcome, (css, label, text) in zip(_OUTCOMES, legend, strict=True)
    ]
    said = "; ".join(f"{label}: {text}" for _, label, text in legend)
    return DecisionFigures(
        figures,
        charts.fitted(lambda width: charts.columns(bars, caption, width, 180)),
        charts.split_bar(parts, Caption(texts("board.outcomes"), said)),
        legend,
    )


def _within(slices: Sequence[DecisionSlice], reader: Reader) -> str:
    bound = typical_bound(slices, 0.95)
    if bound is None:
        return reader.formats.number(None)
    if bound == float("inf"):
        return reader.texts("board.slower")
    return reader.texts("board.within", duration=reader.formats.duration(bound))


def _column(part: DecisionSlice, by_day: bool, reader: Reader) -> Column:
    label = reader.formats.day(part.start) if by_day else reader.formats.clock(part.start)
    if not part.known:
        return Column(label, None, reader.texts("state.no_data"))
    total = sum(part.outcomes.values())
    return Column(label, float(total), reader.formats.number(total))


def _legend(outcome: str, count: int, total: int, reader: Reader) -> tuple[str, str, str]:
    share = reader.formats.share(count / total if total else None)
    label = reader.texts(f"outcome.{outcome}")
    return f"b-{OUTCOME_CLASSES[outcome]}", label, f"{reader.formats.number(count)} ({share})"

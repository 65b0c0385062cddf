"""A preview of a board: its real layout with real query results, as one HTML page without Grafana.

Each panel shows its latest values and its limits, a panel of lines their course. Panels without data say so.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Protocol

from dashboards.model import promql
from dashboards.model.board import Board, Panel, Shape
from dashboards.model.errors import NotExpressible
from dashboards.model.layout import GridPlace, place
from dashboards.model.palette import BACKGROUND_DARK, STATES, UNITS, State, Unit, series_colour
from dashboards.model.trend import Frame, Line, Points, frame_of, svg
from dashboards.preview.style import STYLE

Samples = Sequence[tuple[Mapping[str, str], float]]
Courses = Sequence[tuple[Mapping[str, str], Points]]


class Answers(Protocol):
    """Answers PromQL whose board variables are filled in."""

    @property
    def span(self) -> tuple[float, float, float]:
        """Unix seconds of start and end, and the seconds between two values of a course."""
        ...

    def now(self, query: str) -> Samples: ...

    def course(self, query: str) -> Courses: ...


@dataclass(frozen=True, slots=True)
class View:
    """What every panel of a preview is drawn from."""

    environment: str
    answers: Answers
    language: str


ROW_PIXELS = 38
ONLY_GRAFANA = {"en": "only Grafana draws this list", "pt": "só o Grafana desenha esta lista"}
ABOVE = {"en": "limit, not drawn:", "pt": "limite, não desenhado:"}
AT_MOST = {"en": "at most {} s", "pt": "até {} s"}
MOST_VALUES = 8
MOST_LINES = 3
SINGLE = (Shape.STAT, Shape.GAUGE)  # a number of their own, named by the title


def preview_html(
    board: Board, environment: str, answers: Answers, language: str = "en", note: str = ""
) -> str:
    """One page. ``note`` says where the values come from."""
    view = View(environment, answers, language)
    parts, bottom = [], 0
    for row in place(board):
        parts.append(f'<h2 style="{_box(row.title)}">{html.escape(row.row.title.of(language))}</h2>')
        for panel, at in row.panels:
            parts.append(_panel(panel, at, view))
            bottom = max(bottom, at.y + at.height)
    title = html.escape(board.title.of(language))
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>{STYLE}</style><h1>{title}</h1><p>{html.escape(note)}</p>"
        f'<div class="grid" style="height:{bottom * ROW_PIXELS}px">{"".join(parts)}</div></html>\n'
    )


def _box(at: GridPlace) -> str:
    left, width = at.x / 24 * 100, at.width / 24 * 100
    return (
        f"left:{left:.3f}%;width:calc({width:.3f}% - 6px);"
        f"top:{at.y * ROW_PIXELS}px;height:{at.height * ROW_PIXELS - 6}px"
    )


def _panel(panel: Panel, at: GridPlace, view: View) -> str:
    body, colour = _body(panel, view)
    paint = f"background:{colour};color:{BACKGROUND_DARK}" if colour and panel.shape is Shape.LIGHT else ""
    title = html.escape(panel.title.of(view.language))
    hint = html.escape(panel.description.of(view.language), quote=True)
    return f'<section style="{_box(at)};{paint}" title="{hint}"><h3>{title}</h3>{body}</section>'


def _body(panel: Panel, view: View) -> tuple[str, str | None]:
    language = view.language
    if panel.shape is Shape.TEXT:
        links = " · ".join(html.escape(link.title.of(language)) for link in panel.links)
        content = _prose(panel.content.of(language)) if panel.content else ""
        return f"<div>{content}</div><div>{links}</div>", None
    if panel.shape is Shape.ALERT_LIST:
        return f'<span class="dim">{ONLY_GRAFANA[language]}</span>', None
    try:
        if panel.shape is Shape.LINES:
            return _lines(panel, view), None
        rows = [
            (_legend(legend, labels), value)
            for legend, query in _queries(panel, view)
            for labels, value in view.answers.now(query)
        ]
    except NotExpressible as refusal:
        return f'<span class="dim">{html.escape(refusal.reason)}</span>', None
    if panel.shape is Shape.HEATMAP:
        return _buckets(rows, language), None
    return _values(panel, rows, language)


def _prose(text: str) -> str:
    """The little Markdown that boards use: a list, and words in bold."""
    lines = [re.sub(r"^- ", "· ", line) for line in html.escape(text).splitlines()]
    return re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", "<br>".join(lines))


def _buckets(rows: Sequence[tuple[str, float]], language: str) -> str:
    """Events per second in each bucket that has any: Prometheus' buckets hold all below them, too."""
    lines, below = [], 0.0
    for edge, total in sorted(rows, key=lambda row: float(row[0])):
        if total > below:
            name = AT_MOST[language].format(edge.replace("+Inf", "∞"))
            lines.append(
                f"<tr><td>{name}</td><td>{shown(total - below, Unit.PER_SECOND, language)}</td></tr>"
            )
        below = total
    return f"<table>{''.join(lines)}</table>"


def _queries(panel: Panel, view: View) -> list[tuple[str, str]]:
    """Legend and filled-in PromQL of each series. Raises ``NotExpressible``."""
    filled = {"environment": view.environment, "__rate_interval": "5m"}
    return [
        (series.legend.of(view.language), promql.substitute(promql.render(series.query), filled))
        for series in panel.series
    ]


def _lines(panel: Panel, view: View) -> str:
    """The course of each series, then its last value."""
    courses = [
        (_legend(legend, labels), points)
        for legend, query in _queries(panel, view)
        for labels, points in view.answers.course(query)
        if points
    ]
    if not courses:
        return _values(panel, [], view.language)[0]
    lines = [Line(series_colour(index).dark, points) for index, (_, points) in enumerate(courses)]
    limits = {float(one.value): STATES[one.state].colour.dark for one in panel.thresholds}
    frame = frame_of(lines, list(limits), view.answers.span, panel.minimum, panel.maximum)
    legend = "".join(
        f'<tr><td><i style="background:{line.colour}"></i>{html.escape(name)}</td>'
        f"<td>{html.escape(shown(points[-1][1], panel.unit, view.language))}</td></tr>"
        for line, (name, points) in list(zip(lines, courses, strict=True))[:MOST_LINES]
    )
    beyond = [limit for limit in limits if not frame.bottom <= limit <= frame.top]
    told = [f"{ABOVE[view.language]} {shown(limit, panel.unit, view.language)}" for limit in beyond]
    told = [*told, shown(frame.top, panel.unit, view.language)]
    scale = f'<span class="dim scale">{html.escape(" · ".join(told))}</span>'
    table = f'<div class="lines"><table>{legend}</table></div>'
    more = f'<div class="dim">+{len(courses) - MOST_LINES}</div>' if len(courses) > MOST_LINES else ""
    picture = f"{svg(lines, limits, frame)}{_edges(panel, frame, view)}"
    return f'<div class="lines">{scale}</div>{picture}{table}{more}'


def _edges(panel: Panel, frame: Frame, view: View) -> str:
    """What stands at the left, the bottom and the right edge of a chart."""
    begin, end = (f"{datetime.fromtimestamp(at, UTC):%d/%m %H:%M}" for at in (frame.start, frame.end))
    low = html.escape(shown(frame.bottom, panel.unit, view.language))
    return f'<div class="dim edges"><span>{begin}</span><span>↓ {low}</span><span>{end} UTC</span></div>'


def _legend(legend: str, labels: Mapping[str, str]) -> str:
    if not legend:
        wanted = ("alertname", "severity", "slo", "component")
        return " ".join(labels[name] for name in wanted if name in labels)
    for name, value in labels.items():
        legend = legend.replace(f"{{{{{name}}}}}", value)
    return legend


def _values(panel: Panel, rows: list[tuple[str, float]], language: str) -> tuple[str, str | None]:
    if not rows:
        style = STATES[State.NO_DATA]
        why = panel.empty_means.of(language) if panel.empty_means else ""
        text = f'<span class="big">{style.symbol} {style.text(language)}</span>'
        return f'{text}<div class="dim">{html.escape(why)}</div>', style.colour.dark
    if panel.shape is Shape.LIGHT:
        style = next(style for style in STATES.values() if style.code == rows[0][1])
        return f'<span class="big">{style.symbol} {style.text(language)}</span>', style.colour.dark
    if panel.shape in SINGLE and len(rows) == 1:
        ((_, value),) = rows
        number = f'<span class="big" style="color:{_colour(panel, value)}">'
        return (
            f"{number}{html.escape(shown(value, panel.unit, language))}</span>{_limits(panel, language)}",
            None,
        )
    lines = "".join(
        f'<tr><td>{html.escape(name)}</td><td style="color:{_colour(panel, value)}">'
        f"{html.escape(shown(value, panel.unit, language))}</td></tr>"
        for name, value in rows[:MOST_VALUES]
    )
    more = f'<div class="dim">+{len(rows) - MOST_VALUES}</div>' if len(rows) > MOST_VALUES else ""
    return f"<table>{lines}</table>{more}{_limits(panel, language)}", None


def _limits(panel: Panel, language: str) -> str:
    told = [
        f'<span style="color:{STATES[threshold.state].colour.dark}">'
        f"≥ {html.escape(shown(float(threshold.value), panel.unit, language))}</span>"
        for threshold in panel.thresholds
    ]
    return f'<div class="dim">{" · ".join(told)}</div>' if told else ""


def _colour(panel: Panel, value: float) -> str:
    if not panel.thresholds:
        return "inherit"
    state = panel.starts
    for threshold in panel.thresholds:
        if Fraction(value) >= threshold.value:
            state = threshold.state
    return STATES[state].colour.dark


def shown(value: float, unit: Unit, language: str = "en") -> str:
    """A number with its unit: ratios as per cent, times with the unit's word."""
    if value != value:  # NaN has no number to show
        return STATES[State.NO_DATA].text(language)
    if unit is Unit.RATIO:
        text = f"{value * 100:.4g} %"
    elif unit is Unit.TIMES:
        text = f"{value:.3g}x"
    elif unit is Unit.SECONDS:
        text = f"{value:,.0f} s" if abs(value) >= 100 else f"{value:.3g} s"
    elif unit is Unit.BRL:
        text = f"R$ {value:,.0f}" if abs(value) >= 1e3 else f"R$ {value:,.2f}"
    else:
        number = f"{value:,.0f}" if abs(value) >= 1e3 else f"{value:.4g}"
        text = number if unit is Unit.COUNT else f"{number} {UNITS[unit].label[language]}".strip()
    return text.replace(",", " ").replace(".", ",") if language == "pt" else text

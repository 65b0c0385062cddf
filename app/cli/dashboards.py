"""``mirante dashboards``: the boards as pages, with what a Prometheus really answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.context import counted, instant_text, pass_settings, prometheus_of, say, stderr
from app.settings import Settings
from dashboards.model.addresses import LANGUAGES
from foundation.clock import parse_clock

if TYPE_CHECKING:
    from dashboards.model.board import Board
    from dashboards.preview.pages import Courses, Samples
    from slo.ledger.prometheus_queries import PrometheusQueries

TIMEOUT_SECONDS = 30.0
POINTS = 120
NOTE = {
    "en": (
        "Preview of the layout with real values from {url}, at {at} over the last {hours} h. Drawn by "
        "Mirante, not by Grafana."
    ),
    "pt": (
        "Prévia do leiaute com valores reais de {url}, em {at}, das últimas {hours} h. Desenhada pelo "
        "Mirante, não pelo Grafana."
    ),
}


@dataclass(frozen=True, slots=True)
class _Answers:
    """What one Prometheus says at one moment."""

    server: PrometheusQueries
    start: datetime
    end: datetime

    @property
    def step(self) -> timedelta:
        return (self.end - self.start) / POINTS

    @property
    def span(self) -> tuple[float, float, float]:
        return self.start.timestamp(), self.end.timestamp(), self.step.total_seconds()

    def now(self, query: str) -> Samples:
        return self.server.at(query, self.end)

    def course(self, query: str) -> Courses:
        return self.server.over(query, self.start, self.end, self.step)


@click.group()
def dashboards() -> None:
    """Preview the boards without Grafana."""


@dashboards.command()
@click.argument("names", metavar="[BOARD]...", nargs=-1)
@click.option("--prometheus", help="Prometheus URL.  [default: the setting `prometheus`]")
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/preview"), show_default=True)
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.option("--hours", type=click.IntRange(1, 24 * 30), default=6, show_default=True, help="How far back.")
@pass_settings
def preview(
    settings: Settings, names: tuple[str, ...], prometheus: str | None, out: Path, language: str, hours: int
) -> None:
    """Write each BOARD (all, if none is named) as an HTML page with its layout and real query results.

    A panel without data is grey and says so. Exit status: 0 written, 2 no such board, 3 Prometheus cannot be
    reached.
    """
    import httpx

    from app.workspace import open_workspace
    from dashboards.preview.pages import preview_html
    from slo.ledger.prometheus_queries import PrometheusQueries
    from slo.model.conventions import LABEL_ENVIRONMENT, RECORD_BUDGET_REMAINING
    from slo.prometheus.names import selector

    url = prometheus_of(settings, prometheus)
    chosen = _chosen(open_workspace(settings.folders).boards(settings.environment), names)
    end = parse_clock(settings.clock).now()
    note = NOTE[language].format(url=url, at=instant_text(end), hours=hours)
    pages: dict[str, str] = {}
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client, stderr.status("asking") as status:
        answers = _Answers(PrometheusQueries(url, client), end - timedelta(hours=hours), end)
        own = selector({LABEL_ENVIRONMENT: settings.environment})
        recorded = bool(answers.now(RECORD_BUDGET_REMAINING + own))
        for board in chosen:
            status.update(f"asking for {board.name}")
            page = preview_html(board, settings.environment, answers, language, note)
            pages[_file(board, language)] = page
    out.mkdir(parents=True, exist_ok=True)
    for name, page in pages.items():
        (out / name).write_text(page, encoding="utf-8")
    say(f"{out}: {counted(len(chosen), 'page')} written")
    if not recorded:
        say(
            f"Panels of SLOs have data once the Prometheus at {url} evaluates the rules: `mirante build` "
            "writes them, and says what belongs into rule_files. Burn rates come within two minutes, budgets "
            "within twenty."
        )


def _chosen(every: tuple[Board, ...], names: tuple[str, ...]) -> list[Board]:
    known = {board.name: board for board in every}
    for name in names:
        if name not in known:
            raise click.BadParameter(f"there is no board {name!r}. Known: {', '.join(known)}")
    return [known[name] for name in names] or list(every)


def _file(board: Board, language: str) -> str:
    return f"{board.name}.html" if language == "en" else f"{board.name}.{language}.html"

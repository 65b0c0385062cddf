"""The report of ``mirante demo``: one HTML file with everything in it, for a screen and for paper."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from app.console.board_decisions import Figure
from app.console.charts import share_bar
from app.console.colours import colours_css
from app.console.formats import Formats
from app.console.incident_view import arithmetic_lines
from app.console.languages import HTML_LANGUAGE, LANGUAGE_NAMES, texts_in
from app.demo.report import charts
from app.demo.report.model import DemoReport
from dashboards.model.palette import LANGUAGES, STATES

HERE = "app.demo.report"
FOLDER = Path(__file__).parent
CALLED = (
    charts.answer_rows,
    charts.answered,
    charts.budget_bar,
    charts.fault_chart,
    charts.latency_chart,
    charts.latency_note,
    charts.outcome_bar,
    charts.outcome_rows,
    arithmetic_lines,
    share_bar,
    Figure,
)


def render_report(report: DemoReport, language: str = "en", time_zone: str = "UTC") -> str:
    """The whole page in both languages, ``language`` (``en`` or ``pt``) shown first.

    Nothing is fetched: styles and charts are inside, and the switch works without a script.
    """
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            chosen=language if language in LANGUAGES else LANGUAGES[0],
            texts={code: texts_in(code, FOLDER) for code in LANGUAGES},
            formats={code: Formats(code, time_zone) for code in LANGUAGES},
            css=_styles(),
        )
    )


@cache
def _environment() -> Environment:
    """The report's own template, and the console's for what both show."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(HERE, ""), PackageLoader("app.console")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"states": STATES, "names": LANGUAGE_NAMES, "html_languages": HTML_LANGUAGE}
    environment.globals |= {called.__name__: called for called in CALLED}
    return environment


@cache
def _styles() -> str:
    sheets = (files("app.console") / "static" / "console.css", files(HERE) / "report.css")
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets) + colours_css()

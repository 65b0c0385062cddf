"""The report of ``mirante demo``: one HTML file with everything in it, for a screen and for paper."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from app.console.colours import colours_css
from app.console.formats import Formats
from app.console.languages import HTML_LANGUAGE, LANGUAGE_NAMES, texts_in
from app.console.report_model import DemoReport
from app.console.report_view import ReportView, report_view
from dashboards.model.palette import LANGUAGES


def render_report(report: DemoReport, language: str = "en", time_zone: str = "UTC") -> str:
    """The whole page in both languages, ``language`` (``en`` or ``pt``) shown first.

    Nothing is fetched: styles and charts are inside, and the switch works without a script.
    """
    views = {code: report_view(report, texts_in(code), Formats(code, time_zone)) for code in LANGUAGES}
    return (
        _environment()
        .get_template("report.html")
        .render(
            views=views,
            chosen=language if language in views else LANGUAGES[0],
            names=LANGUAGE_NAMES,
            html_languages=HTML_LANGUAGE,
            texts={code: texts_in(code) for code in LANGUAGES},
            css=_styles(),
        )
    )


@cache
def _environment() -> Environment:
    loader = PackageLoader("app.console")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def _styles() -> str:
    folder = files("app.console").joinpath("static")
    sheets = [folder.joinpath(name).read_text(encoding="utf-8") for name in ("console.css", "report.css")]
    return "\n".join(sheets) + colours_css()


__all__ = ["ReportView", "render_report"]

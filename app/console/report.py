"""The report of ``mirante demo``: one HTML file with everything in it, for a screen and for paper."""

from __future__ import annotations

from app.console.report_model import DemoReport


def render_report(report: DemoReport, language: str = "en") -> str:
    """The whole page in both languages, ``language`` (``en`` or ``pt``) shown first.

    Nothing is fetched: styles and charts are inside, and the switch works without a script.
    """
    raise NotImplementedError

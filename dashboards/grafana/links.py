"""Drill-down that keeps what the reader already chose: the time range and every variable."""

from __future__ import annotations

from typing import Any

from dashboards.model import Link, Panel
from slo import conventions

KEEP = "${__url_time_range}&${__all_variables}"
CONSOLE = "${console}"
RUNBOOK_TITLE = {"en": "Runbook", "pt": "Runbook"}


def board_uid(name: str, language: str) -> str:
    """English boards have the plain uid, Portuguese ones end in ``-pt``."""
    return conventions.dashboard_uid(name if language == "en" else f"{name}-{language}")


def url(link: Link, language: str) -> str:
    """Boards by uid with range and variables; everything else below the console's address."""
    if link.board is not None:
        return f"/d/{board_uid(link.board, language)}?{KEEP}"
    return f"{CONSOLE}{link.path}"


def runbook_path(runbook: str) -> str:
    """Where the console shows a runbook page."""
    return f"/runbooks/{runbook}"


def panel_links(panel: Panel, language: str) -> list[dict[str, Any]]:
    """The panel's own links, then its runbook."""
    links = [_link(link.title.of(language), url(link, language)) for link in panel.links]
    if panel.runbook is not None:
        address = f"{CONSOLE}{runbook_path(panel.runbook)}"
        links.append(_link(RUNBOOK_TITLE[language], address, blank=True))
    return links


def _link(title: str, address: str, blank: bool = False) -> dict[str, Any]:
    return {"title": title, "url": address, "targetBlank": blank}

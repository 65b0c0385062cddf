"""Drill-down that keeps what the reader already chose: the time range and every variable."""

from __future__ import annotations

from typing import Any

from dashboards.model.addresses import grafana_uid, runbook_path
from dashboards.model.board import Link, Panel

KEEP = "${__url_time_range}&${__all_variables}"
CONSOLE = "${console}"
RUNBOOK_TITLE = {"en": "Runbook", "pt": "Runbook"}


def url(link: Link, language: str) -> str:
    """Boards by uid with range and variables; everything else below the console's address."""
    if link.board is not None:
        return f"/d/{grafana_uid(link.board, language)}?{KEEP}"
    return f"{CONSOLE}{link.path}"


def panel_links(panel: Panel, language: str) -> list[dict[str, Any]]:
    """The panel's own links, then its runbook."""
    links = [_link(link.title.of(language), url(link, language)) for link in panel.links]
    if panel.runbook is not None:
        address = f"{CONSOLE}{runbook_path(panel.runbook)}"
        links.append(_link(RUNBOOK_TITLE[language], address, blank=True))
    return links


def _link(title: str, address: str, blank: bool = False) -> dict[str, Any]:
    """Range and variables are in the address already, so the flags that would add them stay off."""
    return {
        "title": title,
        "url": address,
        "targetBlank": blank,
        "type": "link",
        "icon": "dashboard",
        "tooltip": title,
        "tags": [],
        "asDropdown": False,
        "includeVars": False,
        "keepTime": False,
    }

"""Every link leads somewhere, and every panel that may turn red says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from dashboards.model.board import Board, Link, Panel, Shape
from dashboards.model.palette import State
from dashboards.truth.untruth import Untruth

GATE = "links"


def of_boards(
    boards: Sequence[Board], runbooks: Iterable[str], console_paths: Iterable[str]
) -> Iterator[Untruth]:
    """``console_paths`` are the console's routes below its address (``/runbooks/{name}``)."""
    names = {board.name for board in boards}
    pages = frozenset(runbooks)
    routes = [_pattern(path) for path in console_paths]
    for board in boards:
        for link in board.links:
            yield from _link(f"board {board.name}", link, names, pages, routes)
        for panel in board.panels():
            where = f"board {board.name}, panel {panel.id}"
            for link in panel.links:
                yield from _link(where, link, names, pages, routes)
            yield from _runbook(where, panel, pages)


def _link(
    where: str, link: Link, names: set[str], pages: frozenset[str], routes: list[re.Pattern[str]]
) -> Iterator[Untruth]:
    if (link.board is None) == (link.path is None):
        yield Untruth(
            GATE,
            where,
            f"link {link.title.en!r} does not name exactly one target",
            "Set either board or path",
        )
    elif link.board is not None and link.board not in names:
        have = ", ".join(sorted(names))
        yield Untruth(GATE, where, f"there is no board {link.board!r}", f"Boards: {have}")
    elif link.path is not None:
        page = link.path.removeprefix("/runbooks/")
        if page != link.path and page not in pages:
            yield _no_runbook(where, page, pages)
        elif not any(route.fullmatch(link.path) for route in routes):
            yield Untruth(GATE, where, f"the console has no page {link.path!r}", "Use one of its routes")


def _runbook(where: str, panel: Panel, pages: frozenset[str]) -> Iterator[Untruth]:
    if panel.runbook is not None and panel.runbook not in pages:
        yield _no_runbook(where, panel.runbook, pages)
    if panel.runbook is None and _may_turn_red(panel):
        yield Untruth(GATE, where, "it can turn red but does not name a runbook", "Give it one")


def _may_turn_red(panel: Panel) -> bool:
    states = {threshold.state for threshold in panel.thresholds} | {panel.starts}
    return panel.shape is Shape.LIGHT or State.BAD in states


def _no_runbook(where: str, page: str, pages: frozenset[str]) -> Untruth:
    return Untruth(GATE, where, f"there is no runbook {page!r}", f"Runbooks: {', '.join(sorted(pages))}")


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]+\}", path)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))

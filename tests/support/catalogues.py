"""Catalogues to build from: the one that ships, and boards made of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from alarms.generate.indicators import load_watch_list
from alarms.model.watch_list import WatchList
from app.workspace import OpenWorkspace, open_workspace
from dashboards.model.board import Board
from dashboards.standard.source import Source
from slo.model.catalogue import Catalogue

ENVIRONMENT = "test"


@cache
def shipped_workspace() -> OpenWorkspace:
    return open_workspace()


def shipped() -> Catalogue:
    return shipped_workspace().catalogue


def shipped_watched() -> WatchList:
    return shipped_workspace().watched


def shipped_with(catalogue: Catalogue) -> OpenWorkspace:
    """The shipped workspace, but for its catalogue."""
    return replace(shipped_workspace(), catalogue=catalogue, watched=load_watch_list(catalogue))


@cache
def shipped_source() -> Source:
    return shipped_workspace().source(ENVIRONMENT)


@cache
def shipped_boards() -> tuple[Board, ...]:
    return shipped_workspace().boards(ENVIRONMENT)

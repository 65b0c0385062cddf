"""Catalogues to build from: the one that ships, and boards made of it."""

from __future__ import annotations

from functools import cache

from dashboards.boards.registry import boards
from dashboards.boards.source import Source, source_of
from dashboards.model.board import Board
from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue

ENVIRONMENT = "test"


@cache
def shipped() -> Catalogue:
    return load_catalogue()


@cache
def shipped_source() -> Source:
    return source_of(shipped(), ENVIRONMENT)


@cache
def shipped_boards() -> tuple[Board, ...]:
    return boards(shipped_source())

"""What every board must hold: the five parts, a reviewed least of panels, both languages."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import pytest
import yaml

from dashboards.model.board import Board, BoardPart, Row, Shape
from dashboards.model.errors import BoardInvalid
from dashboards.standard.registry import refuse_invalid
from slo.model.catalogue import Catalogue
from tests.support.catalogues import ENVIRONMENT, shipped, shipped_boards, shipped_source, shipped_with

REVIEWED = Path(__file__).with_name("reviewed_panels.yaml")
LEAST: dict[str, dict[str, list[str]]] = yaml.safe_load(REVIEWED.read_text(encoding="utf-8"))


def board_named(name: str) -> Board:
    return next(board for board in shipped_boards() if board.name == name)


@pytest.mark.parametrize("name", LEAST)
def test_a_board_holds_at_least_the_reviewed_panels_of_each_part(name: str) -> None:
    assert missing(board_named(name)) == set()


def test_every_board_is_reviewed_and_none_that_is_gone() -> None:
    assert [board.name for board in shipped_boards()] == list(LEAST)


@pytest.mark.parametrize("name", LEAST)
def test_a_board_that_loses_a_reviewed_panel_or_all_of_them_is_caught(name: str) -> None:
    board = board_named(name)
    for row in board.rows:
        emptied = dataclasses.replace(row, panels=())
        broken = dataclasses.replace(board, rows=tuple(emptied if one is row else one for one in board.rows))
        assert missing(broken) == set(LEAST[name][row.part])


def missing(board: Board) -> set[str]:
    """Reviewed panels that the board does not hold in their part."""
    gone = set()
    for part, least in LEAST[board.name].items():
        have = {panel.id for row in board.rows if row.part == part for panel in row.panels}
        gone |= set(least) - have
    return gone


@pytest.mark.parametrize("board", shipped_boards(), ids=lambda board: board.name)
def test_every_board_has_the_five_parts_in_order(board: Board) -> None:
    assert board.parts() == tuple(BoardPart)


@pytest.mark.parametrize("board", shipped_boards(), ids=lambda board: board.name)
def test_every_text_is_there_in_both_languages(board: Board) -> None:
    texts = [board.title, board.description, *(row.title for row in board.rows)]
    for panel in board.panels():
        texts += [panel.title, panel.description]
        texts += [link.title for link in panel.links]
    assert all(text.en and text.pt for text in texts)


def test_there_is_a_board_for_every_slo_and_every_component() -> None:
    names = {board.name for board in shipped_boards()}
    assert len(names) == len(shipped_boards())
    assert {f"slo-{slo.id.replace('/', '-')}" for slo in shipped().slos} <= names
    assert {f"component-{component.id}" for component in shipped().components} <= names


def test_executives_meet_no_jargon() -> None:
    words = ("p95", "p99", "burn", "queima de", "saturation ratio", "5xx", "latency", "SLO", "SLI")
    executive = board_named("executive")
    titles = [panel.title.en for panel in executive.panels()] + [
        panel.title.pt for panel in executive.panels()
    ]
    assert not [(title, word) for title, word in itertools.product(titles, words) if word in title]


def test_a_board_without_one_of_its_parts_is_refused() -> None:
    board = board_named("operations")
    for index, row in enumerate(board.rows):
        emptied = dataclasses.replace(row, panels=())
        broken = dataclasses.replace(board, rows=(*board.rows[:index], emptied, *board.rows[index + 1 :]))
        with pytest.raises(BoardInvalid, match=f"has no part '{row.part}'"):
            refuse_invalid(broken)


def test_parts_out_of_order_an_id_used_twice_and_a_panel_too_wide_are_refused() -> None:
    board = board_named("operations")
    with pytest.raises(BoardInvalid, match="in the order"):
        refuse_invalid(dataclasses.replace(board, rows=board.rows[::-1]))
    again = Row(BoardPart.LINKS, board.rows[-1].title, board.rows[-1].panels)
    with pytest.raises(BoardInvalid, match="'links' is used 2 times"):
        refuse_invalid(dataclasses.replace(board, rows=(*board.rows, again)))
    wide = dataclasses.replace(board.rows[-1].panels[0], width=25)
    row = dataclasses.replace(board.rows[-1], panels=(wide,))
    with pytest.raises(BoardInvalid, match="25 x 4"):
        refuse_invalid(dataclasses.replace(board, rows=(*board.rows[:-1], row)))


def test_a_catalogue_without_slos_or_components_still_makes_whole_boards() -> None:
    slo = shipped().slos[0]
    for catalogue in (Catalogue(slos=(slo,)), Catalogue(slos=shipped().slos, components=())):
        assert [board.parts() for board in shipped_with(catalogue).boards(ENVIRONMENT)]


def test_lights_are_named_by_the_definitions_and_show_the_alarms_behind_them() -> None:
    for board in shipped_boards():
        for panel in board.panels():
            if panel.shape is Shape.LIGHT:
                assert panel.alarms, (board.name, panel.id)


def test_the_source_finds_what_it_was_made_of() -> None:
    source = shipped_source()
    assert source.slo_named("decision-latency") is not None
    assert source.slo_named("none") is None
    assert source.indicator("IngestLagHigh") is not None

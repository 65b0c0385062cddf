"""Boards that show every SLO, of more SLOs than one board can hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboards.cloudwatch.body import body
from dashboards.model.addresses import LANGUAGES, Deployment
from dashboards.model.board import Board, Shape
from dashboards.standard.registry import boards
from dashboards.standard.source import MOST_OBJECTIVES, Source
from tests.support.catalogues import shipped, shipped_source


def source_of(count: int) -> Source:
    one = shipped().slo("credit/decision-latency")
    slos = tuple(replace(one, name=f"latency-{index:04d}") for index in range(count))
    return replace(shipped_source(), catalogue=replace(shipped(), slos=slos, components=()))


def lights(board: Board) -> list[str]:
    return [panel.id for panel in board.panels() if panel.shape is Shape.LIGHT and panel.id != "light-worst"]


@pytest.mark.parametrize("count", [MOST_OBJECTIVES, MOST_OBJECTIVES + 1, 5 * MOST_OBJECTIVES - 1])
def test_every_slo_has_its_light_on_exactly_one_page(count: int) -> None:
    made = {board.name: board for board in boards(source_of(count))}
    pages = [board for name, board in made.items() if name.startswith("slo-overview")]
    assert len(pages) == -(-count // MOST_OBJECTIVES)
    shown = [light for page in pages for light in lights(page)]
    assert shown == [f"light-credit-latency-{index:04d}-main" for index in range(count)]
    assert max(len(lights(page)) for page in pages) <= MOST_OBJECTIVES


def test_the_first_page_leads_to_all_and_every_page_back_to_it_and_to_those_beside_it() -> None:
    made = {board.name: board for board in boards(source_of(5 * MOST_OBJECTIVES))}
    led = {
        name: {link.board for panel in board.panels() for link in panel.links} for name, board in made.items()
    }
    others = {f"slo-overview-{page}" for page in range(2, 6)}
    assert others <= led["slo-overview"]
    assert {"slo-overview", "slo-overview-3", "slo-overview-5"} <= led["slo-overview-4"]
    assert "slo-overview-2" not in led["slo-overview-4"]


def test_a_board_of_some_says_which_of_how_many_and_a_board_of_all_does_not() -> None:
    many = {board.name: board for board in boards(source_of(1_000))}
    for name in ("executive", "operations", "slo-overview"):
        worst = next(panel for panel in many[name].panels() if panel.id == "light-worst")
        assert worst.title.en == "SLOs 1 to 40 of 1,000"
        assert worst.title.pt == "SLOs 1 a 40 de 1.000"
    few = {board.name: board for board in boards(source_of(MOST_OBJECTIVES))}
    worst = next(panel for panel in few["executive"].panels() if panel.id == "light-worst")
    assert worst.title.en == "Platform"


def test_no_board_of_a_thousand_slos_breaks_a_limit_of_cloudwatch() -> None:
    made = [board for board in boards(source_of(1_000)) if not board.name.startswith("slo-credit")]
    assert len(made) == 2 + 25
    for board in made:
        for language in LANGUAGES:
            body(board, Deployment("prod"), language)


def test_the_board_of_one_slo_lists_its_own_alarms_alone() -> None:
    board = next(board for board in boards(source_of(3)) if board.name == "slo-credit-latency-0001")
    alarms = {alarm for panel in board.panels() for alarm in panel.alarms}
    assert alarms
    assert all("-credit-latency-0001-" in alarm for alarm in alarms)

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from dashboards.model.board import GRID_COLUMNS, Board, BoardPart, Panel, Row, Shape
from dashboards.model.layout import GridPlace, place
from foundation.bilingual import Text
from tests.support.catalogues import shipped_boards

EMPTY = Text("", "")


def panel(number: int, width: int, height: int) -> Panel:
    return Panel(f"p{number}", EMPTY, EMPTY, Shape.TEXT, width=width, height=height)


sizes = st.lists(st.tuples(st.integers(1, GRID_COLUMNS), st.integers(1, 10)), max_size=12)


def overlap(one: GridPlace, other: GridPlace) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    above = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not (beside or above)


@given(st.lists(sizes, min_size=1, max_size=4))
def test_no_two_panels_overlap_and_none_leaves_the_grid(rows: list[list[tuple[int, int]]]) -> None:
    made = [
        Row(BoardPart.TRENDS, EMPTY, tuple(panel(i, width, height) for i, (width, height) in enumerate(row)))
        for row in rows
    ]
    placed = place(Board("b", EMPTY, EMPTY, tuple(made)))
    places = [spot for row in placed for spot in (row.title, *(at for _, at in row.panels))]
    assert all(spot.x >= 0 and spot.x + spot.width <= GRID_COLUMNS for spot in places)
    assert not any(overlap(one, other) for one, other in combinations(places, 2))


def test_rows_and_panels_keep_their_order() -> None:
    for board in shipped_boards():
        placed = [panel.id for row in place(board) for panel, _ in row.panels]
        assert placed == [panel.id for panel in board.panels()]

from __future__ import annotations

import math

import pytest

from dashboards.model.trend import HEIGHT, WIDTH, Line, frame_of, svg

SPAN = (0.0, 600.0, 60.0)


def test_a_line_runs_from_edge_to_edge_and_its_limit_is_dashed() -> None:
    line = Line("#123456", [(60.0 * step, step / 10) for step in range(11)])
    frame = frame_of([line], [0.5], SPAN, 0.0, 1.0)
    drawn = svg([line], {0.5: "#ff0000"}, frame)
    assert f'points="0.0,{HEIGHT:.1f} ' in drawn
    assert f' {WIDTH:.1f},0.0"' in drawn
    assert f'y1="{HEIGHT / 2:.1f}"' in drawn
    assert 'stroke="#ff0000"' in drawn


def test_what_is_missing_breaks_the_line_and_what_is_no_number_is_left_out() -> None:
    line = Line("#123456", [(0.0, 1.0), (60.0, 1.0), (400.0, 1.0), (460.0, 1.0), (520.0, math.nan)])
    drawn = svg([line], {}, frame_of([line], [], SPAN, None, None))
    assert drawn.count("<polyline") == 2
    assert "nan" not in drawn


def test_a_single_value_is_a_dot() -> None:
    line = Line("#123456", [(300.0, 2.0)])
    assert "<circle" in svg([line], {}, frame_of([line], [], SPAN, None, None))


@pytest.mark.parametrize(("limit", "seen"), [(2.0, True), (100.0, False)])
def test_a_limit_far_above_what_is_drawn_does_not_flatten_it(limit: float, seen: bool) -> None:
    line = Line("#123456", [(0.0, 1.0), (60.0, 1.0)])
    frame = frame_of([line], [limit], SPAN, None, None)
    assert (frame.top > limit) is seen
    assert ("stroke-dasharray" in svg([line], {limit: "#ff0000"}, frame)) is seen

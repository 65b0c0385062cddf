from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from dashboards.model.board import Shape
from dashboards.model.palette import STATES, State, Unit
from dashboards.preview.pages import Courses, Samples, preview_html, shown
from tests.support.catalogues import ENVIRONMENT, shipped_boards

OPERATIONS = next(board for board in shipped_boards() if board.name == "operations")


HOUR = (0.0, 3600.0, 60.0)


class Fake:
    """Answers every query with the same samples, the courses rising to them."""

    span = HOUR

    def __init__(self, answer: Callable[[str], Samples]) -> None:
        self._answer = answer

    def now(self, query: str) -> Samples:
        return self._answer(query)

    def course(self, query: str) -> Courses:
        return [(labels, [(0.0, 0.0), (60.0, value)]) for labels, value in self._answer(query)]


def nothing(_: str) -> Samples:
    return ()


def test_without_data_every_light_is_grey_and_says_so() -> None:
    text = preview_html(OPERATIONS, ENVIRONMENT, Fake(nothing))
    lights = [panel for panel in OPERATIONS.panels() if panel.shape is Shape.LIGHT]
    painted = re.findall(r"background:(#[0-9a-f]{6});color", text)
    assert painted == [STATES[State.NO_DATA].colour.dark] * len(lights)
    assert STATES[State.OK].colour.dark not in painted
    assert "<polyline" not in text


def test_values_are_shown_with_names_units_and_limits_and_nothing_is_executed() -> None:
    def answer(text: str) -> Samples:
        assert "$" not in text
        if "component_saturation_ratio" in text:
            return [({"component": "<script>", "resource": "cpu"}, 0.95)]
        return [({}, 2.0)]

    text = preview_html(OPERATIONS, ENVIRONMENT, Fake(answer), "pt", "de um <teste>")
    assert "<script>" not in text
    assert "&lt;script&gt; cpu" in text
    assert "95 %" in text
    assert "de um &lt;teste&gt;" in text
    assert "Crítico" in text


@pytest.mark.parametrize(
    ("value", "unit", "language", "text"),
    [
        (0.9995, Unit.RATIO, "en", "99.95 %"),
        (0.9995, Unit.RATIO, "pt", "99,95 %"),
        (14.4, Unit.TIMES, "en", "14.4x"),
        (0.2, Unit.SECONDS, "en", "0.2 s"),
        (3600.0, Unit.SECONDS, "en", "3,600 s"),
        (float("nan"), Unit.COUNT, "en", "No data"),
        (1234.0, Unit.NONE, "pt", "1 234"),
        (8950000.0, Unit.BRL, "en", "R$ 8,950,000"),
    ],
)
def test_numbers_follow_unit_and_language(value: float, unit: Unit, language: str, text: str) -> None:
    assert shown(value, unit, language) == text


def test_a_heat_map_is_told_by_bucket_in_order_and_not_as_seconds() -> None:
    development = next(board for board in shipped_boards() if board.name == "development")

    def answer(text: str) -> Samples:
        if "_bucket" in text and "histogram_quantile" not in text:
            return [({"le": "+Inf"}, 6.0), ({"le": "0.1"}, 5.0), ({"le": "0.05"}, 2.0), ({"le": "0.2"}, 5.0)]
        return ()

    text = preview_html(development, ENVIRONMENT, Fake(answer))
    told = re.findall(r"<td>(at most [^<]+)</td><td>([^<]+)</td>", text)
    assert told == [
        ("at most 0.05 s", "2 per second"),
        ("at most 0.1 s", "3 per second"),
        ("at most ∞ s", "1 per second"),
    ]


def test_a_single_number_is_big_and_a_chart_says_its_edges() -> None:
    text = preview_html(OPERATIONS, ENVIRONMENT, Fake(lambda _: [({}, 2.0)]))
    assert re.search(r'class="big" style="color:[^"]+">2', text)
    assert "01/01 00:00" in text
    assert "01/01 01:00 UTC" in text
    assert "max-width: 720px" in text


def test_a_limit_too_far_away_to_draw_is_told_and_a_text_keeps_its_list() -> None:
    detail = next(board for board in shipped_boards() if board.name == "slo-credit-decision-latency")
    text = preview_html(
        detail, ENVIRONMENT, Fake(lambda query: [({}, 0.0 if query.startswith("clamp_max") else 0.01)])
    )
    assert "limit, not drawn: 14.4x" in text
    assert "<br>· <b>" in text
    assert "**" not in text

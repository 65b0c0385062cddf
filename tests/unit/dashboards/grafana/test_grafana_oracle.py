"""The generated boards before Grafana's own schema and display code."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from dashboards.grafana.board import dashboard
from dashboards.model.board import Shape
from dashboards.model.palette import LANGUAGES, STATES, State
from tests.support.catalogues import ENVIRONMENT, shipped_boards
from tests.support.grafana_oracle import needs_grafana_modules, run

Json = dict[str, Any]


MAIN = ("executive", "operations", "development", "security")


def documents() -> dict[str, Json]:
    """Every board in English; the four main ones in Portuguese too (the shapes are the same)."""
    return {
        f"{board.name}.{language}": dashboard(board, ENVIRONMENT, language)
        for board in shipped_boards()
        for language in LANGUAGES
        if language == "en" or board.name in MAIN
    }


def problems(folder: Path, boards: dict[str, Json]) -> list[Json]:
    files = []
    for name, document in boards.items():
        file = folder / f"{name}.json"
        file.write_text(json.dumps(document))
        files.append(str(file))
    found: list[Json] = run("check_types.cjs", files)
    return found


@needs_grafana_modules
def test_every_generated_board_type_checks_against_grafanas_schema(tmp_path: Path) -> None:
    assert problems(tmp_path, documents()) == []


@needs_grafana_modules
def test_the_type_check_sees_a_threshold_that_is_the_word_null(tmp_path: Path) -> None:
    broken = copy.deepcopy(next(iter(documents().values())))
    panel = next(p for p in broken["panels"] if p["type"] == "stat")
    panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["value"] = "null"
    panel["options"]["reduceOption"] = {}
    text = json.dumps(problems(tmp_path, {"broken": broken}))
    assert "number" in text
    assert "reduceOption" in text


@needs_grafana_modules
@pytest.mark.parametrize("language", LANGUAGES)
def test_grafanas_own_code_paints_each_state_and_paints_no_data_grey(language: str) -> None:
    board = next(b for b in shipped_boards() if b.name == "operations")
    document = dashboard(board, ENVIRONMENT, language)
    titles = {p.title.of(language) for p in board.panels() if p.shape is Shape.LIGHT}
    lights = [p for p in document["panels"] if p["title"] in titles and p["type"] == "stat"]
    assert len(lights) == len(titles) >= 5
    values = [0, 1, 2, 4, None]
    expected = [State.OK, State.WARN, State.BAD, State.NO_TRAFFIC, State.NO_DATA]
    asked = json.dumps([{"fieldConfig": light["fieldConfig"], "values": values} for light in lights])
    for shown in run("show_values.cjs", stdin=asked):
        assert [one["color"].lower() for one in shown] == [STATES[state].colour.dark for state in expected]
        assert all(STATES[s].text(language) in one["text"] for s, one in zip(expected, shown, strict=True))


def stepped(steps: list[Json]) -> Json:
    thresholds = {"mode": "absolute", "steps": steps}
    return {"defaults": {"color": {"mode": "thresholds"}, "thresholds": thresholds}}


@needs_grafana_modules
def test_with_the_defect_back_grafana_never_leaves_the_first_colour() -> None:
    """Why the repair exists: the same steps with the word null instead of null."""
    steps: list[Json] = [{"color": "#00ff00", "value": "null"}, {"color": "#ff0000", "value": 1}]
    fixed: list[Json] = [{"color": "#00ff00", "value": None}, {"color": "#ff0000", "value": 1}]
    asked = [{"fieldConfig": stepped(chosen), "values": [5]} for chosen in (steps, fixed)]
    (broken,), (right,) = run("show_values.cjs", stdin=json.dumps(asked))
    assert broken["color"] == "#00ff00"
    assert right["color"] == "#ff0000"

"""Every query of every panel in five scenarios, and the lights against the rules, on Prometheus's engine."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from dashboards.grafana.board import dashboard
from dashboards.model.board import Shape
from dashboards.model.palette import STATES, State
from tests.support.catalogues import ENVIRONMENT, shipped_boards, shipped_source
from tests.support.grafana_oracle import needs_grafana_modules
from tests.support.grafana_oracle import run as run_grafana
from tests.support.replay import needs_promtool
from tests.support.replay_table import (
    SCENARIOS,
    answers,
    dead_panels,
    filled_in,
    light_text,
    queries,
    state_of_light,
    state_of_rules,
    table,
)


@needs_promtool
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_query_of_any_panel_fails_in_any_scenario(name: str) -> None:
    assert {where: v for where, v in table(answers(name)).items() if v == "error"} == {}


@needs_promtool
def test_no_panel_is_dead_while_all_is_well() -> None:
    found = table(answers("healthy"))
    assert dead_panels(found) == []
    assert Counter(found.values())["data"] > 200


@needs_promtool
@pytest.mark.parametrize("name", SCENARIOS)
def test_each_light_says_what_the_rule_engine_says(name: str) -> None:
    _, expected = SCENARIOS[name]
    for slo, objective in shipped_source().objectives():
        light, rules = state_of_light(answers(name), slo, objective), state_of_rules(answers(name), slo)
        assert light is expected[slo.id], (slo.id, light)
        agrees = rules is light or (light is State.NO_TRAFFIC and rules is State.OK)
        assert agrees, (slo.id, light, rules)


@needs_promtool
def test_with_the_exporter_down_no_light_is_green_and_no_number_is_fresh() -> None:
    for board in shipped_boards():
        for panel in board.panels():
            if panel.shape is Shape.LIGHT:
                for text in queries(panel):
                    assert answers("exporter down")[text].samples == (), (board.name, panel.id)


@needs_promtool
def test_a_fill_in_would_have_shown_green_with_the_exporter_down() -> None:
    """Negative control: the scenario does tell an honest light from one that lies."""
    for slo, objective in shipped_source().objectives():
        lie = answers("exporter down")[filled_in(light_text(slo, objective))]
        assert [value for _, value in lie.samples] == [STATES[State.OK].code]


@needs_promtool
@needs_grafana_modules
@pytest.mark.parametrize("name", SCENARIOS)
def test_grafanas_own_code_gives_each_light_the_colour_of_the_rule_engine(name: str) -> None:
    board = next(board for board in shipped_boards() if board.name == "operations")
    panels = {p["title"]: p for p in dashboard(board, ENVIRONMENT)["panels"]}
    asked, wanted = [], []
    for slo, objective in shipped_source().objectives():
        light = next(
            p for p in board.panels() if p.id == f"light-{slo.id.replace('/', '-')}-{objective.name}"
        )
        samples = answers(name)[light_text(slo, objective)].samples
        value = samples[0][1] if samples else None
        asked.append({"fieldConfig": panels[light.title.en]["fieldConfig"], "values": [value]})
        rules = state_of_rules(answers(name), slo)
        quiet = value == STATES[State.NO_TRAFFIC].code
        wanted.append(STATES[State.NO_TRAFFIC if quiet and rules is State.OK else rules].colour.dark)
    shown = run_grafana("show_values.cjs", stdin=json.dumps(asked))
    assert [one["color"].lower() for (one,) in shown] == wanted

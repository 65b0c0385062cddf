"""Every query of every panel in five scenarios, and the lights against the rules, on Prometheus's engine."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from alarms.indicators import indicators
from alarms.prometheus import indicator_rules
from dashboards import promql
from dashboards.boards.slo_panels import light_query
from dashboards.errors import NotExpressible
from dashboards.grafana.board import dashboard
from dashboards.model import Panel, Shape
from dashboards.palette import STATES, State
from slo.prometheus import rule_files
from slo.spec import Objective, Slo
from tests.support.catalogues import ENVIRONMENT, shipped, shipped_boards, shipped_source
from tests.support.grafana_oracle import needs_grafana_modules
from tests.support.grafana_oracle import run as run_grafana
from tests.support.replay import Answer, Scenario, needs_promtool, run

BOARD_VARIABLES = {"environment": ENVIRONMENT, "__rate_interval": "5m"}
LATENCY, ERRORS = "credit/decision-latency", "credit/transaction-errors"
AVAILABLE, CONSISTENT = "credit/decision-availability", "credit/data-consistency"
WELL = dict.fromkeys((LATENCY, ERRORS, AVAILABLE, CONSISTENT), State.OK)

SCENARIOS = {
    "healthy": (Scenario("healthy"), WELL),
    "degraded": (Scenario("degraded", slow=120), WELL | {LATENCY: State.WARN}),
    "outage": (
        Scenario("outage", bad=540),
        WELL | {LATENCY: State.BAD, ERRORS: State.BAD, AVAILABLE: State.BAD},
    ),
    "exporter down": (Scenario("exporter down", silent=True), dict.fromkeys(WELL, State.NO_DATA)),
    "no traffic": (
        Scenario("no traffic", idle=True),
        dict.fromkeys(WELL, State.NO_TRAFFIC) | {AVAILABLE: State.OK},
    ),
}


def text_of(query: object) -> str:
    return promql.substitute(promql.render(query), BOARD_VARIABLES)  # type: ignore[arg-type]


def queries(panel: Panel) -> list[str]:
    found = []
    for series in panel.series:
        try:
            found.append(text_of(series.query))
        except NotExpressible:
            continue
    return found


def light_text(slo: Slo, objective: Objective) -> str:
    return text_of(light_query(slo, objective))


def filled_in(light: str) -> str:
    """The lie that the gates refuse."""
    return f"({light}) or vector(0)"


@cache
def answers(name: str) -> dict[str, Answer]:
    scenario, _ = SCENARIOS[name]
    documents = dict(rule_files(shipped(), ENVIRONMENT))
    documents[indicator_rules.FILE_NAME] = indicator_rules.rule_file(indicators(shipped()), ENVIRONMENT)
    asked = [text for board in shipped_boards() for panel in board.panels() for text in queries(panel)]
    lights = [light_text(slo, objective) for slo, objective in shipped_source().objectives()]
    asked += ["ALERTS", *lights, *(filled_in(light) for light in lights)]
    with TemporaryDirectory() as folder:
        return run(scenario, documents, asked, Path(folder))


def table(name: str) -> dict[tuple[str, str], str]:
    """(board, panel) to data, empty or error: a panel has data when one of its queries has."""
    found = {}
    for board in shipped_boards():
        for panel in board.panels():
            verdicts = [answers(name)[text].verdict for text in queries(panel)]
            if verdicts:
                order = ("error", "data", "empty")
                found[(board.name, panel.id)] = min(verdicts, key=order.index)
    return found


def state_of_rules(name: str, slo: Slo) -> State:
    """What the rule engine says: its firing alerts, the silent one first."""
    firing = [
        labels
        for labels, _ in answers(name)["ALERTS"].samples
        if labels.get("alertstate") == "firing" and labels.get("slo") == slo.id
    ]
    if any(labels["objective"] == "no-data" for labels in firing):
        return State.NO_DATA
    severities = {labels["severity"] for labels in firing}
    return State.BAD if severities & {"P1", "P2"} else State.WARN if severities else State.OK


def state_of_light(name: str, slo: Slo, objective: Objective) -> State:
    samples = answers(name)[light_text(slo, objective)].samples
    if not samples:
        return State.NO_DATA
    (_, code) = samples[0]
    return next(style.state for style in STATES.values() if style.code == code)


@needs_promtool
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_query_of_any_panel_fails_in_any_scenario(name: str) -> None:
    assert {where: v for where, v in table(name).items() if v == "error"} == {}


@needs_promtool
def test_no_panel_is_dead_while_all_is_well() -> None:
    panels = {(b.name, p.id): p for b in shipped_boards() for p in b.panels()}
    dead = [where for where, verdict in table("healthy").items() if verdict == "empty"]
    assert [where for where in dead if panels[where].empty_means is None] == []
    assert Counter(table("healthy").values())["data"] > 200


@needs_promtool
@pytest.mark.parametrize("name", SCENARIOS)
def test_each_light_says_what_the_rule_engine_says(name: str) -> None:
    _, expected = SCENARIOS[name]
    for slo, objective in shipped_source().objectives():
        light, rules = state_of_light(name, slo, objective), state_of_rules(name, slo)
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
        rules = state_of_rules(name, slo)
        quiet = value == STATES[State.NO_TRAFFIC].code
        wanted.append(STATES[State.NO_TRAFFIC if quiet and rules is State.OK else rules].colour.dark)
    shown = run_grafana("show_values.cjs", stdin=json.dumps(asked))
    assert [one["color"].lower() for (one,) in shown] == wanted

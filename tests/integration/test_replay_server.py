"""The replay through a running Prometheus with the generated rules: the same table as from promtool."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dashboards.model.palette import State
from tests.support.catalogues import shipped_source
from tests.support.prometheus_server import needs_prometheus
from tests.support.replay import Answer
from tests.support.replay_server import ask_a_server
from tests.support.replay_table import (
    SCENARIOS,
    answers,
    asked,
    dead_panels,
    rule_documents,
    state_of_light,
    state_of_rules,
    table,
)

HERE = tuple(SCENARIOS) if os.environ.get("MIRANTE_PROOF") == "full" else ("healthy", "exporter down")
pytestmark = [needs_prometheus, pytest.mark.proof]


@cache
def by_http(name: str) -> dict[str, Answer]:
    scenario, _ = SCENARIOS[name]
    with TemporaryDirectory() as folder:
        return ask_a_server(scenario, rule_documents(), asked(), Path(folder))


@pytest.mark.parametrize("name", HERE)
def test_a_running_prometheus_shows_the_table_that_promtool_foretold(name: str) -> None:
    assert table(by_http(name)) == table(answers(name))


def test_no_panel_is_dead_on_a_running_prometheus_while_all_is_well() -> None:
    assert dead_panels(table(by_http("healthy"))) == []


@pytest.mark.parametrize("name", HERE)
def test_lights_and_firing_alerts_are_those_of_the_scenario(name: str) -> None:
    _, expected = SCENARIOS[name]
    for slo, objective in shipped_source().objectives():
        answered = by_http(name)
        assert state_of_light(answered, slo, objective) is expected[slo.id], slo.id
        rules = state_of_rules(answered, slo)
        quiet = expected[slo.id] is State.NO_TRAFFIC  # for the rules, quiet is well
        assert rules is (State.OK if quiet else expected[slo.id]), slo.id

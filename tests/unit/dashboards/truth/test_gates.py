"""The gates pass what ships, and catch each lie that is planted."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap.cloudwatch import DECLARED
from dashboards.cloudwatch.body import body
from dashboards.grafana.board import dashboard
from dashboards.model import promql
from dashboards.model.addresses import LANGUAGES, Deployment
from dashboards.model.board import Board, Link, Panel, Series, Shape, Threshold
from dashboards.model.palette import State
from dashboards.model.query import GaugeLevel, Rate, equal
from dashboards.truth import colour_gate, light_gate, link_gate, series_gate
from dashboards.truth.gates import CONSOLE_PATHS, examine, examine_documents, unwatched
from dashboards.truth.known_series import known_series, rules
from dashboards.truth.reading import Reading, readings
from dashboards.truth.untruth import Untruth
from exporters.collectors import saturation
from foundation.bilingual import Text
from foundation.metrics import MetricKind, MetricSpec
from slo.model.catalogue import Catalogue
from tests.support.catalogues import ENVIRONMENT, shipped, shipped_boards, shipped_source, shipped_with

KNOWN = known_series(shipped_source(), DECLARED)
RULES = rules(shipped_source())
# Read by scrapers elsewhere (the first two) and by `mirante alerts` (the medians by rule).
REVIEWED_UNWATCHED = {
    "slo_has_data",
    "slo_objective_target_ratio",
    "mirante_time_to_acknowledge_seconds",
    *("mirante_source_answers", "mirante_source_alerts"),  # the router pages what they would tell
    "mirante_alerts_found_by_asking_total",
    "mirante_time_to_resolve_seconds",
}


def of_documents(boards: Iterable[Board]) -> list[Untruth]:
    where = Deployment(ENVIRONMENT)
    return [
        lie
        for board in boards
        for language in LANGUAGES
        for lie in examine_documents(
            board, language, dashboard(board, ENVIRONMENT, language), body(board, where, language)
        )
    ]


def board_named(name: str) -> Board:
    return next(board for board in shipped_boards() if board.name == name)


def changed(board: Board, panel_id: str, change: Callable[[Panel], Panel]) -> Board:
    rows = tuple(
        dataclasses.replace(row, panels=tuple(change(p) if p.id == panel_id else p for p in row.panels))
        for row in board.rows
    )
    return dataclasses.replace(board, rows=rows)


def test_what_ships_tells_no_lie_and_what_nobody_watches_is_reviewed() -> None:
    report = examine(shipped_source(), shipped_boards(), DECLARED)
    assert [str(finding) for finding in (*report.findings, *of_documents(shipped_boards()))] == []
    assert set(report.unwatched) == REVIEWED_UNWATCHED


def test_the_consoles_pages_are_the_consoles_own_routes() -> None:
    from app.console import application

    text = Path(application.__file__).read_text(encoding="utf-8")
    for path in CONSOLE_PATHS:
        assert f'"/console{path}"' in text


def test_a_reading_knows_what_is_matched_and_what_is_kept() -> None:
    assert readings('sum by (a) (rate(x{b="1"}[5m])) / max(y)') == (
        Reading("x", frozenset({"a", "b"})),
        Reading("y", frozenset()),
    )
    assert readings('{__name__="z",c="1"}') == (Reading("z", frozenset({"c"})),)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nobody_exposes_this", "nothing exposes or records 'nobody_exposes_this'"),
        ('credit_decision_requests_total{status="500"}', "no label 'status'"),
        ("sum by (customer) (rate(credit_decisions_total[5m]))", "no label 'customer'"),
        ("credit_decision_duration_seconds", "nothing exposes or records"),
        ('slo:burn_rate:ratio1h{region="x"}', "no label 'region'"),
        ("slo:burn_rate:ratio7h", "nothing exposes or records"),
        ("sum(rate(credit_decisions_total[5m])) or vector(0)", "fills in a missing value"),
        ("up or on() vector(1)", "fills in a missing value"),
        ("sum(", "not PromQL"),
    ],
)
def test_a_text_that_names_what_is_not_there_or_invents_a_value_is_caught(text: str, problem: str) -> None:
    found = [str(finding) for finding in series_gate.of_text("here", text, KNOWN)]
    assert any(problem in one for one in found), found


@pytest.mark.parametrize(
    "text",
    [
        'sum by (outcome) (rate(credit_decision_requests_total{job="api"}[5m]))',
        'sum by (le) (rate(credit_decision_duration_seconds_bucket{outcome="ok"}[5m]))',
        'slo:burn_rate:ratio1h{environment="prod",slo="credit/decision-latency",objective="main"}',
        'ALERTS{alertstate="firing",severity=~"P1|P2",component="aurora",pair="a/b"}',
    ],
)
def test_a_text_that_names_what_is_there_passes(text: str) -> None:
    assert list(series_gate.of_text("here", text, KNOWN)) == []


def test_a_panel_on_a_metric_that_nobody_declares_is_caught_by_board_and_panel() -> None:
    ghost = MetricSpec("credit_ghost_total", MetricKind.COUNTER, "", ("outcome",))
    series = (Series(Rate(ghost), Text("", "")),)
    board = changed(
        board_named("operations"), "decision-requests", lambda p: dataclasses.replace(p, series=series)
    )
    (found,) = series_gate.of_boards([board], KNOWN)
    assert found.where == "board operations, panel decision-requests"


def test_a_label_that_a_metric_does_not_have_is_caught() -> None:
    series = (Series(GaugeLevel(saturation.SATURATION, where=(equal("pod", "x"),)), Text("", "")),)
    board = changed(
        board_named("operations"), "saturation-trend", lambda p: dataclasses.replace(p, series=series)
    )
    assert "no label 'pod'" in str(next(iter(series_gate.of_boards([board], KNOWN))))


def test_a_target_changed_in_the_definition_alone_moves_every_line_with_it() -> None:
    def eased(slo: Any) -> Any:
        objectives = tuple(dataclasses.replace(o, target=Fraction(9, 10)) for o in slo.objectives)
        return dataclasses.replace(slo, objectives=objectives)

    catalogue = Catalogue(slos=tuple(map(eased, shipped().slos)), components=shipped().components)
    eased_everywhere = shipped_with(catalogue)
    source, made = eased_everywhere.source(ENVIRONMENT), eased_everywhere.boards(ENVIRONMENT)
    assert examine(source, made, DECLARED).findings == ()
    assert of_documents(made) == []


def linking(*links: Link, shape: Shape = Shape.TEXT, **more: Any) -> Panel:
    return Panel("p", Text("", ""), Text("", ""), shape, links=links, **more)


RED = (Threshold(Fraction(1), State.BAD),)
NAMED = Text("x", "x")
LINKS: list[tuple[Panel, str]] = [
    (linking(Link(NAMED, board="nowhere")), "there is no board 'nowhere'"),
    (linking(Link(NAMED, path="/nowhere")), "the console has no page '/nowhere'"),
    (linking(Link(NAMED, path="/runbooks/none")), "there is no runbook 'none'"),
    (linking(Link(NAMED)), "does not name exactly one target"),
    (linking(shape=Shape.STAT, runbook="none"), "there is no runbook 'none'"),
    (linking(shape=Shape.LIGHT), "does not name a runbook"),
    (linking(shape=Shape.STAT, thresholds=RED), "it can turn red but does not name a runbook"),
]


@pytest.mark.parametrize(("panel", "problem"), LINKS, ids=range(len(LINKS)))
def test_a_link_that_leads_nowhere_is_caught(panel: Panel, problem: str) -> None:
    board = board_named("operations")
    broken = changed(board, "links", lambda _: panel)
    found = list(link_gate.of_boards([*shipped_boards(), broken], shipped_source().runbooks, CONSOLE_PATHS))
    assert [problem in str(finding) for finding in found] == [True]


def test_a_colour_or_a_unit_from_outside_the_registry_is_caught_at_its_path() -> None:
    document = dashboard(board_named("operations"), ENVIRONMENT)
    document["panels"][1]["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["color"] = "green"
    document["panels"][2]["fieldConfig"]["defaults"]["unit"] = "percent"
    found = list(colour_gate.of_document("ops", document))
    assert [finding.where for finding in found] == [
        "ops/panels/1/fieldConfig/defaults/thresholds/steps/1/color",
        "ops/panels/2/fieldConfig/defaults/unit",
    ]


@pytest.mark.parametrize(("right", "wrong"), [("14.4", "14"), ("ratio5m", "ratio10m")])
def test_a_light_that_compares_something_else_than_its_alerts_is_caught(
    right: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    boards = [board_named("operations")]
    assert list(light_gate.of_boards(boards, shipped_source(), RULES)) == []
    render = promql.render
    monkeypatch.setattr(promql, "render", lambda query: render(query).replace(right, wrong))
    found = [str(finding) for finding in light_gate.of_boards(boards, shipped_source(), RULES)]
    assert len(found) == len(shipped().slos)
    assert all("does not compare what its alerts compare" in one for one in found)


def uncoloured(panel: dict[str, Any]) -> None:
    panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["color"] = "#12b886"


def unmapped(panel: dict[str, Any]) -> None:
    panel["fieldConfig"]["defaults"]["mappings"] = []


def green_when_null(panel: dict[str, Any]) -> None:
    panel["fieldConfig"]["defaults"]["mappings"][1]["options"]["result"]["color"] = "#12b886"


def silent(panel: dict[str, Any]) -> None:
    del panel["fieldConfig"]["defaults"]["noValue"]


def without_runbook(panel: dict[str, Any]) -> None:
    panel["description"] = "Look at it."


@pytest.mark.parametrize(
    ("lie", "problem"),
    [
        (uncoloured, "missing data is not grey"),
        (unmapped, "missing data is not grey"),
        (green_when_null, "missing data is not grey"),
        (silent, "missing data is not labelled"),
        (without_runbook, "its description does not name its runbook"),
    ],
)
def test_a_light_that_hides_missing_data_or_its_runbook_is_caught(
    lie: Callable[[dict[str, Any]], None], problem: str
) -> None:
    board = board_named("operations")
    document = dashboard(board, ENVIRONMENT)
    assert list(light_gate.of_document("ops", board, document)) == []
    lie(next(panel for panel in document["panels"] if panel["type"] == "stat"))
    found = [str(finding) for finding in light_gate.of_document("ops", board, document)]
    assert any(problem in one and "panel light-worst" in one for one in found)


def test_metrics_that_nobody_watches_are_listed() -> None:
    assert set(unwatched(DECLARED, [])) == {spec.name for spec in DECLARED}
    watched = 'histogram_quantile(0.9, rate(credit_decision_duration_seconds_bucket{le="1"}[5m]))'
    assert "credit_decision_duration_seconds" not in unwatched(DECLARED, [watched])
    assert "credit_decisions_total" not in unwatched(DECLARED, [], ["credit_decisions_total"])


def test_a_finding_reads_as_place_problem_and_fix() -> None:
    assert str(Untruth("lines", "board x", "it lies", "Fix it")) == "board x: it lies. Fix it [lines]"

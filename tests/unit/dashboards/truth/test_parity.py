from __future__ import annotations

from dashboards.cloudwatch.body import body
from dashboards.grafana.board import dashboard
from dashboards.model.addresses import Deployment
from dashboards.truth.parity import parity, report
from tests.support.catalogues import ENVIRONMENT, shipped_boards

DEPLOYMENT = Deployment(ENVIRONMENT)
ENTRIES = parity(shipped_boards(), DEPLOYMENT)


def test_every_panel_is_accounted_for_on_both_backends() -> None:
    panels = [(board.name, panel.id) for board in shipped_boards() for panel in board.panels()]
    assert [(entry.board, entry.panel) for entry in ENTRIES] == panels


def test_the_report_agrees_with_what_is_really_generated() -> None:
    for board in shipped_boards():
        own = [entry for entry in ENTRIES if entry.board == board.name]
        grafana = [p for p in dashboard(board, ENVIRONMENT)["panels"] if p["type"] != "row"]
        assert len(grafana) == sum(entry.grafana is None for entry in own)
        widgets = body(board, DEPLOYMENT)["widgets"]
        assert len(widgets) - len(board.rows) == sum(entry.cloudwatch is None for entry in own)


def test_no_panel_is_missing_everywhere_and_every_absence_has_its_reason() -> None:
    for entry in ENTRIES:
        assert entry.grafana is None or entry.cloudwatch is None, entry
        assert entry.grafana != ""
        assert entry.cloudwatch != ""


def test_what_is_on_one_backend_only_is_the_reviewed_list() -> None:
    only_cloudwatch = {entry.panel for entry in ENTRIES if entry.grafana is not None}
    assert only_cloudwatch == {
        "waf", "guardduty", "access-logs", "error-logs", "aws-connections", "aws-throttles", "aws-evictions",
        "aws-iterator-age", "aws-errors",
    }  # fmt: skip
    only_grafana = {entry.panel for entry in ENTRIES if entry.cloudwatch is not None}
    assert only_grafana == {
        "alerts-list", "targets-alive", "decision-latency-map", "http-5xx", "refused", "cost-of-errors",
        "saturation-trend", "saturation-now", "ingest-duration", "http-latency",
    } & only_grafana  # fmt: skip


def test_the_report_is_markdown_that_names_each_difference() -> None:
    text = report(ENTRIES)
    assert text.startswith("# Boards on Grafana and on CloudWatch")
    assert "CloudWatch has no heat map" in text or "draws a heatmap" in text
    assert "AWS emits it" in text


def test_the_report_has_a_line_for_every_panel() -> None:
    lines = report(ENTRIES).splitlines()
    assert lines[2] == f"{len(ENTRIES)} panels, {sum(entry.on_both for entry in ENTRIES)} on both."
    assert len(lines[6:]) == len(ENTRIES)
    assert all(line.replace("\\|", "").count("|") == 5 for line in lines[6:])

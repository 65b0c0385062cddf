"""Exclusions and composites from the command line: audited, shown side by side, never deleted."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from click.testing import CliRunner

from app.bootstrap.paths import DataPaths
from app.cli.main import cli
from foundation.clock import clock_spec
from foundation.workspace import SHIPPED
from slo.ledger.ledger import LedgerRow, series_key
from slo.ledger.sqlite_ledger import SqliteLedger
from slo.loaders.catalogue_files import load_catalogue

SLO = "credit/transaction-errors"
START = datetime(2026, 3, 10, 2, tzinfo=UTC)
STANDING_STILL = clock_spec(1e-9, datetime(2026, 3, 10, 4, tzinfo=UTC))  # time does not pass in this test

COMPOSITE = """
apiVersion: openslo/v1
kind: SLO
metadata:
  name: journey
  displayName: Whole journey
spec:
  service: credit
  budgetingMethod: Occurrences
  timeWindow: [{duration: 30d, isRolling: true}]
  objectives:
    - displayName: decided
      target: 0.99
      compositeWeight: 2
      indicator: {metadata: {name: a}, spec: {ratioMetric: {counter: true,
        good: {metricSource: {type: Prometheus,
          spec: {query: 'sum(increase(a_total{ok="1"}[{{.window}}]))'}}},
        total: {metricSource: {type: Prometheus,
          spec: {query: 'sum(increase(a_total[{{.window}}]))'}}}}}}
    - displayName: paid
      target: 0.9
      compositeWeight: 1
      indicator: {metadata: {name: b}, spec: {ratioMetric: {counter: true,
        good: {metricSource: {type: Prometheus,
          spec: {query: 'sum(increase(b_total{ok="1"}[{{.window}}]))'}}},
        total: {metricSource: {type: Prometheus,
          spec: {query: 'sum(increase(b_total[{{.window}}]))'}}}}}}
"""


def run(folder: Path, *arguments: str) -> str:
    flags = ["--data-dir", str(folder), "--environment", "test", "--clock", STANDING_STILL]
    result = CliRunner().invoke(cli, [*flags, *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def counted(folder: Path, definitions: Path, slo_id: str, bad_in_first_hour: int) -> None:
    slo = load_catalogue(definitions).slo(slo_id)
    ledger = SqliteLedger(DataPaths(folder).ledger)
    key = series_key(slo, slo.objectives[0], "test", ())
    ledger.write(
        LedgerRow(key, START + timedelta(minutes=m), "api/1", 100 - (bad_in_first_hour if m < 60 else 0), 100)
        for m in range(120)
    )
    ledger.close()


def status_of(folder: Path, slo_id: str) -> dict[str, object]:
    documents = json.loads(run(folder, "slo", "status", "--json"))
    found: dict[str, object] = next(item for item in documents if item.get("slo") == slo_id)
    return found


def test_excluded_minutes_leave_the_budget_and_come_back_when_withdrawn(tmp_path: Path) -> None:
    counted(tmp_path, SHIPPED.definitions, SLO, bad_in_first_hour=5)
    assert status_of(tmp_path, SLO)["budget_spent"] == 300
    said = run(
        tmp_path, "slo", "exclude", "credit/*", "--from", "2026-03-10T02:00", "--to", "2026-03-10T03:00",
        "--reason", "planned migration", "--by", "ana",
    )  # fmt: skip
    assert "requested after the fact" in said
    assert status_of(tmp_path, SLO)["budget_spent"] == 0
    assert "raw 11,700 / 12,000" in run(tmp_path, "slo", "show", SLO)

    exclusion_id = said.split()[1]
    run(tmp_path, "slo", "include", exclusion_id, "--by", "rui")
    assert status_of(tmp_path, SLO)["budget_spent"] == 300
    listed = run(tmp_path, "slo", "exclusions")
    assert "planned migration" in listed
    assert "withdrawn by rui" in listed


def test_a_composite_is_shown_with_its_members_and_is_unknown_while_one_is(tmp_path: Path) -> None:
    definitions = tmp_path / "definitions"
    definitions.mkdir()
    (definitions / "journey.yaml").write_text(COMPOSITE, encoding="utf-8")
    catalogue = load_catalogue(definitions)
    (composite,) = catalogue.composites
    flags = ("--definitions", str(definitions))
    first, second = composite.members
    counted(tmp_path / "data", definitions, first.slo_id, bad_in_first_hour=0)
    documents = json.loads(run(tmp_path / "data", *flags, "slo", "status", "--json"))
    assert next(item for item in documents if "composite" in item)["budget_left_ratio"] is None

    counted(tmp_path / "data", definitions, second.slo_id, bad_in_first_hour=1)
    documents = json.loads(run(tmp_path / "data", *flags, "slo", "status", "--json"))
    shown = next(item for item in documents if "composite" in item)
    assert shown["composite"] == "credit/journey"
    assert 0.9 < float(shown["budget_left_ratio"]) < 1
    assert composite.id in run(tmp_path / "data", *flags, "slo", "status")

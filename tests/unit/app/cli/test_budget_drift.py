"""``mirante slo`` names a board that left the counts, and never takes silence for agreement."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from slo.drift import DriftReport, KeptReport
from slo.ledger.sqlite_ledger import SqliteLedger
from tests.support.command_line import mirante
from tests.support.drifts import drifted, found

LATENCY, ERRORS = "credit/decision-latency", "credit/transaction-errors"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that a control process of this environment audited a moment ago."""
    monkeypatch.setenv("MIRANTE_ENVIRONMENT", "prod")
    (tmp_path / "control").mkdir()
    SqliteLedger(tmp_path / "control" / "ledger.sqlite").close()
    own: dict[str, Any] = {"service": "credit"}
    report = DriftReport(
        datetime.now(UTC), "http://prom", (replace(drifted(LATENCY), **own), found(ERRORS, **own))
    )
    KeptReport(tmp_path / "control" / "budget-drift.json").keep(report)
    return tmp_path


def test_status_names_what_drifted_and_what_agrees(data: Path) -> None:
    ran = mirante("--data-dir", data, "slo", "status")
    assert ran.status == 0, ran.err
    assert f"recorded budget of {LATENCY} left the counts: slo:total_events:increase5m says 10,600" in ran.out
    assert f"recorded budget of {ERRORS}: recorded as counted" in ran.out


def test_show_tells_of_its_own_only(data: Path) -> None:
    ran = mirante("--data-dir", data, "slo", "show", ERRORS)
    assert f"recorded budget of {ERRORS}: recorded as counted" in ran.out
    assert LATENCY not in ran.out


def test_json_carries_the_finding_and_null_where_there_is_none(data: Path) -> None:
    ran = mirante("--data-dir", data, "slo", "status", "--json")
    found_by_slo = {one["slo"]: one["recorded"] for one in json.loads(ran.out)}
    assert found_by_slo[LATENCY]["reason"] == "other-revision"
    assert found_by_slo[LATENCY]["gaps"][1]["recorded"] == 10_600
    assert found_by_slo[ERRORS]["verdict"] == "agrees"
    assert found_by_slo["credit/decision-availability"] is None


def test_a_prometheus_that_was_never_audited_and_is_gone_is_unknown(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "control" / "budget-drift.json").unlink()
    assert "recorded budget" not in mirante("--data-dir", data, "slo", "status").out
    monkeypatch.setenv("MIRANTE_PROMETHEUS", "http://me:secret@127.0.0.1:9")
    ran = mirante("--data-dir", data, "slo", "status")
    assert ran.status == 0, ran.err
    assert "recorded budgets: unknown since" in ran.out
    assert "secret" not in ran.out

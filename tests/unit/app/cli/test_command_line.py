"""The command as a new user meets it: help, misspellings, widths."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from app.cli.context import plain_table
from app.slo_tables import detail, forecasts, overview
from slo.judge.status import ObjectiveStatus, status
from slo.ledger.ledger import LedgerRow, series_key
from slo.loaders.catalogue_files import load_catalogue
from tests.support.command_line import every_command, mirante
from tests.support.memory_ledger import MemoryLedger

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize("path", [(), *(path for path, _ in every_command())], ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    ran = mirante(*path, "--help")
    assert ran.status == 0
    assert ran.out.startswith("Usage: mirante")
    summary = ran.out.split("\n\n")[1]
    assert len(summary.strip()) > 15, "a command without a sentence"
    assert all(len(line) <= 110 for line in ran.out.splitlines())


def test_the_exit_statuses_are_in_the_help() -> None:
    text = " ".join(mirante("--help").out.split())
    for status_text in ("0 done or yes", "1 the answer is no", "2 wrong usage", "3 the machine", "130"):
        assert status_text in text


@pytest.mark.parametrize("arguments", [(), ("slo",), ("alerts",), ("ingest",), ("consistency",), ("audit",)])
def test_without_a_command_the_help_is_shown_as_for_bad_usage(arguments: tuple[str, ...]) -> None:
    ran = mirante(*arguments)
    assert ran.status == 2
    assert ran.err + ran.out == mirante(*arguments, "--help").out


def test_a_misspelt_command_is_told_the_nearest() -> None:
    ran = mirante("chekc")
    assert ran.status == 2
    assert "Did you mean 'check'?" in ran.err


def test_an_unknown_setting_in_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRANTE_API_PROT", "1")
    ran = mirante("settings")
    assert ran.status == 2
    assert "there is no setting 'MIRANTE_API_PROT'" in ran.err


def test_secrets_are_masked_in_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRANTE_HOOK_TOKEN", "very-secret")
    ran = mirante("settings")
    assert ran.status == 0
    assert "very-secret" not in ran.out
    assert "MIRANTE_ALARM_POLICY" in ran.out


def test_incidents_are_not_looked_for_where_no_router_ever_ran(tmp_path: Path) -> None:
    ran = mirante("--data-dir", tmp_path / "none", "alerts", "list")
    assert ran.status == 3
    assert "no router has ever run here. Check --data-dir" in ran.err
    assert not (tmp_path / "none").exists()


def test_a_key_is_shown_once_and_never_again(tmp_path: Path) -> None:
    made = mirante("--data-dir", tmp_path, "keys", "create", "backoffice", "--scope", "ingest:write")
    secret = made.out.strip()
    assert secret.startswith("mk_")
    listed = mirante("--data-dir", tmp_path, "keys", "list")
    assert "backoffice" in listed.out
    assert secret not in listed.out
    key_id = secret.split("_")[1]
    assert mirante("--data-dir", tmp_path, "keys", "revoke", key_id).status == 0
    unknown = mirante("--data-dir", tmp_path, "keys", "revoke", "nokey000")
    assert unknown.status == 2


def test_cells_fold_where_the_window_is_narrow_and_nothing_is_cut_off() -> None:
    console = Console(width=24)
    table = plain_table("id", "what")
    table.add_row("a" * 30, "b" * 30)
    with console.capture() as captured:
        console.print(table)
    shown = captured.get()
    assert (shown.count("a"), shown.count("b")) == (30 + 1, 30)  # one more in the heading
    assert "…" not in shown


def statuses(*, heard: bool) -> tuple[ObjectiveStatus, ...]:
    catalogue = load_catalogue()
    ledger = MemoryLedger()
    if heard:
        ledger.write(
            LedgerRow(
                series_key(slo, objective, "prod", ()), NOW - timedelta(minutes=m), "api-1", 9_000, 10_000
            )
            for slo in catalogue.slos
            for objective in slo.objectives
            for m in range(1, 90)
        )
    return status(catalogue.slos, ledger, "prod", NOW)


@pytest.mark.parametrize("width", [80, 119, 120, 140])
def test_the_overview_is_one_line_a_service_level_in_every_window(width: int) -> None:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(overview(statuses(heard=True)))
    lines = captured.get().splitlines()
    told = [line.strip() for line in lines if line.startswith("left: ")]
    assert told == ["left: of the whole 30d budget, forecast from 1h 29min of history"]
    assert len(lines) == 1 + 4 + 1 + 1, captured.get()
    assert "…" not in captured.get()
    assert all(len(line.rstrip()) <= width for line in lines)
    assert sum("credit/decision-availability" in line for line in lines) == 1


def test_what_is_unknown_is_never_shown_as_whole_or_quiet() -> None:
    console = Console(width=140)
    with console.capture() as captured:
        for item in statuses(heard=False):
            console.print(detail(item))
        console.print(overview(statuses(heard=False)))
    shown = captured.get()
    assert "budget unknown" in shown
    assert "100 %" not in shown
    assert "quiet" not in shown


def test_a_budget_that_was_counted_over_the_whole_period_is_no_forecast() -> None:
    found = [replace(one, budget=replace(one.budget, forecast=False)) for one in statuses(heard=True)]
    assert forecasts(found) == []


def test_the_history_of_a_forecast_is_told_from_the_shortest_to_the_longest() -> None:
    first, *others = statuses(heard=True)
    longer = replace(first, first_data=NOW - timedelta(days=2))
    (line,) = forecasts([longer, *others])
    assert line.endswith("to 2d of history")

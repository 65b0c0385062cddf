"""``mirante simulate`` from the command line: imagined incidents, recorded counts, other definitions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.main import cli
from foundation.errors import DefinitionError
from foundation.workspace import SHIPPED

SLO = "credit/transaction-errors"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["simulate", *arguments], catch_exceptions=False)


def test_an_imagined_incident_fires_on_every_backend_with_the_budget_it_took() -> None:
    result = run(SLO, "--incident", "2 % errors for 45 minutes at 14:00", "--traffic", "1200", "--json")
    document = json.loads(result.output)
    fired = {firing["backend"]: firing for firing in document["firings"] if firing["tier"] == "page-fast"}
    assert set(fired) == {"ledger", "prometheus", "cloudwatch"}
    assert fired["cloudwatch"]["modelled"] is True
    assert all(0.019 < firing["budget_spent_ratio"] < 0.022 for firing in fired.values())


def test_an_error_rate_within_the_budget_fires_nothing() -> None:
    result = run(SLO, "--incident", "0.05 % errors for 45 minutes at 14:00", "--traffic", "1200")
    assert "nothing fires" in result.output


def test_recorded_counts_are_judged_and_drawn(tmp_path: Path) -> None:
    lines = ["minute,good,total"]
    lines += [
        f"2026-03-10T{h:02d}:{m:02d}:00Z,{90 if h == 3 else 100},100" for h in range(6) for m in range(60)
    ]
    counts, chart = tmp_path / "counts.csv", tmp_path / "chart.svg"
    counts.write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = run(SLO, "--counts", str(counts), "--chart", str(chart))
    assert "03-10 03:" in result.output
    assert "page-fast" in chart.read_text(encoding="utf-8")


def test_other_definitions_say_what_they_would_change(tmp_path: Path) -> None:
    other = tmp_path / "definitions"
    other.mkdir()
    text = (SHIPPED.definitions / "credit.yaml").read_text(encoding="utf-8")
    (other / "credit.yaml").write_text(text.replace("target: 0.999\n", "target: 0.95\n"), encoding="utf-8")
    result = run(SLO, "--incident", "30 % errors for 30 minutes", "--against", str(other))
    assert "with the other definitions, ledger:" in result.output
    assert "fewer page" in result.output


def test_a_broken_line_of_counts_is_named(tmp_path: Path) -> None:
    counts = tmp_path / "counts.csv"
    counts.write_text("minute,good,total\n2026-03-10T00:00:00Z,5,4\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"counts\.csv:2: good: 5 of total 4 is impossible"):
        run(SLO, "--counts", str(counts))


@pytest.mark.parametrize("arguments", [(), ("--ledger", "--incident", "2 % for 5 m")])
def test_exactly_one_source_is_asked_for(arguments: tuple[str, ...]) -> None:
    result = run(SLO, *arguments)
    assert result.exit_code == 2
    assert "exactly one of" in result.output

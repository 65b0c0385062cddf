"""A type of SLI in one module gets all that the others have: nothing else of the product knows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from foundation.clock import ManualClock
from foundation.count_journal import CounterIncrement
from slo import cloudwatch, lint, prometheus
from slo.indicators import KINDS
from slo.judge.status import ObjectiveState, status
from slo.ledger.collect import Collector
from slo.loaders.catalogue_files import load_catalogue
from slo.loaders.writer import documents
from slo.model.catalogue import Catalogue
from slo.prometheus.yaml_text import render_yaml
from slo.simulate import BACKENDS, parse_outage, simulate
from slo.simulate.outage import Traffic, imagine
from tests.support.definition_files import SLO, refusals
from tests.support.latency_indicator import KEY, LatencyIndicator, read_latency
from tests.support.memory_counts import MemoryCountJournal, MemoryCountReader
from tests.support.memory_ledger import MemoryLedger
from tests.support.promtool import PROMTOOL, check_rules, test_rules, write_rules, write_tests
from tests.support.slo_samples import MINUTE, NOON

WITH_LATENCY = {**KINDS, KEY: read_latency}
START, END = SLO.index("      ratioMetric:"), SLO.index("  objectives:")
TEXT = f'{SLO[:START]}      {KEY}: {{histogram: search_seconds, under: "0.5"}}\n{SLO[END:]}'


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return read(tmp_path, TEXT)


def read(folder: Path, text: str) -> Catalogue:
    (folder / "search.yaml").write_text(text, encoding="utf-8")
    return load_catalogue(folder, kinds=WITH_LATENCY)


def test_it_is_read_by_its_key_and_written_as_it_was(catalogue: Catalogue, tmp_path: Path) -> None:
    (slo,) = catalogue.slos
    assert slo.indicator == LatencyIndicator("search_seconds", "0.5")
    written = "---\n".join(render_yaml(document) for document in documents(catalogue))
    (again,) = read(tmp_path, written).slos
    assert (again.indicator, again.revision) == (slo.indicator, slo.revision)


def test_without_it_its_key_is_unknown(tmp_path: Path) -> None:
    assert f"{KEY}: is not a known key" in " ".join(map(str, refusals(tmp_path, search=TEXT)))


def test_it_is_linted(catalogue: Catalogue) -> None:
    found = lint.check(catalogue, lint.LintSurroundings(buckets={"search_seconds": frozenset({0.1, 1.0})}))
    assert [one.rule for one in found if one.level is lint.FindingLevel.ERROR] == ["bucket-missing"]


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_its_rules_pass_their_generated_tests(catalogue: Catalogue, tmp_path: Path) -> None:
    write_rules(tmp_path, prometheus.rule_files(catalogue, "prod"))
    tests = prometheus.rule_tests(catalogue, "prod")
    write_tests(tmp_path, tests)
    assert check_rules(tmp_path).returncode == 0
    ran = test_rules([tmp_path / "tests" / name for name in tests])
    assert ran.returncode == 0, ran.stdout + ran.stderr
    cases = [case["name"] for document in tests.values() for case in document["tests"]]  # type: ignore[attr-defined]
    assert "page-fast of main fires on a burn, then resets" in cases
    assert "without its bucket nothing is known of main" in cases


def test_it_has_cloudwatch_alarms(catalogue: Catalogue) -> None:
    named = {str(alarm["AlarmName"]) for alarm in cloudwatch.alarms(catalogue, "prod")}
    assert {"mirante-prod-web-uptime-main-page-slow", "mirante-prod-web-uptime-main-no-data"} <= named
    assert cloudwatch.skipped(catalogue, "prod") == []


def test_it_is_counted_and_judged(catalogue: Catalogue) -> None:
    (slo,) = catalogue.slos
    clock, ledger = ManualClock(NOON), MemoryLedger()
    journal = MemoryCountJournal("search", clock)
    journal.add(
        [
            CounterIncrement("search_seconds_count", (), 1000),
            CounterIncrement("search_seconds_bucket", (("le", "0.5"),), 600),
            CounterIncrement("search_seconds_bucket", (("le", "1"),), 900),
        ]
    )
    Collector([slo], MemoryCountReader([journal]), ledger, "prod", clock).collect()
    clock.advance(MINUTE)
    (found,) = status([slo], ledger, "prod", clock.now())
    assert (found.counts.good, found.counts.total) == (600, 1000)
    assert found.state is ObjectiveState.BURNING
    assert "page-fast" in [tier.tier.name for tier in found.firing]


def test_it_is_simulated_on_every_backend(catalogue: Catalogue) -> None:
    (slo,) = catalogue.slos
    incident = parse_outage("80 % errors for 60 minutes", NOON)
    timeline = imagine(incident, Traffic((100,)), timedelta(hours=2), timedelta(hours=1))
    found = simulate(slo, timeline)
    assert {firing.backend for firing in found.firings if firing.tier == "page-fast"} == set(BACKENDS)


def test_another_bound_is_another_revision(catalogue: Catalogue) -> None:
    (slo,) = catalogue.slos
    slower = replace(slo, indicator=LatencyIndicator("search_seconds", "1"))
    assert slower.revision != slo.revision

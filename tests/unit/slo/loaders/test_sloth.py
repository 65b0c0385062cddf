"""Sloth's files: everything they say is kept, what cannot be kept is refused by name."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from slo.indicators.ratio import RatioIndicator
from slo.loaders.catalogue_files import load_catalogue
from slo.model.spec import CountUnit
from tests.support.definition_files import SLOTH, line_of, load_texts, refusals

SHAPES = Path(__file__).parents[3] / "support" / "definitions" / "shapes"


def test_a_sloth_file_becomes_the_same_promise(tmp_path: Path) -> None:
    slo = load_texts(tmp_path, web=SLOTH).slo("web/uptime")
    assert isinstance(slo.indicator, RatioIndicator)
    assert slo.indicator.bad is not None
    assert slo.objectives[0].target == Fraction(999, 1000)
    assert [(tier.name, tier.factor(slo.window.length)) for tier in slo.tiers] == [
        ("page-fast", Fraction(72, 5)), ("page-slow", 6), ("ticket-fast", 3), ("ticket-slow", 1),
    ]  # fmt: skip
    assert {tier.alert_name for tier in slo.tiers} == {"WebErrors"}


def test_labels_and_annotations_of_every_level_reach_the_alert() -> None:
    slo = load_catalogue(SHAPES).slo("ledger/postings")
    assert slo.labels == {"owner": "books", "tier": "2", "area": "core"}
    page = slo.tiers[0]
    assert page.labels == {"category": "availability", "severity": "pageteam"}
    assert page.annotations == {"summary": "Postings fail"}


def test_a_disabled_alert_leaves_the_other() -> None:
    assert [tier.name for tier in load_catalogue(SHAPES).slo("ledger/postings").tiers] == [
        "page-fast",
        "page-slow",
    ]
    assert [tier.name for tier in load_catalogue(SHAPES).slo("ledger/freshness").tiers] == [
        "ticket-fast", "ticket-slow",
    ]  # fmt: skip


def test_a_raw_ratio_counts_minutes_and_says_so() -> None:
    assert load_catalogue(SHAPES).slo("ledger/freshness").unit is CountUnit.RATIO_MINUTES


def test_windows_of_its_own_kind_set_period_and_factors(tmp_path: Path) -> None:
    windows = """\
        apiVersion: sloth.slok.dev/v1
        kind: AlertWindows
        spec:
          sloPeriod: 7d
          page:
            quick: {errorBudgetPercent: 8, shortWindow: 5m, longWindow: 1h}
            slow: {errorBudgetPercent: 12.5, shortWindow: 30m, longWindow: 6h}
          ticket:
            quick: {errorBudgetPercent: 20, shortWindow: 2h, longWindow: 1d}
            slow: {errorBudgetPercent: 42, shortWindow: 6h, longWindow: 3d}
        """
    slo = load_texts(tmp_path, week=windows, web=SLOTH).slo("web/uptime")
    assert slo.window.length.days == 7
    assert [tier.factor(slo.window.length) for tier in slo.tiers] == [
        Fraction(336, 25), Fraction(7, 2), Fraction(7, 5), Fraction(49, 50),
    ]  # fmt: skip


def test_its_kubernetes_resource_says_the_same(tmp_path: Path) -> None:
    resource = """\
        apiVersion: sloth.slok.dev/v1
        kind: PrometheusServiceLevel
        metadata: {name: web, namespace: monitoring}
        spec:
          service: web
          slos:
            - name: uptime
              objective: 99.9
              sli:
                events:
                  errorQuery: sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))
                  totalQuery: sum(rate(http_requests_total[{{.window}}]))
              alerting:
                name: WebErrors
                pageAlert: {labels: {severity: page}}
                ticketAlert: {disable: true}
        """
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    from_resource = load_texts(tmp_path / "a", web=resource).slo("web/uptime")
    from_file = load_texts(tmp_path / "b", web=SLOTH).slo("web/uptime")
    assert from_resource.revision == from_file.revision
    assert [tier.labels for tier in from_resource.tiers] == [{"severity": "page"}] * 2


@pytest.mark.parametrize(
    ("replaced", "by", "needle", "field", "reason"),
    [
        (
            "      events:",
            "      plugin: {id: sloth-common/http}\n      events:",
            "events:",
            "slos[0].sli.events",
            "exactly one of events, raw and plugin",
        ),
        ("slos:", "slo_plugins: {chain: [{id: a}]}\nslos:", "id: a", "slo_plugins.chain[0].id", "is Go code"),
        (
            "objective: 99.9",
            "objective: 100",
            "objective: 100",
            "slos[0].objective",
            "leaves no error budget",
        ),
        ("objective: 99.9", "objective: 0.999%", "0.999%", "slos[0].objective", "is not a number"),
        (
            "objective: 99.9",
            "objective: 101",
            "objective: 101",
            "slos[0].objective",
            "not a percentage of 0 to 100",
        ),
        (
            "total_query: sum(rate(http_requests_total[{{.window}}]))",
            "total_query: sum(rate(x[5m]))",
            "[5m]",
            "slos[0].sli.events.total_query",
            "does not use {{.window}}",
        ),
        (
            "total_query",
            "total_querry",
            "total_querry",
            "slos[0].sli.events.total_querry",
            "not a known key",
        ),
        ("prometheus/v1", "prometheus/v2", "prometheus/v2", "version", "'prometheus/v2' is not one of"),
        (
            "      name: WebErrors",
            "      name: WebErrors\n      page_alert: {disable: maybe}",
            "maybe",
            "slos[0].alerting.page_alert.disable",
            "not true or false",
        ),
        ("service: web", "team: web", "team: web", "team", "not a known key"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    replaced: str, by: str, needle: str, field: str, reason: str, tmp_path: Path
) -> None:
    text = SLOTH.replace(replaced, by, 1)
    found = [error for error in refusals(tmp_path, web=text) if error.field == field]
    assert found
    assert reason in found[0].problem
    assert found[0].line == line_of(text, needle)

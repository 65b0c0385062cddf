"""OpenSLO files of every shape, read as what they say."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from slo.indicators.ratio import RatioIndicator
from slo.indicators.threshold import ThresholdIndicator
from slo.loaders.catalogue_files import load_catalogue
from slo.model.errors import UnknownSlo
from slo.model.spec import CountUnit
from tests.support.definition_files import SLO, load_texts

SHAPES = load_catalogue(Path(__file__).parents[3] / "support" / "definitions" / "shapes")


def test_the_shipped_catalogue_has_the_four_promises_of_the_document() -> None:
    catalogue = load_catalogue()
    promised = {slo.id: slo.objectives[0].target for slo in catalogue.slos}
    assert promised == {
        "credit/decision-availability": Fraction(9995, 10_000),
        "credit/decision-latency": Fraction(95, 100),
        "credit/transaction-errors": Fraction(999, 1000),
        "credit/data-consistency": Fraction(9999, 10_000),
    }
    assert all(catalogue.owner(slo) == "development" for slo in catalogue.slos)
    assert not catalogue.notices


def test_every_shipped_component_leans_on_components_that_exist_and_serves_a_promise() -> None:
    catalogue = load_catalogue()
    assert all(catalogue.component(name) for c in catalogue.components for name in c.depends_on)
    assert all(component.slos for component in catalogue.components)


def test_an_unknown_id_names_those_that_exist() -> None:
    with pytest.raises(UnknownSlo, match=r"there is no SLO 'x/y'. Defined: ledger/freshness"):
        SHAPES.slo("x/y")


def test_a_reference_and_its_data_source_are_resolved_across_documents() -> None:
    indicator = SHAPES.slo("shop/checkout").indicator
    assert isinstance(indicator, RatioIndicator)
    assert indicator.total is not None
    assert indicator.total.source_type == "Prometheus"


def test_several_objectives_are_named_after_what_they_say() -> None:
    objectives = SHAPES.slo("shop/checkout").objectives
    assert [(o.name, o.target) for o in objectives] == [
        ("internal", Fraction(999, 1000)), ("contract", Fraction(995, 1000)),
    ]  # fmt: skip


def test_a_lone_objective_keeps_its_name_when_its_target_changes(tmp_path: Path) -> None:
    slo = load_texts(tmp_path, web=SLO).slo("web/uptime")
    changed = load_texts(tmp_path, web=SLO.replace("0.99", "0.995")).slo("web/uptime")
    assert slo.objectives[0].name == changed.objectives[0].name == "main"
    assert slo.revision == changed.revision


def test_tiers_are_renamed_lowered_and_left_out_by_annotations() -> None:
    tiers = SHAPES.slo("shop/search-latency").tiers
    assert [(tier.name, tier.severity) for tier in tiers] == [("sudden", "P2"), ("page-slow", "P2")]


def test_a_calendar_month_keeps_its_time_zone() -> None:
    window = SHAPES.slo("shop/index-age").window
    assert (window.calendar_unit, window.time_zone, window.is_rolling) == (
        "month",
        "America/Sao_Paulo",
        False,
    )


def test_units_follow_what_is_counted() -> None:
    assert SHAPES.slo("shop/checkout").unit is CountUnit.EVENTS
    assert SHAPES.slo("shop/index-age").unit is CountUnit.SLICES
    assert SHAPES.slo("shop/payment-quality").unit is CountUnit.RATIO_MINUTES
    assert SHAPES.slo("shop/satisfaction").unit is CountUnit.RATIO_MINUTES
    assert isinstance(SHAPES.slo("shop/index-age").indicator, ThresholdIndicator)


def test_an_alert_policy_is_a_tier_that_burns_as_written() -> None:
    slo = SHAPES.slo("shop/stock-sync")
    watchful, leak = slo.tiers
    assert watchful.factor(slo.window.length) == 2
    assert (watchful.long_window, watchful.short_window) == (timedelta(hours=3), timedelta(minutes=15))
    assert (watchful.alert_after, watchful.severity) == (timedelta(minutes=5), "P1")
    assert watchful.targets == ("storefront-chat",)
    assert leak.long_window == leak.short_window == timedelta(days=2)
    assert not leak.notify_resolved
    assert slo.no_data_severity == "P1"


def test_objectives_with_indicators_of_their_own_are_a_composite_of_full_slos() -> None:
    composite = SHAPES.composites[0]
    assert composite.id == "shop/journey"
    assert [(m.slo_id, m.weight) for m in composite.members] == [
        ("shop/journey-browse", Fraction(1, 2)), ("shop/journey-pay", Fraction(1)),
    ]  # fmt: skip
    assert SHAPES.slo("shop/journey-browse").objectives[0].target == Fraction(99, 100)


def test_v2alpha_words_mean_the_same(tmp_path: Path) -> None:
    start, end = SLO.index("  indicator:"), SLO.index("  objectives:")
    v2 = (SLO[:start] + "  sli:\n" + SLO[start:end].replace("  indicator:\n", "") + SLO[end:]).replace(
        "openslo/v1", "openslo.com/v2alpha"
    )
    v2 = v2.replace(
        "          metricSource:\n            type: Prometheus\n", "          dataSourceRef: main\n"
    )
    v2 = v2.replace("            spec:\n              query", "          spec:\n            query")
    source = (
        "apiVersion: openslo.com/v2alpha\nkind: DataSource\nmetadata: {name: main}\n"
        "spec: {type: Prometheus}\n"
    )
    (tmp_path / "v1").mkdir()
    (tmp_path / "v2").mkdir()
    first = load_texts(tmp_path / "v1", web=SLO).slo("web/uptime")
    second = load_texts(tmp_path / "v2", web=v2, source=source).slo("web/uptime")
    assert first.revision == second.revision


def test_what_is_assumed_is_said_aloud(tmp_path: Path) -> None:
    text = SLO.replace("  budgetingMethod: Occurrences\n", "").replace(
        "  timeWindow:\n    - duration: 30d\n      isRolling: true\n", ""
    )
    notices = load_texts(tmp_path, web=text.replace("target: 0.99", "target: 0.99\n      op: gt")).notices
    assert [notice.field for notice in notices] == [
        "spec.budgetingMethod",
        "spec.timeWindow",
        "spec.objectives[0].op",
    ]


def test_file_order_does_not_matter(tmp_path: Path) -> None:
    other = SLO.replace("uptime", "downtime")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = load_texts(tmp_path / "a", x=SLO, y=other)
    second = load_texts(tmp_path / "b", x=other, y=SLO)
    assert [slo.id for slo in first.slos] == [slo.id for slo in second.slos] == ["web/downtime", "web/uptime"]

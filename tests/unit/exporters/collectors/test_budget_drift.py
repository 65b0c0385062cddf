"""What is scraped of an audit: a drift with its reason, agreement as 0, and what is unknown as absent."""

from __future__ import annotations

from exporters.collectors.budget_drift import BudgetDriftCollector
from exporters.server import build_registry
from slo.drift import BudgetDrift, DriftReason, DriftVerdict
from tests.support.drifts import drifted, found

OWN = {"service": "shop", "slo": "shop/api", "objective": "main", "group": ""}


def sample(one: BudgetDrift, name: str, **labels: str) -> float | None:
    registry = build_registry("test", [BudgetDriftCollector(lambda: [one])])
    return registry.get_sample_value(name, {**OWN, **labels})


def test_a_drift_is_exposed_with_its_reason_and_its_series() -> None:
    one = drifted()
    assert sample(one, "slo_budget_drifted", reason="other-revision") == 1
    assert sample(one, "slo_budget_audited", reason="none") == 1
    assert sample(one, "slo_budget_drift_ratio", series="slo:total_events:increase5m") == 0.06


def test_agreement_is_zero_and_not_nothing() -> None:
    assert sample(found(), "slo_budget_drifted", reason="none") == 0


def test_what_is_unknown_is_absent_and_says_why() -> None:
    one = found(verdict=DriftVerdict.UNKNOWN, reason=DriftReason.NOT_DEPLOYED)
    assert sample(one, "slo_budget_audited", reason="rules-not-deployed") == 0
    for reason in DriftReason:
        assert sample(one, "slo_budget_drifted", reason=reason.value) is None


def test_a_group_is_named_in_one_label() -> None:
    one = drifted(labels=(("cluster", "west"),))
    assert sample(one, "slo_budget_drifted", reason="other-revision", group="cluster=west") == 1

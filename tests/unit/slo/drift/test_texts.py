"""Sentences of an audit: which SLO and series, by how much, since when, why; silence is never green."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from slo.drift import BudgetDrift, DriftReason, DriftReport, DriftVerdict
from slo.drift.texts import STALE, finding_text, report_text
from tests.support.drifts import SINCE, drifted, found

NOW = SINCE + timedelta(hours=1)


def lines(*findings: BudgetDrift, **also: object) -> list[str]:
    report = DriftReport(NOW, "http://prom", findings, **also)  # type: ignore[arg-type]
    return [text.en for text in report_text(report, NOW)]


def test_a_drift_says_which_by_how_much_since_when_and_why() -> None:
    (said,) = lines(drifted(labels=(("cluster", "west"),)))
    assert said == (
        "recorded budget of shop/api{cluster=west} left the counts: slo:total_events:increase5m says 10,600, "
        "counted are 10,000 (6.00 % apart), since 2026-03-10 09:30 UTC: the Prometheus evaluates other rules "
        "than this definition makes (first: slo:total_events:increase5m); load what `mirante build` wrote"
    )


@pytest.mark.parametrize("reason", list(DriftReason))
def test_every_reason_has_a_sentence_in_both_languages(reason: DriftReason) -> None:
    unknown = reason in (DriftReason.NOT_DEPLOYED, DriftReason.NOT_COUNTED, DriftReason.YOUNG)
    if reason is DriftReason.NONE:
        one = found()
    elif unknown:
        one = found(verdict=DriftVerdict.UNKNOWN, reason=reason)
    else:
        one = replace(drifted(missed=60), reason=reason)
    said = finding_text(one)
    assert said.en != said.pt
    assert "{" not in said.en + said.pt


def test_what_is_alike_is_said_once() -> None:
    absent = [found(f"shop/{n}", DriftVerdict.UNKNOWN, DriftReason.NOT_DEPLOYED) for n in range(7)]
    assert lines(*absent) == ["recorded budget of all 7: no rules deployed: nothing is recorded"]
    some = lines(*absent, found("shop/well"))
    assert some[0].startswith(
        "recorded budget of shop/0, shop/1, shop/2, shop/3, shop/4 and 2 more: no rules"
    )
    assert some[1] == "recorded budget of shop/well: recorded as counted"


def test_rules_of_another_environment_are_named() -> None:
    one = found(verdict=DriftVerdict.UNKNOWN, reason=DriftReason.NOT_DEPLOYED, detail="staging")
    assert "under environment staging" in finding_text(one).en


def test_missed_evaluations_are_told_even_where_the_counts_agree() -> None:
    assert finding_text(found(missed=60)).en == (
        "recorded as counted; rules were not evaluated for 1h of the last 6h"
    )


def test_silence_and_an_old_audit_are_unknown() -> None:
    silent = lines(silence="Prometheus at http://prom cannot be reached", silent_since=SINCE)
    assert silent == [
        "recorded budgets: unknown since 2026-03-10 09:30 UTC: Prometheus at http://prom cannot be reached"
    ]
    old = DriftReport(NOW - STALE - timedelta(minutes=1), "http://prom", (found(),))
    (said,) = report_text(old, NOW)
    assert said.en.startswith("recorded budgets: unknown; last compared")

"""The recorded budget held against the counted one, on a real Prometheus: what left the counts is named.

One server with the rules of several SLOs: some as they should be, some of an older definition, some under
another environment, some that were not evaluated for an hour.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random

import httpx
import pytest

from foundation.clock import ManualClock
from slo.drift import BudgetDrift, DriftAudit, DriftReason, DriftReport, DriftVerdict
from slo.drift.tolerance import SETTLE
from slo.indicators.ratio import RatioIndicator
from slo.ledger.collect import Collector
from slo.ledger.prometheus_queries import PrometheusQueries
from slo.ledger.prometheus_source import PrometheusCountReader
from slo.ledger.tally import count_plan
from slo.model import conventions as names
from slo.model.spec import MetricQuery, Slo
from tests.support.memory_ledger import MemoryLedger
from tests.support.patience import patience
from tests.support.prometheus_server import backfill, needs_prometheus, prometheus_server
from tests.support.recorded_rules import Evaluated, record, written_rules
from tests.support.slo_samples import HOUR, MINUTE, an_slo

pytestmark = needs_prometheus

BEGAN = datetime(2026, 3, 9, 20, 0, 30, tzinfo=UTC)
AT = datetime(2026, 3, 10, 6, 0, tzinfo=UTC)
NOW = AT + SETTLE + timedelta(seconds=20)
HOLE = (AT - 3 * HOUR, AT - 2 * HOUR)
LATELY = AT - 40 * MINUTE
SCRAPES = timedelta(seconds=30)
CODES = {"200": 40.0, "429": 1.2, "500": 0.4}
"""Calls between two scrapes, on average; every now and then there are ten times as many."""


def counting(name: str, bad: str = "5..|429", target: int = 99, by: str = "", job: str = "shop") -> Slo:
    grouped = f" by ({by}) " if by else ""

    def query(more: str = "") -> MetricQuery:
        selector = f'http_requests_total{{job="{job}"{more}}}'
        return MetricQuery("Prometheus", f"sum{grouped}(increase({selector}[{{{{.window}}}}]))")

    indicator = RatioIndicator(total=query(), bad=query(f',code=~"{bad}"'))
    return an_slo(Fraction(target, 100), name, indicator=indicator, tiers=())


RIGHT, OLDER = counting("right"), counting("older")
LOOSER, ELSEWHERE = counting("looser"), counting("elsewhere")
ABSENT, HOLED, YOUNG = counting("absent"), counting("holed"), counting("young")
GROUPED = counting("grouped", by="cluster")
HALF = counting("half", by="cluster")
DOWN = counting("down", job="outage")
DEFINED = (RIGHT, OLDER, LOOSER, ELSEWHERE, ABSENT, HOLED, YOUNG, GROUPED, HALF, DOWN)


def deployed(folder: Path) -> list[Evaluated]:
    """What is loaded in the Prometheus, which is not all as it is defined."""
    older = counting("older", bad="5..")
    half = counting("half", bad="5..", by="cluster")
    always, but_an_hour = [(BEGAN, AT)], [(BEGAN, HOLE[0]), (HOLE[1], AT)]
    return [
        Evaluated(written_rules(RIGHT, "prod", folder), always),
        Evaluated(written_rules(older, "prod", folder), always),
        Evaluated(written_rules(counting("looser", target=95), "prod", folder), always),
        Evaluated(written_rules(ELSEWHERE, "staging", folder), always),
        Evaluated(written_rules(HOLED, "prod", folder), but_an_hour),
        Evaluated(written_rules(YOUNG, "prod", folder), [(AT - 10 * MINUTE, AT)]),
        Evaluated(written_rules(GROUPED, "prod", folder), always),
        Evaluated(written_rules(half, "prod", folder), always),
        Evaluated(written_rules(DOWN, "prod", folder), but_an_hour),
    ]


def traffic() -> Iterator[str]:
    """Two clusters, with bursts; the west fails ten times as often. Nobody scraped the third for an hour."""
    random = Random(5)
    for job, cluster, factor in (("shop", "east", 1), ("shop", "west", 10), ("outage", "north", 1)):
        for code, mean in CODES.items():
            value, at = 0, BEGAN - 2 * HOUR
            while at <= NOW:
                labels = f'job="{job}",instance="{cluster}:1",cluster="{cluster}",code="{code}"'
                if job == "shop" or not HOLE[0] <= at < HOLE[1]:
                    yield f"http_requests_total{{{labels}}} {value} {at.timestamp():.0f}"
                many = 10 if random.random() < 0.02 else 1
                several = mean * many * (factor if code != "200" else 1)
                value += sum(random.random() < several / 100 for _ in range(100)) if several < 100 else 400
                at += SCRAPES


@dataclass(frozen=True)
class Audited:
    url: str
    report: DriftReport
    ledger: MemoryLedger
    asked: list[str]

    def of(self, slo: Slo, **labels: str) -> BudgetDrift:
        (found,) = (
            one for one in self.report.findings if one.slo_id == slo.id and dict(one.labels) == labels
        )
        return found


def audit(
    url: str, ledger: MemoryLedger, client: httpx.Client, before: DriftReport | None = None
) -> DriftAudit:
    return DriftAudit(DEFINED, ledger, "prod", PrometheusQueries(url, client), before)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    folder = tmp_path_factory.mktemp("drift")
    rules = deployed(folder / "rules")
    data = backfill(traffic(), folder)
    record(folder, data, rules)
    config = f"global: {{}}\nrule_files: ['{folder}/rules/*.yaml']\n"
    asked: list[str] = []
    with (
        prometheus_server(folder, data, config) as url,
        httpx.Client(
            trust_env=False,
            timeout=patience(60),
            event_hooks={"request": [lambda request: asked.append(request.url.path)]},
        ) as client,
    ):
        ledger = MemoryLedger()
        queries = [query for slo in DEFINED for query in (count_plan(slo).total, count_plan(slo).part)]
        reader = PrometheusCountReader(url, queries, client)
        Collector(DEFINED, reader, ledger, "prod", ManualClock(NOW), history=NOW - BEGAN).collect()
        asked.clear()
        yield Audited(url, audit(url, ledger, client).audit(NOW), ledger, asked)


def test_rules_as_they_are_generated_agree_with_the_counts(audited: Audited) -> None:
    found = audited.of(RIGHT)
    assert (found.verdict, found.reason, found.missed) == (DriftVerdict.AGREES, DriftReason.NONE, 0)
    gaps = {gap.series: gap for gap in found.gaps}
    assert gaps["slo:total_events:increase5m"].counted > 10_000
    assert gaps["slo:total_events:increase5m"].ratio < 0.01  # in bursts, `increase()` is off by so much
    assert names.RECORD_BUDGET_REMAINING in gaps


def test_each_of_two_groups_is_held_against_its_own_counts(audited: Audited) -> None:
    for cluster in ("east", "west"):
        assert audited.of(GROUPED, cluster=cluster).verdict is DriftVerdict.AGREES
        assert audited.of(HALF, cluster=cluster).verdict is DriftVerdict.DRIFTED
    totals = [audited.of(GROUPED, cluster=cluster).gaps[1].counted for cluster in ("east", "west")]
    assert sum(totals) == pytest.approx(audited.of(RIGHT).gaps[1].counted)


def test_rules_of_an_older_revision_are_named_with_the_rule_and_by_how_much(audited: Audited) -> None:
    found = audited.of(OLDER)
    assert (found.verdict, found.reason) == (DriftVerdict.DRIFTED, DriftReason.OTHER_REVISION)
    assert found.detail.startswith("slo:good_events:increase")
    assert found.since == NOW
    beyond = {gap.series for gap in found.gaps if gap.beyond}
    assert beyond == {"slo:good_events:increase5m", names.RECORD_BUDGET_REMAINING}


def test_rules_with_another_target_are_named(audited: Audited) -> None:
    found = audited.of(LOOSER)
    assert (found.verdict, found.reason) == (DriftVerdict.DRIFTED, DriftReason.OTHER_REVISION)
    target = next(gap for gap in found.gaps if gap.series == names.RECORD_OBJECTIVE)
    assert (target.recorded, target.counted, target.beyond) == (0.95, 0.99, True)


def test_rules_of_another_environment_are_no_rules_here(audited: Audited) -> None:
    found = audited.of(ELSEWHERE)
    assert (found.verdict, found.reason, found.detail) == (
        DriftVerdict.UNKNOWN,
        DriftReason.NOT_DEPLOYED,
        "staging",
    )


def test_rules_that_are_not_loaded_are_unknown_and_never_agree(audited: Audited) -> None:
    found = audited.of(ABSENT)
    assert (found.verdict, found.reason, found.detail) == (DriftVerdict.UNKNOWN, DriftReason.NOT_DEPLOYED, "")


def test_an_hour_without_evaluations_is_told_as_such(audited: Audited) -> None:
    """The server scraped, so what happened was counted, and no rule saw it."""
    found = audited.of(HOLED)
    assert 55 <= found.missed <= 65
    assert (found.verdict, found.reason) == (DriftVerdict.DRIFTED, DriftReason.MISSED)


def test_an_hour_without_the_server_is_told_and_is_within_what_the_ledger_may_be_off_by(
    audited: Audited,
) -> None:
    """Nobody scraped either, so the ledger knows the sum of that hour only within its bound."""
    found = audited.of(DOWN)
    assert 55 <= found.missed <= 65
    assert found.verdict is DriftVerdict.AGREES


def test_what_was_recorded_for_minutes_is_not_judged(audited: Audited) -> None:
    found = audited.of(YOUNG)
    assert (found.verdict, found.reason) == (DriftVerdict.UNKNOWN, DriftReason.YOUNG)
    assert found.recorded_since is not None
    assert abs(found.recorded_since - (AT - 10 * MINUTE)) <= 2 * MINUTE


def test_questions_do_not_grow_with_the_slos(audited: Audited) -> None:
    """Four of all SLOs, four of those that count alike, and one for the reasons."""
    assert len(audited.asked) == 9


def test_a_ledger_without_counts_is_unknown(audited: Audited) -> None:
    with httpx.Client(trust_env=False, timeout=patience(60)) as client:
        found = audit(audited.url, MemoryLedger(), client).audit(NOW)
    assert {one.verdict for one in found.findings} == {DriftVerdict.UNKNOWN}
    assert next(one for one in found.findings if one.slo_id == RIGHT.id).reason is DriftReason.NOT_COUNTED


def test_a_prometheus_that_is_gone_is_told_since_when_and_a_drift_keeps_its_date(audited: Audited) -> None:
    with (
        socket.socket() as held,  # bound and not listening, so that nobody else answers there
        httpx.Client(trust_env=False, timeout=patience(60)) as client,
    ):
        held.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{held.getsockname()[1]}"
        audits = audit(gone, audited.ledger, client, audited.report)
        first, later = audits.audit(NOW), audits.audit(NOW + HOUR)
        assert "cannot be reached" in later.silence
        assert (later.silent_since, later.findings, first.silent_since) == (NOW, (), NOW)
        again = audit(audited.url, audited.ledger, client, audited.report).audit(NOW + MINUTE)
    older = next(one for one in again.findings if one.slo_id == OLDER.id)
    assert older.since == NOW

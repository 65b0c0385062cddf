"""The recording rules over a period against the truth, and what the peers' rules make of the same samples.

Whole fleets over 30 days on a real Prometheus. The period is asked as it is generated, with the expression of
the shorter window in the place of what it records. Full size (MIRANTE_PROOF=full): 24 fleets. Stated smaller
size: 2.

What is left of an error: a series that appears with its first event has one sample, and no increase, so
that event is in no window; nor is what falls into an absence longer than the window.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from slo.ledger.prometheus_queries import PrometheusQueries
from slo.model import conventions as names
from slo.prometheus.records import record_groups, step_of
from tests.support.patience import patience
from tests.support.prometheus_server import needs_prometheus, prometheus_server
from tests.support.scraped_worlds import ERROR, OK, Trial, blocks_of, slo_of

FULL = os.environ.get("MIRANTE_PROOF") == "full"
WHOLE = 24 if FULL else 2
BEGIN, PERIOD = datetime(2026, 3, 1, tzinfo=UTC), timedelta(days=30)
MOST_OFF = 0.005
ENOUGH = 5_000  # bad events: where they are fewer, counters near zero are extrapolated less than they grew


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PrometheusQueries, list[Trial]]]:
    folder: Path = tmp_path_factory.mktemp("rules")
    made, data = blocks_of(folder, 0, WHOLE, BEGIN, PERIOD, seed=2)
    with (
        prometheus_server(folder, data) as url,
        httpx.Client(trust_env=False, timeout=patience(120)) as client,
    ):
        yield PrometheusQueries(url, client), made


@dataclass(frozen=True)
class Said:
    """Of one fleet, by the counts of the truth, our rules, and the error ratios of two peers."""

    trial: Trial
    true: dict[str, int]
    total: float
    good: float
    mean: float
    whole: float

    @property
    def true_ratio(self) -> float:
        return self.true[ERROR] / sum(self.true.values())

    @property
    def ratio(self) -> float:
        return 1 - self.good / self.total

    def row(self) -> str:
        unseen = self.trial.unseen[ERROR] / max(1, self.true[ERROR])
        numbers = (self.total / sum(self.true.values()), unseen, *self.by_truth())
        shown = "".join(f"{number:12.4f}" for number in numbers)
        return f"{self.trial.shape.name:24}{self.trial.interval:4.0f} s{self.true[ERROR]:12,}{shown}"

    def by_truth(self) -> tuple[float, float, float]:
        true = self.true_ratio or 1.0
        return self.ratio / true, self.mean / true, self.whole / true


def asked(server: PrometheusQueries, query: str, at: datetime) -> float:
    return sum(value for _, value in server.at(query, at))


def period(rules: dict[str, str], short: str, long: str) -> str:
    """The rule ``long`` with what ``short`` records written out."""
    before, found, after = rules[long].partition(short + "{")
    assert found
    return f"{before}({rules[short]}){after[after.index('}') + 1 :]}"


def said(server: PrometheusQueries, trial: Trial) -> Said:
    slo = slo_of(trial, grouped=False)
    groups = record_groups(slo, slo.objectives[0], "test")
    rules = {str(rule["record"]): str(rule["expr"]) for group in groups for rule in group["rules"]}  # type: ignore[attr-defined]
    total, good = (
        asked(server, period(rules, record(step_of(slo)), record(slo.window.length)), trial.end)
        for record in (names.record_total, names.record_good)
    )
    every, bad = (f'requests_total{{job="{trial.job}"{more}}}' for more in ("", f',outcome="{ERROR}"'))
    ratio = "sum({kind}({bad}[{span}])) / sum({kind}({every}[{span}]))"
    five = ratio.format(kind="rate", bad=bad, every=every, span="5m")
    mean = asked(server, f"avg_over_time(({five})[30d:5m])", trial.end)
    whole = asked(server, ratio.format(kind="increase", bad=bad, every=every, span="30d"), trial.end)
    edge = timedelta(hours=1)
    return Said(trial, trial.true(None, trial.start - edge, trial.end + edge), total, good, mean, whole)


@needs_prometheus
@pytest.mark.proof
@pytest.mark.timeout(3_600 if FULL else 280)
def test_the_period_of_the_rules_is_within_half_a_percent_of_the_truth(
    world: tuple[PrometheusQueries, list[Trial]], capsys: pytest.CaptureFixture[str]
) -> None:
    server, made = world
    found = [said(server, trial) for trial in made]
    columns = ("bad events", "our total", "bad unseen", "our ratio", "mean of 5 m", "increase")
    head = "".join(f"{text:>12}" for text in columns)
    with capsys.disabled():
        print("\n".join(["", f"{'by the truth':30}{head}", *(one.row() for one in found)]))
    judged = [one for one in found if one.true[ERROR] >= ENOUGH]
    assert judged
    for one in judged:
        for outcome, counted in ((OK, one.good), (ERROR, one.total - one.good)):
            true = one.true[outcome]
            assert counted <= true * (1 + MOST_OFF), one.row()
            assert counted >= true * (1 - MOST_OFF) - one.trial.unseen[outcome], one.row()

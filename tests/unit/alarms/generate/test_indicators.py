"""``alarms/indicators.yaml``: what it says, and what is refused in it, with the place."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from alarms.generate.indicators import load_watch_list
from alarms.model.indicator import Comparison, IndicatorAlarm, Measure
from alarms.model.severity import Severity
from dashboards.truth import series_gate
from foundation.bilingual import Text
from foundation.errors import DefinitionErrors
from foundation.metrics import MetricKind, MetricSpec
from slo.model.catalogue import Catalogue
from tests.support.catalogues import shipped

LEAST = """\
version: 1
metrics:
  queue_depth: [queue, site]
bases:
  guess: {en: a guess, pt: um palpite}
indicators:
  - name: QueueDeep
    title: {en: Deep, pt: Funda}
    metric: queue_depth
    measure: highest
    above: 0.5
    severity: P3
    category: queues
    runbook: queues
    basis: guess
"""


def read(folder: Path, text: str, catalogue: Catalogue | None = None) -> tuple[IndicatorAlarm, ...]:
    file = folder / f"{len(list(folder.iterdir()))}.yaml"
    file.write_text(text, encoding="utf-8")
    ours = {one.name for one in load_watch_list(shipped(), None).indicators}
    found = load_watch_list(catalogue or shipped(), file).indicators
    return tuple(one for one in found if one.name not in ours)


def test_the_least_an_alarm_needs_and_what_is_assumed_of_the_rest(tmp_path: Path) -> None:
    (found,) = read(tmp_path, LEAST)
    assert found == IndicatorAlarm(
        name="QueueDeep",
        title=Text("Deep", "Funda"),
        metric="queue_depth",
        labels=("queue", "site"),
        measure=Measure.HIGHEST,
        comparison=Comparison.ABOVE,
        threshold=Fraction(1, 2),
        lasting=timedelta(0),
        severity=Severity.P3,
        component="",
        runbook="queues",
        basis=Text("a guess", "um palpite"),
        where={},
        window=timedelta(minutes=5),
        by=(),
        category="queues",
        symptom=True,
    )


def test_everything_else_may_be_said(tmp_path: Path) -> None:
    more = "    where: {site: a}\n    by: [queue]\n    lasting: 10m\n    window: 1h\n    component: mq\n"
    (found,) = read(tmp_path, f"{LEAST}{more}    symptom: false\n")
    assert (dict(found.where), found.by, found.component, found.symptom) == (
        {"site": "a"},
        ("queue",),
        "mq",
        False,
    )
    assert (found.lasting, found.window) == (timedelta(minutes=10), timedelta(hours=1))


def test_a_threshold_may_be_the_target_of_an_slo_and_without_the_slo_there_is_no_alarm(
    tmp_path: Path,
) -> None:
    text = LEAST.replace("above: 0.5", "below: {target_of: decision-latency}")
    (found,) = read(tmp_path, text)
    assert (found.comparison, found.threshold) == (Comparison.BELOW, Fraction(95, 100))
    assert read(tmp_path, text, Catalogue(slos=())) == ()


@pytest.mark.parametrize(
    ("right", "wrong", "place", "problem"),
    [
        ("metric: queue_depth", "metric: queue_dept", "indicators[0].metric", "Did you mean `queue_depth`?"),
        ("above: 0.5", "above: half", "indicators[0].above", "'half' is not a number"),
        ("above: 0.5", "above: 0.5\n    below: 3", "indicators[0]", "exactly one of above and below"),
        ("    above: 0.5\n", "", "indicators[0]", "exactly one of above and below"),
        ("severity: P3", "severity: P5", "indicators[0].severity", "'P5' is not one of"),
        ("measure: highest", "measure: mean", "indicators[0].measure", "'mean' is not one of"),
        ("basis: guess", "basis: hope", "indicators[0].basis", "'hope' is not one of guess"),
        ("basis: guess", "basis: guess\n    by: [host]", "indicators[0].by[0]", "'host' is not one of"),
        (
            "basis: guess",
            "basis: guess\n    where: {host: a}",
            "indicators[0].where.host",
            "has no label 'host'",
        ),
        ("pt: Funda", "br: Funda", "indicators[0].title", "is required but missing"),
        ("version: 1", "version: 2", "version", "'2' is not one of 1"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(
    right: str, wrong: str, place: str, problem: str, tmp_path: Path
) -> None:
    assert right in LEAST
    with pytest.raises(DefinitionErrors) as refused:
        read(tmp_path, LEAST.replace(right, wrong))
    assert any(f"{place}" in str(one) and problem in str(one) for one in refused.value.errors), refused.value


def test_two_alarms_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionErrors, match="'QueueDeep' is defined twice"):
        read(tmp_path, LEAST + LEAST[LEAST.index("  - name") :])


def test_labels_other_than_the_declared_ones_are_found() -> None:
    made = load_watch_list(shipped()).indicators
    lag = next(one for one in made if one.name == "IngestLagHigh")
    assert list(series_gate.of_indicators([lag], [MetricSpec(lag.metric, MetricKind.GAUGE, "")])) == []
    spec = MetricSpec(lag.metric, MetricKind.GAUGE, "", ("shard",))
    (found,) = series_gate.of_indicators([lag], [spec])
    assert "declared with the labels shard" in str(found)

"""``count_source = cloudwatch`` feeds the ledger from CloudWatch, for the command line and the evaluator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foundation.aws.boto import EMULATED_REGION
from foundation.clock import ManualClock
from foundation.count_journal import CounterIncrement, labels_of
from slo.ledger.sqlite_counts import SqliteCountJournal
from slo.model.periods import MINUTE, floor_minute
from tests.support.aws_emulator import aws_client, needs_emulator, running_emulator
from tests.support.patience import wait_until
from tests.support.processes import Role, run_mirante

pytestmark = needs_emulator

DEFINITION = """
apiVersion: openslo/v1
kind: SLO
metadata:
  name: {name}
  annotations: {{mirante.dev/windows: google-30d}}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{{duration: 30d, isRolling: true}}]
  indicator:
    metadata: {{name: {name}}}
    spec:
      ratioMetric:
        counter: true
        bad: {{metricSource: {bad}}}
        total: {{metricSource: {total}}}
  objectives: [{{displayName: most, target: 0.99}}]
"""
IN_CLOUDWATCH = "{{type: CloudWatch, spec: {{namespace: Shop, metricName: {}, dimensions: {{Api: orders}}}}}}"
IN_PROMETHEUS = "{{type: Prometheus, spec: {{query: 'sum(increase({}[{{{{.window}}}}]))'}}}}"
MINUTES = 70
WITHIN = 90.0


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A workspace of two SLOs: orders, which CloudWatch knows, and visits, which a journal counts."""
    definitions = tmp_path / "definitions"
    definitions.mkdir()
    for name, source, bad, total in (
        ("orders", IN_CLOUDWATCH, "Errors", "Requests"),
        ("visits", IN_PROMETHEUS, 'visits_total{outcome="bad"}', "visits_total"),
    ):
        text = DEFINITION.format(name=name, bad=source.format(bad), total=source.format(total))
        (definitions / f"{name}.yaml").write_text(text, encoding="utf-8")
    with running_emulator(tmp_path / "aws") as endpoint:
        yield {
            "MIRANTE_DATA_DIR": str(tmp_path / "data"),
            "MIRANTE_DEFINITIONS": str(definitions),
            "MIRANTE_AWS_ENDPOINT": endpoint,
            "MIRANTE_COUNT_SOURCE": "cloudwatch",
        }


def put_orders(settings: dict[str, str], errors: float) -> None:
    """A hundred requests in each of the last minutes that are over, and that many errors."""
    client = aws_client("cloudwatch", settings["MIRANTE_AWS_ENDPOINT"], EMULATED_REGION)
    over = floor_minute(datetime.now(UTC))
    dimensions = [{"Name": "Api", "Value": "orders"}]
    data = [
        {"MetricName": name, "Dimensions": dimensions, "Timestamp": over - MINUTE * ago, "Value": value}
        for ago in range(1, MINUTES + 1)
        for name, value in (("Requests", 100.0), ("Errors", errors))
    ]
    client.put_metric_data(Namespace="Shop", MetricData=data)
    client.close()


def count_visits(settings: dict[str, str]) -> None:
    path = Path(settings["MIRANTE_DATA_DIR"]) / "counts" / "api.sqlite"
    path.parent.mkdir(parents=True)
    journal = SqliteCountJournal(path, "api", ManualClock(datetime.now(UTC) - 5 * MINUTE))
    for outcome, value in (("ok", 90), ("bad", 10)):
        journal.add([CounterIncrement("visits_total", labels_of(outcome=outcome), value)])
    journal.close()


def status(settings: dict[str, str]) -> dict[str, dict[str, Any]]:
    ran = run_mirante("slo", "status", "--json", settings=settings)
    assert ran.returncode == 0, ran.stderr
    return {one["slo"]: one for one in json.loads(ran.stdout)}


def test_what_cloudwatch_counted_is_collected_by_hand_once_and_shown(settings: dict[str, str]) -> None:
    put_orders(settings, errors=1.0)
    count_visits(settings)
    since = (datetime.now(UTC) - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    for _ in range(2):
        collected = run_mirante("slo", "collect", "--since", since, settings=settings)
        assert collected.returncode == 0, collected.stderr
        assert "not counted" not in collected.stdout
    found = status(settings)
    orders, visits = found["shop/orders"], found["shop/visits"]
    assert (orders["good"], orders["total"], orders["minutes_with_data"]) == (
        99 * MINUTES,
        100 * MINUTES,
        MINUTES,
    )
    assert orders["tiers"][0]["windows"][0]["burn"] == 1.0
    assert (visits["good"], visits["total"]) == (90, 100)


def test_the_evaluator_burns_on_what_cloudwatch_counted(settings: dict[str, str]) -> None:
    put_orders(settings, errors=50.0)
    data = Path(settings["MIRANTE_DATA_DIR"])
    with Role("evaluator", data, {**settings, "MIRANTE_EVALUATE_EVERY": "1"}):
        wait_until(lambda: bool(burning(settings)), WITHIN, "a page of the burn")
    assert burning(settings)[0]["severity"] == "P1"
    assert status(settings)["shop/orders"]["tiers"][0]["windows"][0]["burn"] == 50.0


def burning(settings: dict[str, str]) -> list[dict[str, Any]]:
    ran = run_mirante("alerts", "list", "--json", settings=settings)
    assert ran.returncode == 0, ran.stderr
    return [one for one in json.loads(ran.stdout) if "orders" in json.dumps(one)]


def test_an_aws_that_does_not_answer_keeps_nobody_else_from_being_counted(settings: dict[str, str]) -> None:
    count_visits(settings)
    nowhere = {**settings, "MIRANTE_AWS_ENDPOINT": "http://127.0.0.1:9"}
    collected = run_mirante("slo", "collect", settings=nowhere)
    assert collected.returncode == 3
    assert "AWS cloudwatch at http://127.0.0.1:9" in collected.stderr
    assert status(settings)["shop/visits"]["total"] == 100

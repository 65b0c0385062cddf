"""A running control side publishes by itself: its series, and the counts of its ledger."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from exporters.cloudwatch.put import PutMetricData
from foundation.aws.clients import AwsClients
from slo.indicators.metric import CloudWatchMetric
from tests.support.aws_emulator import PATIENT, needs_emulator, shared_emulator
from tests.support.patience import wait_until
from tests.support.processes import Role

DIMENSIONS = (("Environment", "{}"), ("Objective", "main"), ("Slo", "credit/decision-availability"))
BOTH = {"Mirante", "Mirante/SLO"}
WITHIN = 90.0


def fast_clock() -> str:
    """Thirty times as fast from now on: a minute is two seconds."""
    return f"scaled:30@{datetime.now(UTC).isoformat()}"


@needs_emulator
def test_running_control_sides_publish_their_series_and_the_minutes_of_their_ledgers(tmp_path: Path) -> None:
    """One by calls, one by lines on its standard output; side by side, to wait once."""
    environment = "putting"
    calls = {
        "MIRANTE_CLOUDWATCH_METRICS": "put",
        "MIRANTE_AWS_ENDPOINT": shared_emulator(),
        "MIRANTE_ENVIRONMENT": environment,
        "MIRANTE_CLOCK": fast_clock(),
    }
    lines = {"MIRANTE_CLOUDWATCH_METRICS": "emf", "MIRANTE_CLOCK": fast_clock()}
    client = AwsClients(shared_emulator()).client("cloudwatch", PATIENT)
    here = [{"Name": "environment", "Value": environment}]
    dimensions = tuple((name, value.format(environment)) for name, value in DIMENSIONS)
    put, since = PutMetricData(client), datetime.now(UTC) - timedelta(minutes=1)

    def has_series() -> bool:
        found = client.list_metrics(Namespace="Mirante", MetricName="mirante_role_info", Dimensions=here)
        return bool(found["Metrics"])

    def minutes_of(name: str) -> dict[datetime, float]:
        metric = CloudWatchMetric("Mirante/SLO", name, dimensions)
        return dict(put.sums(metric, since, since + timedelta(hours=2)))

    for side in ("lines", "calls"):
        (tmp_path / side).mkdir()
    with (
        Role("control", tmp_path / "lines" / "data", lines) as writing,
        Role("control", tmp_path / "calls" / "data", calls),
    ):
        wait_until(has_series, WITHIN, "the role's own series")
        wait_until(lambda: len(minutes_of("TotalEvents")) >= 2, WITHIN, "two minutes of counts")
        wait_until(lambda: namespaces(writing.output) == BOTH, WITHIN, "lines of both kinds")
    total, good = minutes_of("TotalEvents"), minutes_of("GoodEvents")
    assert set(total.values()) == {1.0}, "a slice of a minute each, once"
    assert set(good.values()) == {0.0}, "nobody answers the prober here"
    client.close()


def namespaces(output: str) -> set[str]:
    """Of every line but the last, which may still be written."""
    lines = [line for line in output.splitlines() if line.startswith('{"_aws"')]
    return {json.loads(line)["_aws"]["CloudWatchMetrics"][0]["Namespace"] for line in lines[:-1]}

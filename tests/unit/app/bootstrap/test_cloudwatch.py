"""What each process sends to CloudWatch, as its settings say."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap.server_probes import probes_of
from app.settings import Settings, SettingsError, load_settings
from tests.support.patience import patience
from tests.support.processes import clean_environment

KINESIS = {
    "eventSource": "aws:kinesis",
    "eventVersion": "1.0",
    "eventID": "shardId-000000000000:1",
    "eventName": "aws:kinesis:record",
    "awsRegion": "sa-east-1",
    "eventSourceARN": "arn:aws:kinesis:sa-east-1:000000000000:stream/credit-records",
    "invokeIdentityArn": "arn:aws:iam::000000000000:role/mirante-ingest",
}
JUNK = {"kinesisSchemaVersion": "1.0", "partitionKey": "x", "sequenceNumber": "1", "data": "anVuaw=="}
EVENT = {"Records": [{**KINESIS, "kinesis": {**JUNK, "approximateArrivalTimestamp": 1767268800.0}}]}


def lines(text: str) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith('{"_aws"')]


INVOKE_TWICE = """
import json, sys
from types import SimpleNamespace
from app.bootstrap.lambda_ingest import handler
context = SimpleNamespace(aws_request_id="one", get_remaining_time_in_millis=lambda: 300_000)
for _ in range(2):
    handler(json.loads(sys.argv[1]), context)
"""


def test_a_lambda_function_writes_its_metrics_where_lambda_reads_them(tmp_path: Path) -> None:
    settings = {"MIRANTE_DATA_DIR": str(tmp_path / "data"), "MIRANTE_CLOUDWATCH_METRICS": "emf"}
    done = subprocess.run(
        [sys.executable, "-c", INVOKE_TWICE, json.dumps(EVENT)],
        env=clean_environment(settings),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=patience(120),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = [line for line in lines(done.stdout) if line.get("outcome") == "dead_letter"]
    counted = [line["credit_ingest_records_total"] for line in found if "credit_ingest_records_total" in line]
    assert counted == [1.0, 1.0], "each invocation's own"


def test_publishing_is_off_unless_it_is_asked_for_and_only_known_ways_are_taken() -> None:
    assert load_settings(environment={}).cloudwatch_metrics == "off"
    with pytest.raises(SettingsError, match="MIRANTE_CLOUDWATCH_METRICS"):
        load_settings(environment={"MIRANTE_CLOUDWATCH_METRICS": "statsd"})


def watched(**addresses: str) -> dict[str, list[str]]:
    """Resources by component, of a profile on an emulator."""
    settings = Settings(profile="local", aws_endpoint="http://127.0.0.1:1", **addresses)  # type: ignore[arg-type]
    found: dict[str, list[str]] = {}
    for probe in probes_of(settings):
        found.setdefault(probe.component, []).extend(probe.resources)
    return found


def test_each_address_of_the_profile_is_a_server_that_is_asked_and_none_is_asked_twice() -> None:
    mysql = "mysql://one:secret@127.0.0.1:1/mirante"
    plain = watched(
        relational_writer=mysql,
        relational_reader=mysql,
        cache="redis://127.0.0.1:1",
        wide_hosts="127.0.0.1:1",
    )
    assert plain == {
        "aurora": ["connections", "buffer_pool"],
        "redis": ["memory", "clients"],
        "keyspaces": ["requests", "reads", "writes"],
        "dynamodb": ["read_capacity", "write_capacity"],
        "kinesis": ["shard_bytes", "shard_records", "iterator_age"],
    }
    apart = watched(relational_writer=mysql, relational_reader="mysql://one:secret@127.0.0.1:2/mirante")
    assert apart["aurora"][2:] == ["reader_connections", "reader_buffer_pool", "replication_lag"]


def test_amazon_keyspaces_is_read_from_cloudwatch_because_it_tells_nothing_itself() -> None:
    managed = watched(wide_hosts="cassandra.sa-east-1.amazonaws.com:9142", wide_region="sa-east-1")
    assert managed["keyspaces"] == ["read_capacity", "write_capacity"]

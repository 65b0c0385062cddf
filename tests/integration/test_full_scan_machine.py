"""The full scan as a real state machine: the emulator's distributed map runs the real Lambda functions."""

from __future__ import annotations

import io
import json
import site
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dataplatform.consistency.state_machine import ConsistencyDeclaration, ConsistencyFunctions
from dataplatform.profiles import workers
from dataplatform.profiles.embedded import open_embedded
from foundation.clock import SystemClock
from tests.support.aws_emulator import aws_client, needs_emulator, running_emulator
from tests.support.credit_samples import a_profile, a_transaction
from tests.support.drift import sqlite_vandals
from tests.support.projected import projected
from tests.support.recording_telemetry import RecordingTelemetry

ROOT = Path(__file__).parents[2]
ROLE = "arn:aws:iam::000000000000:role/mirante"
DECLARED = ConsistencyDeclaration(concurrency=1)  # the embedded stores have one writer
SHIM = """
import sys
sys.path[:0] = {path!r}
from app.bootstrap.lambda_consistency import compare_segment, list_segments, summarise
"""


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "emulator"
    folder.mkdir()
    with running_emulator(folder) as url:
        yield url


async def damaged_stores(data_dir: Path) -> int:
    """Records in the stores, three of which are wrong in the hot one."""
    platform = open_embedded(data_dir, SystemClock())
    await platform.customers.upsert_many([a_profile(n) for n in range(1, 201)])
    await platform.transactions.add_many([a_transaction(n, customer=n) for n in range(1, 101)])
    await projected(platform.outbox, workers.projector(platform, RecordingTelemetry()))
    await platform.close()
    vandal = sqlite_vandals(data_dir)["hot"]
    vandal.remove(("C-00001", "PROFILE"))
    vandal.change_content(("C-00002", "PROFILE"))
    vandal.copy_to(("C-00003", "PROFILE"), "C-00999")
    return 300


def code() -> bytes:
    """The package as Lambda would have it in a layer: here by path, so that the zip is small."""
    path = [str(ROOT), str(ROOT / "platform"), *site.getsitepackages()]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("shim.py", SHIM.format(path=path))
    return packed.getvalue()


def functions(endpoint: str, data_dir: Path) -> ConsistencyFunctions:
    client, made = aws_client("lambda", endpoint), {}
    for name, handler in (
        ("list", DECLARED.list),
        ("compare", DECLARED.compare),
        ("summarise", DECLARED.summarise),
    ):
        arguments = {
            **DECLARED.function(f"shim.{handler.rpartition('.')[2]}"),
            "FunctionName": f"scan-{name}",
        }
        environment = {"Variables": {"MIRANTE_DATA_DIR": str(data_dir)}}
        answer = client.create_function(
            Role=ROLE, Code={"ZipFile": code()}, Environment=environment, **arguments
        )
        made[name] = answer["FunctionArn"]
    return ConsistencyFunctions(**made)


def executed(endpoint: str, machine: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    client = aws_client("stepfunctions", endpoint)
    arn = client.create_state_machine(name="full-scan", definition=json.dumps(machine), roleArn=ROLE)
    started = client.start_execution(stateMachineArn=arn["stateMachineArn"], input=json.dumps(given))
    for _ in range(600):
        found: dict[str, Any] = client.describe_execution(executionArn=started["executionArn"])
        if found["status"] != "RUNNING":
            return found
        time.sleep(0.2)
    raise AssertionError("the execution does not end")


@needs_emulator
async def test_a_distributed_map_compares_every_record_and_the_differences_are_fixed(
    endpoint: str, tmp_path: Path
) -> None:
    records = await damaged_stores(tmp_path / "m")
    machine = DECLARED.machine(functions(endpoint, tmp_path / "m"))
    done = executed(endpoint, machine, {"size": 100})
    assert done["status"] == "SUCCEEDED", done
    first = {pair["pair"]: pair for pair in json.loads(done["output"])["pairs"]}
    print(f"\nfull scan by the state machine: {json.dumps(first, indent=1)}")
    assert {name: pair["compared"] for name, pair in first.items()} == {
        "relational-hot": records,
        "relational-wide": records,
    }
    assert first["relational-hot"]["divergent_by_class"] == {
        "missing": 1,
        "stale": 0,
        "mismatch": 1,
        "orphan": 1,
    }
    assert first["relational-hot"]["repaired"] == 3
    platform = open_embedded(tmp_path / "m", SystemClock())
    assert await platform.hot.get("C-00001", "PROFILE") is not None
    assert await platform.hot.get("C-00999", "PROFILE") is None
    await platform.close()

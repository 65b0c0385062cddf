"""The processors as a Lambda function in earnest: a zip of the packages, made and fed by a server's own event
source mapping, as their declaration says.

This server knows no partial batch responses for Kinesis; events show those in
``tests/unit/dataplatform/ingestion/test_lambda_handler.py``.
"""

from __future__ import annotations

import asyncio
import io
import sqlite3
import sysconfig
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from credit.domain.cpf import synthetic_cpf
from credit.ports.tracing import CORRELATION, Correlation
from dataplatform.directory import prepare_directory
from dataplatform.ingestion.lambda_declaration import ProcessorDeclaration
from dataplatform.ingestion.producer import Producer
from dataplatform.profiles.embedded import open_sealer
from dataplatform.security.sealed_stream import SealedStream
from dataplatform.stores.kinesis.shape import StreamShape
from foundation.clock import SystemClock
from tests.support.aws_emulator import aws_client, needs_emulator, shared_emulator
from tests.support.kinesis import KinesisBench, kinesis_client, opened
from tests.support.patience import wait_until
from tests.support.trace_receivers import xray_daemon

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "slo",
    "dashboards",
    "alarms",
    "exporters",
    "app",
    *(f"platform/{part}" for part in ("foundation", "credit", "dataplatform")),
)
FAILED = "arn:aws:sqs:sa-east-1:000000000000:credit-records-failed"
TRACE = Correlation("65a1b2c30123456789abcdef01234567", "53995c3f42cd8ad8", "request")
CUSTOMERS, TRANSACTIONS = 20, 60
WITHIN = 120.0  # real seconds


def zipped() -> bytes:
    """The packages as the function's code; their libraries come from this environment's, as from a layer."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for package in PACKAGES:
            folder = ROOT / package
            for path in sorted(folder.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    archive.write(path, Path(folder.name) / path.relative_to(folder))
    return content.getvalue()


@contextmanager
def deployed(name: str, stream_arn: str, variables: dict[str, str]) -> Iterator[None]:
    client: Any = aws_client("lambda", shared_emulator())
    declaration = ProcessorDeclaration()
    client.create_function(
        FunctionName=name,
        Role="arn:aws:iam::000000000000:role/mirante-ingest",
        Code={"ZipFile": zipped()},
        Environment={"Variables": variables},
        **declaration.function(),
    )
    mapping = client.create_event_source_mapping(**declaration.mapping(name, stream_arn, FAILED))
    try:
        yield
    finally:
        client.delete_event_source_mapping(UUID=mapping["UUID"])
        client.delete_function(FunctionName=name)


async def send(bench: KinesisBench, folder: Path) -> None:
    sealer = open_sealer(folder)
    people = [(f"C-{n}", synthetic_cpf(7, n)) for n in range(CUSTOMERS)]
    documents: list[dict[str, object]] = [
        {"kind": "customer", "data": {"customer_id": name, "cpf": cpf}} for name, cpf in people
    ]
    for number in range(TRANSACTIONS):
        name = people[number % CUSTOMERS][0]
        data = {
            "transaction_id": f"T-{number}",
            "customer_id": name,
            "amount_cents": number,
            "kind": "PURCHASE",
        }
        documents.append({"kind": "transaction", "data": data})
    async with opened(bench) as stream:
        producer = Producer(SealedStream(stream, sealer), sealer, SystemClock(), lambda: 0.5)
        token = CORRELATION.set(TRACE)
        await producer.send(documents)
        CORRELATION.reset(token)


def rows(folder: Path, store: str, query: str) -> list[tuple[Any, ...]]:
    path = folder / "data" / f"{store}.sqlite"
    if not path.is_file():
        return []
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError:  # it is being made
            return []


@needs_emulator
def test_records_on_the_stream_reach_the_stores_through_the_function_and_its_daemon(tmp_path: Path) -> None:
    folder = tmp_path / "function"
    prepare_directory(folder)
    bench = KinesisBench(kinesis_client(), shape=StreamShape(shards=1))
    asyncio.run(send(bench, folder))
    arn = bench.client.describe_stream_summary(StreamName=bench.name)["StreamDescriptionSummary"]["StreamARN"]
    with xray_daemon() as daemon:
        variables = {
            "MIRANTE_DATA_DIR": str(folder),
            "AWS_XRAY_DAEMON_ADDRESS": daemon.address,
            "PYTHONPATH": sysconfig.get_path("purelib"),
        }

        def noted() -> bool:
            return bool(rows(folder, "stream", "SELECT 1 FROM processing_log"))

        with deployed(f"ingest-{bench.name}", arn, variables):
            wait_until(noted, WITHIN, "the batch in the processing log, where it is noted last")
            (segment,) = daemon.segments(1)
    total = rows(folder, "relational", "SELECT count(*), sum(amount_cents) FROM transactions")
    assert total == [(TRANSACTIONS, sum(range(TRANSACTIONS)))]
    assert rows(folder, "wide", "SELECT count(*) FROM creditdata") == [(CUSTOMERS + TRANSACTIONS,)]
    assert rows(folder, "hot", "SELECT count(*) FROM hot_items") == [(CUSTOMERS + TRANSACTIONS,)]
    ((worker, ok),) = rows(folder, "stream", "SELECT worker, ok FROM processing_log")
    assert worker.startswith("lambda/")
    assert ok == CUSTOMERS + TRANSACTIONS
    assert segment["trace_id"] == "1-65a1b2c3-0123456789abcdef01234567"
    assert [step["name"] for step in segment["subsegments"]] == ["process records"]

"""One trace from the API by way of the stream to the projections, as the two real receivers hear of it."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from credit.domain.cpf import synthetic_cpf
from credit.ports.secrets import Sealer
from credit.usecases.ingest import IngestRecord
from dataplatform.ingestion.processor import Patience, RecordProcessor
from dataplatform.ingestion.producer import Producer
from dataplatform.ingestion.projector import Projector
from dataplatform.ingestion.worker import IngestWorker
from dataplatform.observability.spans import spans
from dataplatform.observability.tracing import open_tracer
from dataplatform.observability.xray_tracer import XrayTracer
from dataplatform.security.sealed_stream import SealedStream
from dataplatform.stores.kinesis.shape import StreamShape
from dataplatform.wrapped import (
    WrappedCache,
    WrappedCustomerRecords,
    WrappedHotStore,
    WrappedTransactionRecords,
    WrappedWideStore,
)
from foundation.clock import SystemClock
from tests.support.api_world import api_world
from tests.support.aws_emulator import needs_emulator
from tests.support.in_memory import InMemory
from tests.support.kinesis import KinesisBench, kinesis_client, opened
from tests.support.lambda_world import Context, lambda_world
from tests.support.recording_telemetry import RecordingTelemetry
from tests.support.trace_receivers import OtlpReceiver, otlp_receiver, xray_daemon

ROOT = re.compile(r"Root=1-([0-9a-f]{8})-([0-9a-f]{24})")
RECORDS = [
    {"kind": "customer", "data": {"customer_id": "C-7", "cpf": synthetic_cpf(7, 7)}},
    {
        "kind": "transaction",
        "data": {"transaction_id": "T-1", "customer_id": "C-7", "amount_cents": 1, "kind": "PURCHASE"},
    },
]


@dataclass
class Sent:
    trace_id: str
    event: dict[str, Any]  # the same records, as Kinesis hands them to a Lambda function


async def send_and_process(folder: Path, sealer: Sealer, collector: OtlpReceiver) -> Sent:
    """Records through the API onto the stream, off it by the local worker, and into the projections."""
    tracers = [
        open_tracer("otlp", role=role, environment="test", otlp_endpoint=collector.url)
        for role in ("api", "ingest")
    ]
    bench = KinesisBench(kinesis_client(), shape=StreamShape(shards=1))
    async with opened(bench) as stream:
        sealed = SealedStream(stream, sealer)
        producer = Producer(sealed, sealer, SystemClock(), lambda: 0.5)
        async with api_world(folder, tracer=tracers[0], producer=producer) as world:
            answer = await world.client.post("/v1/records", json={"records": RECORDS})
            assert answer.status_code == 202
        found = ROOT.search(answer.headers["x-amzn-trace-id"])
        assert found is not None
        await _process(sealed, sealer, tracers[1])
    for tracer in tracers:
        tracer.close()
    return Sent(found[1] + found[2], _lambda_event(bench))


async def _process(stream: SealedStream, sealer: Sealer, tracer: Any) -> None:
    clock, telemetry = SystemClock(), RecordingTelemetry()
    stores = InMemory(clock)
    worker = IngestWorker(
        stream=stream,
        processor=RecordProcessor(
            ingest=IngestRecord(sealer, clock),
            customers=WrappedCustomerRecords(stores.relational.customers, spans("relational", tracer)),
            transactions=WrappedTransactionRecords(
                stores.relational.transactions, spans("relational", tracer)
            ),
            telemetry=telemetry,
            tracer=tracer,
            clock=clock,
            patience=Patience(),
        ),
        log=stores.log,
        telemetry=telemetry,
        clock=clock,
    )
    assert await worker.run_once() == len(RECORDS)
    projector = Projector(
        outbox=stores.relational.outbox,
        hot=WrappedHotStore(stores.hot, spans("hot", tracer)),
        wide=WrappedWideStore(stores.wide, spans("wide", tracer)),
        cache=WrappedCache(stores.cache, spans("cache", tracer)),
        telemetry=telemetry,
        tracer=tracer,
    )
    assert await projector.drain() == len(RECORDS)


def _lambda_event(bench: KinesisBench) -> dict[str, Any]:
    """From the stream's own records, in the shape of Lambda's event source."""
    client, shard = bench.client, "shardId-000000000000"
    start = client.get_shard_iterator(StreamName=bench.name, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = client.get_records(ShardIterator=start["ShardIterator"])["Records"]
    return {
        "Records": [
            {
                "eventID": f"{shard}:{record['SequenceNumber']}",
                "eventSource": "aws:kinesis",
                "kinesis": {
                    "partitionKey": record["PartitionKey"],
                    "sequenceNumber": record["SequenceNumber"],
                    "data": b64encode(record["Data"]).decode(),
                    "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp(),
                },
            }
            for record in records
        ]
    }


def parent_of(span: Span) -> str:
    return span.parent_span_id.hex()


@needs_emulator
def test_one_trace_id_joins_api_stream_worker_lambda_function_and_projections(tmp_path: Path) -> None:
    with (
        otlp_receiver() as collector,
        xray_daemon() as daemon,
        closing(XrayTracer("mirante-ingest-lambda", daemon.address)) as tracer,
        lambda_world(tmp_path, tracer) as world,
    ):
        sent = asyncio.run(send_and_process(tmp_path, world.platform.sealer, collector))
        answer = world.handler(sent.event, Context())
        segment, *projected = daemon.segments(1 + len(RECORDS))

    assert answer == {"batchItemFailures": []}
    spans = collector.of_trace(sent.trace_id)
    assert {
        ("mirante-api", "POST /v1/records"),
        ("mirante-api", "put records"),
        ("mirante-ingest", "process records"),
        ("mirante-ingest", "relational upsert_many"),
        ("mirante-ingest", "relational add_many"),
        ("mirante-ingest", "project row"),
        ("mirante-ingest", "hot put_if_newer"),
        ("mirante-ingest", "wide put_if_newer"),
        ("mirante-ingest", "cache set"),
    } <= set(spans)
    request, work = collector.named("POST /v1/records"), collector.named("process records")
    assert parent_of(work) == request.span_id.hex()
    assert work.kind == Span.SPAN_KIND_CONSUMER
    assert parent_of(collector.named("relational add_many")) == work.span_id.hex()

    projections = [span for _, span in collector.spans if span.name == "project row"]
    assert [parent_of(span) for span in projections] == [request.span_id.hex()] * len(RECORDS)
    writes = [span for _, span in collector.spans if span.name == "hot put_if_newer"]
    assert {parent_of(span) for span in writes} == {span.span_id.hex() for span in projections}

    assert segment["trace_id"] == f"1-{sent.trace_id[:8]}-{sent.trace_id[8:]}"
    assert segment["parent_id"] == request.span_id.hex()
    assert segment["subsegments"][0]["name"] == "process records"
    assert {row["trace_id"] for row in projected} == {segment["trace_id"]}
    assert [row["subsegments"][0]["name"] for row in projected] == ["project row"] * len(RECORDS)

"""§3.1.2's function, as boto3's own model of the service accepts it."""

from __future__ import annotations

import importlib

from botocore.session import get_session
from botocore.validate import validate_parameters

from dataplatform.ingestion.lambda_declaration import ProcessorDeclaration

STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/credit-records"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:credit-records-failed"


def test_it_is_what_the_document_asks_for() -> None:
    function = ProcessorDeclaration().function()
    assert (function["Timeout"], function["MemorySize"]) == (300, 1024)
    mapping = ProcessorDeclaration().mapping("mirante-ingest", STREAM, QUEUE)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert 0 < mapping["MaximumRetryAttempts"] < 100
    assert 0 < mapping["MaximumRecordAgeInSeconds"] <= 48 * 3600
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == QUEUE


def test_the_service_takes_every_argument() -> None:
    service = get_session().get_service_model("lambda")
    declaration = ProcessorDeclaration()
    code = {"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/r", "Code": {"ZipFile": b"PK"}}
    for operation, arguments in (
        ("CreateFunction", {**declaration.function(), **code}),
        ("CreateEventSourceMapping", declaration.mapping("f", STREAM, QUEUE)),
    ):
        validate_parameters(arguments, service.operation_model(operation).input_shape)


def test_its_handler_is_there() -> None:
    module, _, name = ProcessorDeclaration().handler.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))

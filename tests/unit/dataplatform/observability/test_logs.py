from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from credit.domain.cpf import synthetic_cpf
from credit.ports.tracing import CORRELATION, Correlation
from dataplatform.observability.logs import JsonFormatter, configure_logs

CPF = synthetic_cpf(5, 1)
DOCUMENT = Path(__file__).parents[4] / "docs" / "logs.md"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out = io.StringIO()
    configure_logs(role="api", environment="test", out=out)
    yield out
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_has_the_documented_fields(out: io.StringIO) -> None:
    token = CORRELATION.set(Correlation("6" * 32, "5" * 16, "a-b"))
    logging.getLogger("mirante.api").info(
        "done",
        extra={
            "event": "http.request",
            "method": "POST",
            "route": "/v1/decisions",
            "status": 201,
            "duration_ms": 1.5,
            "client": "tests",
            "store": "hot",
        },
    )
    CORRELATION.reset(token)
    [line] = lines(out)
    assert datetime.fromisoformat(line.pop("ts")).tzinfo is not None
    assert line == {
        "level": "info",
        "event": "http.request",
        "logger": "mirante.api",
        "message": "done",
        "service": "mirante",
        "role": "api",
        "environment": "test",
        "trace_id": "6" * 32,
        "span_id": "5" * 16,
        "request_id": "a-b",
        "method": "POST",
        "route": "/v1/decisions",
        "status": 201,
        "duration_ms": 1.5,
        "client": "tests",
        "details": {"store": "hot"},
    }


def test_every_field_is_in_the_document() -> None:
    documented = DOCUMENT.read_text(encoding="utf-8")
    record = logging.makeLogRecord({"msg": "x", "event": "e", "store": "hot"})
    token = CORRELATION.set(Correlation("t", "s", "r"))
    try:
        raise ValueError("x")
    except ValueError:
        record.exc_info = sys.exc_info()
    line = json.loads(JsonFormatter(service="s", role="r", environment="e").format(record))
    CORRELATION.reset(token)
    for name in [*line, *line["error"], "method", "route", "status", "duration_ms", "client"]:
        assert f"| `{name}`" in documented or f"`error.{name}`" in documented, name


def test_an_exception_is_one_line_with_its_stack_masked(out: io.StringIO) -> None:
    try:
        raise ValueError(f"customer {CPF} is odd")
    except ValueError:
        logging.getLogger("x").exception("failed")
    [line] = lines(out)
    assert line["error"]["type"] == "ValueError"
    assert "Traceback" in line["error"]["stack"]
    assert CPF not in out.getvalue()


def test_personal_data_is_masked_in_messages_arguments_and_extras(out: io.StringIO) -> None:
    log = logging.getLogger("x")
    log.info("customer %s", CPF)
    log.info("customer", extra={"customer": CPF, "number": int(CPF), "client": CPF})
    log.info("headers %s", {"authorization": "Bearer mk_abc12345_verysecret"})
    assert CPF not in out.getvalue()
    assert "verysecret" not in out.getvalue()
    assert len(lines(out)) == 3


def test_a_line_break_cannot_forge_a_line(out: io.StringIO) -> None:
    logging.getLogger("x").info('one\n{"level":"info"}\u2028two')
    assert len(out.getvalue().split("\n")) == 2


def test_the_level_is_kept(out: io.StringIO) -> None:
    logging.getLogger("x").debug("quiet")
    logging.getLogger("uvicorn.error").warning("loud")
    assert [line["level"] for line in lines(out)] == ["warning"]


def test_what_json_cannot_hold_is_written_as_text(out: io.StringIO) -> None:
    logging.getLogger("x").info("x", extra={"path": Path("/a"), "ratio": float("nan")})
    assert lines(out)[0]["details"] == {"path": "/a", "ratio": "nan"}

"""Whatever is sent: never a 5xx, always a problem document, never a CPF in an answer or a log line."""

from __future__ import annotations

import json
import logging
import re
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit.domain.cpf import synthetic_cpf
from dataplatform.observability.logs import JsonFormatter
from tests.support.api_world import BODY, ApiWorld, api_world

EXAMPLES = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

NUMBERS = st.integers(min_value=0, max_value=5_000).map(lambda number: synthetic_cpf(11, number))
WRITTEN = NUMBERS | NUMBERS.map(lambda cpf: f"{cpf[:3]}.{cpf[3:6]}.{cpf[6:9]}-{cpf[9:]}")
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40)
    | WRITTEN
)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12) | WRITTEN, inner, max_size=4)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from([*BODY, "cpf", "reference", "policy", "extra"])
CHANGED = st.dictionaries(FIELDS | WRITTEN, JSON, max_size=4).map(lambda changes: {**BODY, **changes})
RAW = st.binary(max_size=200) | st.text(max_size=200).map(str.encode)
BODIES: st.SearchStrategy[bytes] = RAW | (JSON | CHANGED).map(lambda body: json.dumps(body).encode())


class Lines(logging.Handler):
    """Log lines as the process would write them."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(JsonFormatter(service="mirante", role="api", environment="test"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
async def world() -> AsyncIterator[ApiWorld]:
    async with api_world(Path(tempfile.mkdtemp())) as made:
        yield made


@pytest.fixture
def lines() -> Any:
    handler = Lines()
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.lines
    root.removeHandler(handler)
    root.setLevel(level)


def cpfs_in(text: str) -> set[str]:
    """Every number in a text that belongs to the family of CPFs sent here, in either spelling."""
    candidates = re.findall(r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}", text)
    return {candidate for candidate in candidates if re.sub(r"\D", "", candidate) in SENT}


SENT = {synthetic_cpf(11, number) for number in range(5_001)}


def check(answer: httpx.Response, lines: list[str]) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        document = answer.json()
        assert document["status"] == answer.status_code
        assert document["trace_id"]
        for error in document["errors"]:
            assert ("pointer" in error) is not ("field" in error)
    assert not cpfs_in(answer.text)
    assert not [line for line in lines if cpfs_in(line)]
    lines.clear()


@EXAMPLES
@given(body=BODIES)
async def test_any_decision_body_is_answered_decently(world: ApiWorld, lines: list[str], body: bytes) -> None:
    answer = await world.decide(body)
    check(answer, lines)
    if answer.status_code == 201:
        assert json.loads(body)["customer_id"] == "C-1" or "cpf" in json.loads(body)


@EXAMPLES
@given(body=BODIES)
async def test_any_records_body_is_answered_decently(world: ApiWorld, lines: list[str], body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    check(await world.client.post("/v1/records", content=body, headers=headers), lines)
    wrapped = b'{"records":[{"kind":"customer","data":' + body + b"}]}"
    check(await world.client.post("/v1/records", content=wrapped, headers=headers), lines)


@EXAMPLES
@given(cpf=WRITTEN, body=st.fixed_dictionaries({"score": JSON}))
async def test_no_customer_record_gives_its_cpf_away(
    world: ApiWorld, lines: list[str], cpf: str, body: dict[str, Any]
) -> None:
    data = {"customer_id": "C-2", "cpf": cpf, "credit_score": body["score"]}
    answer = await world.client.post("/v1/records", json={"records": [{"kind": "customer", "data": data}]})
    check(answer, lines)


@EXAMPLES
@given(
    key=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255), max_size=140) | WRITTEN,
    language=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
    trace=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=80),
    content_type=st.sampled_from(["application/json", "application/json; charset=latin-1", "x", ""]),
)
async def test_any_headers_are_answered_decently(
    world: ApiWorld, lines: list[str], key: str, language: str, trace: str, content_type: str
) -> None:
    headers = [
        (b"Idempotency-Key", key.encode("latin-1")),
        (b"Accept-Language", language.encode()),
        (b"X-Amzn-Trace-Id", trace.encode()),
        (b"traceparent", trace.encode()),
        (b"Content-Type", content_type.encode()),
    ]
    check(await world.client.post("/v1/decisions", content=json.dumps(dict(BODY)), headers=headers), lines)


@EXAMPLES
@given(
    path=st.sampled_from(["/v1/decisions/", "/v1/customers/", "/problems/", "/v1/admin/faults/", "/"]),
    name=st.text(min_size=1, max_size=40) | WRITTEN,
    tail=st.sampled_from(["", "/explanation", "/decisions"]),
    query=st.dictionaries(st.sampled_from(["limit", "cursor", "lang"]), st.text(max_size=20), max_size=3),
)
async def test_any_path_is_answered_decently(
    world: ApiWorld, lines: list[str], path: str, name: str, tail: str, query: dict[str, str]
) -> None:
    address = httpx.URL("http://api", raw_path=(path + _quoted(name) + tail).encode())
    check(await world.client.get(address.copy_merge_params(query)), lines)


def _quoted(name: str) -> str:
    return "".join(f"%{byte:02X}" for byte in name.encode("utf-8", "surrogatepass"))


def test_the_search_for_numbers_finds_them_in_either_spelling() -> None:
    number = synthetic_cpf(11, 42)
    written = f"{number[:3]}.{number[3:6]}.{number[6:9]}-{number[9:]}"
    assert cpfs_in(f'{{"a":"x{number}y"}}') == {number}
    assert cpfs_in(f"- {written} -") == {written}
    assert cpfs_in("12345678900") == set()

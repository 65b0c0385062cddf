from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.api.dependencies import ApiLimits
from app.api.problem_types import PROBLEM_TYPES
from credit.domain.cpf import synthetic_cpf
from tests.support.api_world import BODY, CPF, FORMATTED_CPF, ApiWorld, api_world

WRONG_CPF = CPF[:10] + str((int(CPF[10]) + 1) % 10)


def _twice(name: str, value: str) -> bytes:
    """The good body, with one of its names again at the end."""
    return json.dumps(BODY)[:-1].encode() + f', "{name}": {value}}}'.encode()


CASES: list[tuple[str, object, int, str, str | None]] = [
    ("no body", b"", 400, "invalid-json", None),
    ("half a document", b'{"customer_id": "C-1"', 400, "invalid-json", None),
    ("two documents", b"{} {}", 400, "invalid-json", None),
    ("NaN", b'{"amount_cents": NaN}', 400, "invalid-json", None),
    ("nested without end", b"[" * 60_000, 400, "invalid-json", None),
    ("a name twice", _twice("term_months", "36"), 422, "invalid-body", "#"),
    ("a name twice, once escaped", _twice("\\u0074erm_months", "36"), 422, "invalid-body", "#"),
    ("broken UTF-8", b'{"customer_id": "\xff\xfe"}', 400, "invalid-encoding", None),
    ("UTF-16", '{"customer_id": "C-1"}'.encode("utf-16"), 400, "invalid-encoding", None),
    ("not an object", b"[]", 422, "invalid-body", "#"),
    ("unknown field", {**BODY, "amount": 1}, 422, "invalid-body", "#/amount"),
    ("missing field", {"customer_id": "C-1", "amount_cents": 20_000}, 422, "invalid-body", "#/term_months"),
    ("text for a number", {**BODY, "amount_cents": "1500000"}, 422, "invalid-body", "#/amount_cents"),
    ("true for a number", {**BODY, "amount_cents": True}, 422, "invalid-body", "#/amount_cents"),
    ("fraction", {**BODY, "amount_cents": 1500.5}, 422, "invalid-body", "#/amount_cents"),
    ("null for a number", {**BODY, "amount_cents": None}, 422, "invalid-body", "#/amount_cents"),
    ("negative amount", {**BODY, "amount_cents": -1}, 422, "invalid-body", "#/amount_cents"),
    ("huge amount", {**BODY, "amount_cents": 10**30}, 422, "invalid-body", "#/amount_cents"),
    ("no time to pay", {**BODY, "term_months": 0}, 422, "invalid-body", "#/term_months"),
    ("unknown purpose", {**BODY, "purpose": "car"}, 422, "invalid-body", "#/purpose"),
    ("odd identifier", {**BODY, "customer_id": "C 1\n"}, 422, "invalid-body", "#/customer_id"),
    ("newline after identifier", {**BODY, "customer_id": "C-1\n"}, 422, "invalid-body", "#/customer_id"),
    ("nobody", {k: v for k, v in BODY.items() if k != "customer_id"}, 422, "invalid-body", "#/customer_id"),
    ("two names", {**BODY, "cpf": CPF}, 422, "invalid-body", "#/customer_id"),
    ("CPF as reference", {**BODY, "reference": CPF}, 422, "cpf-in-clear", "#/reference"),
    ("CPF as customer", {**BODY, "customer_id": CPF}, 422, "cpf-in-clear", "#/customer_id"),
    ("CPF as policy", {**BODY, "policy": FORMATTED_CPF}, 422, "cpf-in-clear", "#/policy"),
]


@pytest.mark.parametrize(
    ("body", "status", "kind", "pointer"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
async def test_bad_bodies_are_refused_by_name_and_place(
    world: ApiWorld, body: object, status: int, kind: str, pointer: str | None
) -> None:
    answer = await world.decide(body)
    document = answer.json()
    assert (answer.status_code, document["type"]) == (status, f"/problems/{kind}")
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["status"] == status
    assert document["instance"] == f"urn:uuid:{answer.headers['x-request-id']}"
    if pointer is not None:
        assert document["errors"][0]["pointer"] == pointer
        assert document["errors"][0]["fix"]
    assert await world.stores.relational.decisions.count() == 0
    assert world.journalled("credit_decision_requests_total", outcome="client_error") == 1


@pytest.mark.parametrize(
    "cpf", [WRONG_CPF, CPF[:-1], CPF + "0", "11111111111", "", "no cpf", "529 982 247 25"]
)
async def test_an_invalid_cpf_is_refused_and_never_repeated(world: ApiWorld, cpf: str) -> None:
    answer = await world.decide({"cpf": cpf, "amount_cents": 20_000, "term_months": 12, "purpose": "CAR"})
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-cpf"
    assert not cpf or cpf not in answer.text


async def test_every_fault_of_a_body_is_listed_at_once(world: ApiWorld) -> None:
    answer = await world.decide({"amount_cents": -1, "term_months": "x", "purpose": 3, "extra": 1})
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert pointers == {"#/amount_cents", "#/term_months", "#/purpose", "#/extra"}


async def test_a_field_name_is_repeated_only_when_it_cannot_hold_a_number(world: ApiWorld) -> None:
    number = synthetic_cpf(1, 1)
    answer = await world.decide({**BODY, f"cpf_{number}": 1, number: 2})
    assert answer.status_code == 422
    assert number not in answer.text


async def test_problems_speak_portuguese_when_asked(world: ApiWorld) -> None:
    english = await world.decide({**BODY, "amount_cents": -1})
    portuguese = await world.decide({**BODY, "amount_cents": -1}, **{"Accept-Language": "pt-BR"})
    assert english.headers["content-language"] == "en"
    assert portuguese.headers["content-language"] == "pt-BR"
    assert english.json()["errors"][0]["problem"] == "negative"
    assert portuguese.json()["errors"][0]["problem"] == "negativo"
    assert portuguese.json()["title"] == "Há campos que não podem ser aceitos"


async def test_a_body_over_64_kib_is_refused_before_it_is_read(world: ApiWorld) -> None:
    answer = await world.decide(b" " * (64 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/body-too-large"
    assert answer.headers["connection"] == "close"


async def test_a_body_without_length_is_cut_off_at_the_limit(world: ApiWorld) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 8 * 1024
            yield b" " * 8 * 1024

    answer = await world.client.post(
        "/v1/decisions",
        content=endless(),
        headers={"Idempotency-Key": "endless", "Content-Type": "application/json"},
    )
    assert answer.status_code == 413
    assert sent <= 64 * 1024 + 16 * 1024
    assert world.journalled("credit_decision_requests_total", outcome="client_error") == 1


async def test_a_body_that_trickles_is_given_up(tmp_path: Path) -> None:
    async with api_world(tmp_path, limits=ApiLimits(body_seconds=0.01)) as world:

        async def trickle() -> AsyncIterator[bytes]:
            yield b"{"
            await asyncio.Event().wait()

        answer = await world.client.post(
            "/v1/decisions",
            content=trickle(),
            headers={"Idempotency-Key": "slow", "Content-Type": "application/json"},
        )
        assert answer.status_code == 408
        assert answer.json()["type"] == "/problems/body-too-slow"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
async def test_another_content_type_is_refused(world: ApiWorld, headers: dict[str, str]) -> None:
    answer = await world.client.post(
        "/v1/decisions", content=b"{}", headers={"Idempotency-Key": "a", **headers}
    )
    assert answer.status_code == 415
    assert answer.headers["accept-post"] == "application/json"


async def test_an_idempotency_key_is_needed(world: ApiWorld) -> None:
    answer = await world.client.post("/v1/decisions", json=dict(BODY))
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/idempotency-key-missing"


@pytest.mark.parametrize("key", ["", '""', "a b", "a" * 129, "chave-é", 'a"b'])
async def test_a_malformed_idempotency_key_is_refused(world: ApiWorld, key: str) -> None:
    answer = await world.client.post(
        "/v1/decisions", json=dict(BODY), headers=[(b"Idempotency-Key", key.encode("latin-1"))]
    )
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/idempotency-key-invalid"


async def test_two_idempotency_keys_are_one_too_many(world: ApiWorld) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = await world.client.post("/v1/decisions", json=dict(BODY), headers=headers)
    assert answer.json()["type"] == "/problems/idempotency-key-invalid"


async def test_a_cpf_is_no_idempotency_key(world: ApiWorld) -> None:
    answer = await world.decide(key=CPF)
    assert answer.json()["type"] == "/problems/cpf-in-clear"
    assert CPF not in answer.text


async def test_a_path_that_does_not_exist_is_a_problem(world: ApiWorld) -> None:
    answer = await world.client.get("/v2/decisions")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/not-found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/decisions", "POST"),
        ("POST", "/v1/policies", "GET"),
        ("POST", "/v1/admin/faults/relational", "DELETE, GET, PUT"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(
    world: ApiWorld, method: str, path: str, allowed: str
) -> None:
    answer = await world.client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed


async def test_an_unexpected_error_shows_no_trace_of_itself(
    world: ApiWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def explode(*args: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(world.deps.decide, "_decide", explode)
    answer = await world.decide()
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/internal-error"
    assert "secret" not in answer.text
    assert "ZeroDivision" not in answer.text
    failures = [record for record in caplog.records if getattr(record, "event", "") == "request.failed"]
    assert len(failures) == 1
    assert failures[0].exc_info is not None
    assert world.journalled("credit_decision_requests_total", outcome="error") == 1
    assert world.journalled("credit_financial_transactions_total", kind="decision", outcome="error") == 1


async def test_every_problem_type_has_a_page_in_both_languages(world: ApiWorld) -> None:
    assert len(PROBLEM_TYPES) > 20
    for kind in PROBLEM_TYPES.values():
        english: httpx.Response = await world.client.get(kind.uri)
        portuguese = await world.client.get(kind.uri, headers={"Accept-Language": "pt-BR"})
        assert kind.title.en in english.text.replace("&#39;", "'")
        assert kind.title.pt in portuguese.text.replace("&#39;", "'")
        assert '<html lang="pt-BR">' in portuguese.text

from __future__ import annotations

from typing import Any

import pytest

from credit.domain.cpf import synthetic_cpf
from credit.ports.faults import Fault
from tests.support.api_world import CPF, FORMATTED_CPF, ApiWorld


def a_customer(number: int = 1, **changes: object) -> dict[str, Any]:
    data = {"customer_id": f"C-{number}", "cpf": synthetic_cpf(3, number), "credit_score": 700, **changes}
    return {"kind": "customer", "data": data}


def a_transaction(number: int = 1, **changes: object) -> dict[str, Any]:
    data = {
        "transaction_id": f"T-{number}",
        "customer_id": "C-1",
        "amount_cents": 100,
        "kind": "PURCHASE",
        **changes,
    }
    return {"kind": "transaction", "data": data}


async def test_records_are_accepted_when_they_are_on_the_stream(world: ApiWorld) -> None:
    answer = await world.client.post("/v1/records", json={"records": [a_customer(), a_transaction()]})
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 2, "first_sequence": "1", "last_sequence": "2"}
    [first, second] = await world.stores.stream.lease("test", 10, 60)
    assert world.deps.ingest.parse(first.data).customer_id == "C-1"
    assert world.deps.ingest.parse(second.data).customer_id == "C-1"


async def test_records_are_refused_together_and_each_fault_is_placed(world: ApiWorld) -> None:
    records = [a_customer(), a_transaction(amount_cents=-1), a_customer(2, credit_score=1001, version=0)]
    answer = await world.client.post("/v1/records", json={"records": records})
    assert answer.status_code == 422
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert pointers == ["#/records/1/data/amount_cents", "#/records/2/data/credit_score"]
    assert await world.stores.stream.oldest() is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/records"),
        ({"records": []}, "#/records"),
        ({"records": "all"}, "#/records"),
        ({"records": [{"kind": "customer"}]}, "#/records/0/data"),
        ({"records": [{"kind": "company", "data": {}}]}, "#/records/0/kind"),
        ({"records": [{"kind": "customer", "data": []}]}, "#/records/0/data"),
        ({"records": [a_customer(surname="Silva")]}, "#/records/0/data/surname"),
        ({"records": [a_customer(cpf="123")]}, "#/records/0/data/cpf"),
        ({"records": [a_customer(updated_at="yesterday")]}, "#/records/0/data/updated_at"),
        ({"records": [a_transaction(amount_cents=1.5)]}, "#/records/0"),
    ],
)
async def test_a_record_that_could_never_be_processed_is_refused(
    world: ApiWorld, body: object, pointer: str
) -> None:
    answer = await world.client.post("/v1/records", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert answer.json()["errors"][0]["fix"]


async def test_more_than_500_records_are_too_many_for_one_call(world: ApiWorld) -> None:
    answer = await world.client.post("/v1/records", json={"records": [a_transaction(n) for n in range(501)]})
    assert answer.status_code == 422
    assert "500" in answer.json()["errors"][0]["fix"]
    full = await world.client.post("/v1/records", json={"records": [a_transaction(n) for n in range(500)]})
    assert full.status_code == 202


async def test_a_field_sent_twice_is_refused(world: ApiWorld) -> None:
    body = b'{"records":[{"kind":"transaction","data":{"amount_cents":1,"amount_cents":2}}]}'
    answer = await world.client.post(
        "/v1/records", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["problem"] == "a field appears twice"


@pytest.mark.parametrize(
    "record",
    [a_customer(customer_id=CPF), a_transaction(transaction_id=CPF), a_transaction(customer_id=CPF)],
)
async def test_a_cpf_is_no_identifier(world: ApiWorld, record: object) -> None:
    answer = await world.client.post("/v1/records", json={"records": [record]})
    assert answer.status_code == 422
    assert "not a CPF" in answer.json()["errors"][0]["fix"]
    assert CPF not in answer.text


async def test_no_cpf_comes_back(world: ApiWorld) -> None:
    sent = [a_customer(cpf=FORMATTED_CPF), a_customer(2, cpf=FORMATTED_CPF, credit_score=-1)]
    answer = await world.client.post("/v1/records", json={"records": sent})
    assert answer.status_code == 422
    assert FORMATTED_CPF not in answer.text


async def test_a_stream_that_is_down_accepts_nothing(world: ApiWorld) -> None:
    world.faults.set("stream", Fault(error_ratio=1.0))
    answer = await world.client.post("/v1/records", json={"records": [a_customer()]})
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/store-unavailable"
    assert answer.headers["retry-after"]
    assert await world.stores.stream.oldest() is None


async def test_problems_of_records_speak_portuguese_too(world: ApiWorld) -> None:
    answer = await world.client.post(
        "/v1/records", json={"records": [a_customer(cpf="1")]}, headers={"Accept-Language": "pt-BR"}
    )
    assert answer.json()["errors"][0]["problem"] == "não é um CPF válido"

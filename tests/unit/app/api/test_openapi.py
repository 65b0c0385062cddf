"""The published contract, held against real answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from credit.ports.faults import Fault
from tests.support.api_world import BODY, CPF, ApiWorld
from tests.support.json_schema import UnknownKeyword, resolve, violations

Document = dict[str, Any]
A_TRANSACTION = {"transaction_id": "T-1", "customer_id": "C-1", "amount_cents": 1, "kind": "PURCHASE"}


async def contract(world: ApiWorld) -> Document:
    document: Document = (await world.client.get("/openapi.json")).json()
    return document


def operation_of(document: Document, method: str, path: str) -> Document:
    """The operation whose template matches a path."""
    for template, methods in document["paths"].items():
        pattern = re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in methods:
            found: Document = methods[method.lower()]
            return found
    raise AssertionError(f"{method} {path} is not documented")


def breaches(document: Document, answer: httpx.Response) -> list[str]:
    """Where an answer is not what the contract says about its operation and status."""
    operation = operation_of(document, answer.request.method, answer.request.url.path)
    described = operation["responses"].get(str(answer.status_code))
    if described is None:
        return [f"status {answer.status_code} is not documented for {operation['operationId']}"]
    media_type = answer.headers["content-type"].split(";")[0]
    content = described["content"].get(media_type)
    if content is None:
        return [f"{media_type} is not documented for {operation['operationId']} {answer.status_code}"]
    if media_type == "text/plain":
        return []
    return violations(answer.json(), content["schema"], document)


async def every_answer(world: ApiWorld) -> list[httpx.Response]:
    """Each operation, answered well and answered badly."""
    get, post, put = world.client.get, world.client.post, world.client.put
    made = await world.decide(key="k")
    declined = await world.decide({**BODY, "amount_cents": 100_000_000, "term_months": 3})
    place = made.headers["location"]
    headers = {"Idempotency-Key": "m", "Content-Type": "application/json"}
    answers = [
        made,
        declined,
        await world.decide(key="k"),
        await world.decide({**BODY, "term_months": 12}, key="k"),
        await world.decide(b"{"),
        await world.decide({"extra": 1}),
        await world.decide({**BODY, "customer_id": "C-999"}),
        await world.decide(b" " * 70_000),
        await post("/v1/decisions", json=dict(BODY)),
        await post("/v1/decisions", content=b"", headers={**headers, "Content-Type": "text/plain"}),
        await world.decide(Authorization="Bearer x"),
        await get(place),
        await get("/v1/decisions/none"),
        await post(place + "/disbursement"),
        await post(declined.headers["location"] + "/disbursement"),
        await post("/v1/decisions/none/disbursement"),
        await get(place + "/disbursement"),
        await get(declined.headers["location"] + "/disbursement"),
        await get(place + "/explanation"),
        await get(declined.headers["location"] + "/explanation?lang=pt-BR"),
        await get(place + "/explanation?lang=xx"),
        await get("/v1/customers/C-1/decisions?limit=1"),
        await get("/v1/customers/C-1/decisions?limit=0"),
        await get("/v1/customers/C-9/decisions"),
        await post("/v1/records", json={"records": [{"kind": "transaction", "data": A_TRANSACTION}]}),
        await post("/v1/records", json={"records": []}),
        await get("/v1/policies"),
        await put("/v1/admin/faults/hot", json={"error_ratio": 0.5}),
        await put("/v1/admin/faults/hot", json={"error_ratio": 5}),
        await put("/v1/admin/faults/sun", json={}),
        await get("/v1/admin/faults"),
        await get("/v1/admin/faults/hot"),
        await world.client.delete("/v1/admin/faults/hot"),
        await get("/healthz"),
        await get("/readyz"),
        await get("/metrics"),
    ]
    world.faults.set("stream", Fault(error_ratio=1.0))
    world.recording_faults.set("relational", Fault(error_ratio=1.0))
    answers.append(await world.decide())
    answers.append(
        await post("/v1/records", json={"records": [{"kind": "transaction", "data": A_TRANSACTION}]})
    )
    return answers


async def test_real_answers_are_what_the_contract_says(world: ApiWorld) -> None:
    document = await contract(world)
    found = {
        f"{answer.request.method} {answer.request.url.path} {answer.status_code}": breaches(document, answer)
        for answer in await every_answer(world)
    }
    assert {name: broken for name, broken in found.items() if broken} == {}
    operations = {op["operationId"] for methods in document["paths"].values() for op in methods.values()}
    called = {operation_of(document, *name.split(" ")[:2])["operationId"] for name in found}
    assert called == operations


async def test_the_contract_check_notices_a_breach(world: ApiWorld) -> None:
    document = await contract(world)
    answer = await world.decide()
    schema = document["components"]["schemas"]["DecisionDocument"]
    schema["properties"]["decision_id"] = {"type": "integer"}
    schema["required"].append("something")
    assert sorted(breaches(document, answer)) == [
        "#/decision_id: str is not integer",
        "#/something: missing",
    ]
    document["components"]["schemas"]["DecisionDocument"] = {"unevaluatedItems": False}
    with pytest.raises(UnknownKeyword):
        breaches(document, answer)


async def test_what_the_contract_accepts_the_api_accepts(world: ApiWorld) -> None:
    document = await contract(world)
    schema = resolve("#/components/schemas/DecisionRequestBody", document)
    bodies: list[Mapping[str, object]] = [
        BODY,
        {**BODY, "reference": "a"},
        {**BODY, "amount_cents": 10_000},
        {**BODY, "amount_cents": 9_999},
        {**BODY, "amount_cents": 100_000_001},
        {**BODY, "term_months": 121},
        {**BODY, "purpose": "YACHT"},
        {**BODY, "reference": None},
        {**BODY, "customer_id": "C-1\n"},
        {**BODY, "nickname": "x"},
    ]
    for body in bodies:
        refused = violations(body, schema, document)
        answer = await world.decide(dict(body))
        assert (answer.status_code == 201) is not bool(refused), (body, refused, answer.text)


async def test_every_operation_is_described(world: ApiWorld) -> None:
    document = await contract(world)
    assert document["openapi"].startswith("3.1")
    schemes = set(document["components"]["securitySchemes"])
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = f"{method} {path}"
            assert operation["summary"], name
            assert operation["tags"], name
            assert operation["operationId"], name
            used = {scheme for option in operation["security"] for scheme in option}
            assert used == (schemes if path.startswith("/v1/") else set()), name
            assert "500" in operation["responses"], name
            declared = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path)), name


async def test_every_reference_leads_somewhere_and_every_example_fits(world: ApiWorld) -> None:
    document = await contract(world)
    for reference in references(document):
        assert resolve(reference, document)
    checked = 0
    for methods in document["paths"].values():
        for operation in methods.values():
            for content in contents(operation):
                for example in examples(content):
                    assert violations(example, content["schema"], document) == []
                    checked += 1
    assert checked > 40


async def test_the_example_of_a_decision_request_is_accepted(world: ApiWorld) -> None:
    document = await contract(world)
    operation = document["paths"]["/v1/decisions"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    answer = await world.decide({**example, "customer_id": "C-1"})
    assert answer.status_code == 201
    records = document["paths"]["/v1/records"]["post"]["requestBody"]["content"]["application/json"]
    assert (await world.client.post("/v1/records", json=records["example"])).status_code == 202


async def test_the_reference_page_names_every_operation_and_needs_nothing_from_outside(
    world: ApiWorld,
) -> None:
    document = await contract(world)
    page = await world.client.get("/docs")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["summary"].replace("?", "?") in page.text
        assert path in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "<script" not in page.text
    assert CPF not in page.text


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def contents(operation: Document) -> Iterator[Document]:
    yield from operation.get("requestBody", {}).get("content", {}).values()
    for response in operation["responses"].values():
        yield from response.get("content", {}).values()


def examples(content: Document) -> Iterator[object]:
    if "example" in content:
        yield content["example"]
    for example in content.get("examples", {}).values():
        yield example["value"]

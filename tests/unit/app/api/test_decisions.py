from __future__ import annotations

from app.api.scopes import Scope
from credit.domain.cpf import synthetic_cpf
from credit.ports.faults import Fault
from tests.support.api_world import BODY, CPF, FORMATTED_CPF, ApiWorld


async def test_a_decision_is_made_recorded_and_located(world: ApiWorld) -> None:
    answer = await world.decide()
    document = answer.json()
    assert answer.status_code == 201
    assert document["outcome"] == "APPROVE"
    assert document["offer"]["installment_cents"] > 0
    assert answer.headers["location"] == f"/v1/decisions/{document['decision_id']}"
    assert world.stores.run("SELECT decision_id FROM credit_decisions") == [(document["decision_id"],)]


async def test_the_decision_carries_the_trace_of_its_request(world: ApiWorld) -> None:
    trace = "1-65a1b2c3-0123456789abcdef01234567"
    answer = await world.decide(**{"X-Amzn-Trace-Id": f"Root={trace};Parent=53995c3f42cd8ad8;Sampled=1"})
    assert answer.json()["trace_id"] == trace[2:].replace("-", "")
    assert answer.headers["x-amzn-trace-id"] == f"Root={trace}"


async def test_the_same_key_gives_the_same_answer_and_says_so(world: ApiWorld) -> None:
    first = await world.decide(key="loan-7")
    again = await world.decide(key="loan-7")
    assert again.status_code == 201
    assert again.content == first.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await world.stores.relational.decisions.count() == 1


async def test_a_quoted_key_is_the_same_key(world: ApiWorld) -> None:
    first = await world.decide(key="loan-7")
    again = await world.decide(key='"loan-7"')
    assert again.json() == first.json()


async def test_the_same_body_spelled_differently_is_the_same_request(world: ApiWorld) -> None:
    person = {"amount_cents": 1_500_000, "term_months": 36, "purpose": "CAR"}
    first = await world.decide({**person, "cpf": CPF}, key="loan-8")
    again = await world.decide({"cpf": FORMATTED_CPF, **dict(reversed(person.items()))}, key="loan-8")
    assert again.status_code == 201
    assert again.json() == first.json()


async def test_the_same_key_with_another_body_is_refused(world: ApiWorld) -> None:
    await world.decide(key="loan-7")
    answer = await world.decide({**BODY, "term_months": 12}, key="loan-7")
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/idempotency-key-reused"
    assert await world.stores.relational.decisions.count() == 1


async def test_keys_of_two_clients_do_not_meet(world: ApiWorld) -> None:
    first = await world.decide(key="loan-7")
    other = await world.decide(
        key="loan-7", Authorization=f"Bearer {world.key(Scope.DECISIONS_WRITE, client='other')}"
    )
    assert other.status_code == 201
    assert other.json()["decision_id"] != first.json()["decision_id"]


async def test_an_applicant_may_be_named_by_cpf(world: ApiWorld) -> None:
    answer = await world.decide(
        {"cpf": FORMATTED_CPF, "amount_cents": 1_500_000, "term_months": 36, "purpose": "CAR"}
    )
    assert answer.status_code == 201
    assert answer.json()["application"]["customer_id"] == "C-1"
    assert CPF not in answer.text
    assert FORMATTED_CPF not in answer.text


async def test_an_unknown_customer_is_not_found(world: ApiWorld) -> None:
    by_id = await world.decide({**BODY, "customer_id": "C-999"})
    by_cpf = await world.decide(
        {"cpf": synthetic_cpf(7, 99), "amount_cents": 1_500_000, "term_months": 36, "purpose": "CAR"}
    )
    assert [by_id.status_code, by_cpf.status_code] == [404, 404]
    assert by_id.json()["type"] == by_cpf.json()["type"] == "/problems/customer-not-found"


async def test_an_unknown_policy_is_refused_with_those_there_are(world: ApiWorld) -> None:
    answer = await world.decide({**BODY, "policy": "gold"})
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/unknown-policy"
    assert "personal-credit" in answer.json()["errors"][0]["fix"]


async def test_a_store_that_is_down_gives_503_and_records_nothing(world: ApiWorld) -> None:
    world.recording_faults.set("relational", Fault(error_ratio=1.0))
    answer = await world.decide(key="later")
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/store-unavailable"
    assert int(answer.headers["retry-after"]) > 0
    assert await world.stores.relational.decisions.count() == 0
    world.recording_faults.clear("relational")
    assert (await world.decide(key="later")).status_code == 201


async def test_a_profile_nobody_can_read_is_referred_and_marked_degraded(world: ApiWorld) -> None:
    world.faults.set("relational", Fault(error_ratio=1.0))
    world.faults.set("hot", Fault(error_ratio=1.0))
    answer = await world.decide()
    assert answer.status_code == 201
    assert answer.json()["outcome"] == "REFER"
    assert answer.json()["degraded"] is True
    assert answer.json()["profile_source"] == "none"


async def test_a_decision_can_be_read_again(world: ApiWorld) -> None:
    made = await world.decide()
    read = await world.client.get(made.headers["location"])
    assert read.status_code == 200
    assert read.json() == made.json()


async def test_a_decision_that_does_not_exist_is_not_found(world: ApiWorld) -> None:
    for name in ("019cae6b-6600-7504-96f5-55f602d1ab94", "a%20b", "%00", "x" * 500):
        answer = await world.client.get(f"/v1/decisions/{name}")
        assert answer.status_code == 404, name
        assert answer.json()["type"] == "/problems/decision-not-found"


async def test_an_explanation_comes_in_the_language_asked_for(world: ApiWorld) -> None:
    made = await world.decide({**BODY, "amount_cents": 100_000_000, "term_months": 3})
    address = made.headers["location"] + "/explanation"
    english = await world.client.get(address)
    portuguese = await world.client.get(address, headers={"Accept-Language": "pt-BR,en;q=0.5"})
    override = await world.client.get(address + "?lang=pt-BR", headers={"Accept-Language": "en"})
    assert english.json()["language"] == english.headers["content-language"] == "en"
    assert portuguese.json()["language"] == "pt-BR"
    assert portuguese.json() == override.json()
    assert english.json()["reasons"][0]["text"] != portuguese.json()["reasons"][0]["text"]
    assert [reason["code"] for reason in english.json()["reasons"]] == [
        reason["code"] for reason in portuguese.json()["reasons"]
    ]


async def test_a_language_nobody_speaks_is_refused_by_name(world: ApiWorld) -> None:
    made = await world.decide()
    answer = await world.client.get(made.headers["location"] + "/explanation?lang=tlh")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "lang"


async def test_reasons_are_titled_in_the_language_of_the_answer(world: ApiWorld) -> None:
    body = {**BODY, "amount_cents": 100_000_000, "term_months": 3}
    english = await world.decide(body)
    portuguese = await world.decide(body, **{"Accept-Language": "pt"})
    assert english.json()["reasons"]
    assert english.json()["reasons"][0]["code"] == portuguese.json()["reasons"][0]["code"]
    assert english.json()["reasons"][0]["title"] != portuguese.json()["reasons"][0]["title"]

from __future__ import annotations

from app.api.scopes import Scope
from credit.ports.faults import Fault
from tests.support.api_world import ApiWorld


def paid_out(world: ApiWorld) -> list[tuple[object, ...]]:
    return world.stores.run(
        "SELECT transaction_id, amount_cents FROM transactions WHERE kind = 'DISBURSEMENT'"
    )


async def test_an_approved_decision_is_paid_out_once(world: ApiWorld) -> None:
    place = (await world.decide()).headers["location"] + "/disbursement"
    assert (await world.client.get(place)).json()["type"] == "/problems/disbursement-not-found"
    first, again = await world.client.post(place), await world.client.post(place)
    assert (first.status_code, first.json()["status"], first.json()["refusal"]) == (200, "PAID", None)
    assert again.json() == first.json() == (await world.client.get(place)).json()
    assert paid_out(world) == [(first.json()["transaction_id"], 1_500_000)]


async def test_what_does_not_fit_into_the_limit_is_refused_and_stays_so(world: ApiWorld) -> None:
    places = [(await world.decide()).headers["location"] + "/disbursement" for _ in range(2)]
    answers = [(await world.client.post(place)).json() for place in places]
    assert [answer["status"] for answer in answers] == ["PAID", "REFUSED"]
    assert answers[1]["refusal"] == "LIMIT_EXCEEDED"


async def test_a_decision_that_promises_nothing_is_a_conflict(world: ApiWorld) -> None:
    body = {"customer_id": "C-1", "amount_cents": 100_000_000, "term_months": 3, "purpose": "CAR"}
    declined = await world.decide(body)
    answer = await world.client.post(declined.headers["location"] + "/disbursement")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/nothing-to-disburse")
    assert (await world.client.post("/v1/decisions/none/disbursement")).status_code == 404


async def test_a_store_that_fails_leaves_it_pending_and_it_is_paid_once_when_it_is_well(
    world: ApiWorld,
) -> None:
    place = (await world.decide()).headers["location"] + "/disbursement"
    world.recording_faults.set("relational", Fault(error_ratio=1.0))
    broken = await world.client.post(place)
    world.recording_faults.clear("relational")
    assert broken.status_code in (202, 503)
    assert paid_out(world) == []


async def test_paying_takes_a_scope_of_its_own(world: ApiWorld) -> None:
    place = (await world.decide()).headers["location"] + "/disbursement"
    headers = {"Authorization": f"Bearer {world.key(Scope.DECISIONS_WRITE)}"}
    assert (await world.client.post(place, headers=headers)).status_code == 403

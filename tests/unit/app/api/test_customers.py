from __future__ import annotations

from datetime import timedelta

import pytest

from credit.ports.faults import Fault
from foundation.clock import ManualClock
from tests.support.api_world import ApiWorld

ADDRESS = "/v1/customers/C-1/decisions"


async def some_decisions(world: ApiWorld, number: int) -> list[str]:
    """Ids of as many decisions, each a second after the other, oldest first."""
    made = []
    for _ in range(number):
        made.append((await world.decide()).json()["decision_id"])
        assert isinstance(world.clock, ManualClock)
        world.clock.advance(timedelta(seconds=1))
    return made


async def test_pages_hold_every_decision_once_newest_first(world: ApiWorld) -> None:
    made = await some_decisions(world, 7)
    found: list[str] = []
    address: str | None = f"{ADDRESS}?limit=3"
    sizes = []
    while address:
        answer = await world.client.get(address)
        items = answer.json()["items"]
        sizes.append(len(items))
        found += [item["decision_id"] for item in items]
        cursor = answer.json()["next_cursor"]
        address = f"{ADDRESS}?limit=3&cursor={cursor}" if cursor else None
        if address:
            assert answer.headers["link"] == f'<{address}>; rel="next"'
        else:
            assert "link" not in answer.headers
    assert sizes == [3, 3, 1]
    assert found == made[::-1]


async def test_a_decision_made_between_two_pages_shifts_nothing(world: ApiWorld) -> None:
    made = await some_decisions(world, 4)
    first = (await world.client.get(f"{ADDRESS}?limit=2")).json()
    await world.decide()
    second = (await world.client.get(f"{ADDRESS}?limit=2&cursor={first['next_cursor']}")).json()
    assert [item["decision_id"] for item in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None


async def test_a_customer_without_decisions_has_an_empty_page(world: ApiWorld) -> None:
    answer = await world.client.get(ADDRESS)
    assert answer.json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("customer", ["C-999", "a%20b", "%E2%82%AC"])
async def test_an_unknown_customer_is_not_found(world: ApiWorld, customer: str) -> None:
    answer = await world.client.get(f"/v1/customers/{customer}/decisions")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/customer-not-found"


@pytest.mark.parametrize("limit", ["0", "-1", "201", "many", "1.5", "", "٣", "9" * 400])
async def test_a_limit_out_of_range_is_named(world: ApiWorld, limit: str) -> None:
    answer = await world.client.get(ADDRESS, params={"limit": limit})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "limit"


@pytest.mark.parametrize("cursor", ["", "%", "####", "AAAA", "é", "a" * 10_000])
async def test_a_made_up_cursor_is_refused(world: ApiWorld, cursor: str) -> None:
    answer = await world.client.get(ADDRESS, params={"cursor": cursor})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "cursor"


async def test_a_store_that_is_down_is_said_to_be(world: ApiWorld) -> None:
    world.faults.set("relational", Fault(error_ratio=1.0))
    answer = await world.client.get(ADDRESS)
    assert answer.status_code == 503

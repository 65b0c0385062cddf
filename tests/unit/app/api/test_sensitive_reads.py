"""Whoever is shown a customer's data stands in the audit trail before the answer leaves."""

from __future__ import annotations

from pathlib import Path

from app.api.access import Shown
from credit.domain.errors import StoreUnavailable
from credit.ports.records import AuditEntry
from dataplatform.stores.relational.audit import SqlAuditTrail
from foundation.clock import ManualClock
from tests.support.api_world import NOW, ApiWorld, api_world
from tests.support.in_memory import InMemory

ADDRESS = "/v1/customers/C-1/decisions"
METRIC = "credit_sensitive_reads_total"


async def reads_of(world: ApiWorld) -> list[tuple[str, str, str]]:
    """(client, action, subject) of every read on the trail."""
    entries = await world.deps.trail.entries(100)
    return [(one.actor, one.action, one.subject) for one in entries if one.action.endswith(".read")]


async def test_each_answer_about_a_customer_is_on_the_trail_by_client_and_counted(world: ApiWorld) -> None:
    made = (await world.decide()).json()["decision_id"]
    await world.client.get(f"/v1/decisions/{made}")
    await world.client.get(f"/v1/decisions/{made}/explanation")
    await world.client.get(ADDRESS)
    assert await reads_of(world) == [
        ("tests", "decision.read", made),
        ("tests", "explanation.read", made),
        ("tests", "history.read", "C-1"),
    ]
    counts = {what.value: world.sample(METRIC, what=what) for what in Shown}
    assert counts == {"decision": 1, "explanation": 1, "history": 1, "disbursement": 0}


async def test_a_read_of_a_disbursement_is_noted_too(world: ApiWorld) -> None:
    made = (await world.decide()).json()["decision_id"]
    address = f"/v1/decisions/{made}/disbursement"
    await world.client.post(address)
    assert (await world.client.get(address)).status_code == 200
    assert await reads_of(world) == [("tests", "disbursement.read", made)]


async def test_what_is_not_there_or_not_allowed_is_shown_to_nobody_and_noted_nowhere(world: ApiWorld) -> None:
    await world.client.get("/v1/decisions/none")
    await world.client.get("/v1/customers/none/decisions")
    await world.client.get(ADDRESS, headers={"Authorization": "Bearer nobody"})
    assert await reads_of(world) == []


class BrokenTrail(SqlAuditTrail):
    async def append(self, actor: str, action: str, subject: str, body: bytes) -> AuditEntry:
        raise StoreUnavailable("relational", "it is full")


async def test_nothing_is_shown_that_cannot_be_put_on_the_trail(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    trail = BrokenTrail(InMemory(clock).tables, clock)
    async with api_world(tmp_path, trail=trail) as world:
        made = (await world.decide()).json()["decision_id"]
        for page in (f"/v1/decisions/{made}", f"/v1/decisions/{made}/explanation", ADDRESS):
            answer = await world.client.get(page)
            assert answer.status_code == 503
            assert made not in answer.text
        assert world.sample(METRIC, what=Shown.DECISION) == 0

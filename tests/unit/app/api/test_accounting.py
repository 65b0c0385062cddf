"""Decision requests are counted once each, and on file before the first byte of the answer leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message

from app.api.dependencies import ApiLimits
from credit.ports.faults import Fault
from foundation.clock import ManualClock
from foundation.count_journal import CounterIncrement
from slo.model.errors import LedgerError
from tests.support.api_world import BODY, NOW, ApiWorld, api_world
from tests.support.memory_counts import MemoryCountJournal

REQUESTS = "credit_decision_requests_total"
OUTCOMES = ("ok", "degraded", "error", "overload", "client_error")


def counted(world: ApiWorld) -> dict[str, int]:
    """Outcome -> requests on file, and each agrees with /metrics and with the duration's count."""
    found = {}
    for outcome in OUTCOMES:
        number = world.journalled(REQUESTS, outcome=outcome)
        assert world.sample(REQUESTS, outcome=outcome) == number
        assert world.journalled("credit_decision_duration_seconds_count", outcome=outcome) == number
        assert world.sample("credit_decision_duration_seconds_count", outcome=outcome) == number
        assert (
            world.journalled("credit_decision_duration_seconds_bucket", outcome=outcome, le="+Inf") == number
        )
        if number:
            found[outcome] = number
    return found


def scope_of(world: ApiWorld) -> dict[str, Any]:
    headers = {
        "authorization": f"Bearer {world.secret}",
        "content-type": "application/json",
        "idempotency-key": "raw-1",
    }
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/decisions",
        "raw_path": b"/v1/decisions",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "server": ("api", 80),
        "client": ("test", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }


async def drop(message: Message) -> None:
    """A client that is not interested in the answer."""


async def test_each_outcome_is_counted_once(tmp_path: Path) -> None:
    async with api_world(tmp_path) as world:
        await world.decide()
        await world.decide(b"{")
        world.faults.set("relational", Fault(error_ratio=1.0))
        await world.decide({**BODY, "customer_id": "C-1"})
        world.recording_faults.set("relational", Fault(error_ratio=1.0))
        await world.decide()
        assert counted(world) == {"ok": 2, "client_error": 1, "error": 1}


async def test_a_replayed_answer_counts_as_an_answer(world: ApiWorld) -> None:
    await world.decide(key="k")
    await world.decide(key="k")
    assert counted(world) == {"ok": 2}
    assert world.journalled("credit_financial_transactions_total", kind="decision", outcome="ok") == 1


async def test_other_routes_are_not_decision_requests(world: ApiWorld) -> None:
    await world.client.get("/v1/policies")
    await world.client.get("/v1/decisions")
    await world.client.post("/v1/decisions/")
    assert counted(world) == {}


async def test_a_refused_key_counts_as_the_clients_error(world: ApiWorld) -> None:
    answer = await world.decide(Authorization="Bearer nonsense")
    assert answer.status_code == 401
    assert counted(world) == {"client_error": 1}


async def test_the_count_is_on_file_before_the_answer_leaves(world: ApiWorld) -> None:
    seen: list[tuple[str, int]] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": json.dumps(BODY).encode(), "more_body": False}

    async def send(message: Message) -> None:
        seen.append((message["type"], world.journalled(REQUESTS, outcome="ok")))

    await world.app(scope_of(world), receive, send)
    assert seen == [("http.response.start", 1), ("http.response.body", 1)]


async def test_a_client_that_hangs_up_in_the_middle_of_its_body_is_counted(world: ApiWorld) -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    answers: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        answers.append(message)

    await world.app(scope_of(world), receive, send)
    assert answers == []
    assert counted(world) == {"client_error": 1}
    assert world.sample("http_requests_total", method="POST", route="/v1/decisions", status="499") == 1


async def test_a_client_that_hangs_up_while_we_decide_is_decided_and_counted(world: ApiWorld) -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": json.dumps(BODY).encode(), "more_body": False},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    await world.app(scope_of(world), receive, drop)
    assert await world.stores.relational.decisions.count() == 1
    assert counted(world) == {"ok": 1}


async def test_a_request_cut_off_by_shutdown_is_our_error(world: ApiWorld) -> None:
    reading = asyncio.Event()

    async def receive() -> Message:
        reading.set()
        await asyncio.Event().wait()
        raise AssertionError("never")

    task = asyncio.create_task(_call(world, receive))
    await reading.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert counted(world) == {"error": 1}


async def _call(world: ApiWorld, receive: Any) -> None:
    await world.app(scope_of(world), receive, drop)


async def test_one_decision_too_many_is_turned_away_as_our_overload(tmp_path: Path) -> None:
    async with api_world(tmp_path, limits=ApiLimits(decisions_in_flight=2)) as world:
        world.faults.set("hot", Fault(delay_seconds=0.2))
        answers = await asyncio.gather(*(world.decide(key=f"k{n}") for n in range(5)))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [201, 201, 503, 503, 503]
        refused = next(answer for answer in answers if answer.status_code == 503)
        assert refused.json()["type"] == "/problems/overloaded"
        assert int(refused.headers["retry-after"]) > 0
        assert counted(world) == {"ok": 2, "overload": 3}
        transactions = "credit_financial_transactions_total"
        assert world.journalled(transactions, kind="decision", outcome="overload") == 3
        assert (await world.decide()).status_code == 201


async def test_too_many_requests_of_one_key_are_the_clients_error(tmp_path: Path) -> None:
    async with api_world(tmp_path, limits=ApiLimits(requests_per_window=1)) as world:
        await world.decide()
        assert (await world.decide()).status_code == 429
        assert counted(world) == {"ok": 1, "client_error": 1}


class Clockwork(ManualClock):
    """Real time passes only where a test lets it."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


async def test_a_duration_runs_from_the_first_byte_to_the_answer(tmp_path: Path) -> None:
    clock = Clockwork(NOW)
    async with api_world(tmp_path, clock=clock) as world:

        async def receive() -> Message:
            clock.seconds += 0.25  # the client takes its time
            return {"type": "http.request", "body": json.dumps(BODY).encode(), "more_body": False}

        async def send(message: Message) -> None:
            clock.seconds += 9.0  # what happens after the answer is no part of it

        await world.app(scope_of(world), receive, send)
        bucket = "credit_decision_duration_seconds_bucket"
        assert world.journalled(bucket, outcome="ok", le="0.2") == 0
        assert world.journalled(bucket, outcome="ok", le="0.3") == 1
        assert world.sample("credit_decision_duration_seconds_sum", outcome="ok") == 0.25


class BrokenJournal(MemoryCountJournal):
    """A full disk that may be emptied."""

    full = False

    def add(self, increments: Sequence[CounterIncrement]) -> None:
        if self.full:
            raise LedgerError("disk full")
        super().add(increments)


async def test_a_journal_that_fails_fails_no_decision_and_is_seen(tmp_path: Path) -> None:
    journal = BrokenJournal("api-1", ManualClock(NOW))
    async with api_world(tmp_path, journal=journal) as world:
        journal.full = True
        assert (await world.decide()).status_code == 201
        assert (await world.decide()).status_code == 201
        ready = (await world.client.get("/readyz")).json()
        assert ready["counting"] is False
        assert world.sample("mirante_count_journal_failures_total") == 2
        assert world.sample("mirante_count_journal_pending_increments") > 0
        assert world.journalled(REQUESTS, outcome="ok") == 0

        journal.full = False
        assert (await world.decide()).status_code == 201
        assert (await world.client.get("/readyz")).json()["counting"] is True
        assert world.sample("mirante_count_journal_pending_increments") == 0
        assert counted(world) == {"ok": 3}


async def test_requests_that_end_together_share_one_journal_transaction(tmp_path: Path) -> None:
    calls = 0

    class Watched(MemoryCountJournal):
        def add(self, increments: Sequence[CounterIncrement]) -> None:
            nonlocal calls
            calls += 1
            super().add(increments)

    async with api_world(tmp_path, journal=Watched("api-1", ManualClock(NOW))) as world:
        before = calls
        await asyncio.gather(*(world.decide() for _ in range(20)))
        assert counted(world) == {"ok": 20}
        assert calls - before < 20


async def test_a_new_process_says_no_traffic_rather_than_nothing(world: ApiWorld) -> None:
    assert isinstance(world.journal, MemoryCountJournal)
    names = {name for _, (name, _) in world.journal.counts}
    assert {
        REQUESTS,
        "credit_decision_duration_seconds_count",
        "credit_financial_transactions_total",
    } <= names
    assert counted(world) == {}

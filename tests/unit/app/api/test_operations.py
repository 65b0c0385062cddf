from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.api import operations
from credit.domain.errors import StoreUnavailable
from credit.ports.faults import Fault
from tests.support.api_world import ApiWorld, api_world


async def test_a_process_that_runs_is_healthy_whatever_its_stores_do(world: ApiWorld) -> None:
    world.faults.set("relational", Fault(error_ratio=1.0))
    assert (await world.client.get("/healthz")).json() == {"status": "ok"}


async def test_readiness_names_the_store_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "CHECK_SECONDS", 0.01)

    async def well() -> None:
        """It answers."""

    async def ill() -> None:
        raise StoreUnavailable("stream", "gone")

    async def hanging() -> None:
        await asyncio.Event().wait()

    checks = {"relational": well, "stream": ill, "hot": hanging}
    async with api_world(tmp_path, readiness=checks) as world:
        answer = await world.client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"] == {"relational": "ok", "stream": "unavailable", "hot": "slow"}
        del checks["stream"], checks["hot"]
        answer = await world.client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json() == {"status": "ready", "checks": {"relational": "ok"}, "counting": True}


async def test_requests_are_measured_by_route_never_by_path(world: ApiWorld) -> None:
    await world.client.get("/v1/decisions/some-secret-name")
    await world.client.get("/nowhere/some-secret-name")
    await world.client.request("BREW", "/healthz")
    metrics = (await world.client.get("/metrics")).text
    assert "some-secret-name" not in metrics
    route = "/v1/decisions/{decision_id}"
    assert world.sample("http_requests_total", method="GET", route=route, status="404") == 1
    assert world.sample("http_requests_total", method="GET", route="unmatched", status="404") == 1
    assert world.sample("http_requests_total", method="OTHER", route="/healthz", status="405") == 1


async def test_metrics_are_in_the_text_format(world: ApiWorld) -> None:
    answer = await world.client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'credit_decision_requests_total{outcome="ok"} 0.0' in answer.text
    assert "_created" not in answer.text


async def test_faults_can_be_put_read_and_taken_out(world: ApiWorld) -> None:
    address = "/v1/admin/faults/relational"
    put = await world.client.put(address, json={"error_ratio": 1, "delay_seconds": 0.0})
    assert put.json() == {"store": "relational", "error_ratio": 1.0, "delay_seconds": 0.0}
    assert (await world.client.get(address)).json() == put.json()
    assert world.faults.active() == {"relational": Fault(error_ratio=1.0)}
    listed = (await world.client.get("/v1/admin/faults")).json()["items"]
    assert [item["store"] for item in listed if item["error_ratio"]] == ["relational"]
    assert (await world.client.delete(address)).json()["error_ratio"] == 0.0
    assert world.faults.active() == {}


@pytest.mark.parametrize(
    "body",
    [
        {"error_ratio": 1.5},
        {"error_ratio": -0.1},
        {"delay_seconds": 61},
        {"error_ratio": "1"},
        {"ratio": 1},
        [],
    ],
)
async def test_a_senseless_fault_is_refused(world: ApiWorld, body: object) -> None:
    answer = await world.client.put("/v1/admin/faults/hot", json=body)
    assert answer.status_code == 422
    assert world.faults.active() == {}


async def test_a_fault_needs_a_store_that_exists(world: ApiWorld) -> None:
    answer = await world.client.put("/v1/admin/faults/moon", json={})
    assert answer.status_code == 404
    assert "relational, hot, wide, cache, stream" in answer.json()["detail"]


async def test_faults_do_not_exist_where_they_are_not_enabled(tmp_path: Path) -> None:
    async with api_world(tmp_path, faults=None) as world:
        for method in ("GET", "PUT", "DELETE"):
            answer = await world.client.request(method, "/v1/admin/faults/hot")
            assert answer.json()["type"] == "/problems/not-found"
        document = (await world.client.get("/openapi.json")).json()
        assert not any("faults" in path for path in document["paths"])


async def test_policies_in_force_are_listed(world: ApiWorld) -> None:
    [policy] = (await world.client.get("/v1/policies")).json()["items"]
    made = (await world.decide()).json()
    assert policy["default"] is True
    assert policy["id"] == made["policy"]["id"]

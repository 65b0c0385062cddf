from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from app.api.dependencies import ApiLimits
from app.api.keys import create_key
from app.api.scopes import Scope
from foundation.clock import ManualClock
from tests.support.api_world import NOW, ApiWorld, api_world


async def test_a_request_without_a_key_is_told_how_to_show_one(world: ApiWorld) -> None:
    answer = await world.client.get("/v1/policies", headers={"Authorization": ""})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="mirante"'
    assert world.sample("http_auth_failures_total", reason="no_key") == 1


@pytest.mark.parametrize("shown", ["Bearer nonsense", "Bearer mk_aaaaaaaa_" + "b" * 43, "Bearer "])
async def test_a_wrong_key_is_refused(world: ApiWorld, shown: str) -> None:
    answer = await world.client.get("/v1/policies", headers={"Authorization": shown})
    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/unauthenticated"


async def test_a_key_may_come_in_either_header(world: ApiWorld) -> None:
    headers = {"Authorization": "", "X-Api-Key": world.secret}
    assert (await world.client.get("/v1/policies", headers=headers)).status_code == 200


async def test_a_missing_scope_is_named(world: ApiWorld) -> None:
    key = world.key(Scope.DECISIONS_READ)
    answer = await world.decide(Authorization=f"Bearer {key}")
    assert answer.status_code == 403
    assert "decisions:write" in answer.json()["detail"]
    assert 'scope="decisions:write"' in answer.headers["www-authenticate"]
    assert world.sample("http_auth_failures_total", reason="missing_scope") == 1


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/decisions", "decisions:write"),
        ("GET", "/v1/decisions/a", "decisions:read"),
        ("GET", "/v1/decisions/a/explanation", "decisions:read"),
        ("GET", "/v1/customers/a/decisions", "decisions:read"),
        ("GET", "/v1/policies", "decisions:read"),
        ("POST", "/v1/records", "ingest:write"),
        ("GET", "/v1/admin/faults", "faults:write"),
        ("GET", "/v1/admin/faults/hot", "faults:write"),
        ("PUT", "/v1/admin/faults/hot", "faults:write"),
        ("DELETE", "/v1/admin/faults/hot", "faults:write"),
    ],
)
async def test_every_operation_needs_its_own_scope(
    world: ApiWorld, method: str, path: str, scope: str
) -> None:
    others = [other for other in Scope if other != scope]
    headers = {"Authorization": f"Bearer {world.key(*others)}"}
    answer = await world.client.request(method, path, headers=headers)
    assert answer.status_code == 403
    assert scope in answer.json()["detail"]


async def test_metrics_are_open_unless_a_key_is_asked_for(tmp_path: Path) -> None:
    async with api_world(tmp_path, metrics_need_a_key=True) as world:
        assert (await world.client.get("/metrics")).status_code == 200
        answer = await world.client.get("/metrics", headers={"Authorization": ""})
        assert answer.status_code == 401


async def test_the_quota_is_told_and_kept(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    limits = ApiLimits(requests_per_window=3, window_seconds=60)
    async with api_world(tmp_path, clock=clock, limits=limits) as world:
        first = await world.client.get("/v1/policies")
        assert first.headers["ratelimit-policy"] == '"key";q=3;w=60'
        assert first.headers["ratelimit"] == '"key";r=2;t=20'
        assert [(await world.client.get("/v1/policies")).status_code for _ in range(3)] == [200, 200, 429]
        refused = await world.client.get("/v1/policies")
        assert refused.json()["type"] == "/problems/rate-limited"
        assert refused.headers["retry-after"] == "20"
        assert refused.headers["ratelimit"] == '"key";r=0;t=60'
        clock.advance(timedelta(seconds=20))
        assert (await world.client.get("/v1/policies")).status_code == 200
        assert (await world.client.get("/v1/policies")).status_code == 429


async def test_one_client_does_not_use_up_the_quota_of_another(tmp_path: Path) -> None:
    async with api_world(tmp_path, limits=ApiLimits(requests_per_window=1)) as world:
        await world.client.get("/v1/policies")
        assert (await world.client.get("/v1/policies")).status_code == 429
        other = create_key(world.keys_path, "other", [Scope.DECISIONS_READ], NOW)[1]
        headers = {"Authorization": f"Bearer {other}"}
        assert (await world.client.get("/v1/policies", headers=headers)).status_code == 200

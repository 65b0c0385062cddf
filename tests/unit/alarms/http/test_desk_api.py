"""What the desk's API refuses in words: nothing that is asked for is left out without being told."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from alarms.http.auth import READ, BearerTokens, Principal
from alarms.http.desk_api import MOST_LISTED, DeskApi
from tests.support.router import Scene


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("?limit=0", f"Give 1 to {MOST_LISTED}"),
        (f"?limit={MOST_LISTED + 1}", f"Give 1 to {MOST_LISTED}"),
        ("?state=foo", "Give open or all"),
        ("/notifications?limit=-1", f"Give 1 to {MOST_LISTED}"),
        ("/notifications?limit=99999999999999999999", ""),
        ("/duty?since=9999-12-31T23:00:00Z&until=9999-12-31T23:59:00-14:00", ""),
    ],
)
def test_a_list_that_cannot_be_given_as_asked_is_refused(asked: str, told: str) -> None:
    scene = Scene()
    api = DeskApi(scene.router, BearerTokens.of({"t": Principal("ana", frozenset({READ}))}))

    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=api.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://router") as client:
            return await client.get(f"/v1/alerts{asked}", headers={"authorization": "Bearer t"})

    found = asyncio.run(answer())
    scene.close()
    assert found.status_code == httpx.codes.BAD_REQUEST
    assert told in found.text

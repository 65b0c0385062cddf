"""The console's page of who has the duty, and its forms."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from alarms.model.expected_beat import ExpectedBeat
from alarms.model.severity import Severity
from alarms.policy.people import People, Person
from alarms.policy.schedule import Rotation, Schedule, Schedules
from tests.support.console_browser import BASE_URL, csrf_of, signed_in, text_of
from tests.support.console_world import World

DAILY = Schedule(
    "America/Sao_Paulo",
    (Rotation(datetime.fromisoformat("2026-01-05T09:00"), timedelta(days=1), ("ana", "bia")),),
)
PEOPLE = People({name: Person(name, f"{name.title()} <Souza>") for name in ("ana", "bia")})


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.router.routing.schedules = Schedules({"operations": DAILY}, PEOPLE)
    return made


def on_duty(world: World) -> str:
    return world.router.routing.schedules.target(
        "operations", world.clock.now(), world.store.duty_overrides(ending_after=world.clock.now())
    )


async def post(client: httpx.AsyncClient, action: str, **fields: str) -> httpx.Response:
    page = (await client.get("/console/duty")).text
    form = {"csrf": csrf_of(page), **fields}
    return await client.post(f"/console/duty/{action}", data=form, headers={"origin": BASE_URL})


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        (
            "en",
            ("Who is on duty", "Operations", "Ana <Souza>", "The whole team", "Times of America/Sao_Paulo"),
        ),
        ("pt", ("Quem está de plantão", "Operações", "Ana <Souza>", "A equipe inteira", "Trocar turnos")),
    ],
)
async def test_it_shows_who_has_the_duty_in_each_team(
    world: World, language: str, parts: tuple[str, ...]
) -> None:
    async with signed_in(world) as client:
        answer = await client.get(f"/console/duty?lang={language}")
    shown = text_of(answer.text)
    assert [part for part in parts if part not in shown] == []


async def test_somebody_takes_over_and_gives_it_back(world: World) -> None:
    before = on_duty(world)
    other = "bia" if before.endswith("ana") else "ana"
    async with signed_in(world) as client:
        answer = await post(
            client, "override", team="operations", person=other, until="2026-11-30T08:00", why="ill"
        )
        assert "Done. The next pages go by it." in text_of(answer.text)
        assert on_duty(world) == f"operations:{other}"
        (made,) = world.store.duty_overrides(ending_after=world.clock.now())
        assert (made.ends_at.isoformat(), made.why) == ("2026-11-30T11:00:00+00:00", "ill")
        await post(client, "remove", id=made.id)
    assert on_duty(world) == before


async def test_two_people_swap_their_next_shifts(world: World) -> None:
    before = on_duty(world)
    async with signed_in(world) as client:
        answer = await post(client, "swap", team="operations", one="ana", other="bia")
    assert "The two shifts are swapped." in text_of(answer.text)
    assert on_duty(world) != before


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"until": "soon"}, 400, "until: 'soon' is not a time"),
        ({"until": "2018-11-04T00:30"}, 400, "does not exist in America/Sao_Paulo"),
        ({"until": "2020-01-01T00:00"}, 400, "ends_at: it is past"),
        ({"until": "2026-11-30T08:00", "person": "zoe"}, 400, "nobody is called 'zoe'"),
        ({"until": "2026-11-30T08:00", "csrf": "0"}, 403, "did not come from your session"),
    ],
)
async def test_what_cannot_be_meant_so_changes_nothing(
    world: World, fields: dict[str, str], status: int, said: str
) -> None:
    async with signed_in(world) as client:
        answer = await post(client, "override", **{"team": "operations", "person": "ana", **fields})
    assert (answer.status_code, said in text_of(answer.text)) == (status, True), text_of(answer.text)
    assert list(world.store.duty_overrides(ending_after=world.clock.now())) == []


async def test_another_action_is_not_there(world: World) -> None:
    async with signed_in(world) as client:
        assert (await post(client, "sell", team="operations")).status_code == 404


async def test_without_people_it_says_where_to_write_them(world: World) -> None:
    world.router.routing.schedules = replace(Schedules())
    async with signed_in(world) as client:
        shown = text_of((await client.get("/console/duty")).text)
    assert "Nobody is written down yet." in shown


async def test_a_person_is_called_by_name_wherever_an_incident_is_shown(world: World) -> None:
    incident = world.alert("Down", Severity.P1)
    async with signed_in(world) as client:
        pages = [
            (await client.get(path)).text for path in (f"/console/incidents/{incident}", "/console/incidents")
        ]
    shown = [text_of(page) for page in pages]
    assert [f"({name})" in text for text in shown for name in ("ana", "bia")] == [False] * 4
    assert all("Operations (Ana <Souza>)" in text or "Operations (Bia <Souza>)" in text for text in shown)


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        ("en", ("Sources that must not go quiet", "<backup>", "heard", "shop", "not heard yet", "never")),
        ("pt", ("Fontes que não podem silenciar", "<backup>", "em dia", "shop", "ainda sem sinal", "nunca")),
    ],
)
async def test_it_shows_the_sources_that_must_not_go_quiet(
    world: World, language: str, parts: tuple[str, ...]
) -> None:
    async with signed_in(world) as client:
        assert 'id="heartbeats"' not in (await client.get("/console/duty")).text
        world.expected = {name: ExpectedBeat(name, timedelta(hours=1)) for name in ("<backup>", "shop")}
        with world.store.transaction() as tx:
            tx.expect("<backup>", world.clock.now())
            tx.hear("<backup>", world.clock.now())
        answer = await client.get(f"/console/duty?lang={language}")
    shown = text_of(answer.text)
    assert [part for part in parts if part not in shown] == []

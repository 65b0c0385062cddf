"""Lists of incidents in the console: the worst first, nothing cut without a word, the rest a link away."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from pathlib import Path

import pytest

from alarms.model.incident import Incident
from alarms.model.severity import Severity
from app.console import incident_pages, oncall
from tests.support.console_browser import signed_in
from tests.support.console_world import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A P1 from before, and six milder ones since; the fourth is over."""
    monkeypatch.setattr(incident_pages, "SHOWN", 2)
    monkeypatch.setattr(oncall, "SHOWN", 2)
    made = World(tmp_path)
    made.alert("Down", Severity.P1)
    for number in range(6):
        made.clock.advance(timedelta(minutes=10))
        incident = made.alert(f"Mild{number}", Severity.P4)
        if number == 3:
            made.router.resolve(incident, "ana")
    return made


async def page(world: World, path: str) -> str:
    async with signed_in(world) as client:
        return (await client.get(path)).text


def titles(said: str) -> list[str]:
    return re.findall(r'<a href="/console/incidents/[^"?]+">([^<]+)</a>', said)


def next_link(said: str) -> str | None:
    found = re.search(r'<a href="([^"]+)" rel="next">([^<]+)</a>', said)
    return None if found is None else html.unescape(found[1])


async def walk(world: World, path: str) -> list[str]:
    """All titles, page after page."""
    found = []
    following: str | None = path
    async with signed_in(world) as client:
        while following is not None:
            said = (await client.get(following)).text
            found += titles(said)
            following = next_link(said)
    return found


async def test_an_old_p1_comes_before_many_newer_ones_that_are_milder(world: World) -> None:
    said = await page(world, "/console/incidents")
    assert titles(said) == ["Down", "Mild0"]
    assert ">4 more<" in said


async def test_the_pages_together_show_each_open_one_once(world: World) -> None:
    assert await walk(world, "/console/incidents") == ["Down", "Mild0", "Mild1", "Mild2", "Mild4", "Mild5"]


async def test_all_of_them_are_listed_the_newest_first(world: World) -> None:
    assert await walk(world, "/console/incidents?state=all") == [
        *(f"Mild{number}" for number in reversed(range(6))),
        "Down",
    ]


async def test_the_on_call_page_counts_all_that_are_open_and_leads_to_the_rest(world: World) -> None:
    said = await page(world, "/console/")
    assert "6 open incidents" in said
    following = next_link(said)
    assert following is not None
    assert await walk(world, following) == ["Mild1", "Mild2", "Mild4", "Mild5"]


async def test_a_page_keeps_its_place_when_its_language_changes(world: World) -> None:
    following = next_link(await page(world, "/console/incidents?state=all"))
    assert following is not None
    said = html.unescape(await page(world, following))
    place = following.partition("?")[2]
    assert f"?{place}&lang=pt" in said


async def test_a_page_that_is_none_is_not_found(world: World) -> None:
    async with signed_in(world) as client:
        assert (await client.get("/console/incidents?cursor=nonsense")).status_code == 404


def test_the_desk_itself_leaves_none_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alarms.router.router.LISTED_AT_ONCE", 2)
    found: list[Incident] = list(world.router.open_incidents())
    assert [one.title for one in found] == ["Down", "Mild0", "Mild1", "Mild2", "Mild4", "Mild5"]

"""The duty page in a real browser, as wide as a phone: what is read fits, and its forms work."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import uvicorn

from alarms.policy.people import People, Person
from alarms.policy.schedule import Rotation, Schedule, Schedules
from tests.support.chromium import Chromium, needs_chromium
from tests.support.console_world import World

pytestmark = needs_chromium
DAILY = Schedule(
    "America/Sao_Paulo",
    (Rotation(datetime.fromisoformat("2026-01-05T09:00"), timedelta(days=1), ("ana", "bia")),),
)
PEOPLE = People(
    {"ana": Person("ana", "Ana Clara de Souza Albuquerque"), "bia": Person("bia", "Bia Lima")},
)


@contextmanager
def served(world: World) -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(world.application(), log_level="error", lifespan="off"))
    serving = threading.Thread(target=lambda: server.run(sockets=[listening]))
    serving.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        serving.join()
        listening.close()


@pytest.mark.parametrize(
    ("language", "taken", "removed"),
    [
        ("en", "Done. The next pages go by it.", "Removed. The schedule applies again."),
        ("pt", "Pronto. Os próximos alertas já seguem essa mudança.", "Removido. A escala volta a valer."),
    ],
)
def test_a_person_takes_over_on_a_phone_and_gives_it_back(
    tmp_path: Path, language: str, taken: str, removed: str
) -> None:
    world = World(tmp_path)
    world.router.routing.schedules = Schedules({"operations": DAILY}, PEOPLE)
    with served(world) as base, Chromium(tmp_path / "browser") as browser:
        browser.open(world.sessions.issue_link(base))
        browser.open(f"{base}/console/duty?lang={language}")
        assert browser.run("document.documentElement.scrollWidth") <= 390
        form = 'form[action="/console/duty/override"]'
        browser.run(
            f"""const form = document.querySelector('{form}');
            form.team.value = 'operations'; form.person.value = 'bia';
            form.until.value = '2026-11-30T08:00'; form.why.value = 'ill';"""
        )
        browser.submit(form)
        assert browser.run("document.querySelector('[role=status]').textContent") == taken
        (made,) = world.store.duty_overrides(ending_after=world.clock.now())
        assert (made.team, made.person, made.why) == ("operations", "bia", "ill")
        assert browser.run("document.documentElement.scrollWidth") <= 390
        browser.picture(tmp_path / f"duty-{language}.png")
        browser.submit('form[action="/console/duty/remove"]')
        assert browser.run("document.querySelector('[role=status]').textContent") == removed
        browser.submit('form[action="/console/duty/swap"]')  # of the first two, as it stands
        assert len(world.store.duty_overrides(ending_after=world.clock.now())) == 2
    world.store.close()

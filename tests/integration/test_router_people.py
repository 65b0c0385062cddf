"""``mirante serve router``: people change who has the duty, and the files, while it runs; and it is killed
between two contacts of one person."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from foundation.clock import clock_spec
from tests.support.command_line import Ran, mirante
from tests.support.hooks import alert, alertmanager
from tests.support.http_catcher import HttpCatcher, Reply
from tests.support.patience import patience, wait_until
from tests.support.processes import Role
from tests.support.running_router import HEADERS, TOKEN, Desk, alarm_policy

SOON = 60.0  # real seconds
PEOPLE = {
    person: {
        "name": person.title(),
        "contacts": {"mail": f"{person}@example.org", "sms": f"+55 {person}"},
        "steps": [
            {"channel": "mail"},
            {"channel": "sms", "after": "5m"},
            {"channel": "sms", "after": "10m"},
        ],
    }
    for person in ("ana", "bia")
}


@dataclass
class World:
    """A router of one's own, its files, and where its messages arrive."""

    folder: Path
    outside: HttpCatcher
    clock: str = "system"
    role: Role = field(init=False)

    def __post_init__(self) -> None:
        self.channels("mail", "sms")
        self.write("people.yaml", {"version": 1, "people": PEOPLE})
        self.schedule("ana")
        settings = {
            "MIRANTE_ALARM_POLICY": str(self.policy),
            "MIRANTE_HOOK_TOKEN": TOKEN,
            "MIRANTE_CHANNEL_SECRET_MAIL": "key",
            "MIRANTE_CHANNEL_SECRET_SMS": "key",
            "MIRANTE_CLOCK": self.clock,
        }
        self.role = Role("router", self.folder / "data", settings)

    @property
    def policy(self) -> Path:
        return self.folder / "policy"

    def channels(self, mail: str, sms: str) -> None:
        kinds = {
            name: {"kind": "webhook", "url": f"{self.outside.url}/{path}"}
            for name, path in (("mail", mail), ("sms", sms))
        }
        alarm_policy(self.policy, kinds, {})

    def schedule(self, person: str) -> None:
        rotation = {"starts": "2026-01-05T09:00", "every": "1d", "people": [person]}
        schedules = {"operations": {"rotation": rotation}}
        self.write("schedules.yaml", {"version": 1, "time_zone": "UTC", "schedules": schedules})

    def write(self, name: str, document: Any) -> None:
        (self.policy / name).write_text(json.dumps(document), encoding="utf-8")

    def type(self, *arguments: str) -> Ran:
        """As a person elsewhere types it: over HTTP."""
        settings = {**self.role.settings, "MIRANTE_ROUTER_URL": self.role.url}
        with patch.dict(os.environ, settings):
            return mirante("alerts", *arguments)

    def send(self, name: str) -> str:
        """An alert that fires; the id of its incident."""
        body = alertmanager(alert(name, starts=datetime.now(UTC), severity="P1"))
        answer = httpx.post(
            f"{self.role.url}/hooks/alertmanager", json=body, headers=HEADERS, timeout=patience(30)
        )
        assert answer.is_success, answer.text
        wait_until(lambda: self.incident(name) is not None, SOON, f"{name} is an incident")
        found = self.incident(name)
        assert found is not None
        return str(found["id"])

    def incident(self, title: str) -> dict[str, Any] | None:
        return Desk(self.role).incident(title)

    def told(self, path: str, incident: str) -> list[dict[str, Any]]:
        bodies = [json.loads(one.body) for one in self.outside.at(path)]
        return [body for body in bodies if body["incident_id"] == incident]

    def paged(self, name: str, path: str = "/mail") -> str:
        """Whose address the page of a new alert of that name goes to."""
        incident = self.send(name)
        wait_until(lambda: self.told(path, incident), SOON, f"the page of {name}")
        return str(self.told(path, incident)[0]["address"])

    def remarks(self) -> str:
        answer = httpx.get(f"{self.role.url}/readyz", timeout=patience(10))
        assert answer.status_code == 200, answer.text
        return " ".join(answer.json()["remarks"])


@pytest.fixture
def outside() -> Iterator[HttpCatcher]:
    with HttpCatcher() as made:
        yield made


@pytest.fixture
def world(tmp_path: Path, outside: HttpCatcher) -> Iterator[World]:
    made = World(tmp_path, outside)
    with made.role:
        yield made


def test_an_override_by_command_changes_who_is_paged_without_a_restart(world: World) -> None:
    assert world.paged("Before") == "ana@example.org"
    made = world.type("duty", "override", "operations", "bia", "--until", "2099-01-01T00:00", "--why", "ill")
    assert made.status == 2, made  # more than a year
    made = world.type(
        "duty", "override", "operations", "bia", "--until", f"{datetime.now(UTC).year + 1}-01-01T00:00"
    )
    assert (made.status, made.err) == (0, ""), made
    assert world.paged("Meanwhile") == "bia@example.org"
    override = made.out.split()[-1]
    shown = json.loads(world.type("duty", "--team", "operations", "--json").out)
    assert [one["id"] for one in shown[0]["overrides"]] == [override]
    assert world.type("duty", "remove", override).status == 0
    assert world.paged("After") == "ana@example.org"


def test_files_are_read_anew_as_a_whole_or_not_at_all(world: World) -> None:
    assert world.paged("Before") == "ana@example.org"
    (world.policy / "schedules.yaml").write_text("schedules: [\n", encoding="utf-8")
    wait_until(lambda: "schedules.yaml" in world.remarks(), SOON, "the broken file is told")
    refused = world.type("reload")
    assert refused.status == 2
    assert "schedules.yaml" in refused.err
    assert "Nothing was changed" in refused.err
    title = "AlarmFilesBroken: policy, schedules, people or channels"
    wait_until(lambda: world.incident(title) is not None, SOON, "an incident of its own")
    assert world.paged("Broken") == "ana@example.org"

    world.schedule("bia")
    world.channels("new-mail", "sms")
    world.role.signal(signal.SIGHUP)
    wait_until(lambda: world.remarks() == "", SOON, "the files are sound")
    assert world.type("reload").status == 0
    assert world.paged("Mended", "/new-mail") == "bia@example.org"
    wait_until(lambda: (world.incident(title) or {})["state"] == "resolved", SOON, "the trouble is over")


def test_a_start_with_a_broken_file_pages_by_the_last_sound_ones(world: World) -> None:
    assert world.paged("Before") == "ana@example.org"
    (world.policy / "people.yaml").write_text("people: [\n", encoding="utf-8")
    world.role.kill()
    world.role.start()
    assert world.paged("Broken") == "ana@example.org"
    assert "people.yaml" in world.remarks()
    title = "AlarmFilesBroken: policy, schedules, people or channels"
    wait_until(lambda: world.incident(title) is not None, SOON, "an incident of its own")
    assert "people.yaml:" in (world.incident(title) or {})["summary"]

    world.write("people.yaml", {"version": 1, "people": PEOPLE})
    world.schedule("bia")
    wait_until(lambda: world.remarks() == "", SOON, "the files are sound")
    assert world.paged("Mended") == "bia@example.org"
    wait_until(lambda: (world.incident(title) or {})["state"] == "resolved", SOON, "the trouble is over")


def test_a_channel_that_brings_nothing_is_told_by_the_others_and_over_when_it_works(world: World) -> None:
    world.outside.answer = lambda caught: Reply(404 if caught.path == "/mail" else 200)
    incident, title = world.send("Lost"), "ChannelFails: mail"
    wait_until(lambda: world.told("/sms", incident), SOON, "the next way to the same person")
    wait_until(lambda: world.incident(title) is not None, SOON, "an incident of its own")
    trouble = str((world.incident(title) or {})["id"])
    wait_until(lambda: world.told("/sms", trouble), SOON, "which is told")
    assert "messages by mail do not arrive since" in world.remarks()
    shown = world.type("channels", "--json")
    (mail,) = [one for one in json.loads(shown.out) if one["channel"] == "mail"]
    assert "404" in mail["reason"]
    assert mail["arrived_at"] is None

    world.outside.answer = lambda _: Reply()
    world.send("Mended")
    wait_until(lambda: (world.incident(title) or {})["state"] == "resolved", SOON, "the trouble is over")
    assert world.remarks() == ""


def test_killed_between_the_contacts_of_one_person_each_is_told_once(
    tmp_path: Path, outside: HttpCatcher
) -> None:
    """Forty times as fast: five minutes are seven seconds and a half."""
    world = World(tmp_path, outside, clock_spec(40, datetime.now(UTC)))

    def first() -> dict[str, tuple[str, str]]:
        """Ana's contacts of the first page, by dedup id."""
        told = [(path, one) for path in ("/mail", "/sms") for one in world.told(path, incident)]
        return {
            one["dedup_id"]: (path, one["address"])
            for path, one in told
            if (one["target"], one["step"]) == ("operations:ana", "first")
        }

    with world.role:
        incident = world.send("Kill")
        for contacts in (1, 2):
            wait_until(lambda contacts=contacts: len(first()) >= contacts, SOON, f"{contacts} contacts")  # type: ignore[misc]
            world.role.kill()
            world.role.start()
        wait_until(lambda: len(first()) >= 3, SOON, "all contacts")
        world.role.kill()
        world.role.start()
        answer = Desk(world.role).post(f"/v1/alerts/{incident}/acknowledge")
        assert answer.is_success, answer.text
        assert answer.json()["contacts"] == []
    assert sorted(first().values()) == [
        ("/mail", "ana@example.org"),
        ("/sms", "+55 ana"),
        ("/sms", "+55 ana"),
    ]

"""The alarm files read anew: as a whole or not at all, and a broken one is told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from alarms.model.incident import HoldKind, IncidentState
from alarms.model.severity import Severity
from alarms.policy.alarm_policy import AlarmPolicy
from alarms.policy.channel import WebhookChannel
from app.bootstrap.alarm_files import AlarmFiles, FilesRefused, Take
from app.bootstrap.kept_alarm_files import KeptAlarmFiles, usable_files
from app.settings import Settings
from foundation.errors import DefinitionErrors
from foundation.workspace import SHIPPED
from tests.support.alerts import foreign_alert
from tests.support.router import Scene

PEOPLE = "version: 1\npeople:\n  ana: {name: Ana}\n  bia: {name: Bia}\n"
FILES_THAT_MATTER = ("policy.yaml", "schedules.yaml", "people.yaml", "channels.yaml", "intakes.yaml")


def schedule(person: str, more: str = "") -> str:
    rotation = f"{{starts: 2026-01-05T09:00, every: 1d, people: [{person}]}}"
    return f"version: 1\ntime_zone: UTC\nschedules:\n  operations: {{rotation: {rotation}}}\n{more}"


class Written:
    """A folder of alarm files, and a router that looks at them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.versions = 0
        self.write("policy.yaml", (SHIPPED.alarms / "policy.yaml").read_text(encoding="utf-8"))
        self.write("schedules.yaml", schedule("ana"))
        self.write("people.yaml", PEOPLE)
        self.scene = Scene()
        self.taken: list[AlarmPolicy] = []
        self.refuse: Exception | None = None
        self.settings = Settings(alarm_policy=folder)
        self.kept = KeptAlarmFiles(folder.with_name(f"{folder.name}-kept"))
        self.files = self.started()
        self.files.read()

    def started(self) -> AlarmFiles:
        used = usable_files(self.settings.folders, self.kept)
        return AlarmFiles(self.settings, self.scene.router, self.scene.clock, used, self.prepare, self.kept)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")
        self.versions += 1  # whatever the file system's clock can tell apart
        os.utime(self.folder / name, (self.versions, self.versions))

    def prepare(self, alarms: AlarmPolicy) -> Take:
        if self.refuse is not None:
            raise self.refuse
        return lambda: self.taken.append(alarms)

    def look(self) -> None:
        """As often as it takes to see a change."""
        self.files.look()
        self.files.look()

    def on_duty(self) -> str:
        return self.scene.router.routing.schedules.target("operations", self.scene.clock.now())

    def trouble(self) -> IncidentState | None:
        self.scene.router.tick()
        found = [one for one in self.scene.router.incidents() if one.name == "AlarmFilesBroken"]
        assert len(found) <= 1
        return found[0].state if found else None


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Written]:
    made = Written(tmp_path)
    yield made
    made.scene.close()


def test_what_changes_applies_without_a_restart(written: Written) -> None:
    assert written.on_duty() == "operations:ana"
    written.write("schedules.yaml", schedule("bia"))
    written.look()
    assert written.on_duty() == "operations:bia"
    assert len(written.taken) == 2


def test_a_file_that_is_still_being_written_is_left_alone(written: Written) -> None:
    written.write("schedules.yaml", "version: 1\n")
    written.files.look()
    assert written.files.remarks() == []
    written.write("schedules.yaml", schedule("bia"))
    written.files.look()
    assert written.files.remarks() == []
    written.files.look()
    assert written.on_duty() == "operations:bia"


def test_files_that_stand_still_are_not_read_again(written: Written) -> None:
    for _ in range(5):
        written.look()
    assert len(written.taken) == 1
    written.files.ask()
    written.files.look()
    assert len(written.taken) == 2


def test_a_broken_file_keeps_all_of_the_old_ones_and_is_told(written: Written) -> None:
    written.write("policy.yaml", "levels: {}\n")
    written.write("schedules.yaml", schedule("bia"))
    before = written.scene.router.policy.id
    written.look()
    assert (written.on_duty(), written.scene.router.policy.id) == ("operations:ana", before)
    assert len(written.taken) == 1
    (remark,) = written.files.remarks()
    assert "policy.yaml" in remark
    assert "are still used" in remark
    assert written.trouble() is IncidentState.OPEN


def test_the_trouble_is_over_when_the_file_is_mended(written: Written) -> None:
    written.write("people.yaml", "version: 1\npeople:\n  ana: {}\n")
    written.look()
    assert written.trouble() is IncidentState.OPEN
    written.write("people.yaml", PEOPLE)
    written.look()
    assert written.trouble() is IncidentState.RESOLVED
    assert written.files.remarks() == []


def test_a_trouble_that_lasts_is_met_again_so_that_nobody_takes_it_to_be_over(written: Written) -> None:
    written.write("people.yaml", "version: 2\n")
    written.look()
    for _ in range(20):
        written.scene.clock.advance(timedelta(minutes=11))
        written.look()
        assert written.trouble() is IncidentState.OPEN


def test_whatever_else_fails_keeps_the_old_ones_too(written: Written) -> None:
    """A channel whose secret is missing, a library that is not there, a defect."""
    written.refuse = RuntimeError("no such thing")
    written.write("schedules.yaml", schedule("bia"))
    with pytest.raises(FilesRefused, match="no such thing"):
        written.files.read()
    assert written.on_duty() == "operations:ana"
    written.refuse = None
    written.files.read()
    assert written.on_duty() == "operations:bia"


def test_open_incidents_keep_the_policy_they_were_opened_under(written: Written) -> None:
    incident = written.scene.receive(foreign_alert("Slow"))
    text = (written.folder / "policy.yaml").read_text(encoding="utf-8")
    written.write("policy.yaml", text.replace("act_within: 30m", "act_within: 31m"))
    written.look()
    assert written.scene.router.policy.id != incident.policy_id
    assert written.scene.router.escalation_of(incident).policy.id == incident.policy_id


def test_maintenance_that_is_added_holds_what_is_open_and_lets_go_when_it_is_taken_out(
    written: Written,
) -> None:
    incident = written.scene.receive(foreign_alert("Slow", Severity.P1, component="redis"))
    window = "{name: move, match: ['component=\"redis\"'], every: day, comment: move}"
    written.write("schedules.yaml", schedule("ana", f"maintenance: [{window}]\n"))
    written.look()
    held = written.scene.router.incident(incident.id).hold
    assert held is not None
    assert (held.kind, held.by) == (HoldKind.SILENCE, "maintenance:move")
    written.write("schedules.yaml", schedule("ana"))
    written.look()
    written.scene.router.tick()
    assert written.scene.router.incident(incident.id).hold is None


def test_what_the_router_knows_changes_together(written: Written) -> None:
    written.write("people.yaml", PEOPLE.replace("Bia", "Beatriz"))
    written.look()
    schedules = written.scene.router.routing.schedules
    assert schedules.people.name_of("bia") == "Beatriz"
    assert replace(schedules, people=schedules.people) == schedules


def test_a_changed_template_of_a_webhook_is_read_too(tmp_path: Path) -> None:
    written = Written(tmp_path)
    written.write("t.json.j2", '{"a": {{ subject | tojson }}}')
    hook = "{kind: webhook, url: 'https://x.example', template: t.json.j2}"
    written.write("channels.yaml", f"version: 1\nchannels:\n  default: {{kind: local}}\n  hook: {hook}\n")
    written.look()
    before = len(written.taken)
    written.write("t.json.j2", '{"b": {{ subject | tojson }}}')
    written.look()
    assert len(written.taken) == before + 1
    hook_now = written.taken[-1].channels["hook"]
    assert isinstance(hook_now, WebhookChannel)
    assert hook_now.template is not None
    assert '"b"' in hook_now.template.text


def test_a_start_with_broken_files_takes_the_last_that_were_sound_and_tells(written: Written) -> None:
    written.write("schedules.yaml", schedule("bia"))
    written.look()
    written.write("people.yaml", "version: 1\npeople: [\n")
    found = usable_files(written.settings.folders, written.kept)
    assert found.alarms.schedules.target("operations", written.scene.clock.now()) == "operations:bia"
    assert "people.yaml" in found.problem
    written.files = written.started()
    written.files.look()
    assert written.trouble() is IncidentState.OPEN
    (remark,) = written.files.remarks()
    assert "people.yaml" in remark
    written.write("people.yaml", PEOPLE)
    written.look()
    assert written.trouble() is IncidentState.RESOLVED
    assert written.files.remarks() == []


def test_broken_files_are_not_kept(written: Written) -> None:
    before = written.kept.workspace()
    written.write("policy.yaml", "levels: {}\n")
    with pytest.raises(DefinitionErrors):
        written.kept.keep(written.settings.folders)
    assert written.kept.workspace() == before
    written.started()
    assert written.kept.workspace() == before


@pytest.mark.parametrize("name", FILES_THAT_MATTER)
def test_whichever_file_is_broken_a_start_finds_the_last_sound_ones(written: Written, name: str) -> None:
    written.write(name, "version: [\n")
    assert name in usable_files(written.settings.folders, written.kept).problem


def test_a_router_that_never_had_sound_files_does_not_start(written: Written) -> None:
    written.write("people.yaml", "version: 1\npeople: [\n")
    with pytest.raises(DefinitionErrors, match=r"people\.yaml"):
        usable_files(written.settings.folders, KeptAlarmFiles(written.folder / "another"))


def test_what_is_told_is_what_a_person_wrote_if_the_copy_is_of_no_use_either(written: Written) -> None:
    written.write("people.yaml", "version: 1\npeople: [\n")

    def check(_: AlarmPolicy) -> None:
        raise RuntimeError("no such secret")

    with pytest.raises(DefinitionErrors, match=r"people\.yaml"):
        usable_files(written.settings.folders, written.kept, check)


def test_a_channel_that_was_added_without_its_secret_is_no_reason_not_to_start_either(
    written: Written,
) -> None:
    written.write("schedules.yaml", schedule("bia"))

    def check(alarms: AlarmPolicy) -> None:
        if "bia" in alarms.schedules.by_team["operations"].known:
            raise RuntimeError("no such secret")

    found = usable_files(written.settings.folders, written.kept, check)
    assert "no such secret" in found.problem
    assert found.alarms.schedules.by_team["operations"].known == {"ana"}


def test_a_copy_is_whole_or_is_not_there(written: Written) -> None:
    before = written.kept.workspace()
    written.write("schedules.yaml", schedule("bia"))
    with patch("app.bootstrap.kept_alarm_files.os.fsync", side_effect=OSError(28, "No space left on device")):
        written.look()
    assert written.on_duty() == "operations:bia"
    (remark,) = written.files.remarks()
    assert "No space left" in remark
    assert before is not None
    assert written.kept.workspace() == before
    written.files.read()
    assert written.files.remarks() == []
    assert written.kept.workspace() != before


def test_only_the_last_copy_is_left_and_only_its_owner_reads_it(written: Written) -> None:
    for person in ("bia", "ana", "bia"):
        written.write("schedules.yaml", schedule(person))
        written.look()
    found = written.kept.workspace()
    assert found is not None
    assert {path.name for path in found.root.parent.iterdir()} == {"current", found.root.name}
    assert found.root.parent.stat().st_mode & 0o077 == 0

"""``mirante alerts`` while a file that people write is broken: who was paged reads and acts all the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from app.bootstrap.kept_alarm_files import KeptAlarmFiles
from app.bootstrap.paths import DataPaths
from app.bootstrap.router import open_router
from app.settings import Settings
from foundation.clock import SystemClock
from slo.loaders.catalogue_files import load_catalogue
from tests.support.alerts import foreign_alert
from tests.support.command_line import Ran, mirante

SOUND = {
    "people.yaml": "version: 1\npeople:\n  ana: {name: Ana Souza}\n  bia: {name: Bia Lima}\n",
    "schedules.yaml": """version: 1
time_zone: America/Sao_Paulo
schedules:
  operations: {rotation: {starts: 2026-01-05T09:00, every: 1d, people: [ana, bia]}}
""",
}
WHILE_BROKEN: Sequence[Sequence[str]] = [
    ["list"],
    ["show", "ID"],
    ["explain", "ID"],
    ["ack", "ID"],
    ["note", "ID", "looking at it"],
    ["silence", 'alertname="Other"', "--minutes", "5", "--comment", "known"],
    ["silences"],
    ["duty"],
    ["quarantine", "list"],
    ["heartbeats"],
    ["resolve", "ID"],
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a router has run with sound files, and an incident is open."""
    alarms = tmp_path / "alarms"
    alarms.mkdir()
    for name, text in SOUND.items():
        (alarms / name).write_text(text, encoding="utf-8")
    settings = Settings(data_dir=tmp_path, alarm_policy=alarms)
    routing = open_router(settings, load_catalogue())
    routing.router.receive(foreign_alert("DiskFull", at=SystemClock().now()))
    routing.store.close()
    KeptAlarmFiles(DataPaths(tmp_path).alarm_files).keep(settings.folders)
    return tmp_path


def run(folder: Path, *arguments: str) -> Ran:
    return mirante("--data-dir", folder, "--alarm-policy", folder / "alarms", *arguments)


@pytest.mark.parametrize(
    "name", ["policy.yaml", "channels.yaml", "schedules.yaml", "people.yaml", "intakes.yaml"]
)
def test_incidents_are_read_and_acted_on_with_the_last_sound_files(folder: Path, name: str) -> None:
    incident = run(folder, "alerts", "list").out.splitlines()[1].split()[0]
    (folder / "alarms" / name).write_text("version: [\n", encoding="utf-8")
    for arguments in WHILE_BROKEN:
        ran = run(folder, "alerts", *(incident if part == "ID" else part for part in arguments))
        assert ran.status == 0, ran
        (said,) = [line for line in ran.err.splitlines() if "continuing with" in line]
        assert f"{name}:" in said, ran
        assert "(continuing with the files of 2" in said, ran
    assert "Ana Souza" in run(folder, "alerts", "duty", "--team", "operations").out


def test_what_tests_the_files_themselves_takes_no_others(folder: Path) -> None:
    (folder / "alarms" / "channels.yaml").write_text("version: [\n", encoding="utf-8")
    for arguments in (["check"], ["alerts", "channels"], ["alerts", "try", "default"]):
        ran = run(folder, *arguments)
        assert ran.status != 0, ran
        assert "continuing" not in ran.err


def test_where_no_sound_files_were_kept_what_is_wrong_is_said(folder: Path) -> None:
    (DataPaths(folder).alarm_files / "current").unlink()
    (folder / "alarms" / "people.yaml").write_text("version: [\n", encoding="utf-8")
    ran = run(folder, "alerts", "list")
    assert ran.status == 1
    assert "people.yaml:" in ran.err

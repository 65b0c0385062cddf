"""``mirante alerts maintenance list`` shows recurring windows, and says where they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.bootstrap.router import open_router
from app.settings import Settings
from slo.loaders.catalogue_files import load_catalogue
from tests.support.command_line import mirante

WINDOW = """
maintenance:
  - {name: copy, match: ['component="redis"'], every: day, comment: daily copy}
"""


SCHEDULES = """version: 1
time_zone: UTC
schedules:
  operations: {rotation: {starts: 2026-01-05T09:00, every: 1d, people: []}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    alarms = tmp_path / "alarms"
    alarms.mkdir()
    (alarms / "schedules.yaml").write_text(SCHEDULES, encoding="utf-8")
    open_router(Settings(data_dir=tmp_path, alarm_policy=alarms), load_catalogue()).store.close()
    return tmp_path


def listed(folder: Path) -> str:
    ran = mirante("--data-dir", folder, "--alarm-policy", folder / "alarms", "alerts", "maintenance", "list")
    assert ran.status == 0, ran
    return ran.out


def test_without_any_it_says_where_to_write_one(folder: Path) -> None:
    assert "There is no recurring maintenance. Write" in listed(folder)


def test_a_window_is_listed_with_its_times_and_what_it_covers(folder: Path) -> None:
    file = folder / "alarms" / "schedules.yaml"
    file.write_text(file.read_text(encoding="utf-8") + WINDOW, encoding="utf-8")
    said = listed(folder)
    assert said.split("\n")[1].split()[:2] == ["copy", "in"]
    assert "schedules.yaml" in said

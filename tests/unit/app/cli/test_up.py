from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.bootstrap.names import CONTROL_ROLES
from app.bootstrap.owner import claim
from app.bootstrap.paths import DataPaths, claimed_paths
from app.bootstrap.running import UP, hold, hold_role
from app.settings import Settings
from dataplatform.directory import DirectoryLock, prepare_directory, writer_lock
from dataplatform.errors import DataDirectoryBusy
from foundation.workspace import Workspace
from tests.support.command_line import mirante
from tests.support.prometheus_server import free_port
from tests.support.web_shop import web_shop


@pytest.fixture(autouse=True)
def ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRANTE_API_PORT", str(free_port()))
    monkeypatch.setenv("MIRANTE_CONTROL_PORT", str(free_port()))


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return web_shop(tmp_path / "shop")


def paths_for(data_dir: Path) -> DataPaths:
    return claimed_paths(Settings(data_dir=data_dir))


@pytest.fixture(params=["writer", "up", *sorted(CONTROL_ROLES)])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DirectoryLock]:
    data = tmp_path / "data"
    prepare_directory(data)
    lock = writer_lock(data) if request.param == "writer" else hold(paths_for(data), request.param)
    yield lock
    lock.release()


@pytest.mark.usefixtures("held")
def test_a_second_up_on_a_folder_is_refused_before_it_shows_a_link(tmp_path: Path) -> None:
    ran = mirante("--data-dir", tmp_path / "data", "up")
    assert ran.status == 3
    assert "is writing to this data directory" in ran.err
    assert "--data-dir" in ran.err
    assert "link" not in ran.out


def test_a_lock_of_the_control_side_is_free_once_it_is_let_go(tmp_path: Path) -> None:
    paths = paths_for(tmp_path / "data")
    hold(paths, UP).release()
    again = hold(paths, UP)
    with pytest.raises(DataDirectoryBusy):
        hold(paths, UP)
    again.release()


def test_routers_whose_incidents_are_elsewhere_may_run_side_by_side(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", router_store="mysql://u@127.0.0.1/d")
    assert hold_role(claimed_paths(settings), "router", settings) is None


@pytest.mark.parametrize(
    "words",
    [
        ("up",), ("serve", "control"), ("alerts", "list"), ("alerts", "ack", "x"), ("slo", "status"),
        ("slo", "exclusions"), ("slo", "collect", "--prometheus", "http://127.0.0.1:1"), ("console-link",),
        ("keys", "create", "client", "--scope", "decisions:read"), ("keys", "list"), ("ingest", "status"),
        ("ingest", "dead-letters"), ("sagas", "list"), ("audit", "verify"), ("consistency", "report"),
        ("slo", "exclude", "*", "--from", "2026-03-10T02:00", "--to", "2026-03-10T03:00", "--reason", "r"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_nothing_reads_or_writes_the_folder_of_another_workspace(
    shop: Workspace, tmp_path: Path, words: tuple[str, ...]
) -> None:
    data = tmp_path / "data"
    other = tmp_path / "other"
    other.mkdir()
    claim(data, Workspace(other))
    before = sorted(data.rglob("*"))
    ran = mirante("--workspace", shop.root, "--data-dir", data, *words)
    assert ran.status == 3, ran.out + ran.err
    assert f"belongs to the workspace {other}, and this command is of the workspace {shop.root}" in ran.err
    assert sorted(data.rglob("*")) == before
    assert ran.out == ""


@pytest.mark.parametrize("part", ["slo/definitions", "alarms/policy.yaml"])
def test_what_is_wrong_with_a_workspace_is_told_before_a_link(shop: Workspace, part: str) -> None:
    place = shop.root / part
    broken = place if place.is_file() else next(place.glob("*.yaml"))
    broken.write_text("[", encoding="utf-8")
    ran = mirante("--workspace", shop.root, "up")
    assert ran.status == 1
    assert (ran.out, broken.name in ran.err) == ("", True)
    assert not (shop.root / "mirante-data").exists()


def test_a_link_needs_a_console_that_ran_and_makes_nothing(shop: Workspace) -> None:
    ran = mirante("--workspace", shop.root, "console-link")
    assert (ran.status, ran.out) == (3, "")
    assert "no console ever ran here" in ran.err
    assert not (shop.root / "mirante-data").exists()


def test_a_link_is_that_of_the_console_that_runs_there_or_else_of_the_settings(tmp_path: Path) -> None:
    data = tmp_path / "data"
    paths = paths_for(data)
    paths.control.mkdir()
    paths.sessions.touch()
    held = hold_role(paths, "console", Settings(data_dir=data, control_port=39611))
    assert held is not None
    link = ("--data-dir", data, "--control-port", 39777, "console-link")
    assert mirante(*link).out.startswith("http://127.0.0.1:39611/console/sign-in?token=")
    held.release()
    assert mirante(*link).out.startswith("http://127.0.0.1:39777/console/sign-in?token=")

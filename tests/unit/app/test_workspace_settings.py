"""Which workspace is used, and what its own mirante.toml says."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import SettingsError, load_settings
from foundation.errors import DefinitionError
from foundation.workspace import SHIPPED, Workspace
from tests.support.command_line import mirante


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


def test_the_shipped_workspace_is_the_default_and_the_older_settings_override_their_part(
    tmp_path: Path,
) -> None:
    found = load_settings(environment={}, directory=tmp_path).folders
    assert found == SHIPPED
    assert found.is_shipped
    assert found.definitions.is_dir()
    settings = {"MIRANTE_DEFINITIONS": "slos", "MIRANTE_ALARM_POLICY": "pages"}
    found = load_settings(environment=settings, directory=tmp_path).folders
    assert (found.definitions, found.alarm_folders()) == (Path("slos"), (SHIPPED.alarms, Path("pages")))
    assert found.boards == SHIPPED.boards


def test_a_workspace_is_used_whole(shop: Path, tmp_path: Path) -> None:
    found = load_settings({"workspace": shop}, {}, tmp_path).folders
    assert found == Workspace(shop)
    assert not found.is_shipped
    assert (found.definitions, found.windows) == (shop / "slo/definitions", shop / "slo/windows")
    assert (found.alarms, found.boards) == (shop / "alarms", shop / "dashboards/boards")


def test_flags_go_over_the_environment_over_this_folder_over_the_workspace_over_defaults(
    shop: Path, tmp_path: Path
) -> None:
    workspaces = 'environment = "w"\nhost = "w"\ngrafana = "w"\nprometheus = "w"\n'
    (shop / "mirante.toml").write_text(workspaces, encoding="utf-8")
    here = f'workspace = "{shop}"\nenvironment = "h"\nhost = "h"\ngrafana = "h"\n'
    (tmp_path / "mirante.toml").write_text(here, encoding="utf-8")
    env = {"MIRANTE_ENVIRONMENT": "e", "MIRANTE_HOST": "e"}
    found = load_settings({"environment": "f"}, env, tmp_path)
    assert (found.environment, found.host, found.grafana, found.prometheus) == ("f", "e", "h", "w")
    assert found.api_port == 8600


def test_paths_in_a_workspaces_file_begin_in_the_workspace(shop: Path, tmp_path: Path) -> None:
    (shop / "mirante.toml").write_text('data_dir = "data"\nprometheus_dir = "/etc/rules"\n', encoding="utf-8")
    found = load_settings({"workspace": shop}, {}, tmp_path)
    assert (found.data_dir, found.prometheus_dir) == (shop / "data", Path("/etc/rules"))


def test_a_workspace_of_ones_own_keeps_its_data_within_it_unless_told_otherwise(
    shop: Path, tmp_path: Path
) -> None:
    def data_dir(flags: dict[str, object], env: dict[str, str] | None = None) -> Path:
        return load_settings(flags, env or {}, tmp_path).data_dir

    own: dict[str, object] = {"workspace": shop}
    assert data_dir({}) == Path("mirante-data")
    assert data_dir({"workspace": SHIPPED.root}) == Path("mirante-data")
    assert data_dir(own) == shop / "mirante-data"
    (shop / "mirante.toml").write_text('data_dir = "of-shop"\n', encoding="utf-8")
    assert data_dir(own) == shop / "of-shop"
    (tmp_path / "mirante.toml").write_text('data_dir = "of-here"\n', encoding="utf-8")
    assert data_dir(own) == Path("of-here")
    assert data_dir(own, {"MIRANTE_DATA_DIR": "of-env"}) == Path("of-env")
    assert data_dir({**own, "data_dir": Path("of-flag")}, {"MIRANTE_DATA_DIR": "of-env"}) == Path("of-flag")


def test_a_child_process_is_told_what_is_the_default_here_but_not_in_the_workspace(
    shop: Path, tmp_path: Path
) -> None:
    (shop / "mirante.toml").write_text('host = "0.0.0.0"\ncontrol_port = 9000\n', encoding="utf-8")
    flags = {"workspace": shop, "host": "127.0.0.1", "control_port": 8601, "data_dir": Path("mirante-data")}
    parent = load_settings(flags, {}, tmp_path)
    child = load_settings(environment=parent.child_environment(), directory=tmp_path)
    assert child == parent


def test_a_child_process_finds_the_same_workspace(shop: Path, tmp_path: Path) -> None:
    (shop / "mirante.toml").write_text('prometheus = "http://shop"\n', encoding="utf-8")
    parent = load_settings({"workspace": shop}, {}, tmp_path)
    child = load_settings(environment=parent.child_environment(), directory=tmp_path)
    assert (child.folders, child.prometheus) == (parent.folders, "http://shop")


def test_a_workspace_that_is_not_there_is_refused(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"workspace: there is no folder .*absent\. Name one"):
        load_settings({"workspace": tmp_path / "absent"}, {}, tmp_path)
    file = shop / "file"
    file.touch()
    with pytest.raises(SettingsError, match="file is not a folder"):
        load_settings({"workspace": file}, {}, tmp_path)
    ran = mirante("--workspace", tmp_path / "absent", "check")
    assert (ran.status, ran.out) == (3, "")
    assert "absent" in ran.err


def test_a_workspaces_file_names_no_other_workspace(shop: Path, tmp_path: Path) -> None:
    (shop / "mirante.toml").write_text('workspace = "/elsewhere"\n', encoding="utf-8")
    with pytest.raises(
        DefinitionError, match=r"toml:1: workspace: is the workspace this file is in\. Take it"
    ):
        load_settings({"workspace": shop}, {}, tmp_path)

"""A data folder belongs to one workspace."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from app.bootstrap.owner import RECORD, OthersFolder, claim, refuse_others
from foundation.workspace import SHIPPED, Workspace


@pytest.fixture
def one(tmp_path: Path) -> Workspace:
    return made(tmp_path / "one")


@pytest.fixture
def two(tmp_path: Path) -> Workspace:
    return made(tmp_path / "two")


def made(root: Path) -> Workspace:
    root.mkdir()
    return Workspace(root)


def test_the_first_that_writes_owns_it_and_another_is_refused_by_both_names(
    one: Workspace, two: Workspace, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    refuse_others(data, two)
    assert not data.exists()
    claim(data, one)
    claim(data, one)
    for refused in (refuse_others, claim):
        with pytest.raises(OthersFolder) as told:
            refused(data, two)
        assert told.value.exit_status == 3
        for part in (f"workspace {one.root}", f"workspace {two.root}", "--data-dir"):
            assert part in str(told.value)
        with pytest.raises(OthersFolder, match="this command is of the shipped workspace"):
            refused(data, SHIPPED)


def test_what_the_error_says_to_run_makes_it_the_same_workspace_in_a_new_place(
    one: Workspace, tmp_path: Path
) -> None:
    data = tmp_path / "da ta"
    claim(data, one)
    moved = Workspace(one.root.rename(tmp_path / "a new place"))
    with pytest.raises(OthersFolder) as told:
        claim(data, moved)
    subprocess.run(["sh", "-c", str(told.value).rpartition("say so: ")[2]], check=True)
    claim(data, moved)


def test_a_workspace_that_is_moved_with_its_folder_in_it_stays_the_owner(
    one: Workspace, two: Workspace, tmp_path: Path
) -> None:
    claim(one.root / "mirante-data", one)
    moved = Workspace(one.root.rename(tmp_path / "moved"))
    claim(moved.root / "mirante-data", moved)
    with pytest.raises(OthersFolder):
        claim(moved.root / "mirante-data", two)


def test_a_link_to_a_workspace_is_that_workspace(one: Workspace, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(one.root)
    claim(tmp_path / "data", one)
    claim(tmp_path / "data", Workspace(tmp_path / "link"))


def test_a_folder_of_version_0_1_0_is_of_the_shipped_workspace(one: Workspace, tmp_path: Path) -> None:
    (tmp_path / "control").mkdir()
    with pytest.raises(OthersFolder, match="belongs to the shipped workspace"):
        claim(tmp_path, one)
    assert not (tmp_path / RECORD).exists()
    claim(tmp_path, SHIPPED)
    assert (tmp_path / RECORD).read_text("utf-8") == "shipped\n"


def test_only_a_folder_that_is_made_for_a_workspace_of_ones_own_is_kept_out_of_git(
    one: Workspace, tmp_path: Path
) -> None:
    claim(one.root / "mirante-data", one)
    assert (one.root / "mirante-data" / ".gitignore").read_text("ascii") == "*\n"
    shutil.rmtree(one.root / "mirante-data")
    (one.root / "mine.txt").touch()
    claim(one.root, one)
    assert not (one.root / ".gitignore").exists()
    claim(tmp_path / "shipped", SHIPPED)
    assert not (tmp_path / "shipped" / ".gitignore").exists()

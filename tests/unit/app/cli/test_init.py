from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import mirante
from tests.support.prometheus_server import free_port


def test_without_a_prometheus_it_writes_an_example_and_says_what_next(tmp_path: Path) -> None:
    made = tmp_path / "new"
    ran = mirante("init", made)
    assert (ran.status, ran.err) == (0, "")
    assert f"read {made}/slo/definitions/shop.yaml first" in ran.out
    assert ran.out.count(f"mirante --workspace {made} ") == 3
    assert (made / "alarms/policy.yaml").is_file()
    assert (made / "dashboards/boards/services.py").is_file()


def test_the_example_is_sound(tmp_path: Path) -> None:
    assert mirante("init", tmp_path / "new").status == 0
    checked = mirante("--workspace", tmp_path / "new", "check")
    assert checked.status == 0, checked.out + checked.err
    assert checked.out.endswith("sound\n")


def test_the_example_builds_without_a_word_of_credit(tmp_path: Path) -> None:
    assert mirante("init", tmp_path / "new").status == 0
    built = mirante("--workspace", tmp_path / "new", "build", "--out", tmp_path / "out")
    assert built.status == 0, built.err
    made = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert any(path.name == "services.json" for path in made)
    assert [path for path in made if b"credit" in path.read_bytes().lower()] == []


def test_a_command_inside_a_workspace_that_is_not_in_use_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mirante("init", tmp_path / "new").status == 0
    monkeypatch.chdir(tmp_path / "new")
    assert "note: this folder is a workspace, but not the one in use" in mirante("settings").err
    assert mirante("--workspace", ".", "settings").err == ""


def test_a_folder_that_holds_something_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    ran = mirante("init", tmp_path)
    assert ran.status == 2
    assert "is not empty: it has mine.txt" in " ".join(ran.err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_it_is_refused_before_any_server_is_asked(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert mirante("init", tmp_path, "--prometheus", "not an address").status == 2


def test_a_server_that_cannot_be_asked_leaves_nothing(tmp_path: Path) -> None:
    ran = mirante("init", tmp_path / "new", "--prometheus", f"http://127.0.0.1:{free_port()}")
    assert ran.status == 3
    assert ran.err.startswith("error: ")
    assert list(tmp_path.iterdir()) == []

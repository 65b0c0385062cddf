"""What a command says beside its answer, to somebody who meets it for the first time."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.main import cli
from app.new_workspace.folder import example_files, write
from tests.support.command_line import mirante

BOARD = """\
from dashboards.standard import operations


def board(source):
    return operations.board(source)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    write(example_files(), tmp_path / "shop")
    return tmp_path / "shop"


@pytest.mark.parametrize("address", ["ftp://x", "http://", "", "http://[", "http://x:99999"])
def test_what_is_no_address_is_wrong_usage(tmp_path: Path, address: str) -> None:
    ran = mirante("init", tmp_path / "new", "--prometheus", address)
    assert ran.status == 2
    assert f"--prometheus: {address!r} is not a URL" in ran.err
    assert not (tmp_path / "new").exists()


def test_check_says_which_standard_board_is_replaced_and_by_what(workspace: Path) -> None:
    assert "is replaced" not in mirante("--workspace", workspace, "check").out
    file = workspace / "dashboards" / "boards" / "ours.py"
    file.write_text(BOARD, encoding="utf-8")
    ran = mirante("--workspace", workspace, "check")
    assert ran.status == 0, ran.out
    assert f"the standard board operations is replaced by the one of {file}" in ran.out


def test_a_channel_without_its_secret_is_named_with_file_and_line(workspace: Path) -> None:
    file = workspace / "alarms" / "channels.yaml"
    file.write_text(
        "version: 1\nchannels:\n  default: {kind: local}\n  chat: {kind: slack}\n", encoding="utf-8"
    )
    assert f"{file}:4: warning: channels.chat: needs" in mirante("--workspace", workspace, "check").out


def test_build_says_what_prometheus_has_to_load(workspace: Path, tmp_path: Path) -> None:
    ran = mirante("--workspace", workspace, "build", "--out", tmp_path / "built")
    assert ran.status == 0, ran.out
    assert f"rule_files: ['{tmp_path / 'built' / 'prometheus' / '*.rules.yaml'}']" in ran.out
    assert list((tmp_path / "built" / "prometheus").glob("*.rules.yaml"))


@pytest.mark.parametrize("name", ["workspace", "data_dir", "definitions", "policies", "alarm_policy"])
def test_a_folder_is_completed_as_one(name: str) -> None:
    (flag,) = [one for one in cli.params if one.name == name]
    (item,) = flag.shell_complete(cli.make_context("mirante", ["--help"], resilient_parsing=True), "sh")
    assert (item.type, item.value) == ("dir", "sh")

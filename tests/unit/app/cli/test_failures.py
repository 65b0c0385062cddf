from __future__ import annotations

import errno
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import pytest

from alarms.model.errors import AlarmsError, StoreBusy
from app.api.keys import KeyFileError
from app.build import BuildError
from app.cli.failures import explained
from app.console.errors import ConsoleError, SessionStoreError
from app.demo.errors import DemoError
from app.serving.errors import ServingError
from app.settings import SettingsError
from credit.domain.errors import DomainError, StoreUnavailable, TableError
from dashboards.model.errors import DashboardError
from dataplatform.errors import PlatformError
from foundation.errors import DefinitionError
from slo.model.errors import LedgerError, SloError
from tests.support.command_line import mirante


def status_of(error: BaseException) -> int:
    with pytest.raises(SystemExit) as left, explained():
        raise error
    assert isinstance(left.value.code, int)
    return left.value.code


@pytest.mark.parametrize(
    "error",
    [
        SettingsError("flag", "wrong", "Fix it"),
        SloError("wrong"),
        DomainError("wrong"),
        ConsoleError("wrong"),
        AlarmsError("wrong"),
        KeyFileError("wrong"),
        DashboardError("wrong"),
        click.UsageError("wrong"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_person_wrote_wrongly_is_two(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(error) == 2
    shown = capsys.readouterr().err
    assert "wrong" in shown
    assert "Traceback" not in shown


def test_what_a_file_says_wrongly_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(DefinitionError("credit.yaml", "spec", "wrong", "Fix it", 3)) == 1
    assert status_of(TableError("loans.csv", "wrong", "Fix it", 3)) == 1
    shown = capsys.readouterr().err
    assert "credit.yaml:3: spec: wrong. Fix it" in shown
    assert "loans.csv:3: wrong. Fix it" in shown


@pytest.mark.parametrize(
    "error",
    [
        ServingError("in the way"),
        PlatformError("in the way"),
        DemoError("in the way"),
        BuildError(Path("out"), "in the way", "Fix it"),
        SessionStoreError("console.sqlite", "in the way"),
        StoreUnavailable("hot", "in the way"),
        StoreBusy("in the way"),
        LedgerError("in the way"),
        sqlite3.OperationalError("in the way"),
        OSError(errno.EIO, "in the way"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_the_machine_refuses_is_three(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(error) == 3
    assert "in the way" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "fix"),
    [
        (errno.ENOSPC, "the disk is full: free some space"),
        (errno.EROFS, "the file system is read-only: choose another folder"),
        (errno.EACCES, "permission denied: choose another path"),
        (errno.EADDRINUSE, "the port is in use"),
        (errno.ENOTDIR, "a part of it is a file, not a folder"),
        (errno.EMFILE, "too many files are open"),
        (errno.EIO, "check the path, its permissions and the free space"),
    ],
)
def test_an_error_of_the_system_names_the_path_and_the_fix(
    number: int, fix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(OSError(number, os.strerror(number), "/some/path")) == 3
    shown = capsys.readouterr().err
    assert f"/some/path: {os.strerror(number)}" in shown
    assert fix in shown


@pytest.mark.parametrize(("module", "extra"), [("boto3", "aws"), ("cassandra.cluster", "servers")])
def test_a_missing_extra_is_named(module: str, extra: str, capsys: pytest.CaptureFixture[str]) -> None:
    missing = ModuleNotFoundError(f"No module named {module!r}", name=module)
    assert status_of(missing) == 3
    assert f"pipx install --force 'mirante[{extra}]'" in capsys.readouterr().err
    assert status_of(ModuleNotFoundError("No module named 'foundation'", name="foundation")) == 70


def test_ctrl_c_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(KeyboardInterrupt()) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_defect_of_ours_is_70_and_its_details_are_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def broken(*_: object) -> object:
        raise ZeroDivisionError("an injected defect")

    monkeypatch.setattr("app.cli.definition_checks.check_everything", broken)
    ran = mirante("check")
    assert ran.status == 70
    assert "Traceback" not in ran.out + ran.err
    assert "a bug in mirante: ZeroDivisionError" in ran.err
    named = re.search(r"\S+mirante-defect-\S+\.txt", ran.err)
    assert named is not None
    kept = Path(named[0]).read_text(encoding="utf-8")
    assert "Traceback" in kept
    assert "an injected defect" in kept


def test_a_defect_is_told_even_where_no_file_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: object) -> tuple[int, str]:
        raise OSError(errno.EROFS, "Read-only file system")

    def broken(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr("tempfile.mkstemp", refused)
    monkeypatch.setattr("app.cli.definition_checks.check_everything", broken)
    ran = mirante("check")
    assert ran.status == 70
    assert "no file, because none could be written (Read-only file system)" in ran.err


def test_a_reader_that_has_seen_enough_is_no_failure() -> None:
    command = [sys.executable, "-m", "app.cli", "settings"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
    assert (process.returncode, err) == (0, b"")

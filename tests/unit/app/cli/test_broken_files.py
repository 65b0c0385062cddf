"""Every kind of file that a person edits, broken in the same ways: the same answer, and exit status 1."""

from __future__ import annotations

import contextlib
import io
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from app.cli.failures import explained
from app.console import languages
from app.deployment import cost
from credit.usecases.load_policies import SHIPPED as CREDIT_POLICIES
from dataplatform.schemas.mysql import parameters
from foundation.workspace import SHIPPED
from tests.support.command_line import mirante

SECONDS = 5.0  # of the processor; a second or two on a quiet machine
LAUGHS = b"a0: &a0 ha\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 10)
)
BREAKS: Mapping[str, tuple[bytes, int | None, str]] = {
    "nested": (b"version: " + b"[" * 3_000, 1, "is nested more than 50 deep. Flatten it."),
    "large": (b"version: 1\n" + b"#" * 20_000_000, None, "is longer than 10,000,000 bytes. Split it."),
    "a billion laughs": (LAUGHS, 7, "has more than 200,000 values once aliases are expanded. Split"),
    "a tab": (b"version:\n\tnumber: 1\n", 2, "Indent with spaces: this line starts with a tab."),
}
Prepare = Callable[[Path, bytes, pytest.MonkeyPatch], tuple[int, str]]


def command(option: str, shipped: Path, name: str, *words: str) -> Prepare:
    """Runs the command on a copy of the folder that ships, with one file of it broken."""

    def run(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
        folder = tmp_path / "folder"
        shutil.copytree(shipped, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        ran = mirante("--data-dir", tmp_path / "data", option, folder, *words)
        return ran.status, ran.out + ran.err

    return run


def imported(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    (tmp_path / "theirs.yaml").write_bytes(content)
    ran = mirante("import", tmp_path / "theirs.yaml", "--out", tmp_path / "ours")
    assert not (tmp_path / "ours").exists()
    return ran.status, ran.err


def mapped(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    (tmp_path / "mine.yaml").write_bytes(content)
    ran = mirante("decide", tmp_path / "loans.csv", "--map", tmp_path / "mine.yaml")
    return ran.status, ran.err


def ours(module: object, name: str, file: str, read: Callable[[], object]) -> Prepare:
    """A file that ships inside the package: whoever changes it, changes Mirante."""

    def run(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
        (tmp_path / file).write_bytes(content)
        monkeypatch.setattr(module, name, tmp_path if name == "TEXTS" else tmp_path / file)
        told = io.StringIO()
        with pytest.raises(SystemExit) as left, contextlib.redirect_stderr(told), explained():
            read()
        assert isinstance(left.value.code, int)
        return left.value.code, told.getvalue()

    return run


def definitions(name: str, *words: str) -> Prepare:
    return command("--definitions", SHIPPED.definitions, name, *words)


def alarms(name: str, *words: str) -> Prepare:
    return command("--alarm-policy", SHIPPED.alarms, name, *words)


def policies(name: str, *words: str) -> Prepare:
    return command("--policies", CREDIT_POLICIES, name, *words)


KINDS: Mapping[str, tuple[str, Prepare]] = {
    "SLO definitions": ("credit.yaml", definitions("credit.yaml", "check")),
    "SLO definitions, asked": ("credit.yaml", definitions("credit.yaml", "slo", "status")),
    "components": ("components.yaml", definitions("components.yaml", "build")),
    "windows": ("mine.yaml", definitions("windows/mine.yaml", "check")),
    "import": ("theirs.yaml", imported),
    "alarm policy": ("policy.yaml", alarms("policy.yaml", "check")),
    "responsibilities": ("raci.yaml", alarms("raci.yaml", "build")),
    "schedules": ("schedules.yaml", alarms("schedules.yaml", "check")),
    "channels": ("channels.yaml", alarms("channels.yaml", "alerts", "channels")),
    "credit policy": ("personal-credit.yaml", policies("personal-credit.yaml", "check")),
    "reasons": ("reasons.yaml", policies("reasons.yaml", "check")),
    "mapping": ("mine.yaml", mapped),
    "texts": ("texts.yaml", ours(languages, "TEXTS", "texts.yaml", languages.text_table.__wrapped__)),
    "prices": ("prices.yaml", ours(cost, "PRICES", "prices.yaml", cost.load_prices.__wrapped__)),
    "MySQL": ("parameters.yaml", ours(parameters, "FILE", "parameters.yaml", parameters.load_parameters)),
}


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_file_gets_the_same_clear_answer_whatever_it_is(
    kind: str, broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, run = KINDS[kind]
    content, line, told = BREAKS[broken]
    began = time.process_time()
    status, shown = run(tmp_path, content, monkeypatch)
    assert time.process_time() - began < SECONDS
    assert status == 1, shown
    assert f"{name}: " in shown if line is None else f"{name}:{line}: " in shown
    assert f"the file: {told}" in shown or ("the file: is not YAML: " in shown and told in shown)
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"profile = " + b"[" * 3_000, "mirante.toml: the file: is not TOML: "),
        (b"[channel_secrets\n", "mirante.toml:1: the file: is not TOML: "),
        (BREAKS["large"][0], "mirante.toml: the file: is longer than 10,000,000 bytes. Split it."),
        (b"profile = '\xff'\n", "mirante.toml:1: the file: is not UTF-8 on this line (byte 0xff)"),
    ],
    ids=["nested", "broken", "large", "not UTF-8"],
)
def test_a_broken_settings_file_is_named(
    content: bytes, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mirante.toml").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    ran = mirante("settings")
    assert ran.status == 1
    assert told in ran.err


@pytest.mark.parametrize("content", [b"\xff", BREAKS["large"][0]], ids=["not UTF-8", "large"])
def test_a_broken_runbook_is_named(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = alarms("runbooks/generic.md", "check")
    status, shown = run(tmp_path, content, monkeypatch)
    assert (status, "generic.md" in shown, "the file: is " in shown) == (1, True, True), shown


def test_several_broken_files_are_told_in_one_go(tmp_path: Path) -> None:
    alarm, credit = tmp_path / "alarm", tmp_path / "credit"
    shutil.copytree(SHIPPED.alarms, alarm, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copytree(CREDIT_POLICIES, credit)
    broken = [alarm / "raci.yaml", alarm / "channels.yaml", credit / "reasons.yaml", credit / "new.yaml"]
    for path in broken:
        path.write_bytes(b"version: [\n")
    ran = mirante("--alarm-policy", alarm, "--policies", credit, "check")
    assert ran.status == 1
    assert [str(path) for path in broken if str(path) not in ran.out] == []

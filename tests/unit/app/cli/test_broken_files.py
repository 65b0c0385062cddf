"""Every kind of file that a person edits, broken in the same ways: the same answer, and exit status 1."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
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
Place = Callable[[Path], None]  # puts what is to be read at a path
Prepare = Callable[[Path, Place, pytest.MonkeyPatch], tuple[int, str]]


def holding(content: bytes) -> Place:
    def put(path: Path) -> None:
        path.write_bytes(content)

    return put


def link_to(target: str) -> Place:
    return lambda path: path.symlink_to(target)


ENTRIES: Mapping[str, tuple[Place, str]] = {
    "a folder": (Path.mkdir, "is a folder, expected a file. Put a file in its place"),
    "a named pipe": (os.mkfifo, "is a named pipe, expected a file. Put a file in its place"),
    "a link to nothing": (link_to("gone"), "is a link to nothing (gone), expected a file. Correct the link"),
    "a link loop": (lambda path: path.symlink_to(path.name), "is a link that leads in a circle"),
    "a device": (link_to("/dev/zero"), "is a device, expected a file. Put a file in its place"),
}


def command(option: str, shipped: Path, name: str, *words: str) -> Prepare:
    """Runs the command on a copy of the folder that ships, with one file of it broken."""

    def run(tmp_path: Path, put: Place, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
        folder = tmp_path / "folder"
        shutil.copytree(shipped, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).unlink(missing_ok=True)
        put(folder / name)
        ran = mirante("--data-dir", tmp_path / "data", option, folder, *words)
        return ran.status, ran.out + ran.err

    return run


def imported(tmp_path: Path, put: Place, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    put(tmp_path / "theirs.yaml")
    ran = mirante("import", tmp_path / "theirs.yaml", "--out", tmp_path / "ours")
    assert not (tmp_path / "ours").exists()
    return ran.status, ran.err


def mapped(tmp_path: Path, put: Place, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    put(tmp_path / "mine.yaml")
    ran = mirante("decide", tmp_path / "loans.csv", "--map", tmp_path / "mine.yaml")
    return ran.status, ran.err


def ours(module: object, name: str, file: str, read: Callable[[], object]) -> Prepare:
    """A file that ships inside the package: whoever changes it, changes Mirante."""

    def run(tmp_path: Path, put: Place, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
        put(tmp_path / file)
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
    "people": ("people.yaml", alarms("people.yaml", "check")),
    "indicators": ("indicators.yaml", alarms("indicators.yaml", "check")),
    "indicators, built": ("indicators.yaml", alarms("indicators.yaml", "build", "--check")),
    "indicators, planned": ("indicators.yaml", alarms("indicators.yaml", "plan", "grafana")),
    "channels": ("channels.yaml", alarms("channels.yaml", "alerts", "channels")),
    "credit policy": ("personal-credit.yaml", policies("personal-credit.yaml", "check")),
    "reasons": ("reasons.yaml", policies("reasons.yaml", "check")),
    "mapping": ("mine.yaml", mapped),
    "texts": ("texts.yaml", ours(languages, "TEXTS", "texts.yaml", languages.text_table.__wrapped__)),
    "prices": ("prices.yaml", ours(cost, "PRICES", "prices.yaml", cost.load_prices.__wrapped__)),
    "MySQL": ("parameters.yaml", ours(parameters, "FILE", "parameters.yaml", parameters.load_parameters)),
}


def given(name: str, *words: str) -> Prepare:
    """A file that is no YAML, named on the command line after ``words``."""

    def run(tmp_path: Path, put: Place, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
        put(tmp_path / name)
        ran = mirante("--data-dir", tmp_path / "data", *words, tmp_path / name)
        return ran.status, ran.out + ran.err

    return run


def settings(tmp_path: Path, put: Place, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    put(tmp_path / "mirante.toml")
    monkeypatch.chdir(tmp_path)
    ran = mirante("settings")
    return ran.status, ran.out + ran.err


def settings_of_a_workspace(tmp_path: Path, put: Place, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    put(tmp_path / "mirante.toml")
    ran = mirante("--workspace", tmp_path, "settings")
    return ran.status, ran.out + ran.err


def board(tmp_path: Path, put: Place, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    (tmp_path / "dashboards" / "boards").mkdir(parents=True)
    put(tmp_path / "dashboards" / "boards" / "mine.py")
    ran = mirante("--workspace", tmp_path, "check")
    return ran.status, ran.out + ran.err


OTHERS: Mapping[str, tuple[str, Prepare]] = {
    "settings": ("mirante.toml", settings),
    "a workspace's settings": ("mirante.toml", settings_of_a_workspace),
    "a board": ("mine.py", board),
    "a runbook": ("generic.md", alarms("runbooks/generic.md", "check")),
    "rows to decide": ("rows.csv", given("rows.csv", "decide")),
    "recorded counts": ("may.csv", given("may.csv", "simulate", "credit/transaction-errors", "--counts")),
    "recorded alerts": ("may.jsonl", given("may.jsonl", "alerts", "simulate", "--replay")),
}


@pytest.mark.parametrize(
    ("kind", "entry"),
    [
        (kind, entry)
        for kind in [*KINDS, *OTHERS]
        for entry in ENTRIES
        if (kind, entry) != ("import", "a folder")  # which is imported whole
    ],
)
def test_what_is_no_file_is_named_and_never_waited_for_or_taken_as_absent(
    kind: str, entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, run = {**KINDS, **OTHERS}[kind]
    put, told = ENTRIES[entry]
    status, shown = run(tmp_path, put, monkeypatch)
    assert status == 1, shown
    assert f"{name}: " in shown
    assert f"the file: cannot be read: {told}" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("folder", ["alarms", "alarms/runbooks", "slo", "slo/windows", "dashboards/boards"])
@pytest.mark.parametrize("target", ["gone", "file"])
def test_a_folder_of_a_workspace_that_is_something_else_does_not_count_as_absent(
    folder: str, target: str, tmp_path: Path
) -> None:
    shutil.copytree(SHIPPED.definitions, tmp_path / "slo" / "definitions")
    (tmp_path / "file").touch()
    (tmp_path / folder).parent.mkdir(exist_ok=True)
    shutil.rmtree(tmp_path / folder, ignore_errors=True)
    (tmp_path / folder).symlink_to(tmp_path / target)
    ran = mirante("--workspace", tmp_path, "check")
    assert ran.status == 1
    assert f"{folder}" in ran.out
    assert "cannot be read: " in ran.out or "is not a directory" in ran.out
    assert "a folder" in ran.out


def test_standard_input_may_still_be_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app.cli", "import", "/dev/stdin", "--out", "-"]
    sloth = (
        b"version: prometheus/v1\nservice: web\nslos:\n- name: up\n  objective: 99\n  sli: {events: "
        b"{error_query: 'a[{{.window}}]', total_query: 'b[{{.window}}]'}}\n  alerting: {name: Up}\n"
    )
    ran = subprocess.run(command, input=sloth, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert b"name: up" in ran.stdout


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_file_gets_the_same_clear_answer_whatever_it_is(
    kind: str, broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, run = KINDS[kind]
    content, line, told = BREAKS[broken]
    began = time.process_time()
    status, shown = run(tmp_path, holding(content), monkeypatch)
    assert time.process_time() - began < SECONDS
    assert status == 1, shown
    assert f"{name}: " in shown if line is None else f"{name}:{line}: " in shown
    assert f"the file: {told}" in shown or ("the file: is not YAML: " in shown and told in shown)
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            b"\nprofile = " + b"[" * 5_000,
            "mirante.toml:2: the file: is nested too deep to be read.",
        ),
        (
            b"profile" + b".a" * 5_000 + b" = 1",
            "mirante.toml:1: profile: is too long or too deep for a setting",
        ),
        (b"\napi_port = " + b"9" * 5_000, "mirante.toml:2: the file: has a number of more than 4,300 digits"),
        (b"api_port = 0x" + b"f" * 5_000, "mirante.toml:1: api_port: is too long or too deep"),
        (b"host = 'h'\napi_port = 'many'", "mirante.toml:2: api_port: 'many' is not a whole number"),
        (b"host = '''\napi_port = 1\n'''\napi_port = 0", "mirante.toml:4: api_port: 0 is not a port"),
        (
            b"profile = 'x'\n[channel_secrets]\nprofile = 'x'",
            "mirante.toml:1: profile: 'x' is not one of",
        ),
        (b"\n\nfaults = [1]", "mirante.toml:3: faults: is a table or a list. Give one value"),
        (b"evaluate_every = 0", "mirante.toml:1: evaluate_every: 0.0 is not above zero"),
        (b"# hi\nprofil = 1", "mirante.toml:2: profil: there is no setting 'profil'"),
        (
            b"# hi\n[channel_secrets]\nops = 1",
            "mirante.toml:2: channel_secrets: is not a table with",
        ),
        (b"[channel_secrets\n", "mirante.toml:1: the file: is not TOML: "),
        (BREAKS["large"][0], "mirante.toml: the file: is longer than 10,000,000 bytes. Split it."),
        (b"profile = '\xff'\n", "mirante.toml:1: the file: is not UTF-8 on this line (byte 0xff)"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value[:50],
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
    status, shown = run(tmp_path, holding(content), monkeypatch)
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


def test_only_what_is_wrong_is_told_and_not_what_follows_from_it(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(SHIPPED.definitions, folder)
    (folder / "credit.yaml").write_bytes(b"version:\n\tnumber: 1\n")
    ran = mirante("--definitions", folder, "check")
    assert ran.status == 1
    assert ran.out.startswith(f"{folder}/credit.yaml:2: error: the file: ")
    assert "\n1 error, " in ran.out


def test_an_alarm_policy_may_be_indicators_alone(tmp_path: Path) -> None:
    shutil.copy(SHIPPED.alarms / "indicators.yaml", tmp_path)
    ran = mirante("--alarm-policy", tmp_path, "check")
    assert ran.status == 0, ran.out
    other = tmp_path / "other"
    other.mkdir()
    text = (tmp_path / "indicators.yaml").read_text(encoding="utf-8")
    (other / "indicators.yaml").write_text(text.replace("severity: P3", "severity: P9"), encoding="utf-8")
    ran = mirante("--alarm-policy", other, "check")
    assert ran.status == 1
    assert "'P9' is not one of P1, P2, P3, P4" in ran.out


def test_a_file_without_a_document_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("# later\n", encoding="utf-8")
    ran = mirante("import", tmp_path / "empty.yaml", "--out", "-")
    assert (ran.status, ran.out) == (1, "")
    assert "nothing was written" in ran.err
    assert "empty.yaml: the file: is empty. Write the document" in ran.err

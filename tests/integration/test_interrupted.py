"""Runs cut short and machines in the way: one clear message, the documented status, nothing left behind."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from foundation.workspace import SHIPPED
from tests.support.patience import wait_until
from tests.support.processes import (
    MIRANTE,
    Started,
    data_dir_and_ports,
    run_mirante,
)

POLICIES = Path(__file__).parents[2] / "platform" / "credit" / "policies"
SOON = 120.0  # real seconds


def processes_that_know(folder: Path) -> list[int]:
    """Ids of running processes whose environment names something in this folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder).encode() in place.read_bytes():
                found.append(int(place.parent.name))
        except OSError:
            continue  # it ended, or is not ours to look at
    return found


def assert_explained(done: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    """The exit status, and one message for people with these words in it."""
    assert done.returncode == status, (done.stdout, done.stderr)
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    errors = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(errors) == 1, done.stderr
    for word in words:
        assert word in done.stderr, f"{word!r} is not in: {done.stderr}"


def demo(folder: Path, *more: str) -> Started:
    command = [*MIRANTE, "demo", "--loans", "300", "--work-dir", str(folder / "work"), *more]
    return Started(command, folder / "demo.log", {}, folder)


def test_an_interrupted_demo_says_so_leaves_no_process_and_the_next_one_works(tmp_path: Path) -> None:
    journal = tmp_path / "work" / "journal.jsonl"
    with demo(tmp_path) as first:
        wait_until(lambda: journal.exists() and journal.stat().st_size > 0, SOON, lambda: first.output)
        assert processes_that_know(tmp_path / "work")
        first.interrupt()
        assert first.wait() == 130, first.output[-2000:]
    said = first.output
    assert said.count("error:") == 1
    assert "interrupted; nothing is left half done. Run the command again to continue" in said
    assert "Traceback" not in said
    assert processes_that_know(tmp_path / "work") == []

    with demo(tmp_path) as second:
        wait_until(lambda: "[4/7]" in second.output[len(said) :], SOON, lambda: second.output[-2000:])
        second.interrupt()
        assert second.wait() == 130
    assert processes_that_know(tmp_path / "work") == []


def test_a_demo_interrupted_while_it_starts_leaves_no_process_either(tmp_path: Path) -> None:
    with demo(tmp_path) as run:
        wait_until(lambda: bool(processes_that_know(tmp_path / "work")), SOON, lambda: run.output)
        run.interrupt()
        assert run.wait() == 130, run.output[-2000:]
    assert "Traceback" not in run.output
    assert processes_that_know(tmp_path / "work") == []


def test_the_demo_leaves_a_folder_alone_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    precious = tmp_path / "work" / "thesis.txt"
    precious.write_text("years of work")
    done = run_mirante("demo", "--work-dir", str(tmp_path / "work"), cwd=tmp_path)
    assert_explained(done, 3, str(tmp_path / "work"), "--work-dir")
    assert precious.read_text() == "years of work"


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock.getsockname()[1]


@pytest.mark.parametrize(
    ("command", "side"),
    [
        (("serve", "data"), "api"),
        (("serve", "control"), "control"),
        (("up",), "api"),
        (("up",), "control"),
    ],
)
def test_a_taken_port_is_named_with_the_setting_that_chooses_another(
    tmp_path: Path, command: tuple[str, ...], side: str
) -> None:
    with taken_port() as port:
        settings = data_dir_and_ports(tmp_path / "data", **{f"{side}_port": port})
        done = run_mirante(*command, settings=settings)
    assert_explained(done, 3, f"127.0.0.1:{port}", f"--{side}-port", f"MIRANTE_{side.upper()}_PORT")
    assert not (tmp_path / "data").exists(), "a port is bound before anything is made"


@pytest.mark.parametrize("command", [("serve", "data"), ("serve", "control"), ("up",)])
def test_a_data_directory_that_is_a_file_is_named_with_its_fix(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "data").write_text("not a folder")
    done = run_mirante(*command, settings=data_dir_and_ports(tmp_path / "data"))
    assert_explained(done, 3, str(tmp_path / "data"), "it is a file", "Choose another data directory")
    assert (tmp_path / "data").read_text() == "not a folder"


@pytest.mark.parametrize("command", [("serve", "data"), ("serve", "control"), ("up",)])
def test_a_data_directory_that_cannot_be_written_is_named_with_its_fix(command: tuple[str, ...]) -> None:
    folder = Path("/proc/mirante")  # nobody may make a folder there, not even root
    done = run_mirante(*command, settings=data_dir_and_ports(folder))
    assert_explained(done, 3, str(folder), "cannot be created", "Choose a directory")


@pytest.fixture
def broken_definitions(tmp_path: Path) -> Path:
    folder = tmp_path / "definitions"
    shutil.copytree(SHIPPED.definitions, folder)
    replace_in(folder / "credit.yaml", "target: 0.999\n", "target: 1.5\n")
    return folder


def replace_in(path: Path, old: str, new: str) -> int:
    """Replaces its only occurrence; the line it stands in."""
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize("command", [("serve", "control"), ("up",), ("slo", "status")])
def test_a_broken_slo_file_is_named_with_its_line_and_fix(
    tmp_path: Path, broken_definitions: Path, command: tuple[str, ...]
) -> None:
    settings = data_dir_and_ports(tmp_path / "data")
    done = run_mirante("--definitions", str(broken_definitions), *command, settings=settings)
    lines = (broken_definitions / "credit.yaml").read_text("utf-8").splitlines()
    line = 1 + next(number for number, text in enumerate(lines) if "target: 1.5" in text)
    assert_explained(done, 1, f"credit.yaml:{line}: spec.objectives[0].target: is not between 0 and 1. Use")


@pytest.mark.parametrize("command", [("serve", "data"), ("up",)])
def test_a_broken_credit_policy_is_named_with_its_line_and_fix(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(POLICIES, folder)
    line = replace_in(folder / "personal-credit.yaml", 'version: "1"\n', 'version: "1"\nrulez: []\n') + 1
    settings = data_dir_and_ports(tmp_path / "data")
    done = run_mirante("--policies", str(folder), *command, settings=settings)
    assert_explained(done, 1, f"personal-credit.yaml:{line}: ", "rulez")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"MIRANTE_API_PROT": "1"}, ["MIRANTE_API_PROT", "`mirante settings` lists the names"]),
        ({"MIRANTE_API_PORT": "many"}, ["MIRANTE_API_PORT", "'many' is not a whole number"]),
        ({"MIRANTE_API_PORT": "70000"}, ["MIRANTE_API_PORT", "Give 1 to 65535"]),
        ({"MIRANTE_PROBE_EVERY": "0"}, ["MIRANTE_PROBE_EVERY", "Give more than zero"]),
        ({"MIRANTE_CLOCK": "scaled:60@soon"}, ["clock", "scaled:FACTOR@ISO-INSTANT"]),
        ({"MIRANTE_POLICY": "no-such"}, ["no-such", "Known: personal-credit"]),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_before_anything_starts(
    tmp_path: Path, settings: dict[str, str], words: list[str]
) -> None:
    done = run_mirante("serve", "data", settings={**data_dir_and_ports(tmp_path / "data"), **settings})
    assert_explained(done, 2, *words)

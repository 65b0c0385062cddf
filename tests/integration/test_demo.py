"""The main job, small: the whole chain in real processes, and its negative control."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.patience import patience

LOANS = "600"


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir()
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "demo", "--loans", LOANS, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=patience(280),
        check=False,
        env={**os.environ, "COLUMNS": "140"},
    )


def sha_of(output: str) -> str:
    found = re.search(r"ids and times aside: ([0-9a-f]{64})", output)
    assert found, output
    return found[1]


def test_the_demo_observes_everything_it_promises_and_its_negative_control_does_not(tmp_path: Path) -> None:
    played = demo(tmp_path / "fault")
    assert played.returncode == 0, played.stdout + played.stderr
    assert "NOT OBSERVED" not in played.stdout
    report = (tmp_path / "fault" / "demo-report" / "report.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="https?://', report), "the report has to carry everything with it"
    assert (tmp_path / "fault" / "build" / "manifest.json").is_file()

    control = demo(tmp_path / "none", "--fault", "none")
    assert control.returncode == 1, control.stdout + control.stderr
    assert "NOT OBSERVED the burn-rate alert fired, with its arithmetic: no alert arrived" in control.stdout
    assert "Traceback" not in played.stderr + control.stderr

    assert sha_of(played.stdout) == sha_of(control.stdout)

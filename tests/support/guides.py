"""The commands of a guide, run as a reader would: a page whose commands no longer work fails its test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.support.patience import patience

DOCS = Path(__file__).parents[2] / "docs"
WRITTEN = "http://localhost:9090"


def commands(guide: str) -> list[str]:
    """Each line of each ``sh`` block of a page."""
    text = (DOCS / guide).read_text("utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@dataclass(frozen=True)
class Step:
    command: str
    seconds: float
    said: str


@dataclass(frozen=True)
class Walked:
    """A guide whose commands were run, in ``folder``, beside the Prometheus at ``url``."""

    url: str
    folder: Path
    steps: tuple[Step, ...]

    def said(self, command: str) -> list[str]:
        return [step.said for step in self.steps if command in step.command]


def run(command: str, folder: Path, url: str) -> Step:
    """As typed, with the address of this Prometheus and the programs of this checkout."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    begun = time.monotonic()
    done = subprocess.run(
        ["/bin/sh", "-c", command.replace(WRITTEN, url)],
        cwd=folder,
        env={**os.environ, "PATH": programs, "NO_PROXY": "*", "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=patience(120),
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return Step(command, time.monotonic() - begun, done.stdout)


def told(steps: tuple[Step, ...]) -> str:
    """Commands and seconds, as a table."""
    lines = [f"{step.seconds:7.1f} s  {step.command}" for step in steps]
    return "\n".join(["", *lines, f"{sum(step.seconds for step in steps):7.1f} s  in all", ""])

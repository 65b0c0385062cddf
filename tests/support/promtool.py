"""Runs the real promtool on generated documents."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from slo.prometheus.yaml_text import render_yaml
from tests.support.patience import patience

PROMTOOL = shutil.which("promtool")


def write_rules(folder: Path, files: Mapping[str, Mapping[str, object]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in files.items():
        (folder / name).write_text(render_yaml(document), encoding="utf-8")


def write_tests(folder: Path, files: Mapping[str, Mapping[str, object]]) -> None:
    write_rules(folder / "tests", files)


def check_rules(folder: Path) -> subprocess.CompletedProcess[str]:
    return _run(["check", "rules", *map(str, sorted(folder.glob("*.rules.yaml")))])


def test_rules(files: Iterable[Path]) -> subprocess.CompletedProcess[str]:
    return _run(["test", "rules", *map(str, files)])


test_rules.__test__ = False  # type: ignore[attr-defined]


def _run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    return subprocess.run(
        [PROMTOOL, *arguments], capture_output=True, text=True, timeout=patience(280), check=False
    )

"""Grafana's own types and code, run with node. Tests skip by name where its modules are not installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.patience import patience

FOLDER = Path(__file__).with_name("grafana")
HOW = "`make test` installs them where npm is at hand"

needs_grafana_modules = pytest.mark.skipif(
    shutil.which("node") is None or not (FOLDER / "node_modules" / "@grafana" / "schema").is_dir(),
    reason=f"Grafana's own modules are not installed: {HOW}",
)


def run(script: str, arguments: Sequence[str] = (), stdin: str = "") -> Any:
    """The JSON a script prints."""
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, str(FOLDER / script), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=patience(120),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

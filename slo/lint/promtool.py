"""promtool's own opinion of the generated rules, where promtool is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from slo.lint.finding import Finding, error
from slo.model.catalogue import Catalogue
from slo.prometheus.rules import rule_file, rules_file, supported
from slo.prometheus.yaml_text import render_yaml

TIMEOUT_SECONDS = 120
_FILE = re.compile(r"[^\s:]*/([^/\s:]+\.rules\.yaml)")


def check_with_promtool(catalogue: Catalogue, environment: str) -> list[Finding]:
    """One error for each SLO whose rules promtool refuses; nothing where promtool is not installed.

    Raises:
        OSError: promtool could not be started, or the temporary folder not written.
    """
    promtool = shutil.which("promtool")
    slos = {rules_file(slo): slo for slo in supported(catalogue)}
    if promtool is None or not slos:
        return []
    with tempfile.TemporaryDirectory() as folder:
        for name, slo in slos.items():
            text = render_yaml(rule_file(slo, environment))
            (Path(folder) / name).write_text(text, encoding="utf-8")
        paths = [str(Path(folder) / name) for name in slos]
        ran = subprocess.run(  # noqa: S603 - the program is promtool, the arguments are our own files
            [promtool, "check", "rules", *paths],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    if ran.returncode == 0:
        return []
    refused = _refused(ran.stderr + ran.stdout)
    mend = "Check the queries; promtool check rules says the same of the file that `mirante build` writes."
    return [
        error(slo, "promtool", "rules", f"promtool refuses them: {refused[name]}", mend)
        for name, slo in slos.items()
        if name in refused
    ]


def _refused(output: str) -> dict[str, str]:
    """File name to the first thing said about it."""
    found: dict[str, str] = {}
    for line in output.splitlines():
        match = _FILE.search(line)
        if match and not line.startswith("Checking"):
            found.setdefault(match[1], line[match.end() :].strip(" :,"))
    return found

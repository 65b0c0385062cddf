"""`mirante build` of many SLOs as whole processes: rules alone, everything, and again with one SLO changed.

Beside Sloth's own generator over the same files, where its binary is found (``MIRANTE_BENCH_SLOTH``, or
`sloth` on the path); else beside reading the same YAML with the C loader and writing it as JSON, which
nothing that reads definitions can do without.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.support.many_definitions import write_sloth

SLOS = int(os.environ.get("MIRANTE_BENCH_SLOS", "1000"))
RUNS = int(os.environ.get("MIRANTE_BENCH_RUNS", "3"))
FLOOR = """
import json, pathlib, sys, yaml
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.yaml")):
    for document in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader):
        pathlib.Path(sys.argv[2], path.stem + ".json").write_text(json.dumps(document))
"""


def measured(command: Sequence[str], environment: dict[str, str]) -> tuple[float, float]:
    """Processor seconds and peak memory in megabytes of one child."""
    silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
    pid = os.posix_spawn(command[0], list(command), environment, file_actions=silent)
    _, status, used = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def run() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        return _run(Path(folder))


def _run(folder: Path) -> dict[str, object]:
    workspace, peer_out = folder / "workspace", folder / "peer"
    definitions = workspace / "slo" / "definitions"
    write_sloth(definitions, SLOS)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHONDONT", "MIRANTE_"))}
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    build = [sys.executable, "-m", "app.cli", "--workspace", str(workspace), "build", "--out"]
    name, peer = _peer(definitions, peer_out)
    edited = next(iter(sorted(definitions.iterdir())))
    last: list[str] = []  # the folder of everything that was built last

    def anew(*more: str) -> list[str]:
        """Into a folder of its own: files are made slowly where many were removed just before."""
        return [*build, tempfile.mkdtemp(dir=folder), *more]

    def again() -> list[str]:
        edited.write_text(edited.read_text().replace("objective: 99.", "objective: 98.", 1) + "\n# edited\n")
        return [*build, last[0]]

    def everything() -> list[str]:
        command = anew()
        last[:] = command[-1:]
        return command

    peer_out.mkdir()
    cases: dict[str, Callable[[], list[str]]] = {
        name: lambda: peer,
        "rules alone": lambda: anew("--only", "rules"),
        "everything": everything,
        "again, one file changed": again,
    }
    found: dict[str, list[tuple[float, float]]] = {case: [] for case in cases}
    for _ in range(RUNS + 1):
        for case, command in cases.items():
            found[case].append(measured(command(), environment))
    seconds = {case: statistics.median(used[0] for used in runs[1:]) for case, runs in found.items()}
    return {
        "slos": SLOS,
        "runs": RUNS,
        "peer": name,
        "median_cpu_seconds": seconds,
        "ratio_to_the_peer": {case: seconds[case] / seconds[name] for case in seconds},
        "peak_memory_megabytes": {case: max(used[1] for used in runs) for case, runs in found.items()},
        "allowed_memory_megabytes": {"rules alone": 200, "everything": 300},
    }


def _peer(definitions: Path, out: Path) -> tuple[str, list[str]]:
    binary = os.environ.get("MIRANTE_BENCH_SLOTH") or shutil.which("sloth")
    if binary:
        return "sloth generate", [binary, "generate", "-i", str(definitions), "-o", str(out)]
    return "YAML read, JSON written", [sys.executable, "-c", FLOOR, str(definitions), str(out)]

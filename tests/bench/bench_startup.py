"""What a command costs before it begins: processor time of ten of them, beside a bare ``python -c pass``.

Bytecode is compiled before anything is measured, as on any machine where a command ran once; a command is
judged by its best of several runs. ``slo status`` is asked of a ledger with an hour of counts.

When every command loaded every other one (commit ac3e7a5), the same ten took 1,300 to 1,383 ms on two busy
cores with bare Python at 11 ms; without compiled bytecode, twice that.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.bootstrap.paths import DataPaths
from slo.ledger.ledger import LedgerRow, series_key
from slo.ledger.sqlite_ledger import SqliteLedger
from slo.loaders.catalogue_files import load_catalogue

RUNS = int(os.environ.get("MIRANTE_BENCH_RUNS", "10"))
GOAL_SECONDS = 0.150
COMMANDS = (
    "--version",
    "--help",
    "slo status",
    "slo --help",
    "alerts list --help",
    "check --help",
    "build --help",
    "consistency check --help",
    "settings",
    "ingest --help",
)


def fill(data_dir: Path) -> None:
    """An hour of counts of every SLO that ships."""
    path = DataPaths(data_dir).ledger
    path.parent.mkdir(parents=True)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    ledger = SqliteLedger(path)
    ledger.write(
        LedgerRow(series_key(slo, objective, "local", ()), now - timedelta(minutes=ago), "api-1", 999, 1000)
        for slo in load_catalogue().slos
        for objective in slo.objectives
        for ago in range(1, 61)
    )
    ledger.close()


def processor_seconds(arguments: Sequence[str], environment: Mapping[str, str]) -> float:
    """User and system time of one child."""
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    command = [sys.executable, *arguments]
    pid = os.posix_spawn(sys.executable, command, dict(environment), file_actions=silent)
    _, status, used = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"{arguments} ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime


def best(arguments: Sequence[str], environment: Mapping[str, str]) -> float:
    """The first run compiles, and does not count."""
    return min([processor_seconds(arguments, environment) for _ in range(RUNS + 1)][1:])


def run() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder) / "data")
        left_out = ("PYTHONDONTWRITEBYTECODE", "MIRANTE_")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(left_out)},
            "PYTHONPYCACHEPREFIX": f"{folder}/bytecode",
            "MIRANTE_DATA_DIR": f"{folder}/data",
        }
        bare = best(["-c", "pass"], environment)
        found = {words: best(["-m", "app.cli", *words.split()], environment) - bare for words in COMMANDS}
    return {
        "runs": RUNS,
        "bare_python_milliseconds": round(1000 * bare),
        "milliseconds_above_bare_python": {words: round(1000 * seconds) for words, seconds in found.items()},
        "slowest": max(found, key=found.__getitem__),
        "goal": f"each in under {1000 * GOAL_SECONDS:.0f} ms above bare Python, on a quiet machine",
        "over_the_goal": [words for words, seconds in found.items() if seconds > GOAL_SECONDS],
    }

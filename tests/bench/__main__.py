"""Run every benchmark and keep what was measured: ``make bench`` writes ``build/bench/<name>.json``.

A benchmark is a module ``bench_<name>.py`` with ``run() -> dict``: figures, and the ratio to a floor or a
peer that was measured in the same run. Nothing here passes or fails by the clock.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parent
OUT = Path("build/bench")
tests = ModuleType("tests")  # a library brings a package of this name, too
tests.__path__ = [str(FOLDER.parent)]
sys.modules["tests"] = tests


def benchmarks(wanted: list[str]) -> dict[str, Callable[[], dict[str, object]]]:
    found = {}
    for path in sorted(FOLDER.glob("bench_*.py")):
        name = path.stem.removeprefix("bench_")
        if wanted and name not in wanted:
            continue
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        found[name] = module.run
    return found


def machine() -> dict[str, object]:
    return {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    for name, run in benchmarks(sys.argv[1:]).items():
        print(f"{name} ...", flush=True)
        began = time.monotonic()
        result = {"bench": name, "machine": machine(), **run(), "took_seconds": time.monotonic() - began}
        text = json.dumps(result, indent=2, default=str)
        (OUT / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        print(text, flush=True)


if __name__ == "__main__":
    main()

"""Print which panel has data, is empty or fails, in each scenario: ``make replay``."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    sys.path[:0] = [str(ROOT), str(ROOT / "platform")]
    ours = ModuleType("tests")  # a library brings a package of this name, too
    ours.__path__ = [str(ROOT / "tests")]
    sys.modules["tests"] = ours
    for line in importlib.import_module("tests.support.replay_table").lines():
        print(line)


if __name__ == "__main__":
    main()

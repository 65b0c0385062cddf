"""Print how many modules a piece of work crosses and runs: ``python tests/files_crossed [--files]``."""

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
    print("crossed   run")
    for what, walk in importlib.import_module("tests.support.files_crossed").measure().items():
        print(f"{len(walk.crossed):7} {len(walk.run):5}  {what}")
        if "--files" in sys.argv:
            for name in walk.run:
                print(f"{'x' if name in walk.crossed else '':>7}        {name}")


if __name__ == "__main__":
    main()

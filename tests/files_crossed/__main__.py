"""Print how many modules one piece of work runs through: ``python tests/files_crossed [--files]``."""

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
    for what, modules in importlib.import_module("tests.support.files_crossed").measure().items():
        print(f"{len(modules):4}  {what}")
        if "--files" in sys.argv:
            print("".join(f"        {name}\n" for name in modules), end="")


if __name__ == "__main__":
    main()

"""Records what the other tools generate from the definitions beside this file, which are our own.

    python tests/golden/peers/record.py --sloth PATH --pyrra PATH

Recorded with Sloth v0.16.0 (Go module github.com/slok/sloth) and Pyrra v0.10.1
(github.com/pyrra-dev/pyrra). The tests read the recordings and need neither.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
RECORDED = ".rules.yaml"


def definitions(tool: str) -> list[Path]:
    return sorted(path for path in (HERE / tool).glob("*.yaml") if not path.name.endswith(RECORDED))


def recording(path: Path) -> Path:
    return path.with_name(path.stem + RECORDED)


def record_sloth(program: Path) -> None:
    for path in definitions("sloth"):
        target = recording(path)
        subprocess.run([program, "generate", "-i", path, "-o", target], check=True, capture_output=True)


def record_pyrra(program: Path) -> None:
    folder = HERE / "pyrra"
    made = folder / "made"
    made.mkdir()
    for path in definitions("pyrra"):
        folders: list[str | Path] = ["--config-files", path, "--prometheus-folder", made]
        command: list[str | Path] = [program, "generate", *folders]
        subprocess.run(command, check=True, capture_output=True)
        (made / path.name).replace(recording(path))
    made.rmdir()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sloth", type=Path)
    parser.add_argument("--pyrra", type=Path)
    given = parser.parse_args()
    if given.sloth:
        record_sloth(given.sloth)
    if given.pyrra:
        record_pyrra(given.pyrra)


if __name__ == "__main__":
    main()

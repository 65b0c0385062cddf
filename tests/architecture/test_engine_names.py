"""The engine watches anybody's services: it names none of the credit platform's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENGINE = ("slo", "exporters", "alarms", "dashboards")
ENGINE_DATA = ("alarms/defaults", "slo/windows")
NAMES = re.compile(r"credit|aurora|kinesis|dynamo|keyspaces", re.IGNORECASE)
OF_THE_PLATFORM = {
    "dashboards/boards": "the boards of the credit platform's workspace",
    "exporters/collectors/components.py": "which component of its catalogue each of its stores is",
    "exporters/probes/aws_services.py": "what its stores are on AWS",
}
"""The only code left out, with the reason."""


def engine_files() -> Iterator[Path]:
    for package in ENGINE:
        yield from sorted((ROOT / package).rglob("*.py"))
    for folder in ENGINE_DATA:
        yield from sorted(path for path in (ROOT / folder).rglob("*") if path.is_file())


def left_out(path: Path) -> bool:
    return any(path.is_relative_to(ROOT / place) for place in OF_THE_PLATFORM)


def named(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [f"{path.relative_to(ROOT)}:{number}: {line.strip()}" for number, line in enumerate(lines, 1)]
    return [place for place, line in zip(found, lines, strict=True) if NAMES.search(line)]


def test_the_engine_names_nothing_of_the_credit_platform() -> None:
    files = [path for path in engine_files() if not left_out(path)]
    assert len(files) > 200
    assert [place for path in files for place in named(path)] == []


def test_whatever_is_left_out_has_to_be() -> None:
    for place in OF_THE_PLATFORM:
        files = [path for path in engine_files() if path.is_relative_to(ROOT / place)]
        assert any(named(path) for path in files), place

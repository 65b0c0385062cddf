"""YAML whose every value knows its file, line and path, so that an error can say where and how to mend.

Reading never stops at a problem: each is noted and a stand-in returned; ``Problems.raise_any`` tells all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import yaml

from slo.model.errors import DefinitionError, DefinitionErrors

Choice = TypeVar("Choice", bound=StrEnum)

UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
DURATION = re.compile(r"(\d+)(wd|[smhdw])")


@dataclass(slots=True)
class Problems:
    """Problems of one file. ``working_day`` gives ``wd`` its length."""

    file: str
    found: list[DefinitionError] = field(default_factory=list)
    working_day: timedelta = timedelta(hours=24)

    def add(self, path: str, line: int | None, problem: str, mend: str) -> None:
        self.found.append(DefinitionError(self.file, path or "(file)", problem, mend, line))

    def raise_any(self) -> None:
        if self.found:
            raise DefinitionErrors(self.found)


class Place:
    """One value of the file, or the place where it is missing (``node`` is None)."""

    def __init__(self, problems: Problems, path: str, node: yaml.Node | None, line: int | None) -> None:
        self.problems = problems
        self.path = path
        self.node = node
        self.line = line if node is None else node.start_mark.line + 1

    def wrong(self, problem: str, mend: str) -> None:
        self.problems.add(self.path, self.line, problem, mend)

    def fields(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Place]:
        """Its keys as places, optional ones only if present. Unknown and repeated keys are problems."""
        found = dict(self.entries())
        known = [*required, *optional]
        for key, place in found.items():
            if key not in known:
                place.wrong("unknown field", f"Known here: {', '.join(known)}")
        missing = {key: self._child(key, None) for key in required if key not in found}
        if self.node is not None:
            for place in missing.values():
                place.wrong("missing", "Add it")
        return {key: place for key, place in {**missing, **found}.items() if key in known}

    def entries(self) -> list[tuple[str, Place]]:
        """Key and value of a mapping, in file order."""
        if self.node is None:
            return []
        if not isinstance(self.node, yaml.MappingNode):
            self.wrong("expected a mapping", "Write key: value lines")
            return []
        result: dict[str, Place] = {}
        for key, value in self.node.value:
            place = self._child(str(key.value), value)
            if key.value in result:
                place.wrong("given twice", "Keep one of them")
            result[str(key.value)] = place
        return list(result.items())

    def items(self) -> list[Place]:
        if self.node is None:
            return []
        if not isinstance(self.node, yaml.SequenceNode):
            self.wrong("expected a list", "Write one '- item' a line, or [a, b]")
            return []
        return [
            Place(self.problems, f"{self.path}[{index}]", node, self.line)
            for index, node in enumerate(self.node.value)
        ]

    def text(self) -> str:
        if self.node is None:
            return ""
        if not isinstance(self.node, yaml.ScalarNode) or not self.node.value.strip():
            self.wrong("expected text", "Write a word or a sentence")
            return ""
        return str(self.node.value).strip()

    def texts(self) -> tuple[str, ...]:
        return tuple(item.text() for item in self.items())

    def integer(self, least: int = 0) -> int:
        text = self.text()
        if text.isdecimal() and int(text) >= least:
            return int(text)
        if self.node is not None:
            self.wrong(f"{text!r} is not a whole number of at least {least}", "Write digits only")
        return least

    def duration(self) -> timedelta:
        text = self.text()
        match = DURATION.fullmatch(text)
        if match:
            unit = match[2]
            return int(match[1]) * (self.problems.working_day if unit == "wd" else UNITS[unit])
        if text:
            self.wrong(
                f"{text!r} is not a duration", "Write a whole number and s, m, h, d, w or wd: 15m, 8h, 1wd"
            )
        return timedelta(0)

    def choice(self, kind: type[Choice]) -> Choice:
        text = self.text()
        values = [member.value for member in kind]
        if text in values:
            return kind(text)
        if text:
            self.wrong(f"{text!r} is not known", f"Write one of {', '.join(values)}")
        return next(iter(kind))

    def one_of(self, values: Sequence[str]) -> str:
        text = self.text()
        if text and text not in values:
            self.wrong(f"{text!r} is not known", f"Write one of {', '.join(values)}")
        return text

    def _child(self, key: str, node: yaml.Node | None) -> Place:
        return Place(self.problems, f"{self.path}.{key}".lstrip("."), node, self.line)


def read(path: Path) -> Place:
    """The whole file as a place.

    Raises:
        DefinitionErrors: it cannot be read, or is not YAML.
    """
    problems = Problems(str(path))
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        problems.add("", None, f"cannot be read ({error})", "Check the path and the file's encoding (UTF-8)")
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        problems.add("", line, f"is not YAML ({error.problem})", "Check indentation, quotes and colons there")
    except yaml.YAMLError as error:
        problems.add("", None, f"is not YAML ({error})", "Check it with a YAML linter")
    problems.raise_any()
    if node is None:
        problems.add("", 1, "is empty", "Start from the file that ships with the package")
        problems.raise_any()
    return Place(problems, "", node, 1)

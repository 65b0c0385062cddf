"""One YAML mapping with its place in the file; reading a key checks it, leaving one unread refuses it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from fractions import Fraction

import yaml

from slo.loaders.problems import Problems
from slo.loaders.quantities import parse_duration, parse_number

MAX_NODES = 20_000
MAX_DEPTH = 40
_NULL = "tag:yaml.org,2002:null"
_BOOL = "tag:yaml.org,2002:bool"


class Section:
    """A mapping at ``path`` (``spec.objectives[0]``) of ``file``.

    Readers return an empty value after a refusal, so one pass finds everything wrong.
    """

    def __init__(self, node: yaml.MappingNode, file: str, path: str, problems: Problems) -> None:
        self.file = file
        self.path = path
        self.problems = problems
        self.line: int = node.start_mark.line + 1
        self._values: dict[str, yaml.Node] = {}
        self._lines: dict[str, int] = {}
        self._unread: set[str] = set()
        for key, value in node.value:
            self._enter(key, value)

    def _enter(self, key: yaml.Node, value: yaml.Node) -> None:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
            shown = key.value if isinstance(key, yaml.ScalarNode) else "a compound key"
            mend = "Write the keys out; merge keys and compound keys are not read."
            self.problems.refuse(self.file, line, self.path or "(top)", f"{shown} is not a plain key", mend)
        elif key.value in self._lines:
            problem = f"written twice (first on line {self._lines[key.value]})"
            self.problems.refuse(self.file, line, self.at(key.value), problem, "Keep one of them.")
        else:
            self._lines[key.value] = line
            if value.tag != _NULL:
                self._values[key.value] = value
                self._unread.add(key.value)

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def line_of(self, key: str) -> int:
        return self._lines.get(key, self.line)

    def refuse(self, key: str, problem: str, mend: str) -> None:
        self.problems.refuse(self.file, self.line_of(key), self.at(key) if key else self.path, problem, mend)

    def notice(self, key: str, reason: str, mend: str = "") -> None:
        self.problems.notice(self.file, self.line_of(key), self.at(key), reason, mend)

    def has(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def _take(self, key: str, required: bool) -> yaml.Node | None:
        self._unread.discard(key)
        node = self._values.get(key)
        if node is None and required:
            self.refuse(key, "is required and missing", f"Add `{key}:`.")
        return node

    def _scalar(self, key: str, required: bool) -> yaml.ScalarNode | None:
        node = self._take(key, required)
        if node is None or isinstance(node, yaml.ScalarNode):
            return node
        self.refuse(key, "expected a single value", "Write one value after the colon.")
        return None

    def text(
        self,
        key: str,
        *,
        required: bool = False,
        default: str = "",
        choices: Sequence[str] = (),
        longest: int | None = None,
    ) -> str:
        node = self._scalar(key, required)
        if node is None:
            return default
        value = str(node.value)
        if choices and value not in choices:
            close = difflib.get_close_matches(value, choices, 1, 0.5)
            hint = f"Did you mean {close[0]!r}?" if close else f"Write one of: {', '.join(choices)}."
            self.refuse(key, f"{value!r} is not one of {', '.join(choices)}", hint)
            return default
        if longest is not None and len(value) > longest:
            self.refuse(key, f"is {len(value)} characters long, at most {longest} allowed", "Shorten it.")
        return value

    def flag(self, key: str, default: bool) -> bool:
        node = self._scalar(key, False)
        if node is None:
            return default
        if node.tag != _BOOL:
            self.refuse(key, f"{node.value!r} is neither true nor false", "Write true or false, unquoted.")
            return default
        return str(node.value).lower() in ("true", "yes", "on")

    def number(self, key: str, *, required: bool = False) -> Fraction | None:
        node = self._scalar(key, required)
        if node is None:
            return None
        value = parse_number(str(node.value))
        if value is None:
            self.refuse(key, f"{node.value!r} is not a number", "Write a plain number, for example 0.999.")
        return value

    def duration(self, key: str, *, required: bool = False) -> timedelta | None:
        node = self._scalar(key, required)
        if node is None:
            return None
        value = parse_duration(str(node.value))
        if value is None:
            self.refuse(key, f"{node.value!r} is not a duration", "Write for example 5m, 1h, 3d or 4w.")
        return value

    def section(self, key: str, *, required: bool = False) -> Section | None:
        node = self._take(key, required)
        if node is None:
            return None
        if not isinstance(node, yaml.MappingNode):
            self.refuse(key, "expected a mapping", "Indent its keys below it.")
            return None
        return Section(node, self.file, self.at(key), self.problems)

    def sections(self, key: str, *, required: bool = False) -> list[Section]:
        found: list[Section] = []
        for index, node in enumerate(self._items(key, required)):
            if isinstance(node, yaml.MappingNode):
                found.append(Section(node, self.file, f"{self.at(key)}[{index}]", self.problems))
            else:
                self.refuse(key, f"item {index} is not a mapping", "Start it with `- key: value`.")
        return found

    def _items(self, key: str, required: bool) -> list[yaml.Node]:
        node = self._take(key, required)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.refuse(key, "expected a list", "Start each item with `- `.")
            return []
        if required and not node.value:
            self.refuse(key, "is empty", "Give at least one item.")
        return list(node.value)

    def texts(self, key: str) -> tuple[str, ...]:
        found = []
        for index, node in enumerate(self._items(key, False)):
            if isinstance(node, yaml.ScalarNode):
                found.append(str(node.value))
            else:
                self.refuse(key, f"item {index} is not a single value", "Write plain items.")
        return tuple(found)

    def labels(self, key: str) -> dict[str, str]:
        """A mapping of text to text; a list of texts is kept as ``a, b`` (OpenSLO allows both)."""
        section = self.section(key)
        if section is None:
            return {}
        return {name: section.joined(name) for name in section}

    def joined(self, key: str) -> str:
        node = self._values[key]
        if isinstance(node, yaml.SequenceNode):
            return ", ".join(self.texts(key))
        return self.text(key)

    def plain(self, key: str) -> object:
        """Whatever was written below ``key``, as Python values (numbers as text keep their spelling)."""
        node = self._take(key, False)
        if node is None:
            return None
        budget = [MAX_NODES]
        value = _construct(node, budget, 0)
        if budget[0] <= 0:
            self.refuse(key, "is too large or refers to itself", f"Keep it under {MAX_NODES} values.")
        return value

    def close(self, known: Sequence[str] = ()) -> None:
        """Refuse every key nobody read; ``known`` are names to suggest."""
        for key in sorted(self._unread, key=self.line_of):
            names = [*known, *(self._values.keys() - self._unread)]
            close = difflib.get_close_matches(key, names, 1, 0.6)
            mend = f"Did you mean `{close[0]}`?" if close else "Remove it, or move it where it belongs."
            self.refuse(key, "is not a key known here", mend)


_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")


def _construct(node: yaml.Node, budget: list[int], depth: int) -> object:
    budget[0] -= 1
    if budget[0] <= 0 or depth > MAX_DEPTH:
        budget[0] = 0
        return None
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _construct(value, budget, depth + 1) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_construct(item, budget, depth + 1) for item in node.value]
    text = str(node.value)
    if node.tag == _NULL:
        return None
    if node.tag == _BOOL:
        return text.lower() in ("true", "yes", "on")
    if node.tag == "tag:yaml.org,2002:int" and _INT.fullmatch(text):
        return int(text)
    return text

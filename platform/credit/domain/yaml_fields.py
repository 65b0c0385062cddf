"""YAML files read field by field, each value with its line, so that an error can say where and what to write.

Scalars are read from their text: a number never passes through a float. Aliases and merge keys are refused:
a file that is reviewed should say what it means where it says it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import yaml

from credit.domain.errors import DomainError, InvalidValue
from credit.domain.money import exact_number

MAX_BYTES = 1_000_000
MAX_NESTING = 50
_NULL = "tag:yaml.org,2002:null"
_BOOLEAN = "tag:yaml.org,2002:bool"

# (file, field, problem, mend, line) to the error a package raises.
ErrorFactory = Callable[[str, str, str, str, int | None], DomainError]


class Value:
    """One YAML node with the path that leads to it."""

    __slots__ = ("_error", "_file", "_node", "path")

    def __init__(self, node: yaml.Node, path: str, file: str, error: ErrorFactory) -> None:
        self._node, self.path, self._file, self._error = node, path, file, error

    @property
    def line(self) -> int:
        return int(self._node.start_mark.line) + 1

    def wrong(self, problem: str, mend: str) -> DomainError:
        """The error to raise about this value."""
        return self._error(self._file, self.path or "the file", problem, mend, self.line)

    def child(self, node: yaml.Node, step: str) -> Value:
        joint = "." if self.path and not step.startswith("[") else ""
        return Value(node, f"{self.path}{joint}{step}", self._file, self._error)

    def scalar(self) -> str:
        if not isinstance(self._node, yaml.ScalarNode) or self._node.tag == _NULL:
            raise self.wrong("one value was expected", "Write a single value here")
        return str(self._node.value)

    def text(self) -> str:
        written = self.scalar().strip()
        if not written:
            raise self.wrong("is empty", "Write a text")
        return written

    def choice(self, allowed: Sequence[str]) -> str:
        written = self.text()
        if written not in allowed:
            raise self.wrong(f"{written!r} is not known here{_nearest(written, allowed)}", _one_of(allowed))
        return written

    def number(self) -> Fraction:
        written = self.scalar()
        try:
            return exact_number(written.replace("_", ""), self.path)
        except InvalidValue:
            raise self.wrong(
                f"{written!r} is not a decimal number", "Write digits, such as 12 or 0.45"
            ) from None

    def integer(self, low: int, high: int) -> int:
        value = self.number()
        if value.denominator != 1 or not low <= value <= high:
            raise self.wrong("is out of range", f"Write a whole number from {low} to {high}")
        return value.numerator

    def boolean(self) -> bool:
        if self._node.tag != _BOOLEAN:
            raise self.wrong("is not true or false", "Write true or false")
        return self.scalar().lower() in ("true", "yes", "on")

    def is_list(self) -> bool:
        return isinstance(self._node, yaml.SequenceNode)

    def items(self) -> list[Value]:
        """The values of a list with at least one."""
        if not isinstance(self._node, yaml.SequenceNode) or not self._node.value:
            raise self.wrong("a list was expected", "Write at least one item, each after a dash")
        return [self.child(node, f"[{place}]") for place, node in enumerate(self._node.value)]

    def fields(self) -> Fields:
        return Fields(self)

    def pairs(self) -> Iterator[tuple[str, Value]]:
        """Key and value in file order; a key written twice is an error."""
        if not isinstance(self._node, yaml.MappingNode):
            raise self.wrong("named fields were expected", "Write 'name: value' pairs here")
        seen: dict[str, int] = {}
        for key, node in self._node.value:
            name = self.child(key, "?").scalar() if isinstance(key, yaml.ScalarNode) else "?"
            value = self.child(node, name)
            if name in seen:
                raise value.wrong(f"was given before on line {seen[name]}", "Keep one of the two")
            seen[name] = int(key.start_mark.line) + 1
            yield name, value


class Fields:
    """The named fields of a mapping. Take each once, then ``done`` refuses what nobody asked for."""

    def __init__(self, owner: Value) -> None:
        self.owner = owner
        self._left = dict(owner.pairs())
        self._known: list[str] = []

    def take(self, name: str) -> Value:
        value = self.maybe(name)
        if value is None:
            raise self.owner.wrong(f"{name!r} is missing", f"Add '{name}:'")
        return value

    def maybe(self, name: str) -> Value | None:
        self._known.append(name)
        return self._left.pop(name, None)

    def maybe_any(self, *names: str) -> bool:
        """Whether one of them is there, still to be taken."""
        self._known.extend(names)
        return any(name in self._left for name in names)

    def done(self) -> None:
        for name, value in self._left.items():
            raise value.wrong(f"is not a field here{_nearest(name, self._known)}", _one_of(self._known))


def _nearest(written: str, allowed: Sequence[str]) -> str:
    near = difflib.get_close_matches(written, allowed, n=1)
    return f" (did you mean '{near[0]}'?)" if near else ""


def _one_of(allowed: Sequence[str]) -> str:
    return f"Use one of: {', '.join(allowed)}"


def read_yaml(content: bytes, file: str, error: ErrorFactory) -> Value:
    """The single document of a YAML file.

    Raises:
        DomainError: what ``error`` makes, when it is too large, not UTF-8, not YAML, empty, or uses aliases.
    """
    if len(content) > MAX_BYTES:
        raise error(file, "the file", f"is over {MAX_BYTES} bytes", "Split it", None)
    try:
        written = content.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = content.count(b"\n", 0, broken.start) + 1
        raise error(file, "the file", "is not UTF-8 here", "Save the file as UTF-8", line) from None
    return Value(_compose(written, file, error), "", file, error)


def _line(mark: object) -> int | None:
    """A PyYAML mark counts lines from 0; people from 1."""
    line = getattr(mark, "line", None)
    return None if line is None else int(line) + 1


def _compose(written: str, file: str, error: ErrorFactory) -> yaml.Node:
    try:
        depth = 0
        for event in yaml.parse(written, Loader=yaml.SafeLoader):
            place = _line(event.start_mark)
            if isinstance(event, yaml.AliasEvent):
                raise error(file, "the file", "uses an alias (*name)", "Write the value out", place)
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_NESTING:  # the parser's time grows with the square of the depth
                raise error(file, "the file", "is nested too deeply", "Flatten it", place)
        node = yaml.compose(written, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as broken:
        line = _line(broken.problem_mark or broken.context_mark)
        problem = f"is not YAML: {broken.problem or broken.context}"
        raise error(file, "the file", problem, "Mend the syntax there", line) from None
    except yaml.YAMLError as broken:
        problem = f"is not YAML: {str(broken).splitlines()[0]}"
        raise error(file, "the file", problem, "Remove what is not text", None) from None
    if node is None:
        raise error(file, "the file", "is empty", "Write the document, or delete the file", None)
    return node

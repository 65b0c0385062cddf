"""YAML as nodes that know their line: the one reader of every file that people edit, with one set of limits.

It builds from the parser's events and stops where a limit is passed: the parser's own time grows with the
square of the depth. An alias (``*name``) stands for its value, in every kind of file, since people who bring
their definitions along use them; it counts as if it were written out, so that a few lines that mean a billion
values are refused as such. Merge keys (``<<``) and tags are refused: the first hide where a value comes from,
the second say what the reader decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from foundation.errors import Problems

MAX_DEPTH = 50
MAX_VALUES = 200_000  # of one file: some 2,500 SLOs, in a second or two
NULLS = ("", "~", "null", "Null", "NULL")
TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}  # YAML 1.1
INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})")
KINDS = ("str", "int", "float", "bool", "null", "map", "seq")
PLAIN_TAGS = ("!", *(f"tag:yaml.org,2002:{kind}" for kind in KINDS))


@dataclass(slots=True)
class Scalar:
    """One value as written; ``plain`` where neither quotes nor a tag say that it is a text."""

    text: str
    line: int
    plain: bool

    @property
    def is_null(self) -> bool:
        return self.plain and self.text in NULLS

    @property
    def truth(self) -> bool | None:
        """What a word such as ``true`` says; ``None`` for any other."""
        return TRUTHS.get(self.text.lower()) if self.plain else None


@dataclass(slots=True)
class Listing:
    items: list[Node]
    line: int


@dataclass(slots=True)
class Mapping:
    """``entries``: by key, the key's line and the value."""

    entries: dict[str, tuple[int, Node]]
    line: int


Node = Scalar | Listing | Mapping


def plain(node: Node) -> object:
    """As Python values; numbers that are not whole are text, and so keep their spelling."""
    if isinstance(node, Mapping):
        return {key: plain(value) for key, (_, value) in node.entries.items()}
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    if not node.plain:
        return node.text
    if node.is_null:
        return None
    if node.truth is not None:
        return node.truth
    return int(node.text) if INTEGER.fullmatch(node.text) else node.text


def read_nodes(text: str, file: str, problems: Problems) -> list[Node]:
    """The documents of one file, but those that are empty; none after a problem of the file as a whole.

    A key written twice, a merge key and a tag are problems in their place, and the rest is read.
    """
    try:
        return _Builder(file, problems).documents(text)
    except _UnreadableError as error:
        problems.refuse(file, error.line, "", error.problem, error.fix)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        problems.refuse(file, line, "", f"is not YAML: {error.problem or error.context}", _fix(text, line))
    except yaml.reader.ReaderError as error:
        line = text.encode().count(b"\n", 0, error.position) + 1
        problems.refuse(file, line, "", f"is not YAML: {error.reason}", "Remove the bytes that are not text.")
    return []


def _fix(text: str, line: int | None) -> str:
    lines = text.split("\n")
    written = lines[line - 1] if line and line <= len(lines) else ""
    if re.match(" *\t", written):
        return "Indent with spaces: this line starts with a tab."
    return "Check indentation, quotes and colons on this line and the one above."


class _UnreadableError(Exception):
    def __init__(self, line: int, problem: str, fix: str) -> None:
        self.line, self.problem, self.fix = line, problem, fix
        super().__init__(problem)


def _line(event: yaml.Event) -> int:
    return 1 if event.start_mark is None else event.start_mark.line + 1


@dataclass(slots=True)
class _Part:
    """A list or mapping being built: how many values it stands for, and how deep they nest.

    ``key`` waits for its value; ``None`` while the next node is a key. ``dropped``: that value is not kept.
    """

    node: Listing | Mapping
    anchor: str | None
    values: int = 1
    height: int = 1
    key: str | None = None
    key_line: int = 0
    dropped: bool = False

    def step(self) -> str:
        return f"[{len(self.node.items)}]" if isinstance(self.node, Listing) else f".{self.key or ''}"


class _Builder:
    def __init__(self, file: str, problems: Problems) -> None:
        self._file = file
        self._problems = problems
        self._documents: list[Node] = []
        self._open: list[_Part] = []
        self._anchored: dict[str, tuple[Node, int, int]] = {}
        self._values = 0

    def documents(self, text: str) -> list[Node]:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.ScalarEvent):
                line = self._begin(event)
                self._finish(Scalar(event.value, line, event.implicit[0]), 1, 1, event.anchor)
            elif isinstance(event, yaml.CollectionStartEvent):
                line = self._begin(event)
                is_list = isinstance(event, yaml.SequenceStartEvent)
                self._open.append(_Part(Listing([], line) if is_list else Mapping({}, line), event.anchor))
            elif isinstance(event, yaml.CollectionEndEvent):
                ended = self._open.pop()
                self._finish(ended.node, ended.values, ended.height, ended.anchor)
            elif isinstance(event, yaml.AliasEvent):
                self._finish(*self._meant(event.anchor or "", _line(event)), None)
        return self._documents

    def _begin(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> int:
        """The line on which it begins."""
        line = _line(event)
        self._count(1, 1, line)
        if event.tag is not None and event.tag not in PLAIN_TAGS:
            self._refuse(line, f"the tag {event.tag} is not supported", "Write the value without the tag.")
        return line

    def _count(self, values: int, height: int, line: int) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            problem = f"has more than {MAX_VALUES:,} values once aliases are expanded"
            raise _UnreadableError(line, problem, "Split the file, or use fewer aliases.")
        if len(self._open) + height > MAX_DEPTH:
            raise _UnreadableError(line, f"is nested more than {MAX_DEPTH} deep", "Flatten it.")

    def _meant(self, name: str, line: int) -> tuple[Node, int, int]:
        known = self._anchored.get(name)
        if known is None:
            problem = f"the alias *{name} has no complete anchor above it"
            raise _UnreadableError(
                line, problem, f"Write &{name} before the value that the alias should repeat."
            )
        self._count(known[1], known[2], line)
        return known

    def _finish(self, node: Node, values: int, height: int, anchor: str | None) -> None:
        if anchor is not None:
            self._anchored[anchor] = node, values, height
        if not self._open:
            self._anchored.clear()
            if not (isinstance(node, Scalar) and node.is_null):
                self._documents.append(node)
            return
        parent = self._open[-1]
        parent.values += values
        parent.height = max(parent.height, height + 1)
        if isinstance(parent.node, Listing):
            parent.node.items.append(node)
        elif parent.key is None:
            self._take_key(parent, parent.node, node)
        else:
            if not parent.dropped:
                parent.node.entries[parent.key] = parent.key_line, node
            parent.key = None

    def _take_key(self, parent: _Part, mapping: Mapping, key: Node) -> None:
        is_plain = isinstance(key, Scalar) and not (key.plain and key.text == "<<")
        parent.key_line = key.line
        parent.key = key.text if isinstance(key, Scalar) else "a compound key"
        first = mapping.entries.get(parent.key)
        parent.dropped = first is not None or not is_plain
        if not is_plain:
            fix = "Write the keys out; merge keys and compound keys are not supported."
            self._refuse(key.line, "is not a plain key", fix)
        elif first is not None:
            self._refuse(key.line, f"is written twice (first on line {first[0]})", "Keep one of them.")

    def _refuse(self, line: int, problem: str, fix: str) -> None:
        path = "".join(part.step() for part in self._open).strip(".")
        self._problems.refuse(self._file, line, path, problem, fix)

"""A small, fast YAML emitter for documents of mappings, lists, text and numbers. Same document, same bytes.

Knows only what generated files need; a mapping that occurs many times (a label set) is rendered once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

_PLAIN = re.compile(r"[A-Za-z/_][A-Za-z0-9_./:-]*(?<!:)|[0-9]+[smhdw]")
_AMBIGUOUS = frozenset(
    ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf", "_")
)
# Without line separators and the byte order mark, which YAML reads as breaks or drops.
_CHARACTERS = r"\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
_PRINTABLE = re.compile(f"[{_CHARACTERS}]+")
_LINES = re.compile(f"[{_CHARACTERS}\\n]+")
_SHORT = 64  # longer ones, expressions and sentences, hardly repeat
_NUMBERS = frozenset((int, float))
_PAIR = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")


class YamlText:
    """One rendering, which remembers the mappings that it has met."""

    def __init__(self) -> None:
        self._blocks: dict[tuple[int, int], tuple[object, list[str]]] = {}

    def render(self, document: Mapping[str, object]) -> str:
        lines: list[str] = []
        self._mapping(document, 0, lines)
        lines.append("")
        return "\n".join(lines)

    def _mapping(self, value: Mapping[str, object], depth: int, lines: list[str]) -> None:
        pad = "  " * depth
        for key, item in value.items():
            head = pad + _short(key)
            if type(item) is str:
                if "\n" in item and _LINES.fullmatch(item) and item[0] not in " \n" and item[-1] != "\n":
                    inner = pad + "  "
                    lines.append(f"{head}: |-")
                    lines += [inner + line if line else "" for line in item.split("\n")]
                else:
                    lines.append(f"{head}: {_short(item) if len(item) <= _SHORT else _long(item)}")
            elif type(item) in _NUMBERS:
                lines.append(f"{head}: {item!r}")
            elif type(item) is dict or isinstance(item, Mapping):
                self._nested(head, item, depth, lines)
            elif type(item) is list or (isinstance(item, Sequence) and not isinstance(item, str)):
                self._sequence(head, item, depth, lines)
            else:
                lines.append(f"{head}: {_atom(item)}")

    def _nested(self, head: str, item: Mapping[str, object], depth: int, lines: list[str]) -> None:
        if not item:
            lines.append(f"{head}: {{}}")
            return
        lines.append(f"{head}:")
        cached = self._blocks.get((id(item), depth))
        if cached is None:
            block: list[str] = []
            self._mapping(item, depth + 1, block)
            cached = self._blocks[(id(item), depth)] = (item, block)
        lines += cached[1]

    def _sequence(self, head: str, items: Sequence[object], depth: int, lines: list[str]) -> None:
        if not items:
            lines.append(f"{head}: []")
            return
        lines.append(f"{head}:")
        pad = "  " * depth
        for item in items:
            if (type(item) is dict or isinstance(item, Mapping)) and item:
                start = len(lines)
                self._mapping(item, depth + 1, lines)
                lines[start] = f"{pad}- {lines[start].lstrip()}"
            elif isinstance(item, str):
                lines.append(f"{pad}- {_short(item) if len(item) <= _SHORT else _long(item)}")
            else:
                lines.append(f"{pad}- {_atom(item)}")


def render_yaml(document: Mapping[str, object]) -> str:
    """YAML text, UTF-8, ending in a newline."""
    return YamlText().render(document)


def _long(text: str) -> str:
    return "'" + text.replace("'", "''") + "'" if text.isprintable() else _quoted(text)


@lru_cache(maxsize=16384)
def _short(text: str) -> str:
    """Keys, labels and names, which occur in every file."""
    return _quoted(text)


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _AMBIGUOUS:
        return text
    if text.isprintable() or _PRINTABLE.fullmatch(text):
        return "'" + text.replace("'", "''") + "'"
    return _PAIR.sub(_astral, json.dumps(text))


def _astral(pair: re.Match[str]) -> str:
    """JSON writes what is beyond U+FFFF as two escapes, YAML as one."""
    high, low = int(pair[1], 16), int(pair[2], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _atom(value: object) -> str:
    if isinstance(value, Mapping):
        return "{}"
    return (
        repr(value)
        if type(value) is not bool and isinstance(value, float)
        else json.dumps(value, ensure_ascii=False)
    )

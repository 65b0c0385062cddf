"""A small, fast YAML emitter for documents of mappings, lists, text and numbers. Same document, same bytes.

Knows only what generated files need; a mapping that occurs many times (a label set) is rendered once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

_PLAIN = re.compile(r"[A-Za-z/_][A-Za-z0-9_./:-]*(?<!:)|[0-9]+[smhdw]")
_AMBIGUOUS = frozenset(
    ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf", "_")
)
# Without line separators and the byte order mark, which YAML reads as breaks or drops.
_CHARACTERS = r"\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
_PRINTABLE = re.compile(f"[{_CHARACTERS}]+")
_LINES = re.compile(f"[{_CHARACTERS}\\n]+")
_PAIR = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")


class YamlText:
    """One rendering; caches live as long as it does."""

    def __init__(self) -> None:
        self._scalars: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._blocks: dict[tuple[int, int], tuple[object, list[str]]] = {}

    def render(self, document: Mapping[str, object]) -> str:
        lines: list[str] = []
        self._mapping(document, 0, lines)
        lines.append("")
        return "\n".join(lines)

    def _mapping(self, value: Mapping[str, object], depth: int, lines: list[str]) -> None:
        pad = "  " * depth
        for key, item in value.items():
            head = pad + self._key(key)
            if type(item) is str:
                if "\n" in item and _LINES.fullmatch(item) and item[0] not in " \n" and item[-1] != "\n":
                    inner = pad + "  "
                    lines.append(f"{head}: |-")
                    lines += [inner + line if line else "" for line in item.split("\n")]
                else:
                    lines.append(f"{head}: {self._scalar(item)}")
            elif isinstance(item, Mapping):
                self._nested(head, item, depth, lines)
            elif isinstance(item, Sequence) and not isinstance(item, str):
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
            if isinstance(item, Mapping) and item:
                start = len(lines)
                self._mapping(item, depth + 1, lines)
                lines[start] = f"{pad}- {lines[start].lstrip()}"
            elif isinstance(item, str):
                lines.append(f"{pad}- {self._scalar(item)}")
            else:
                lines.append(f"{pad}- {_atom(item)}")

    def _key(self, key: str) -> str:
        found = self._keys.get(key)
        if found is None:
            found = self._keys[key] = _quoted(key)
        return found

    def _scalar(self, text: str) -> str:
        if len(text) > 64:  # expressions and sentences hardly repeat
            return "'" + text.replace("'", "''") + "'" if text.isprintable() else _quoted(text)
        found = self._scalars.get(text)
        if found is None:
            found = self._scalars[text] = _quoted(text)
        return found


def render_yaml(document: Mapping[str, object]) -> str:
    """YAML text, UTF-8, ending in a newline."""
    return YamlText().render(document)


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

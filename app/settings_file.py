"""``mirante.toml``: its values, and the line on which each is written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from foundation.errors import WHOLE_FILE, DefinitionError
from foundation.files import read_text

MOST_PLACES = 50
DEEP = 50  # brackets that are open at once, where a file is too deep to be read
LONGEST_NUMBER = 4_300  # digits that Python reads


@dataclass(frozen=True, slots=True)
class SettingsFile:
    path: Path
    text: str
    values: Mapping[str, object]

    def wrong(self, name: str, problem: str, fix: str) -> DefinitionError:
        """Of the value called ``name``."""
        return DefinitionError(str(self.path), name, problem, fix, self._line(name))

    def _line(self, name: str) -> int | None:
        """The last that looks like the key, while what stands before it can be read and lacks the key: a line
        within a text, or of a table, is passed over."""
        lines = self.text.splitlines(keepends=True)
        key = re.compile(rf"""\s*\[?\s*["']?{re.escape(name)}["']?\s*[\].=]""")
        places = [number for number, line in enumerate(lines) if key.match(line)]
        for number in places[-MOST_PLACES:][::-1]:
            try:
                before = tomllib.loads("".join(lines[:number]))
            except ValueError:
                continue
            if name not in before:
                return number + 1
        return None


def read_settings_file(path: Path) -> SettingsFile:
    """
    Raises:
        DefinitionError: it cannot be read, or is not TOML.
    """
    text = read_text(path)
    try:
        return SettingsFile(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"\(at line (\d+), column \d+\)$", str(error))
        problem, fix = f"is not TOML: {error}", "Fix it there."
        raise DefinitionError(str(path), WHOLE_FILE, problem, fix, int(line[1]) if line else None) from None
    except RecursionError:
        problem, fix = "is nested too deep to be read", "Flatten it."
        raise DefinitionError(str(path), WHOLE_FILE, problem, fix, _deep_line(text)) from None
    except ValueError:
        long = re.search(rf"[0-9_]{{{LONGEST_NUMBER + 1}}}", text)
        problem, fix = f"has a number of more than {LONGEST_NUMBER:,} digits", "Shorten it."
        line_of_it = text.count("\n", 0, long.start()) + 1 if long else None
        raise DefinitionError(str(path), WHOLE_FILE, problem, fix, line_of_it) from None


def _deep_line(text: str) -> int | None:
    """The first line on which very many brackets are open."""
    depth = 0
    for number, line in enumerate(text.splitlines(), start=1):
        for character in line:
            depth += (character in "[{") - (character in "]}")
            if depth > DEEP:
                return number
    return None

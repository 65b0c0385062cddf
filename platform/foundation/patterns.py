"""Patterns that people supply (RE2's syntax, as Prometheus and Alertmanager have it), matched in linear time.

A backtracking engine can be held up for hours by a short text, and holds up its whole process meanwhile.
Look-around and backreferences are not in the language: they are what makes matching slow.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol, cast

import re2

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus

LONGEST = 2_000  # characters of a pattern
MOST_MEMORY = 8 * 1024 * 1024  # bytes, of one compiled pattern


class PatternError(MiranteError, ValueError):
    """``pattern`` is none. ``problem`` says why, in a few words."""

    exit_status = ExitStatus.USAGE

    def __init__(self, pattern: str, problem: str) -> None:
        self.pattern, self.problem = pattern, problem
        shown = pattern if len(pattern) <= 100 else f"{pattern[:100]}..."
        super().__init__(
            f"{shown!r} is not a pattern ({problem}); "
            "patterns are RE2's, without look-around and backreferences"
        )


class _Compiled(Protocol):
    def fullmatch(self, text: str) -> object | None: ...


def check(pattern: str) -> None:
    """Raises PatternError."""
    _compiled(pattern)


def fullmatch(pattern: str, text: str) -> bool:
    """Whether the pattern matches all of the text; a dot matches a line's end, too.

    Raises:
        PatternError: it is not a pattern.
    """
    return _compiled(pattern).fullmatch(text.encode("utf-8", "replace").decode()) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> _Compiled:
    if len(pattern) > LONGEST:
        raise PatternError(pattern, f"longer than {LONGEST} characters")
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    options.max_mem = MOST_MEMORY
    try:
        return cast(_Compiled, re2.compile(pattern, options=options))
    except re2.error as error:
        said = error.args[0] if error.args else ""
        raise PatternError(
            pattern, said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        ) from None
    except UnicodeEncodeError:
        raise PatternError(pattern, "it holds half a character") from None

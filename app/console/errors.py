"""Errors of the console.

ConsoleError
+-- TextMissing          a text key, or one of its languages, is not in the table
+-- LinkRefused          a sign-in link that opens nothing (``why``: used | expired | unknown)
+-- SessionStoreError    the session file cannot be used
"""

from __future__ import annotations

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus


class ConsoleError(MiranteError):
    """Base of everything the console raises on purpose."""

    exit_status = ExitStatus.USAGE


class TextMissing(ConsoleError):
    def __init__(self, key: str, problem: str) -> None:
        self.key = key
        super().__init__(f"text {key!r} {problem}. Add it in both languages to app/console/texts/")


class LinkRefused(ConsoleError):
    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the sign-in link is {why}")


class SessionStoreError(ConsoleError):
    exit_status = ExitStatus.ENVIRONMENT

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        super().__init__(
            f"{path}: the console's sessions cannot be stored there: {reason}. "
            "Free space, fix the permissions, or point the data directory elsewhere"
        )

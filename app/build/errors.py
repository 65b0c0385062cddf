"""Errors of writing what is generated.

MiranteError
+-- BuildError      the output cannot be written
"""

from __future__ import annotations

from pathlib import Path

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus


class BuildError(MiranteError):
    """The output cannot be written: which path, why, and what to do."""

    exit_status = ExitStatus.ENVIRONMENT

    def __init__(self, path: Path, problem: str, fix: str) -> None:
        self.path, self.problem, self.fix = path, problem, fix
        super().__init__(f"{path}: {problem}. {fix}")

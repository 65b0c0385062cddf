"""Errors of ``plan`` and ``apply``.

DeploymentError          a place that cannot be read or written (place, problem, fix)
"""

from __future__ import annotations

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus


class DeploymentError(MiranteError):
    exit_status = ExitStatus.ENVIRONMENT

    def __init__(self, place: str, problem: str, fix: str) -> None:
        self.place, self.problem, self.fix = place, problem, fix
        super().__init__(f"{place}: {problem}. {fix}")

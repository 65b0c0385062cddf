"""Errors of ``plan`` and ``apply``.

DeploymentError          a place that cannot be read or written (place, problem, fix)
"""

from __future__ import annotations


class DeploymentError(Exception):
    def __init__(self, place: str, problem: str, fix: str) -> None:
        self.place, self.problem, self.fix = place, problem, fix
        super().__init__(f"{place}: {problem}. {fix}")

"""Errors of ``plan`` and ``apply``.

DeploymentError          a place that cannot be read or written (place, problem, mend)
"""

from __future__ import annotations


class DeploymentError(Exception):
    def __init__(self, place: str, problem: str, mend: str) -> None:
        self.place, self.problem, self.mend = place, problem, mend
        super().__init__(f"{place}: {problem}. {mend}")

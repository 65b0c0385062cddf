"""Errors of the dashboards.

DashboardError
+-- NotExpressible      a backend cannot say this query; carries the reason a parity report prints
+-- BoardInvalid        a board breaks the model's own rules (a part is missing, an id is used twice)
+-- BoardUntrue         a generated board could mislead whoever reads it
+-- BodyInvalid         a CloudWatch body breaks a documented limit (every finding, with its path)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus


class DashboardError(MiranteError):
    """Base of everything the dashboards raise on purpose."""

    exit_status = ExitStatus.USAGE


class NotExpressible(DashboardError):
    def __init__(self, backend: str, reason: str) -> None:
        self.backend = backend
        self.reason = reason
        super().__init__(f"{backend} cannot express this: {reason}")


class BoardInvalid(DashboardError):
    def __init__(self, board: str, problems: Sequence[str]) -> None:
        self.board = board
        self.problems = tuple(problems)
        super().__init__(f"board {board}: " + "; ".join(self.problems))


class BoardUntrue(DashboardError):
    """What was generated of a board could mislead whoever reads it."""

    def __init__(self, board: str, lies: Sequence[object]) -> None:
        self.board = board
        self.lies = tuple(lies)
        super().__init__(f"board {board}: " + "; ".join(str(lie) for lie in lies))


class PathMessage(Protocol):
    @property
    def data_path(self) -> str: ...

    @property
    def message(self) -> str: ...


class BodyInvalid(DashboardError):
    def __init__(self, dashboard: str, findings: Sequence[PathMessage]) -> None:
        self.dashboard = dashboard
        self.findings = tuple(findings)
        lines = [f"{finding.data_path}: {finding.message}" for finding in self.findings]
        super().__init__(f"CloudWatch dashboard {dashboard}: " + "; ".join(lines))

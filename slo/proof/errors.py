"""Errors of holding rules against history.

Unsupported     PromQL that is not evaluated here; where nothing recorded is in it, the server is asked
NotReplayed     a rule that can neither be evaluated nor asked
"""

from __future__ import annotations

from foundation.exit_status import ExitStatus
from slo.model.errors import SloError


class Unsupported(SloError):
    """A part of speech: "function x"."""


class NotReplayed(SloError):
    exit_status = ExitStatus.NO

    def __init__(self, rule: str, reason: str) -> None:
        self.rule = rule
        self.reason = reason
        super().__init__(f"{rule} cannot be replayed: {reason}")

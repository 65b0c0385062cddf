"""The ``mirante`` command.

Exit statuses: 0 done (or yes), 1 the answer is no (a check failed, an expectation was not met) or
a file says something wrong, 2 wrong usage (arguments, flags, settings), 3 the machine is in the way (port,
disk, permissions), 70 a defect of ours, 130 interrupted.
"""

from __future__ import annotations

from app.cli.main import program as main

__all__ = ["main"]

"""Runbooks as they ship: one Markdown file each, English first, Portuguese from its second title on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from alarms.policy.runbook import Runbooks, load_runbooks

_TITLE = re.compile(r"^(?=# )", re.MULTILINE)


class ShippedRunbooks:
    """The Markdown of the package's own runbooks, by name and language."""

    def __init__(self, runbooks: Runbooks | None = None) -> None:
        self._runbooks = load_runbooks() if runbooks is None else runbooks

    def __call__(self, name: str, language: str) -> str | None:
        """The part in ``language``; English when the file has no other. None when there is no such file."""
        runbook = self._runbooks.get(name)
        if runbook is None:
            return None
        parts = [part for part in _TITLE.split(runbook.text) if part.startswith("# ")] or [runbook.text]
        return parts[1] if language == "pt" and len(parts) > 1 else parts[0]

    def names(self) -> Sequence[str]:
        return self._runbooks.ids()

"""Which worker runs which tests, where several run side by side (``pytest -n 2``)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

SHARED = (
    "needs_cassandra"  # its table is emptied between tests, and a second one takes half a minute to start
)


class ByFile(LoadFileScheduling):  # type: ignore[misc]
    """A file's tests share its fixtures, so they stay together; and so do all files that share Cassandra."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return SHARED if _shares(file, str(self.config.rootpath)) else file


@cache
def _shares(file: str, root: str) -> bool:
    return SHARED in (Path(root) / file).read_text(encoding="utf-8")

"""Everything that people write, of one workspace, read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alarms.generate.indicators import load_watch_list
from alarms.model.watch_list import WatchList
from alarms.policy.alarm_policy import AlarmPolicy, load_alarm_policy
from alarms.policy.defaults import INDICATORS
from foundation.errors import Problems
from foundation.workspace import SHIPPED, Workspace
from slo.loaders.catalogue_files import catalogue_of
from slo.model.catalogue import Catalogue

if TYPE_CHECKING:  # who makes no boards does not wait for what makes them
    from dashboards.model.board import Board
    from dashboards.standard.board_files import BoardFiles
    from dashboards.standard.source import Source
from slo.prometheus.rules import built_part


@dataclass(frozen=True, slots=True)
class OpenWorkspace:
    """``board_files`` is None where no boards are asked for."""

    """``catalogue`` holds what is built: an SLO that nothing of ours can count is not in it."""

    folders: Workspace
    catalogue: Catalogue
    alarms: AlarmPolicy
    watched: WatchList
    board_files: BoardFiles | None

    def source(self, environment: str) -> Source:
        from dashboards.standard.source import Source

        runbooks = frozenset(self.alarms.runbooks.ids())
        return Source(self.catalogue, environment, self.watched, runbooks)

    def boards(self, environment: str) -> tuple[Board, ...]:
        """Raises as ``BoardFiles.boards`` does."""
        assert self.board_files is not None
        return self.board_files.boards(self.source(environment))


def watched_of(folders: Workspace, catalogue: Catalogue) -> WatchList:
    """Raises ``DefinitionErrors``."""
    return load_watch_list(catalogue, folders.alarm_file(INDICATORS))


def open_workspace(folders: Workspace = SHIPPED) -> OpenWorkspace:
    """Read all of it even when a part is wrong, so that a person fixes everything in one go. The Python files
    of its boards are executed.

    Raises:
        DefinitionErrors: everything wrong in any of its files.
    """
    from dashboards.standard.board_files import load_board_files

    problems = Problems()
    catalogue = problems.attempt(lambda: catalogue_of(folders))
    alarms = problems.attempt(lambda: load_alarm_policy(folders))
    watched = problems.attempt(lambda: watched_of(folders, catalogue or Catalogue(())))
    files = problems.attempt(lambda: load_board_files(folders))
    if catalogue is None or alarms is None or watched is None or files is None:
        raise problems.all()
    return OpenWorkspace(folders, built_part(catalogue), alarms, watched, files)

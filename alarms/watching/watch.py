"""Asks every source what fires, and compares: nothing may fire there of which nobody here knows, and what is
open here and no longer reported there is closed as that."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from alarms.model.errors import StoreBusy
from alarms.router.router import Router
from alarms.router.troubles import Trouble, sentence
from alarms.stores.protocol import RouterStore
from alarms.watching.one_source import OneSource
from alarms.watching.source_answer import WatchedSource, WatchTimes
from foundation.clock import Clock

LOG = logging.getLogger(__name__)


class SourceWatch:
    """``run_once`` asks each source once. What fails about one keeps the others from nothing."""

    def __init__(
        self,
        store: RouterStore,
        router: Router,
        clock: Clock,
        sources: Sequence[WatchedSource],
        times: WatchTimes | None = None,
    ) -> None:
        self._router = router
        self._each = [OneSource(store, router, clock, source, times or WatchTimes()) for source in sources]

    def run_once(self) -> None:
        """Raises ``StoreBusy``."""
        for one in self._each:
            try:
                one.look()
            except StoreBusy:
                raise
            except Exception as error:
                LOG.exception("a source cannot be watched", extra={"source": one.source})
                trouble = Trouble.of_a_part(f"watch of {one.source}", sentence(error))
                self._router.routing.troubles.note(trouble)

"""What people wrote about alarms, read anew while the router runs: taken as a whole, or not at all."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from alarms.policy.alarm_policy import FILES, AlarmPolicy, load_alarm_policy
from alarms.policy.channel_file import TEMPLATE_SUFFIX
from alarms.router.router import Router
from alarms.router.troubles import Trouble, sentence
from app.bootstrap.kept_alarm_files import KeptAlarmFiles, UsableFiles
from app.settings import Settings
from foundation.bilingual import Text
from foundation.clock import Clock
from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus

LOG = logging.getLogger("mirante.alarm_files")
LOOK_EVERY = 2.0  # real seconds between two looks at the files
TOLD_AGAIN = timedelta(minutes=10)  # a trouble that is not met for long is taken to be over
FIXED = Text("they are sound again", "estão corretos de novo")
Prints = tuple[tuple[str, int, int, int], ...]
Take = Callable[[], None]


class FilesRefused(MiranteError):
    exit_status = ExitStatus.NO

    def __init__(self, problem: str, since: datetime) -> None:
        self.problem, self.since = problem, since
        super().__init__(
            f"{problem}\nNothing was changed: what was read at {since:%Y-%m-%d %H:%M:%S} UTC applies"
        )


def take_nothing(_: AlarmPolicy) -> Take:
    """The process has nothing but its router that depends on the files."""
    return lambda: None


class AlarmFiles:
    """``prepare`` makes what else depends on the files, which may fail, and answers how to take it.

    ``look`` is for a loop: files that have changed are read once they have stood still from one look to the
    next, as a person's editor may write them in two goes. Sound ones are ``kept``, for a later start.
    """

    def __init__(
        self,
        settings: Settings,
        router: Router,
        clock: Clock,
        used: UsableFiles,
        prepare: Callable[[AlarmPolicy], Take] = take_nothing,
        kept: KeptAlarmFiles | None = None,
    ) -> None:
        self._settings = settings
        self._router = router
        self._clock = clock
        self._prepare = prepare
        self._lock = threading.Lock()
        self._seen = self._tried = self._prints()
        self._asked = False
        self._read_at = used.read_at or clock.now()
        self._problem, self._not_kept = used.problem, ""
        self._told_at = clock.now() - TOLD_AGAIN
        self._kept = kept
        if self._problem:
            LOG.error("the alarm files are broken", extra={"problem": self._problem})
        else:
            self._keep()

    def ask(self) -> None:
        """Read them at the next look, changed or not (a signal's handler may do no more)."""
        self._asked = True

    def look(self) -> None:
        prints, before = self._prints(), self._seen
        self._seen = prints
        changed = prints != self._tried and prints == before
        if not (changed or self._asked):
            self._remind()
            return
        self._asked = False
        try:
            self.read()
        except FilesRefused as refused:
            LOG.error("the alarm files are broken", extra={"problem": refused.problem})

    def read(self) -> datetime:
        """Now; since when they apply.

        Raises:
            FilesRefused: one of them says something wrong, so all stays as it was.
        """
        with self._lock:
            self._tried = self._prints()
            try:
                alarms = load_alarm_policy(self._settings.folders)
                take = self._prepare(alarms)
            except Exception as error:  # whatever it is, those that were read before still apply
                self._problem = str(error) if isinstance(error, MiranteError) else sentence(error)
                self._tell()
                raise FilesRefused(self._problem, self._read_at) from error
            take()
            self._router.change_policy(alarms.policy)
            self._router.change_schedules(alarms.schedules)
            self._read_at = self._clock.now()
            if self._problem:
                self._router.trouble_is_over(self._trouble(), FIXED)
            self._problem = ""
            self._keep()
            LOG.info("the alarm files were read", extra={"policy": alarms.policy.id})
            return self._read_at

    # -- what is wrong with them, for whoever asks whether the router is ready

    def problems(self) -> list[str]:
        return []

    def remarks(self) -> list[str]:
        problem, since = self._problem, self._read_at
        used = f"those of {since:%Y-%m-%d %H:%M:%S} UTC are still used"
        broken = [f"the alarm files are broken, {used}: {problem}"] if problem else []
        return [*broken, self._not_kept] if self._not_kept else broken

    def _keep(self) -> None:
        """A copy that cannot be made keeps nothing from working now."""
        if self._kept is None:
            return
        try:
            self._kept.keep(self._settings.folders)
        except (OSError, MiranteError) as error:
            self._not_kept = f"no copy of the alarm files is kept for the next start: {sentence(error)}"
            LOG.error("no copy of the alarm files is kept", extra={"problem": str(error)})
        else:
            self._not_kept = ""

    def _remind(self) -> None:
        if self._problem and self._clock.now() - self._told_at >= TOLD_AGAIN:
            self._tell()

    def _tell(self) -> None:
        self._told_at = self._clock.now()
        self._router.routing.troubles.note(self._trouble())

    def _trouble(self) -> Trouble:
        first, at = self._problem.partition("\n")[0], f"{self._read_at:%Y-%m-%d %H:%M:%S} UTC"
        return Trouble(
            "AlarmFilesBroken",
            "policy, schedules, people or channels",
            Text(
                f"The alarm files are broken: {first} Those of {at} still apply.",
                f"Os arquivos de alarmes têm um erro: {first} Os de {at} continuam valendo.",
            ),
        )

    def _prints(self) -> Prints:
        """Which files there are, and which versions of them."""
        found = []
        for folder in self._settings.folders.alarm_folders():
            for path in (*(folder / name for name in FILES), *sorted(folder.rglob(f"*{TEMPLATE_SUFFIX}"))):
                try:
                    seen = os.stat(path)
                except OSError:
                    continue
                found.append((str(path), seen.st_ino, seen.st_mtime_ns, seen.st_size))
        return tuple(found)
